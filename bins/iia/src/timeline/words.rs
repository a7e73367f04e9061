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

/// A length of time in the two largest units, such as `2 h 5 min`, with its sign.
pub(crate) fn length(ns: i64) -> String {
    let sign = if ns < 0 { "-" } else { "" };
    let millis = ns.unsigned_abs() / 1_000_000;
    let (secs, rest) = (millis / 1000, millis % 1000);
    let (mins, hours, days) = (secs / 60, secs / 3600, secs / 86_400);
    let two = |large: u64, name: &str, small: u64, less: &str| match small {
        0 => format!("{sign}{large} {name}"),
        _ => format!("{sign}{large} {name} {small} {less}"),
    };
    match secs {
        0..60 => format!("{sign}{secs}.{rest:03} s"),
        60..3600 => two(mins, "min", secs % 60, "s"),
        3600..86_400 => two(hours, "h", mins % 60, "min"),
        _ => two(days, "d", hours % 24, "h"),
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
            (i64::MIN, "-106751 d 23 h"),
        ] {
            assert_eq!(length(ns), text);
        }
    }
}
