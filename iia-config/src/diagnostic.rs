//! Diagnostics as data, and as a person reads them.

use iia_contract::raw::{Defect, Span};

/// Whether a diagnostic rejects the document.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Severity {
    /// It does.
    Error,
    /// It does not.
    Warning,
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
        }
    }

    /// As a person reads it: place, line, mark, help.
    pub fn render(&self, file: &str, text: &str) -> String {
        let start = (self.span.start as usize).min(text.len());
        let before = text.get(..start).unwrap_or(text);
        let number = before.matches('\n').count() + 1;
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = text
            .get(line_start..)
            .unwrap_or_default()
            .lines()
            .next()
            .unwrap_or_default();
        let column = start - line_start;
        let width = (self.span.end as usize)
            .saturating_sub(start)
            .clamp(1, line.len().saturating_sub(column).max(1));
        let word = if self.severity == Severity::Error {
            "error"
        } else {
            "warning"
        };
        let gutter = " ".repeat(number.to_string().len());
        let mut out = format!("{word}[IIA-{}]: {}\n", self.code, self.message);
        out.push_str(&format!(
            "{gutter}--> {file}:{number}:{}\n{gutter} |\n",
            column + 1
        ));
        out.push_str(&format!(
            "{number} | {line}\n{gutter} | {}{}\n",
            " ".repeat(column),
            "^".repeat(width)
        ));
        if !self.help.is_empty() {
            out.push_str(&format!("{gutter} = help: {}\n", self.help));
        }
        out
    }
}

impl From<Defect> for Diagnostic {
    fn from(defect: Defect) -> Self {
        let severity = if defect.rejects {
            Severity::Error
        } else {
            Severity::Warning
        };
        let Defect {
            rule,
            span,
            message,
            help,
            ..
        } = defect;
        Self {
            code: rule,
            severity,
            span,
            message,
            help,
        }
    }
}
