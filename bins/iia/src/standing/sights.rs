//! What the observers of a running box say of themselves: when each looked last, what it did not see, how the alert sinks
//! stand. A file of the box that is written over, and no evidence.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use iia_core::canon::{self, minicbor};
use minicbor::{Decode, Encode};

/// Where it is, below the directory of a box.
pub const SIGHTS_FILE: &str = "state/attest";
/// Bytes of it at most.
pub const SIGHTS_LEN_MAX: usize = 64 * 1024;
/// Observers and sinks in it at most.
const ROWS_MAX: usize = 64;

/// What is said.
#[derive(Clone, Debug, Decode, Default, Encode, Eq, PartialEq)]
pub struct Sights {
    /// When it was written, nanoseconds since the epoch.
    #[n(0)]
    pub written_ns: i64,
    /// The observers that run.
    #[n(1)]
    pub observers: Vec<Observer>,
    /// The alert sinks.
    #[n(2)]
    pub sinks: Vec<AlertSink>,
}

/// An observer.
#[derive(Clone, Debug, Decode, Default, Encode, Eq, PartialEq)]
pub struct Observer {
    /// The stream of its findings.
    #[n(0)]
    pub stream: String,
    /// When it saw something last, nanoseconds since the epoch; 0 when it never did.
    #[n(1)]
    pub looked_ns: i64,
    /// How often it saw something.
    #[n(2)]
    pub looks: u64,
    /// How many findings were told.
    #[n(3)]
    pub found: u64,
    /// What found no room in it.
    #[n(4)]
    pub unseen: u64,
}

/// An alert sink.
#[derive(Clone, Debug, Decode, Default, Encode, Eq, PartialEq)]
pub struct AlertSink {
    /// Its name.
    #[n(0)]
    pub name: String,
    /// Since when it is lost, nanoseconds since the epoch; 0 while it takes alerts.
    #[n(1)]
    pub lost_since_ns: i64,
    /// Why.
    #[n(2)]
    pub why: String,
    /// Alerts that wait for it.
    #[n(3)]
    pub waiting: u64,
    /// Alerts that it took.
    #[n(4)]
    pub delivered: u64,
    /// Alerts that found no room.
    #[n(5)]
    pub dropped: u64,
}

impl Sights {
    /// The bytes of the file.
    pub fn encode(&self) -> Vec<u8> {
        canon::encode(self)
    }

    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// When they are none, or more than a box has.
    pub fn parse(bytes: &[u8]) -> anyhow::Result<Self> {
        if bytes.len() > SIGHTS_LEN_MAX {
            bail!("more than {SIGHTS_LEN_MAX} bytes");
        }
        let sights: Self = canon::decode(bytes)?;
        if sights.observers.len() > ROWS_MAX || sights.sinks.len() > ROWS_MAX {
            bail!("more than {ROWS_MAX} observers or sinks");
        }
        Ok(sights)
    }

    /// Reads what a box says; nothing where only its evidence is.
    ///
    /// # Errors
    /// When the file cannot be read, or is none.
    pub fn of_box(dir: &Path) -> anyhow::Result<Option<Self>> {
        let path = dir.join(SIGHTS_FILE);
        let named = || path.display().to_string();
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(named),
        };
        let mut bytes = Vec::new();
        let limit = u64::try_from(SIGHTS_LEN_MAX)?.saturating_add(1);
        file.take(limit)
            .read_to_end(&mut bytes)
            .with_context(named)?;
        Self::parse(&bytes).map(Some).with_context(named)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_anything_else_is_refused() {
        let sights = Sights {
            written_ns: 7,
            observers: vec![Observer::default(); ROWS_MAX],
            sinks: Vec::new(),
        };
        let bytes = sights.encode();
        assert_eq!(Sights::parse(&bytes).unwrap(), sights);
        for end in 0..bytes.len() {
            assert!(Sights::parse(&bytes[..end]).is_err(), "{end}");
        }
        let more = Sights {
            observers: vec![Observer::default(); ROWS_MAX + 1],
            ..sights
        };
        assert!(Sights::parse(&more.encode()).is_err());
        assert!(Sights::parse(&vec![0; SIGHTS_LEN_MAX + 1]).is_err());
    }
}
