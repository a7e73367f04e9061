//! Notices of a network intrusion detection as EVE JSON, one object a line: alerts, anomalies and drops become events, and
//! what the detection says that it could not look at is counted as lost.

use std::io::{self, BufRead};

use iia_core::Timestamp;
use iia_core::event::{Event, EventKind};
use iia_core::time::{SECOND_NS, parse_utc};
use serde_json::Value;

use super::{Counts, lost};

/// Longest line in bytes; a longer one is malformed and passed over.
pub const LINE_LEN_MAX: usize = 256 * 1024;
/// What a line says under `event_type` that is worth a record.
const KINDS: [&str; 3] = ["alert", "anomaly", "drop"];
/// Fields of a line, and what they are called in the event.
const FIELDS: [(&str, &str); 17] = [
    ("/src_ip", "source"),
    ("/src_port", "source_port"),
    ("/dest_ip", "destination"),
    ("/dest_port", "destination_port"),
    ("/proto", "transport"),
    ("/app_proto", "protocol"),
    ("/flow_id", "flow"),
    ("/community_id", "community"),
    ("/alert/signature_id", "rule"),
    ("/alert/rev", "revision"),
    ("/alert/signature", "signature"),
    ("/alert/category", "category"),
    ("/alert/severity", "severity"),
    ("/alert/action", "action"),
    ("/direction", "direction"),
    // What a rule says under `metadata`: the contract that it is of, and the clause.
    ("/alert/metadata/iia_contract/0", "contract"),
    ("/alert/metadata/iia_clause/0", "clause"),
];

/// What a line says.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// Something worth a record.
    Notice(Event),
    /// Packets that the detection could not look at since it started.
    Dropped(u64, Timestamp),
    /// Everyday news.
    Other,
}

/// Reads a line; `None` when it is no object of this form.
pub fn read(line: &[u8]) -> Option<Said> {
    let value: Value = serde_json::from_slice(line).ok()?;
    let kind = value.get("event_type")?.as_str()?;
    let at = time(value.get("timestamp")?.as_str()?)?;
    if kind == "stats" {
        let dropped = value.pointer("/stats/capture/kernel_drops");
        return Some(match dropped.and_then(Value::as_u64) {
            Some(dropped) => Said::Dropped(dropped, at),
            None => Said::Other,
        });
    }
    if !KINDS.contains(&kind) {
        return Some(Said::Other);
    }
    let mut event = Event::new(EventKind::IntrusionAlert, at).with("type", kind);
    for (pointer, key) in FIELDS {
        match value.pointer(pointer) {
            Some(Value::String(text)) => event = event.with(key, text.as_str()),
            Some(Value::Number(number)) => event = event.with(key, number.to_string()),
            _ => {}
        }
    }
    Some(Said::Notice(event))
}

/// `2026-11-29T08:20:00.123456+0100`.
fn time(text: &str) -> Option<Timestamp> {
    let whole = parse_utc(&format!("{}Z", text.get(..19)?))?;
    let rest = text.get(19..)?;
    let (fraction, zone) = rest.split_at(rest.find(['+', '-', 'Z'])?);
    let fraction = match fraction.strip_prefix('.') {
        Some(digits) if (1..=9).contains(&digits.len()) => digits,
        None if fraction.is_empty() => "0",
        _ => return None,
    };
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let ns: i64 = format!("{fraction:0<9}").parse().ok()?;
    Some(whole + ns - offset_ns(zone)?)
}

fn offset_ns(zone: &str) -> Option<i64> {
    if zone == "Z" {
        return Some(0);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let digits = zone.get(1..)?.replace(':', "");
    if digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: i64 = digits.parse().ok()?;
    let minutes = number / 100 * 60 + number % 100;
    (number / 100 <= 14 && number % 100 < 60).then_some(sign * minutes * 60 * SECOND_NS)
}

/// Lines of a source one after the other.
pub struct Lines<R> {
    source: R,
    line: Vec<u8>,
    dropped: u64,
    counts: Counts,
}

impl<R: BufRead> Lines<R> {
    /// Reads from here on.
    pub const fn new(source: R) -> Self {
        Self {
            source,
            line: Vec::new(),
            dropped: 0,
            counts: Counts {
                notices: 0,
                malformed: 0,
            },
        }
    }

    /// What became of the lines so far.
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// The next event; `None` where the lines end, or in the middle of one that is still being written.
    ///
    /// # Errors
    /// Those of the source.
    pub fn next_event(&mut self) -> io::Result<Option<Event>> {
        while self.next_line()? {
            let said = match self.line.len() <= LINE_LEN_MAX {
                true => read(&self.line),
                false => None,
            };
            self.line.clear();
            match said {
                Some(Said::Notice(event)) => {
                    self.counts.notices += 1;
                    return Ok(Some(event));
                }
                Some(Said::Dropped(dropped, at)) => {
                    // A count that went back is that of a detection that started anew.
                    let from = if dropped < self.dropped {
                        0
                    } else {
                        self.dropped
                    };
                    self.dropped = dropped;
                    if dropped > from {
                        return Ok(Some(lost("intrusion detection", dropped - from, at)));
                    }
                }
                Some(Said::Other) => {}
                None => self.counts.malformed += 1,
            }
        }
        Ok(None)
    }

    /// Whether a whole line stands in the buffer. Of one that is too long no more is kept than shows that.
    fn next_line(&mut self) -> io::Result<bool> {
        loop {
            let piece = self.source.fill_buf()?;
            if piece.is_empty() {
                return Ok(false);
            }
            let end = piece.iter().position(|byte| *byte == b'\n');
            let taken = end.map_or(piece.len(), |end| end + 1);
            let room = (LINE_LEN_MAX + 1).saturating_sub(self.line.len());
            let text = piece.get(..end.unwrap_or(piece.len()).min(room));
            self.line.extend_from_slice(text.unwrap_or_default());
            self.source.consume(taken);
            if end.is_some() {
                return Ok(true);
            }
        }
    }
}
