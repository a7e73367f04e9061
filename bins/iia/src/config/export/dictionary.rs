//! Words for a fuzzer, one a line in quotes, as libFuzzer and AFL read them.

use std::collections::BTreeSet;

use iia_config::schema::TABLE;
use iia_contract::raw::{Type, Unit};

use super::{fields, words};

/// Pieces of the grammar that no row of the table has.
const PIECES: [&str; 22] = [
    "iia-config 1\n",
    "iia-manifest 1\n",
    "iia-approval 1\n",
    "iia-state 1\n",
    " {\n",
    "}\n",
    "\n\n",
    "  ",
    "# ",
    "\"",
    "\\",
    ".*",
    "://",
    "::",
    "tcp/",
    "tls/[::1]:",
    "b3:",
    "sha256:",
    "ed25519:",
    "spiffe://",
    "-0",
    "9223372036854",
];

pub(super) fn words() -> String {
    let mut words: BTreeSet<String> = PIECES.iter().map(|piece| (*piece).to_owned()).collect();
    words.extend(
        Unit::FAMILIES
            .into_iter()
            .flatten()
            .map(|unit| unit.text().to_owned()),
    );
    words.extend(["/s", "/m", "/h", "/d"].map(str::to_owned));
    for spec in TABLE {
        words.insert(format!("{} ", spec.kind));
        words.extend(spec.blocks.iter().map(|block| format!("  {}", block.key)));
    }
    for (_, _, field) in fields() {
        words.insert(format!("  {} ", field.key));
        for value in field.values {
            words.insert(words::example(*value).to_owned());
            if let Type::Atom(choices) = value {
                words.extend(choices.iter().map(|choice| (*choice).to_owned()));
            }
        }
    }
    let head = "# Written by `iia config schema dictionary`; a test says when it is stale.\n";
    let lines = words
        .into_iter()
        .map(|word| format!("\"{}\"\n", escaped(&word)));
    std::iter::once(head.to_owned()).chain(lines).collect()
}

fn escaped(word: &str) -> String {
    let escape = |b: u8| match b {
        b'"' => "\\\"".to_owned(),
        b'\\' => "\\\\".to_owned(),
        b' '..=b'~' => char::from(b).to_string(),
        b => format!("\\x{b:02X}"),
    };
    word.bytes().map(escape).collect()
}
