//! Diagnostics for people, for programs, and for whoever collects findings.

mod sarif;

use std::io::IsTerminal as _;

use iia_config::diagnostic::{Diagnostic, Severity, Style};
use iia_config::parse::place;
use serde_json::{Value, json};

/// How diagnostics are told.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people
    #[default]
    Human,
    /// One JSON array
    Json,
    /// SARIF 2.1.0
    Sarif,
}

/// A document that was looked at, and what was found in it.
pub(super) struct Checked {
    name: String,
    text: String,
    found: Vec<Diagnostic>,
}

impl Checked {
    pub(super) fn new(name: String, bytes: &[u8], found: Vec<Diagnostic>) -> Self {
        // The same replacement as in the parser, byte for byte, so that places stay true.
        let mut text = String::with_capacity(bytes.len());
        for chunk in bytes.utf8_chunks() {
            text.push_str(chunk.valid());
            chunk.invalid().iter().for_each(|_| text.push('?'));
        }
        Self { name, text, found }
    }

    pub(super) fn is_good(&self) -> bool {
        !self.found.iter().any(Diagnostic::rejects)
    }

    fn count(&self, severity: Severity) -> usize {
        self.found
            .iter()
            .filter(|found| found.severity == severity)
            .count()
    }
}

pub(super) fn tell(all: &[Checked], format: Format) -> anyhow::Result<()> {
    match format {
        Format::Human => all.iter().for_each(human),
        Format::Json => {
            let rows: Vec<Value> = all.iter().flat_map(rows).collect();
            println!("{}", serde_json::to_string_pretty(&rows)?);
        }
        Format::Sarif => println!("{}", serde_json::to_string_pretty(&sarif::log(all))?),
    }
    Ok(())
}

/// Colours, on a terminal and when nobody asked for none.
fn style() -> Style {
    let none = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    match std::io::stderr().is_terminal() && !none {
        true => Style::COLOUR,
        false => Style::PLAIN,
    }
}

/// Each mistake with its place.
pub(super) fn mistakes(checked: &Checked) {
    for found in &checked.found {
        eprintln!(
            "{}",
            found.render_with(&checked.name, &checked.text, style())
        );
    }
}

fn human(checked: &Checked) {
    mistakes(checked);
    let counted = |count: usize, word: &str| match count {
        1 => format!("1 {word}"),
        _ => format!("{count} {word}s"),
    };
    let (errors, warnings) = (
        checked.count(Severity::Error),
        checked.count(Severity::Warning),
    );
    let mut codes: Vec<&str> = checked.found.iter().map(|found| found.code).collect();
    codes.sort_unstable();
    codes.dedup();
    match (errors, warnings) {
        (0, 0) => println!("{}: sound", checked.name),
        (0, _) => println!("{}: sound, {}", checked.name, counted(warnings, "warning")),
        (_, 0) => eprintln!("{}: refused, {}", checked.name, counted(errors, "error")),
        _ => eprintln!(
            "{}: refused, {}, {}",
            checked.name,
            counted(errors, "error"),
            counted(warnings, "warning")
        ),
    }
    if let Some(first) = codes.first() {
        eprintln!("more about a rule: iia config explain {first}");
    }
}

fn at(text: &str, byte: u32) -> Value {
    let (line, column) = place(text, byte);
    json!({ "byte": byte, "line": line, "column": column })
}

fn rows(checked: &Checked) -> Vec<Value> {
    let text = checked.text.as_str();
    let row = |found: &Diagnostic| {
        let related: Vec<Value> = found
            .related
            .iter()
            .map(|related| json!({ "message": related.message, "start": at(text, related.span.start) }))
            .collect();
        json!({
            "file": checked.name,
            "code": format!("IIA-{}", found.code),
            "severity": found.severity.name(),
            "message": found.message,
            "help": found.help,
            "start": at(text, found.span.start),
            "end": at(text, found.span.end),
            "related": related,
        })
    };
    checked.found.iter().map(row).collect()
}
