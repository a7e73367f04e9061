//! Network time (RFC 5905): who tells whom the time, and how good it says it is.

use iia_core::Timestamp;
use iia_core::observe::{Outcome, Protocol, Value};

use super::{Asked, Fields, Line, Reader, Session, Turn};

/// Bytes of a message at least (RFC 5905, 7.3).
pub const LEN_MIN: usize = 48;
/// A client waits this long for an answer.
const WAIT_MAX_NS: i64 = 10 * iia_core::time::SECOND_NS;
const CLIENT: u8 = 3;
const SERVER: u8 = 4;

/// Whether a datagram can be NTP: versions 1 to 4, a mode that is defined, and whole.
pub fn fits(bytes: &[u8]) -> bool {
    let Some(flags) = bytes.first() else {
        return false;
    };
    (1..=4).contains(&(flags >> 3 & 7)) && flags & 7 > 0 && bytes.len() >= 12
}

/// A client and a server; a question is joined to its answer by the moment that the answer repeats.
#[derive(Debug, Default)]
pub struct Ntp {
    line: Line,
}

impl Session for Ntp {
    fn protocol(&self) -> Protocol {
        Protocol::Ntp
    }

    fn cut(&self, _from_orig: bool, bytes: &[u8]) -> super::Cut {
        super::Cut::Unit(bytes.len() as u64)
    }

    fn unit(&mut self, turn: &mut Turn<'_>, unit: &[u8]) {
        let mode = unit.first().map_or(0, |flags| flags & 7);
        let moment = |at: usize| {
            let bytes = unit.get(at..at + 8)?;
            Some(u64::from_be_bytes(bytes.try_into().ok()?))
        };
        if mode == CLIENT && unit.len() >= LEN_MIN {
            // Told when its answer is.
            let (key, when) = (moment(40).unwrap_or(0), (turn.ts, turn.from_orig));
            if let Some(old) = self.line.ask(key, when, unit) {
                unanswered(turn, &old);
            }
            return;
        }
        let mut answered = turn.fields();
        let whole = message(&mut answered, unit);
        if !whole {
            let outcome = match mode {
                6 | 7 => Outcome::Stated,
                _ => Outcome::Malformed,
            };
            return turn.tell(what(mode), outcome, answered);
        }
        match mode {
            SERVER => match self.line.answer(moment(24).unwrap_or(0), turn.from_orig) {
                Some(asked) => {
                    let mut fields = turn.fields();
                    message(&mut fields, &asked.bytes);
                    let what = (what(CLIENT), Outcome::Answered);
                    turn.join(what, (&asked, fields), answered);
                }
                None => turn.tell(what(CLIENT), Outcome::Orphan, answered),
            },
            _ => turn.tell(what(mode), Outcome::Stated, answered),
        }
    }

    fn tick(&mut self, turn: &mut Turn<'_>) {
        while let Some(old) = self.line.overdue(turn.ts, WAIT_MAX_NS) {
            unanswered(turn, &old);
        }
    }

    fn due(&self) -> Timestamp {
        self.line.due(WAIT_MAX_NS)
    }

    fn end(&mut self, turn: &mut Turn<'_>) {
        for old in self.line.drain() {
            unanswered(turn, &old);
        }
    }

    fn held(&self) -> usize {
        self.line.held()
    }
}

fn unanswered(turn: &mut Turn<'_>, old: &Asked) {
    let mut fields = turn.fields();
    message(&mut fields, &old.bytes);
    turn.unanswered(what(CLIENT), (old, fields));
}

/// The mode in words (RFC 5905, figure 10).
const fn what(mode: u8) -> &'static str {
    match mode {
        1 => "symmetric_active",
        2 => "symmetric_passive",
        3 => "client",
        4 => "server",
        5 => "broadcast",
        6 => "control",
        7 => "private",
        _ => "reserved",
    }
}

/// The fields of a message; whether it has all that its mode must have.
fn message<'a>(fields: &mut Fields<'a>, bytes: &'a [u8]) -> bool {
    let mut reader = Reader::new(bytes);
    let Some(flags) = reader.u8() else {
        return false;
    };
    fields.uint("ntp.flags.li", flags >> 6);
    fields.uint("ntp.flags.vn", flags >> 3 & 7);
    fields.code("ntp.flags.mode", flags & 7, Some(what(flags & 7)));
    if matches!(flags & 7, 6 | 7) {
        return false;
    }
    let Some([stratum, poll, precision]) = reader.array() else {
        return false;
    };
    fields.uint("ntp.stratum", stratum);
    // Powers of two with a sign, and below a fixed point in the middle; Wireshark tells the bare numbers.
    fields.uint("ntp.ppoll", poll);
    fields.uint("ntp.precision", precision);
    for name in ["ntp.rootdelay", "ntp.rootdispersion"] {
        let Some(fixed) = reader.be32() else {
            return false;
        };
        fields.uint(name, fixed);
    }
    let Some(id) = reader.take(4) else {
        return false;
    };
    fields.add("ntp.refid", Value::Bytes(id));
    for name in ["ntp.reftime", "ntp.org", "ntp.rec", "ntp.xmt"] {
        match reader.be64() {
            // Nothing is known of it.
            Some(0) => {}
            Some(moment) => fields.add(name, Value::Time(time(moment))),
            None => return false,
        }
    }
    true
}

/// A moment on the wire: seconds since 1900, or since 2036 where the highest bit is not set (RFC 4330, 3), and their
/// fraction.
fn time(moment: u64) -> Timestamp {
    const FROM_1900: i64 = -2_208_988_800;
    let secs = i64::try_from(moment >> 32).unwrap_or_default();
    let era = if moment >> 63 == 0 { 1 << 32 } else { 0 };
    let fraction = ((moment & 0xffff_ffff) * 1_000_000_000) >> 32;
    Timestamp::from_secs(FROM_1900 + era + secs) + i64::try_from(fraction).unwrap_or_default()
}
