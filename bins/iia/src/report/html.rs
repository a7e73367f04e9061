//! One HTML file without any outside reference: readable on a machine with no network.

use std::fmt::Write as _;

use iia_core::Timestamp;

use super::tally::{Report, Table};
use super::{flowmap, timeline};

/// Renders the report as one HTML document.
pub fn render(report: &Report) -> String {
    let mut html = String::with_capacity(64 * 1024);
    let title = escape(&report.title);
    let _ = write!(
        html,
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title><style>{}</style>\
         <main><h1>{title}</h1>",
        include_str!("style.css")
    );
    facts(&mut html, report);
    section(&mut html, "Traffic by contract", &timeline::draw(report));
    section(&mut html, "Violations", &violations(report));
    if !report.moments.is_empty() {
        section(&mut html, "Findings", &moments(report));
    }
    section(&mut html, "Who spoke to whom", &flowmap::draw(report));
    for table in &report.tables {
        section(&mut html, &table.heading, &rows(table));
    }
    html.push_str("</main></html>\n");
    html
}

fn section(html: &mut String, heading: &str, body: &str) {
    let _ = write!(
        html,
        "<section><h2>{}</h2>{body}</section>",
        escape(heading)
    );
}

fn facts(html: &mut String, report: &Report) {
    html.push_str("<dl>");
    for (label, value) in &report.facts {
        let _ = write!(
            html,
            "<div><dt>{}</dt><dd>{}</dd></div>",
            escape(label),
            escape(value)
        );
    }
    html.push_str("</dl>");
}

fn violations(report: &Report) -> String {
    if report.violations.is_empty() {
        return "<p class=\"quiet\">None: a contract covers everything that was seen.</p>".into();
    }
    let mut table = String::from(
        "<table><tr><th>first</th><th>last</th><th class=\"n\">count</th><th>why</th></tr>",
    );
    for violation in &report.violations {
        let _ = write!(
            table,
            "<tr><td>{}</td><td>{}</td><td class=\"n\">{}</td><td>{}</td></tr>",
            local_time(violation.first),
            local_time(violation.last),
            violation.count,
            escape(&violation.reason)
        );
    }
    table.push_str("</table>");
    table
}

fn moments(report: &Report) -> String {
    let mut table = String::from("<table><tr><th>when</th><th>stream</th><th>what</th></tr>");
    for (at, kind, words) in &report.moments {
        let (at, kind, words) = (local_time(*at), escape(kind), escape(words));
        let _ = write!(
            table,
            "<tr><td>{at}</td><td><code>{kind}</code></td><td>{words}</td></tr>"
        );
    }
    table.push_str("</table>");
    table
}

fn rows(table: &Table) -> String {
    let mut html = String::from("<table><tr>");
    for column in &table.columns {
        let _ = write!(html, "<th>{}</th>", escape(column));
    }
    html.push_str("</tr>");
    for row in &table.rows {
        html.push_str("<tr>");
        for cell in row {
            let _ = write!(html, "<td>{}</td>", shortened(cell));
        }
        html.push_str("</tr>");
    }
    html.push_str("</table>");
    html
}

/// Words with every digest cut short; the whole of it shows under the pointer.
fn shortened(text: &str) -> String {
    let word = |word: &str| match (word.find("b3:"), word.len() > 40) {
        (Some(at), true) => {
            let end = (at + 15).min(word.len());
            let short = word.get(..end).unwrap_or(word);
            format!(
                "<abbr title=\"{}\">{}\u{2026}</abbr>",
                escape(word),
                escape(short)
            )
        }
        _ => escape(word),
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// The time of day in UTC with milliseconds.
pub(super) fn local_time(at: Timestamp) -> String {
    at.to_string().get(11..23).unwrap_or_default().to_owned()
}

/// A contract's name without the part that all of them share.
pub(super) fn short(name: &str) -> &str {
    name.strip_prefix("iia.contract.").unwrap_or(name)
}

/// Makes text safe inside HTML and attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            _ => safe.push(letter),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::super::tally::{Seen, Tally};
    use super::*;

    #[test]
    fn hostile_names_stay_text_and_nothing_is_fetched() {
        let mut tally = Tally::new();
        let evil = "<script>alert('x')</script>\"&";
        let ts = Timestamp::from_secs(7);
        tally.add(&Seen {
            ts,
            client: evil,
            server: evil,
            contract: None,
            reason: Some(evil),
        });
        let mut report = tally.finish();
        report.title = evil.into();
        let html = render(&report);
        assert!(!html.contains("<script"));
        assert!(!html.contains("http:") && !html.contains("https:") && !html.contains("url("));
        assert!(html.contains("&lt;script&gt;"));
    }

    #[test]
    fn an_empty_report_says_so() {
        assert!(render(&Report::default()).contains("Nothing was seen"));
    }
}
