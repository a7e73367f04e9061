//! What the observer is given.

use alloc::string::String;
use alloc::vec::Vec;

use iia_audit::beat::HEAD_PERIOD_NS;
use iia_audit::frame::ENVELOPE_LEN;
use iia_audit::policy::Policy;
use iia_audit::tree::{Frontier, Hash};
#[cfg(feature = "std")]
use iia_audit::verify::Report;
use iia_core::digest::Digest;
use iia_core::time::SECOND_NS;

use super::marks::Mark;

/// How much later than agreed a head may come, in nanoseconds: it is on its way from one to the next.
pub const GRACE_NS: i64 = 15 * SECOND_NS;

/// What was agreed of a log: the reference values.
#[derive(Clone, Debug)]
pub struct Agreed {
    /// Whose log, and who holds its heads: each witness and mirror of it is a peer.
    pub policy: Policy,
    /// The contract under which its heads go to them; empty for none.
    pub contract: String,
    /// A new head comes so often, in nanoseconds, from the log and from each peer (001:393: each minute, idle or not).
    pub head_ns: i64,
    /// Its records are read and verified so often, in nanoseconds.
    pub reading_ns: i64,
    /// That all is well is said so often, in nanoseconds.
    pub confirm_ns: i64,
}

impl Agreed {
    /// A head each minute, a reading and a word that all is well each five minutes.
    pub const fn of(policy: Policy) -> Self {
        Self {
            policy,
            contract: String::new(),
            head_ns: HEAD_PERIOD_NS as i64,
            reading_ns: 300 * SECOND_NS,
            confirm_ns: 300 * SECOND_NS,
        }
    }
}

/// What it sees, in the order in which it was asked for.
#[derive(Clone, Debug)]
pub enum Seen {
    /// The log showed its newest head, and proved that it extends the head that was [`wanted`](super::AuditChain::wanted).
    Shown(Shown),
    /// A peer holds this head: the log's signed note with the peer's cosignature.
    Held {
        /// The peer, by the name of its key.
        peer: String,
        /// The note.
        note: String,
    },
    /// A peer was asked and cannot be.
    Unreachable(String),
    /// The records are read: here, or as the named mirror has them; the tree before the first.
    Reading(Option<String>, Frontier),
    /// The next record of that reading.
    Record(Mark),
    /// The reading is over, and this is what the verifier says of the whole log.
    Read(Verified),
}

/// A head that the log shows.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The signed note.
    pub note: String,
    /// The size of the head that it is proven to extend.
    pub from: u64,
    /// The proof; empty where the log could give none.
    pub proof: Vec<Hash>,
}

/// What a verifier says of a log.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Verified {
    /// The first thing that is wrong, if anything is.
    pub bad: Option<Bad>,
}

/// The first thing that is wrong.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Bad {
    /// The record at which it shows.
    pub seq: u64,
    /// The file.
    pub file: String,
    /// Why, in the verifier's words.
    pub why: String,
    /// Number and chain hash of the record that lies there, if one does.
    pub stored: Option<(u64, Digest)>,
    /// Whether bytes are missing behind what lies there.
    pub cut: bool,
}

impl Verified {
    /// What `iia_audit::verify` says. `bytes` is what the file holds at the place of the first bad record (128 bytes of
    /// it at least), or nothing.
    #[cfg(feature = "std")]
    pub fn of(report: &Report, bytes: &[u8]) -> Self {
        let bad = report.bad.as_ref().map(|bad| Bad {
            seq: bad.seq,
            file: bad.file.display().to_string(),
            why: bad.why.clone(),
            stored: stored_at(bytes),
            // The words of `iia_audit::frame::decode` for it.
            cut: bad.why.ends_with("cut short"),
        });
        Self { bad }
    }
}

/// Number and chain hash of the record whose bytes these are: an envelope of 96 bytes that begins with magic, length (u32) and
/// number (u64, little-endian), then the hash.
pub fn stored_at(bytes: &[u8]) -> Option<(u64, Digest)> {
    let (envelope, rest) = bytes.split_first_chunk::<ENVELOPE_LEN>()?;
    let rest_of_envelope = envelope.strip_prefix(b"IAR1")?;
    let (_, numbered) = rest_of_envelope.split_first_chunk::<4>()?;
    let (number, _) = numbered.split_first_chunk::<8>()?;
    let (hash, _) = rest.split_first_chunk::<32>()?;
    Some((u64::from_le_bytes(*number), Digest::from_bytes(*hash)))
}

impl Bad {
    /// Whether it is about the records themselves.
    pub(super) fn is_record(&self) -> bool {
        self.file.starts_with("audit/seg/")
    }

    /// The number of the first record of the segment that it is about.
    pub(super) fn segment(&self) -> Option<u64> {
        let name = self.file.strip_prefix("audit/seg/")?;
        u64::from_str_radix(name.strip_suffix(".iia")?, 16).ok()
    }

    /// How many records a head of the log's own directory states, where it is about one.
    pub(super) fn head_size(&self) -> Option<u64> {
        let rest = self.file.strip_prefix("audit/")?;
        let (folder, name) = rest.split_once('/')?;
        let is_head = ["heads", "receipts", "mirrored"].contains(&folder);
        is_head.then(|| u64::from_str_radix(name, 16).ok())?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_where_a_record_begins_and_nowhere_else() {
        let mut bytes = [7; ENVELOPE_LEN + 32];
        bytes[..16].copy_from_slice(b"IAR1\x40\0\0\0\x05\0\0\0\0\0\0\0");
        assert_eq!(stored_at(&bytes), Some((5, Digest::from_bytes([7; 32]))));
        (0..bytes.len()).for_each(|len| assert_eq!(stored_at(&bytes[..len]), None));
        bytes[0] = b'J';
        assert_eq!(stored_at(&bytes), None);
    }
}
