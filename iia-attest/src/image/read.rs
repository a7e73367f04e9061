//! The published evidence, read back from the records of a chain.

use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use iia_core::digest::{Digest, decode_hex};
use iia_core::event::{Event, EventKind};
use iia_core::outside::Check;

use super::published::{LOG_PUBLISHED_MAX, PARTS_MAX, Published, name_of};
use crate::tpm::{AttestationResult, Clock, TpmError};

/// Records whose hashes are remembered at most: a nonce begins with one of them, or is not fresh.
const RECENT_MAX: usize = 4096;

/// Evidence as a record has it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Attested {
    /// The record.
    pub record: u64,
    /// When the box stated it, nanoseconds since the epoch.
    pub ts_ns: i64,
    /// What was published.
    pub published: Published,
    /// The digest of the log that it refers to, and that was not found whole.
    pub missing_log: Option<String>,
    /// Whether the nonce begins with the hash of the record that it names: no quote of before has it.
    pub is_bound: bool,
    /// What the box made of it, in its own words.
    pub said: String,
    /// The clock of the quote before by the same key, where it holds.
    last: Option<Clock>,
}

impl Attested {
    /// Judges it, also by the records around it.
    pub fn judge(&self, check: &dyn Check) -> AttestationResult {
        let mut result = self.published.judge(self.last, check);
        if !self.is_bound && !result.reasons.contains(&TpmError::WrongNonce) {
            result.reasons.insert(0, TpmError::WrongNonce);
        }
        if self.missing_log.is_some() {
            let what = "the log that the record names is not in the records before it";
            let (event, offset) = (0, 0);
            result.reasons.insert(
                0,
                TpmError::BadLog {
                    event,
                    offset,
                    what,
                },
            );
        }
        result
    }
}

/// Reads records in order.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    recent: VecDeque<(u64, Digest)>,
    log: (String, Vec<u8>),
    newest: Option<Attested>,
}

impl Reader {
    /// The newest evidence.
    pub const fn newest(&self) -> Option<&Attested> {
        self.newest.as_ref()
    }

    /// Takes the next record.
    pub fn take(&mut self, (record, hash): (u64, Digest), event: &Event, check: &dyn Check) {
        if event.kind == EventKind::ImageAttested {
            match event.field("from") {
                Some(from) => self.part(from, event),
                None => self.quote(record, event, check),
            }
        }
        if self.recent.len() >= RECENT_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back((record, hash));
    }

    /// The next part of a log; one that does not follow makes it none.
    fn part(&mut self, from: &str, event: &Event) {
        let name = event.field("log").unwrap_or_default();
        if from == "0" {
            self.log = (name.into(), Vec::new());
        }
        let (known, bytes) = &mut self.log;
        if known != name || from.parse() != Ok(bytes.len()) {
            return;
        }
        for part in 0..PARTS_MAX {
            let text = event.field(&format!("part_{part}"));
            let more = text.and_then(|text| STANDARD.decode(text).ok());
            bytes.extend(more.unwrap_or_default());
        }
        bytes.truncate(LOG_PUBLISHED_MAX);
    }

    fn quote(&mut self, record: u64, event: &Event, check: &dyn Check) {
        let text = |key| String::from(event.field(key).unwrap_or_default());
        let bytes = |key| unhex(event.field(key).unwrap_or_default());
        let named = event.field("log").map(String::from);
        let log = named
            .as_ref()
            .filter(|name| self.log.0 == **name && name_of(&self.log.1) == **name)
            .map(|_| self.log.1.clone());
        let published = Published {
            machine: text("machine"),
            artifact: text("artifact"),
            named: text("named"),
            registers: text("registers").into_bytes(),
            named_key: text("named_key"),
            key: bytes("key"),
            after: text("after").parse().unwrap_or(u64::MAX),
            nonce: bytes("nonce"),
            attest: bytes("attest"),
            signature: bytes("signature"),
            values: bytes("values"),
            log,
        };
        let mut recent = self.recent.iter();
        let is_bound = recent.any(|(seq, hash)| {
            *seq == published.after && published.nonce.starts_with(hash.as_bytes())
        });
        let before = self
            .newest
            .take()
            .filter(|before| before.published.key == published.key);
        let last = before.and_then(|before| {
            let quote = before.published.judge(None, check).quote;
            quote.map_or(before.last, |quote| Some(quote.clock))
        });
        self.newest = Some(Attested {
            record,
            ts_ns: event.ts_ns,
            missing_log: named.filter(|_| published.log.is_none()),
            published,
            is_bound,
            said: format!("{} {}", text("result"), text("reasons")),
            last,
        });
    }
}

/// Bytes of hexadecimal; none where it is anything else, which then holds nowhere.
fn unhex(text: &str) -> Vec<u8> {
    let mut bytes = vec![0; text.len() / 2];
    match decode_hex(text, &mut bytes) {
        Some(()) => bytes,
        None => Vec::new(),
    }
}
