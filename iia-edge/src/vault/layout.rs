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

/// The part that a key names; `None` for a key that names none.
pub fn kind(log_id: &Digest, name: &str) -> Option<Kind> {
    let part = name.strip_prefix(&folder(log_id))?;
    let number = |text: &str| u64::from_str_radix(text, 16).ok();
    let found = match part.split_once('/') {
        None if part == "genesis" => Kind::Genesis,
        None => Kind::Policy,
        Some(("seg", file)) => Kind::Segment(number(file.strip_suffix(".iia")?)?),
        Some(("seals", first)) => Kind::Seals(number(first)?),
        Some(("heads", size)) => Kind::Head(number(size)?),
        Some((_, rest)) => {
            let (size, digest) = rest.split_once('-')?;
            Kind::Receipt(number(size)?, format!("b3:{digest}").parse().ok()?)
        }
    };
    (key(log_id, found) == name).then_some(found)
}
