//! What stands open on a box, what was and is over, and what its observers see: from the records of its chain, with the
//! words of the running box where it is at hand.

mod html;
mod json;
mod lines;
mod report;
mod screen;
mod sights;

use std::collections::BTreeMap;
use std::path::Path;

use iia_attest::aggregate::{Board, Told};
use iia_attest::image::Reader;
use iia_attest::tpm::PureRust;
use iia_core::Timestamp;
use iia_core::event::{Event, EventKind};

pub use self::html::html;
pub use self::json::json;
pub use self::lines::explain;
pub use self::report::{Life, Outcome, report};
pub use self::screen::{Look, text};
pub use self::sights::{AlertSink, Observer, SIGHTS_FILE, SIGHTS_LEN_MAX, Sights};
use crate::evidence::{Checked, Evidence};

/// Where the streams of attestation begin.
const STREAMS: &str = "ot.attestation.";
/// Findings whose records are remembered at most.
const RECORDS_MAX: usize = 16_384;

/// The records of one finding.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Records {
    /// The first.
    pub first: u64,
    /// The last.
    pub last: u64,
}

/// What stands.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// The name of the log.
    pub origin: String,
    /// What stands open and what is over.
    pub board: Board,
    /// The records of each finding, by its name.
    pub records: BTreeMap<String, Records>,
    /// What the chain says of the life of artifacts.
    pub life: Life,
    /// What the machine's TPM attests of its image.
    pub image: Reader,
    /// What the running box says of its observers.
    pub sights: Option<Sights>,
    /// What verification found, where it was asked.
    pub checked: Option<Checked>,
    /// The last record that was read, and when it was written.
    pub last: Option<(u64, Timestamp)>,
    /// When this is.
    pub now: Timestamp,
}

impl Standing {
    /// Reads evidence that was verified, and what the box in `dir` says of itself.
    ///
    /// # Errors
    /// When the evidence cannot be read any more, or the box says nonsense.
    pub fn read(evidence: &Evidence, dir: &Path, now: Timestamp) -> anyhow::Result<Self> {
        let mut standing = Self {
            origin: evidence.checked.origin.clone(),
            sights: Sights::of_box(dir)?,
            now,
            ..Self::default()
        };
        evidence.each(|row| {
            let at = Timestamp::from_ns(row.written.utc_ns);
            match row.record {
                Some(record) => {
                    let event = &record.body.event;
                    standing.image.take((row.seq, row.hash), event, &PureRust);
                    standing.take(row.seq, at, event);
                }
                None => standing.last = Some((row.seq, at)),
            }
        })?;
        standing.checked = Some(evidence.checked.clone());
        Ok(standing)
    }

    /// Takes the next record of the chain.
    pub fn take(&mut self, seq: u64, written: Timestamp, event: &Event) {
        self.last = Some((seq, written));
        self.life.take(event);
        let stream = event.field("stream").unwrap_or_default();
        if event.kind != EventKind::Finding || !stream.starts_with(STREAMS) {
            return;
        }
        let Ok(told) = Told::read(event) else {
            return;
        };
        self.board.recall(&told);
        let has_room = self.records.len() < RECORDS_MAX;
        match self.records.get_mut(&told.id) {
            Some(records) => records.last = seq,
            None if has_room => {
                let new = Records {
                    first: seq,
                    last: seq,
                };
                self.records.insert(told.id, new);
            }
            None => {}
        }
    }

    /// The records of a finding, in words.
    fn records_of(&self, id: &str) -> String {
        match self.records.get(id) {
            Some(one) if one.first == one.last => format!("record {}", one.first),
            Some(one) => format!("records {} to {}", one.first, one.last),
            None => "no record is at hand".into(),
        }
    }
}
