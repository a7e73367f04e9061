//! Names of a log's parts in a bucket: below the log's id, as they lie in its directory.

use iia_core::digest::{Context, Digest, hex};

/// A part of a log.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// The signed beginning.
    Genesis,
    /// The policy it names.
    Policy,
    /// The segment that starts with this record.
    Segment(u64),
    /// The seals that state records of the segment that starts here.
    Seals(u64),
    /// The signed head of this size.
    Head(u64),
    /// The cosigned head of this size; more witnesses may sign later, so its digest is part of its name.
    Receipt(u64, Digest),
}

impl Kind {
    /// A cosigned head.
    pub fn receipt(size: u64, note: &[u8]) -> Self {
        Self::Receipt(size, Digest::of(Context::File, note))
    }
}

/// The folder of a log in a bucket.
pub fn folder(log_id: &Digest) -> String {
    format!("{}/", hex(log_id.as_bytes()))
}

/// The key of a part.
pub fn key(log_id: &Digest, kind: Kind) -> String {
    let name = match kind {
        Kind::Genesis => "genesis".into(),
        Kind::Policy => "policy".into(),
        Kind::Segment(first) => format!("seg/{first:016x}.iia"),
        Kind::Seals(first) => format!("seals/{first:016x}"),
        Kind::Head(size) => format!("heads/{size:016x}"),
        Kind::Receipt(size, digest) => format!("receipts/{size:016x}-{}", hex(digest.as_bytes())),
    };
    folder(log_id) + &name
}
