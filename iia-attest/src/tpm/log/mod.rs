//! Logs of a measured boot (TCG PC Client Platform Firmware Profile, section 10): parsed, shown and replayed.
//!
//! A log is a claim of whoever kept it. What makes it worth reading is that replaying it gives the quoted registers.

mod event;
mod kind;
mod parse;
mod show;

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use iia_core::outside::HashName;

pub use event::Event;
pub use kind::EventKind;
pub use show::{Partition, Shown};

use super::algorithm::{hash_name, hash_of};
use super::{Pcrs, TpmError};

/// Largest log in bytes.
pub const LOG_LEN_MAX: usize = 4 << 20;
/// Events of a log at most.
pub const EVENTS_MAX: usize = 16_384;
/// Banks of a log at most (HASH_COUNT of large TPMs).
pub const BANKS_MAX: usize = 16;
/// Registers of a PC's TPM.
pub const PCR_COUNT: u32 = 24;

/// A parsed log; it borrows the bytes it was read from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EventLog<'a> {
    events: Vec<Event<'a>>,
    /// The locality that started the TPM, where an event says it.
    locality: Option<u8>,
}

impl<'a> EventLog<'a> {
    /// Parses a log in either form: crypto-agile, or the old one of SHA-1 alone.
    ///
    /// # Errors
    /// [`TpmError::BadLog`] at the first event that is cut or cannot be, [`TpmError::TooMuch`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, TpmError> {
        let events = parse::events(bytes)?;
        let mut log = Self {
            events,
            locality: None,
        };
        log.locality = log.startup_locality()?;
        Ok(log)
    }

    /// Every event, in order.
    pub fn events(&self) -> &[Event<'a>] {
        &self.events
    }

    /// The locality that started the TPM, where an event says it.
    pub const fn locality(&self) -> Option<u8> {
        self.locality
    }

    /// The values that the registers have after all events: those that were extended, in each bank.
    ///
    /// Registers start at zero, but for PCR 0, which starts with the startup locality in its last byte (10.4.5.3), and
    /// PCRs 17 to 22, which start with every bit set until a dynamic launch resets them.
    pub fn replay(&self) -> Pcrs {
        let mut pcrs = Pcrs::default();
        for event in self.events.iter().filter(|event| event.extends()) {
            let Ok(pcr) = u8::try_from(event.pcr()) else {
                continue;
            };
            for (id, digest) in event.digests() {
                let Some(bank) = hash_name(*id) else { continue };
                let before = pcrs.get(bank, pcr).map(<[u8]>::to_vec);
                let before = before.unwrap_or_else(|| self.start(bank, pcr));
                // The digest has the length of its bank: the parser saw to it.
                let _same = pcrs.set(bank, pcr, &hash_of(bank, &[&before, digest]));
            }
        }
        pcrs
    }

    /// The registers that the log extends.
    pub fn touched(&self) -> BTreeSet<(HashName, u8)> {
        self.replay()
            .iter()
            .map(|(bank, pcr, _)| (bank, pcr))
            .collect()
    }

    pub(in crate::tpm) fn start(&self, bank: HashName, pcr: u8) -> Vec<u8> {
        let fill = if (17..=22).contains(&pcr) { 0xff } else { 0 };
        let mut value = alloc::vec![fill; bank.len()];
        if let (0, Some(locality), Some(last)) = (pcr, self.locality, value.last_mut()) {
            *last = locality;
        }
        value
    }

    fn startup_locality(&self) -> Result<Option<u8>, TpmError> {
        let mut found = None;
        for (number, event) in self.events.iter().enumerate() {
            let Shown::StartupLocality(locality) = event.show() else {
                continue;
            };
            if found.is_some_and(|found| found != locality) {
                return Err(TpmError::BadLog {
                    event: number,
                    offset: event.offset(),
                    what: "two startup localities",
                });
            }
            found = Some(locality);
        }
        Ok(found)
    }
}
