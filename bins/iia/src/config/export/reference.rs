//! The reference page.

use std::fmt::Write as _;

use iia_config::explain::rules;
use iia_config::limits;
use iia_config::schema;
use iia_contract::raw::{BlockSpec, EntrySpec, FieldSpec};

use super::words;

/// The grammar, printed where the parser's own page prints it.
const GRAMMAR: &str = include_str!("../../../../../iia-config/src/parse/icl.ebnf");

const HEAD: &str = "<!-- Written by `iia config schema reference`; a test says when it is stale. -->

# The configuration language, ICL/1

One line is one statement: an entry opens, a block in it opens, a field says something, `}` closes. There are no
includes, variables, expressions, defaults or escapes; lists are repeated lines. A document begins with a line that says
what it is. `iia config fmt` writes the canonical form, which is the only one that can be signed; `iia config check` says
what is wrong; `iia config explain CODE` says why; `iia config convert` reads TOML, YAML and JSON.
";

pub(super) fn page() -> String {
    let mut out = String::from(HEAD);
    let _ = write!(out, "\n## Grammar\n\n```ebnf\n{GRAMMAR}```\n");
    limits(&mut out);
    out.push_str(CANONICAL);
    out.push_str("\n## Entries\n\nIn canonical order.\n");
    schema::TABLE.iter().for_each(|spec| entry(&mut out, spec));
    out.push_str("\n## Rules\n\n| code | | rule | why | clause |\n|---|---|---|---|---|\n");
    for rule in rules() {
        let severity = if rule.rejects { "error" } else { "warning" };
        let _ = writeln!(
            out,
            "| IIA-{} | {severity} | {} | {} | {} |",
            rule.code, rule.title, rule.why, rule.clause
        );
    }
    out
}

const CANONICAL: &str = "
## Canonical form

Line feeds; two spaces of indentation; one empty line before each entry and none elsewhere; entries by kind (in the
order below), name and version; fields, then blocks, in the order of the tables; lines of one key in bytewise order, none
twice; numbers in the largest unit in which they are whole (ratios of 0.01% and more in %); hexadecimal digits in lower
case; addresses as RFC 5952 has them; strings in Unicode form NFC. A comment belongs to what follows it and moves with it.
";

fn limits(out: &mut String) {
    let rows = [
        ("bytes of a document", limits::DOCUMENT_LEN_MAX),
        (
            "bytes of a document, unless the policy says more",
            limits::DOCUMENT_LEN_DEFAULT,
        ),
        ("bytes of a line", limits::LINE_LEN_MAX),
        ("bytes of a name", limits::NAME_LEN_MAX),
        ("bytes of a key", limits::KEY_LEN_MAX),
        ("entries", limits::ENTRIES_MAX),
        ("fields and blocks of an entry", limits::ITEMS_MAX),
        ("values of a field", limits::VALUES_MAX),
        ("diagnostics told", limits::DIAGNOSTICS_MAX),
    ];
    out.push_str("\n## Limits\n\n| what | at most |\n|---|---|\n");
    for (what, limit) in rows {
        let _ = writeln!(out, "| {what} | {limit} |");
    }
}

fn entry(out: &mut String, spec: &EntrySpec) {
    let version = if spec.versioned { " VERSION" } else { "" };
    let _ = write!(
        out,
        "\n### `{} NAME{version}`\n\nWhat it is: {}.\n\n",
        spec.kind, spec.doc
    );
    table(out, spec.fields);
    spec.blocks.iter().for_each(|spec| block(out, spec));
}

fn block(out: &mut String, spec: &BlockSpec) {
    let name = if spec.named { " NAME" } else { "" };
    let scopes = words::scopes(spec.scopes);
    let scopes = if scopes.is_empty() {
        scopes
    } else {
        format!(" ({scopes})")
    };
    let _ = write!(
        out,
        "\n#### block `{}{name}`{scopes}\n\n{}; {}.\n\n",
        spec.key,
        spec.doc,
        words::times(spec.times)
    );
    table(out, spec.fields);
}

fn table(out: &mut String, fields: &[FieldSpec]) {
    out.push_str("| key | values | how often | in | what it says |\n|---|---|---|---|---|\n");
    for field in fields {
        let values: Vec<String> = field
            .values
            .iter()
            .map(|value| words::value_type(*value))
            .collect();
        let (times, scopes) = (words::times(field.times), words::scopes(field.scopes));
        let _ = writeln!(
            out,
            "| `{}` | {} | {times} | {scopes} | {} |",
            field.key,
            values.join(", "),
            field.doc
        );
    }
}
