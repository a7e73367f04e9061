//! What protocols carry: payloads that come at once, and files in pieces, put together within limits.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use iia_core::Timestamp;
use iia_core::observe::{Field, Said, Value};

use super::field::End;

/// Bytes of a file that are put together at most; what comes after is looked at piece by piece.
pub const FILE_LEN_MAX: usize = 4 * 1024 * 1024;
/// Bytes of all files at most; beyond it those that were idle longest are forgotten.
pub const FILES_LEN_MAX: usize = 16 * 1024 * 1024;
/// Files at a time at most, likewise.
pub const FILES_MAX: usize = 256;

/// Fields that carry something whole.
const PAYLOADS: [&str; 3] = ["mqtt.msg", "mqtt.msg_text", "mqttsn.pub.msg"];
/// Fields that carry files piece by piece: FoE, what OPC UA writes into and reads from files, records of Modbus.
const PIECES: [&str; 3] = [
    "iia.ecat_mailbox.foe.data",
    "opcua.ByteString",
    "modbus.data",
];

/// Whose file it is, and which field brings it.
pub(super) type Key = (End, End, &'static str);

/// Tells each thing that a message carries, or else its answer: a payload, or a piece of a file under the name of its field.
pub(super) fn each(said: &Said<'_>, take: &mut dyn FnMut(Option<&'static str>, &[u8])) {
    let carries = |fields: &[Field<'_>]| fields.iter().any(|one| name(one).is_some());
    let half = match carries(said.asked) {
        true => said.asked,
        false => said.answered,
    };
    for field in half {
        let Some(piece) = name(field) else { continue };
        match &field.value {
            Value::Bytes(bytes) => take(piece, bytes),
            Value::Text(text) => take(piece, text.as_bytes()),
            _ => {}
        }
    }
}

/// Whether a field carries something; of pieces, which.
fn name(field: &Field<'_>) -> Option<Option<&'static str>> {
    if PAYLOADS.contains(&field.name) {
        return Some(None);
    }
    PIECES
        .into_iter()
        .find(|name| *name == field.name)
        .map(Some)
}

/// A file as far as it came.
#[derive(Debug)]
pub(super) struct File {
    pub(super) key: Key,
    pub(super) bytes: Vec<u8>,
    /// When the last piece came.
    pub(super) last: Timestamp,
    /// How long it was when it was looked at last.
    looked: usize,
    /// The rules that hold for it already.
    pub(super) held: BTreeSet<usize>,
}

/// Files of all, the one that is idle longest first.
#[derive(Debug, Default)]
pub(super) struct Files(Vec<File>);

impl Files {
    /// Takes a piece; the file, and whether it has doubled since it was looked at.
    pub(super) fn add(
        &mut self,
        (key, ts): (Key, Timestamp),
        piece: &[u8],
    ) -> Option<(&mut File, bool)> {
        let at = self.0.iter().position(|file| file.key == key);
        let mut file = at.map_or_else(
            || File {
                key,
                bytes: Vec::new(),
                last: ts,
                looked: 0,
                held: BTreeSet::new(),
            },
            |at| self.0.remove(at),
        );
        let room = FILE_LEN_MAX.saturating_sub(file.bytes.len());
        let fits = piece.get(..room.min(piece.len())).unwrap_or_default();
        let len = |files: &[File]| files.iter().map(|file| file.bytes.len()).sum::<usize>();
        let more = file.bytes.len() + fits.len();
        while !self.0.is_empty()
            && (self.0.len() >= FILES_MAX || len(&self.0) + more > FILES_LEN_MAX)
        {
            self.0.remove(0);
        }
        file.bytes.extend_from_slice(fits);
        file.last = ts;
        let is_time = file.looked > 0 && file.bytes.len() >= file.looked * 2;
        if file.looked == 0 || is_time {
            file.looked = file.bytes.len();
        }
        self.0.push(file);
        self.newest().map(|file| (file, is_time))
    }

    /// The file that took a piece last.
    pub(super) fn newest(&mut self) -> Option<&mut File> {
        self.0.last_mut()
    }

    /// The file is over.
    pub(super) fn end(&mut self, key: Key) -> Option<File> {
        let at = self.0.iter().position(|file| file.key == key)?;
        Some(self.0.remove(at))
    }

    /// All that are left.
    pub(super) fn rest(&mut self) -> Vec<File> {
        core::mem::take(&mut self.0)
    }
}
