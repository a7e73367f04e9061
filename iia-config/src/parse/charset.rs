//! Which characters a document may hold, and what is wrong with the others.

/// Whether every byte is printable ASCII or a line feed, which needs no further look. No early end, so it is fast.
pub(super) fn is_plain(bytes: &[u8]) -> bool {
    let odd = |b: u8| u8::from(b.wrapping_sub(b' ') > b'~' - b' ') & u8::from(b != b'\n');
    bytes
        .chunks(4096)
        .all(|chunk| chunk.iter().fold(0, |found, b| found | odd(*b)) == 0)
}

/// A character that has no place in a document.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Bad {
    pub(super) code: &'static str,
    pub(super) name: &'static str,
    pub(super) help: &'static str,
}

const fn bad(code: &'static str, name: &'static str, help: &'static str) -> Option<Bad> {
    Some(Bad { code, name, help })
}

/// What is wrong with a character; nothing for most.
pub(super) const fn judge(c: char) -> Option<Bad> {
    match c {
        ' '..='~' => None,
        '\t' => bad("P005", "a tab", "indent with two spaces"),
        '\r' => bad(
            "P006",
            "a carriage return",
            "lines end with a line feed alone",
        ),
        '\0'..='\x1f' | '\x7f'..='\u{9f}' => bad("P004", "a control character", "take it out"),
        '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            bad(
                "P007",
                "a mark that turns the direction of text",
                "take it out: what is read is what is meant",
            )
        }
        '\u{ad}'
        | '\u{600}'..='\u{605}'
        | '\u{6dd}'
        | '\u{70f}'
        | '\u{890}'..='\u{891}'
        | '\u{8e2}'
        | '\u{fff0}'..='\u{fff8}'
        | '\u{110bd}'
        | '\u{110cd}'
        | '\u{13430}'..='\u{1343f}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{34f}'
        | '\u{115f}'..='\u{1160}'
        | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200d}'
        | '\u{2028}'..='\u{2029}'
        | '\u{2060}'..='\u{2065}'
        | '\u{206a}'..='\u{206f}'
        | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}' => bad(
            "P008",
            "a character that is not seen",
            "take it out: what is not seen is not signed",
        ),
        _ => None,
    }
}

/// The script that a letter which looks like an ASCII letter comes from.
pub(super) const fn script(c: char) -> Option<&'static str> {
    match c {
        '\u{370}'..='\u{3ff}' => Some("Greek"),
        '\u{400}'..='\u{52f}' => Some("Cyrillic"),
        '\u{530}'..='\u{58f}' => Some("Armenian"),
        '\u{13a0}'..='\u{13ff}' => Some("Cherokee"),
        '\u{ff01}'..='\u{ff5e}' => Some("full-width"),
        '\u{1d400}'..='\u{1d7ff}' => Some("mathematical"),
        _ => None,
    }
}
