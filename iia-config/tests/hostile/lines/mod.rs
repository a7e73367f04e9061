//! Mistakes in a line of an entry.

mod rows;

use crate::marked::line;
use rows::LINES;

/// Rows that [`LINES`] cannot say with a mark before the code: where the place is not that of the first character.
const PLACED: &[(&str, &str, &str)] = &[
    ("yaml", "  ¦strict: on", "P013"),
    ("toml section", "¦¦[section]", "P013 P016"),
    ("interpolation", "  strict ¦${strict}", "P018"),
    ("string glued to word", "  reason ¦a\"b\"", "P018"),
    ("URI with quote", "  uri ¦oncall://x\"y\"", "P018"),
    ("URI with braces", "  uri ¦oncall://x{y}", "P018"),
    ("Cyrillic in the middle", "  ¦sc\u{43e}pe internal", "P013"),
    ("brace glued", "  ¦inner{\n  }", "P023"),
    ("brace on its own", "  ¦{\n  }", "P023"),
    ("empty block in a line", "  inner ¦{ ¦}", "P018 P018"),
    (
        "deep block",
        "  a {\n    ¦b {\n      c d\n    }\n  }",
        "P010",
    ),
    ("two spaces before the brace", "  a¦  {\n  }", "P019"),
];

#[test]
fn a_mistake_in_a_line_is_told_at_its_place_and_leaves_other_entries_whole() {
    let mut count = 0;
    for (name, text, codes) in LINES.iter().filter(|row| !row.2.is_empty()).chain(PLACED) {
        line(name, text, codes);
        count += 1;
    }
    assert!(count > 150, "{count}");
}
