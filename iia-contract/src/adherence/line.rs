//! A message as a line of text, and back: the form in which a log of messages rests in a lake.

use core::fmt;

use iia_core::Timestamp;
use iia_core::time::parse_utc;

use super::message::{Fate, Message};

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            ticket,
            sent,
            tries,
            records,
            len,
            fate,
        } = self;
        write!(
            f,
            "message {ticket}: {records} records, {len} bytes, tries {tries}, sent {sent}: "
        )?;
        match fate {
            Fate::Waiting => f.write_str("no acknowledgement"),
            Fate::Part(at, records) => write!(f, "acknowledged {records} so far at {at}"),
            Fate::Acked(at, records) => write!(f, "acknowledged {records} at {at}"),
            Fate::Rejected(at) => write!(f, "refused at {at}"),
            Fate::Dropped => f.write_str("given up"),
        }
    }
}

impl Message {
    /// Reads what [`Display`](fmt::Display) writes; `None` for anything else.
    pub fn parse(line: &str) -> Option<Self> {
        let (ticket, rest) = line.strip_prefix("message ")?.split_once(": ")?;
        let (records, rest) = rest.split_once(" records, ")?;
        let (len, rest) = rest.split_once(" bytes, tries ")?;
        let (tries, rest) = rest.split_once(", sent ")?;
        let (sent, fate) = rest.split_once(": ")?;
        let message = Self {
            ticket: ticket.parse().ok()?,
            sent: moment(sent)?,
            tries: tries.parse().ok()?,
            records: records.parse().ok()?,
            len: len.parse().ok()?,
            fate: parse_fate(fate)?,
        };
        Some(message)
    }
}

fn parse_fate(text: &str) -> Option<Fate> {
    if let Some(rest) = text.strip_prefix("acknowledged ") {
        let (records, at) = rest.split_once(" at ")?;
        if let Some(records) = records.strip_suffix(" so far") {
            return Some(Fate::Part(moment(at)?, records.parse().ok()?));
        }
        return Some(Fate::Acked(moment(at)?, records.parse().ok()?));
    }
    if let Some(at) = text.strip_prefix("refused at ") {
        return Some(Fate::Rejected(moment(at)?));
    }
    match text {
        "no acknowledgement" => Some(Fate::Waiting),
        "given up" => Some(Fate::Dropped),
        _ => None,
    }
}

/// A time with nanoseconds, as [`Timestamp`] is written.
fn moment(text: &str) -> Option<Timestamp> {
    let (seconds, rest) = text.split_once('.')?;
    let ns = rest.strip_suffix('Z')?;
    let digits = ns.len() == 9 && ns.bytes().all(|b| b.is_ascii_digit());
    let whole = parse_utc(&alloc::format!("{seconds}Z"))?;
    digits.then(|| Some(whole + ns.parse::<i64>().ok()?))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    #[test]
    fn a_line_reads_back_as_the_message_and_nothing_else_is_read() {
        let at = Timestamp::from_ns(1_764_320_400_000_000_042);
        for fate in [
            Fate::Waiting,
            Fate::Part(at + 3, 300),
            Fate::Acked(at + 7, 499),
            Fate::Rejected(at + 1),
            Fate::Dropped,
        ] {
            let message = Message {
                ticket: u64::MAX,
                sent: at,
                tries: 2,
                records: 500,
                len: 64_000,
                fate,
            };
            let line = message.to_string();
            assert_eq!(Message::parse(&line), Some(message), "{line}");
            for end in 0..line.len() {
                let part = line.get(..end).unwrap();
                assert_eq!(Message::parse(part), None, "{part}");
            }
            assert_eq!(Message::parse(&alloc::format!("{line} ")), None);
        }
    }
}
