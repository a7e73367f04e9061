//! Words of strangers made safe to show, and times and lengths as people read them.

use iia_core::Timestamp;
use iia_core::time::SECOND_NS;

/// Text without control characters and without those that turn the direction of writing.
pub(crate) fn tame(text: &str) -> String {
    let mut tamed = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => {
                tamed.extend(letter.escape_unicode());
            }
            '\u{61c}' | '\u{feff}' => tamed.extend(letter.escape_unicode()),
            _ if letter.is_control() => tamed.extend(letter.escape_default()),
            _ => tamed.push(letter),
        }
    }
    tamed
}

/// At most `max` characters, with a mark where some are left out.
pub(crate) fn cut(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        Some((end, _)) => format!("{}\u{2026}", text.get(..end).unwrap_or_default()),
        None => text.into(),
    }
}

/// A time to the millisecond, such as `2026-11-29T03:12:07.113Z`.
pub(crate) fn millis(at: Timestamp) -> String {
    let text = at.to_string();
    // A year of more than four digits does not fit into a timestamp.
    format!("{}Z", text.get(..23).unwrap_or(&text))
}

/// A time to the second, such as `2026-11-29T03:12:07Z`.
pub(crate) fn seconds(at: Timestamp) -> String {
    let text = at.to_string();
    format!("{}Z", text.get(..19).unwrap_or(&text))
}

/// A length of time in the two largest units, rounded, such as `2 h 5 min`, with its sign.
pub(crate) fn length(ns: i64) -> String {
    let sign = if ns < 0 { "-" } else { "" };
    let millis = ns.unsigned_abs() / 1_000_000;
    let rounded = |unit_ms: u64| (millis + unit_ms / 2) / unit_ms;
    let two = |less: u64, per: u64, names: (&str, &str)| match less % per {
        0 => format!("{sign}{} {}", less / per, names.0),
        rest => format!("{sign}{} {} {rest} {}", less / per, names.0, names.1),
    };
    match millis {
        0..60_000 => format!("{sign}{}.{:03} s", millis / 1000, millis % 1000),
        60_000..3_600_000 => two(rounded(1000), 60, ("min", "s")),
        3_600_000..86_400_000 => two(rounded(60_000), 60, ("h", "min")),
        _ => two(rounded(3_600_000), 24, ("d", "h")),
    }
}

/// The largest error of a clock, such as `± 1.000 s`.
pub(crate) fn error(micros: Option<u32>) -> String {
    match micros {
        Some(micros) => format!("\u{b1} {}", length(i64::from(micros).saturating_mul(1000))),
        None => "error unknown".into(),
    }
}

/// Whole seconds of witnesses as a time.
pub(crate) fn witnessed(secs: u64) -> Timestamp {
    Timestamp::from_secs(i64::try_from(secs).unwrap_or(i64::MAX / SECOND_NS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_strangers_wrote_cannot_move_the_cursor_or_turn_the_line() {
        let tamed = tame("a\x1b[2Jb\u{202e}c\nd\u{2066}e\u{200b}\u{9b}2J");
        assert!(tamed.chars().all(|one| !one.is_control()), "{tamed}");
        assert_eq!(
            tamed,
            "a\\u{1b}[2Jb\\u{202e}c\\nd\\u{2066}e\\u{200b}\\u{9b}2J"
        );
        assert_eq!(tame("Grüße, 10 µs"), "Grüße, 10 µs");
    }

    #[test]
    fn words_are_cut_between_characters() {
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(cut("äöüx", 3), "äöü\u{2026}");
    }

    #[test]
    fn lengths_are_told_in_two_units() {
        for (ns, text) in [
            (0, "0.000 s"),
            (-1_500_000_000, "-1.500 s"),
            (61_000_000_000, "1 min 1 s"),
            (7_200_000_000_000, "2 h"),
            (90_000_000_000_000, "1 d 1 h"),
            (7_199_990_000_000, "2 h"),
            (i64::MIN, "-106752 d"),
        ] {
            assert_eq!(length(ns), text);
        }
    }
}
