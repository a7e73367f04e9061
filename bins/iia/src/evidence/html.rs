//! What evidence is worth, as a section of a report.

use std::fmt::Write as _;

use super::Outcome;
use crate::report::escape;

/// Writes the section; the first line is the verdict.
pub(crate) fn verdict(html: &mut String, outcome: Outcome, lines: &[String]) {
    let class = match outcome {
        Outcome::Verified => "sound",
        Outcome::NotAllWitnessed => "open",
        Outcome::Failed => "wrong",
    };
    let _ = write!(
        html,
        "<section class=\"verdict {class}\"><h2>What the evidence is worth</h2>"
    );
    for (at, words) in lines.iter().enumerate() {
        let tag = if at == 0 { "strong" } else { "span" };
        let _ = write!(html, "<p><{tag}>{}</{tag}></p>", escape(words));
    }
    html.push_str("</section>");
}
