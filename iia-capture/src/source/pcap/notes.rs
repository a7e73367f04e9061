//! What a capture file says besides packets.

use std::string::String;

/// Comments that are kept at most; the rest is counted.
pub const COMMENTS_MAX: usize = 1024;
/// Bytes of a comment that are kept at most.
pub const COMMENT_LEN_MAX: usize = 4096;

/// What a comment is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Place {
    /// A section, counted from 1.
    Section(u64),
    /// An interface of the section, counted from 0.
    Interface(usize),
    /// A packet of the file, counted from 1.
    Packet(u64),
}

/// A comment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Comment {
    /// What it is about.
    pub place: Place,
    /// What it says.
    pub text: String,
}

/// What is known of a file besides its packets.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Notes {
    /// Sections begun.
    pub sections: u64,
    /// Comments, in their order.
    pub comments: Vec<Comment>,
    /// Comments that were too many.
    pub comments_left_out: u64,
    /// Packets that the interfaces say they received.
    pub received: u64,
    /// Packets that the interfaces say they dropped.
    pub dropped: u64,
    /// Packets that the systems say they dropped.
    pub system_dropped: u64,
    /// Packets that packet headers say were dropped before them.
    pub dropped_between: u64,
    /// Blocks that hold no packets and are passed: names, secrets, others' own, unknown ones.
    pub passed: u64,
}

impl Notes {
    pub(super) fn comment(&mut self, place: Place, bytes: &[u8]) {
        if self.comments.len() >= COMMENTS_MAX {
            self.comments_left_out += 1;
            return;
        }
        let bytes = bytes.get(..COMMENT_LEN_MAX).unwrap_or(bytes);
        let text = String::from_utf8_lossy(bytes).into_owned();
        self.comments.push(Comment { place, text });
    }

    pub(super) fn between(&mut self, dropped: u64) {
        self.dropped_between = self.dropped_between.saturating_add(dropped);
    }
}
