//! The kernel's audit: records as text, several to an event, from the multicast group that only reads (linux/audit.h,
//! `AUDIT_NLGRP_READLOG`).

use alloc::string::{String, ToString as _};

use iia_core::Timestamp;
use iia_core::event::{Event, EventKind, FIELDS_MAX, KEY_LEN_MAX};
use iia_core::time::SECOND_NS;

use super::netlink::{Message, messages};
use super::{Counts, Notice};

/// Longest text of a record in bytes (`MAX_AUDIT_MESSAGE_LENGTH` of the kernel).
pub const TEXT_LEN_MAX: usize = 8970;
/// Types below are answers to requests, which are never made here.
const FIRST_RECORD: u16 = 1100;
/// Ends an event of several records; says nothing.
const END_OF_EVENT: u16 = 1320;

/// Types of record that say something of a box's own affairs, by their names in linux/audit.h and libaudit.
const NAMES: [(u16, &str); 28] = [
    (1100, "USER_AUTH"),
    (1101, "USER_ACCT"),
    (1102, "USER_MGMT"),
    (1103, "CRED_ACQ"),
    (1104, "CRED_DISP"),
    (1105, "USER_START"),
    (1106, "USER_END"),
    (1107, "USER_AVC"),
    (1112, "USER_LOGIN"),
    (1113, "USER_LOGOUT"),
    (1123, "USER_CMD"),
    (1130, "SERVICE_START"),
    (1131, "SERVICE_STOP"),
    (1300, "SYSCALL"),
    (1302, "PATH"),
    (1305, "CONFIG_CHANGE"),
    (1307, "CWD"),
    (1309, "EXECVE"),
    (1325, "NETFILTER_CFG"),
    (1326, "SECCOMP"),
    (1327, "PROCTITLE"),
    (1330, "KERN_MODULE"),
    (1332, "TIME_INJOFFSET"),
    (1333, "TIME_ADJNTPVAL"),
    (1334, "BPF"),
    (1400, "AVC"),
    (1700, "ANOM_PROMISCUOUS"),
    (1701, "ANOM_ABEND"),
];

/// Reads a datagram of the kernel; `take` is given each record. Records of one event have one serial.
pub fn read(datagram: &[u8], mut take: impl FnMut(Notice)) -> Counts {
    let mut counts = Counts::default();
    let whole = messages(datagram, |message| match record(&message) {
        Ok(Some(notice)) => {
            counts.notices += 1;
            take(notice);
        }
        Ok(None) => {}
        Err(Malformed) => counts.malformed += 1,
    });
    counts.malformed += u64::from(!whole);
    counts
}

struct Malformed;

fn record(message: &Message<'_>) -> Result<Option<Notice>, Malformed> {
    if message.kind < FIRST_RECORD || message.kind == END_OF_EVENT {
        return Ok(None);
    }
    let text = message.payload;
    // The kernel may end its text with a zero.
    let end = text.iter().position(|byte| *byte == 0);
    let text = text.get(..end.unwrap_or(text.len())).ok_or(Malformed)?;
    if text.len() > TEXT_LEN_MAX {
        return Err(Malformed);
    }
    // Text of users may hold any bytes.
    let text = String::from_utf8_lossy(text);
    let (ts, serial, said) = stamp(&text).ok_or(Malformed)?;
    let name = NAMES.iter().find(|(number, _)| *number == message.kind);
    let name = name.map_or_else(|| message.kind.to_string(), |(_, name)| (*name).to_string());
    let event = Event::new(EventKind::KernelAudit, ts)
        .with("type", name)
        .with("serial", serial.to_string());
    Ok(Some(Notice {
        serial: Some(serial),
        event: pairs(event, said),
    }))
}

/// `audit(SECONDS.MILLIS:SERIAL): ` and what follows.
fn stamp(text: &str) -> Option<(Timestamp, u32, &str)> {
    let rest = text.strip_prefix("audit(")?;
    let (stamp, said) = rest.split_once("):")?;
    let (time, serial) = stamp.split_once(':')?;
    let (secs, millis) = time.split_once('.')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(secs) || !digits(millis) || millis.len() != 3 {
        return None;
    }
    let millis: i64 = millis.parse().ok()?;
    let at = Timestamp::from_secs(secs.parse().ok()?) + millis * (SECOND_NS / 1000);
    Some((at, serial.parse().ok()?, said.trim_start()))
}

/// `key=value` pairs; what is none, and what finds no room, stands together under `rest`.
fn pairs(mut event: Event, said: &str) -> Event {
    let (mut said, mut rest) = (said.trim_end(), String::new());
    while !said.is_empty() {
        let (token, behind) = token(said);
        said = behind.trim_start();
        let pair = token.split_once('=');
        let pair = pair.and_then(|(key, value)| Some((name(key)?, value)));
        match pair {
            Some((key, value)) if event.fields.len() < FIELDS_MAX - 1 => {
                event = event.with(&key, unquoted(value));
            }
            _ => {
                rest.push_str(if rest.is_empty() { "" } else { " " });
                rest.push_str(token);
            }
        }
    }
    match rest.is_empty() {
        true => event,
        false => event.with("rest", rest),
    }
}

/// Up to the next space outside quotes.
fn token(said: &str) -> (&str, &str) {
    let mut quote = None;
    for (at, letter) in said.char_indices() {
        match (quote, letter) {
            (None, '"' | '\'') => quote = Some(letter),
            (Some(open), letter) if open == letter => quote = None,
            (None, ' ') => return said.split_at(at),
            _ => {}
        }
    }
    (said, "")
}

fn unquoted(value: &str) -> &str {
    let inner = |quote| value.strip_prefix(quote)?.strip_suffix(quote);
    inner('"').or_else(|| inner('\'')).unwrap_or(value)
}

/// The key as a field's name; `None` for one that cannot be.
fn name(key: &str) -> Option<String> {
    let key = key.to_ascii_lowercase().replace('-', "_");
    let legal = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
    (!key.is_empty() && key.len() <= KEY_LEN_MAX && key.bytes().all(legal)).then_some(key)
}
