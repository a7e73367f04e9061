//! Diagnostics as data, and as a person reads them.

use iia_contract::raw::{Defect, Span};

use crate::parse::place;

/// Whether a diagnostic rejects the document.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Severity {
    /// It does.
    Error,
    /// It does not.
    Warning,
}

impl Severity {
    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// Another place that a diagnostic speaks of.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Related {
    /// Where.
    pub span: Span,
    /// What is there.
    pub message: String,
}

/// One finding about a document.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Diagnostic {
    /// The rule: `P…` for the language, `C…` for what is said in it.
    pub code: &'static str,
    /// Whether it rejects.
    pub severity: Severity,
    /// Where.
    pub span: Span,
    /// What is wrong.
    pub message: String,
    /// How to mend it; may be empty.
    pub help: String,
    /// Other places that it speaks of.
    pub related: Vec<Related>,
}

impl Diagnostic {
    pub(crate) fn error(
        code: &'static str,
        span: Span,
        message: impl Into<String>,
        help: &str,
    ) -> Self {
        Self {
            code,
            severity: Severity::Error,
            span,
            message: message.into(),
            help: help.into(),
            related: Vec::new(),
        }
    }

    pub(crate) fn warning(
        code: &'static str,
        span: Span,
        message: impl Into<String>,
        help: &str,
    ) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(code, span, message, help)
        }
    }

    /// With another place that it speaks of.
    pub(crate) fn with(mut self, span: Span, message: impl Into<String>) -> Self {
        let message = message.into();
        self.related.push(Related { span, message });
        self
    }

    /// Whether it rejects the document.
    pub fn rejects(&self) -> bool {
        self.severity == Severity::Error
    }

    /// As a person reads it: place, line, mark, help.
    pub fn render(&self, file: &str, text: &str) -> String {
        render(self, file, text, Style::PLAIN)
    }

    /// As a person reads it on a terminal.
    pub fn render_with(&self, file: &str, text: &str, style: Style) -> String {
        render(self, file, text, style)
    }
}

/// How parts of a rendered diagnostic are marked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Style {
    strong: &'static str,
    error: &'static str,
    warning: &'static str,
    dim: &'static str,
    end: &'static str,
}

impl Style {
    /// Not at all.
    pub const PLAIN: Self = Self {
        strong: "",
        error: "",
        warning: "",
        dim: "",
        end: "",
    };
    /// With the colours of a terminal.
    pub const COLOUR: Self = Self {
        strong: "\x1b[1m",
        error: "\x1b[1;31m",
        warning: "\x1b[1;33m",
        dim: "\x1b[1;34m",
        end: "\x1b[0m",
    };
}

fn render(found: &Diagnostic, file: &str, text: &str, style: Style) -> String {
    let Style {
        strong, dim, end, ..
    } = style;
    let colour = match found.severity {
        Severity::Error => style.error,
        Severity::Warning => style.warning,
    };
    let (number, column) = place(text, found.span.start);
    let gutter = " ".repeat(number.to_string().len());
    let name = found.severity.name();
    let mut out = format!(
        "{colour}{name}[IIA-{}]{end}{strong}: {}{end}\n{gutter}{dim}-->{end} {file}:{number}:{column}\n",
        found.code,
        shown(&found.message)
    );
    out.push_str(&marked(found.span, text, (dim, colour, end)));
    for related in &found.related {
        let (line, column) = place(text, related.span.start);
        out.push_str(&format!(
            "{gutter} {dim}={end} {file}:{line}:{column}: {}\n",
            shown(&related.message)
        ));
    }
    if !found.help.is_empty() {
        out.push_str(&format!(
            "{gutter} {dim}={end} help: {}\n",
            shown(&found.help)
        ));
    }
    out
}

/// Columns of a line that are shown at most.
const COLUMNS_MAX: usize = 160;

/// The line of a span with carets under it.
fn marked(span: Span, text: &str, (dim, colour, end): (&str, &str, &str)) -> String {
    let (number, column) = place(text, span.start);
    let line = text.split('\n').nth(number - 1).unwrap_or_default();
    let line = shown(line);
    let len = line.chars().count();
    let from = (column - 1).min(len);
    let marked = iia_contract::tree::slice(text, span.start..span.end);
    let width = marked
        .split('\n')
        .next()
        .unwrap_or_default()
        .chars()
        .count();
    let width = width.clamp(1, len.saturating_sub(from).max(1));
    let skip = from.saturating_sub(COLUMNS_MAX / 2);
    let cut: String = line.chars().skip(skip).take(COLUMNS_MAX).collect();
    let width = width.min(COLUMNS_MAX.saturating_sub(from - skip).max(1));
    let gutter = " ".repeat(number.to_string().len());
    let (blank, carets) = (" ".repeat(from - skip), "^".repeat(width));
    format!(
        "{gutter} {dim}|{end}\n{dim}{number} |{end} {cut}\n{gutter} {dim}|{end} {blank}{colour}{carets}{end}\n"
    )
}

/// Text of a hostile document as it may go to a terminal: nothing that moves the cursor, nothing unseen.
fn shown(text: &str) -> String {
    let odd = |c: char| {
        c.is_control()
            || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
    };
    text.chars()
        .map(|c| if odd(c) { '\u{fffd}' } else { c })
        .collect()
}

impl From<Defect> for Diagnostic {
    fn from(defect: Defect) -> Self {
        let make = match defect.rejects {
            true => Self::error,
            false => Self::warning,
        };
        make(defect.rule, defect.span, defect.message, &defect.help)
    }
}
