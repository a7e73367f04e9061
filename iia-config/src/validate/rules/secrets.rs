//! C047: references only, never secrets.

use iia_contract::raw::Kind;
use iia_contract::tree::{Kinds, Value};

use super::Ground;

/// What a secret that was written out begins with.
const BEGINNINGS: [&str; 6] = ["-----BEGIN", "PRIVATE KEY", "AKIA", "ghp_", "xoxb-", "eyJ"];
/// Shorter texts are words.
const RANDOM_LEN_MIN: usize = 20;
/// Bits a character from which on a text looks drawn by lot, in thousandths.
const RANDOM_MILLIBITS_MIN: u64 = 3_800;

/// C047: nothing that looks like a secret. Keys that ask for one are no keys; that is told with the shape.
pub(super) fn none(ground: &mut Ground<'_>) {
    for entry in ground.document.entries() {
        for value in entry.values_of(Kinds::Texts) {
            if let Some(why) = by_value(&value) {
                let help = "name a credential, which is kept elsewhere";
                ground.tell(
                    "C047",
                    value.span,
                    format!("this looks like a secret: {why}"),
                    help,
                );
            }
        }
    }
}

fn by_value(value: &Value<'_>) -> Option<&'static str> {
    match value.kind {
        Kind::Uri => {
            let authority = value
                .text
                .split("://")
                .nth(1)
                .and_then(|rest| rest.split('/').next());
            let user = authority.and_then(|authority| authority.rsplit_once('@'));
            user.filter(|(user, _)| user.contains(':'))
                .map(|_| "a password in a URI")
        }
        Kind::String if BEGINNINGS.iter().any(|begin| value.text.contains(begin)) => {
            Some("by how it begins")
        }
        Kind::String | Kind::Atom if is_random(value.text) => Some("it looks drawn by lot"),
        _ => None,
    }
}

/// Whether a text is one long token of letters and digits without pattern.
fn is_random(text: &str) -> bool {
    if text.len() < RANDOM_LEN_MIN {
        return false;
    }
    let count = |is: fn(&u8) -> bool| text.bytes().filter(is).count();
    let mixed = count(u8::is_ascii_uppercase) > 1 && count(u8::is_ascii_digit) > 1;
    let in_token =
        |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'-' | b'_');
    mixed && text.bytes().all(in_token) && millibits(text) >= RANDOM_MILLIBITS_MIN
}

/// Shannon entropy a character, in thousandths of a bit, with whole numbers only.
fn millibits(text: &str) -> u64 {
    let mut counts = [0u64; 256];
    for byte in text.bytes() {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count += 1;
        }
    }
    let len = text.len() as u64;
    let sum: u64 = counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| count * millilog2(len, *count))
        .sum();
    sum / len.max(1)
}

/// `log2(whole / part)` in thousandths.
fn millilog2(whole: u64, part: u64) -> u64 {
    // Sixteen fractional bits by squaring.
    let mut value = (whole << 16) / part.max(1);
    let mut bits = 0u64;
    while value >= 2 << 16 {
        value >>= 1;
        bits += 1;
    }
    let mut fraction = 0u64;
    for _ in 0..10 {
        value = (value * value) >> 16;
        fraction <<= 1;
        if value >= 2 << 16 {
            value >>= 1;
            fraction |= 1;
        }
    }
    bits * 1000 + fraction * 1000 / 1024
}
