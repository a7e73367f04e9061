//! The timeline as one HTML file: no script, nothing fetched, readable on paper.

use std::fmt::Write as _;

use super::{Answer, Entry, Moment, Timeline, Weight};
use crate::evidence::html::verdict;
use crate::report::escape;
use crate::words::{error, millis, seconds};

/// Characters of a chain hash that are shown; the whole of it is in the text form and under the pointer.
const HASH_SHOWN: usize = 19;

/// Renders the timeline as one HTML document.
pub fn html(timeline: &Timeline) -> String {
    let mut html = String::with_capacity(32 * 1024);
    let title = format!("Incident timeline of {}", timeline.origin());
    let _ = write!(
        html,
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{0}</title><style>{1}{2}</style>\
         <main><h1>{0}</h1><p class=\"quiet\">From its evidence alone; for the early warning of NIS2, article 23.</p>",
        escape(&title),
        include_str!("../report/style.css"),
        include_str!("style.css")
    );
    verdict(
        &mut html,
        timeline.checked.outcome,
        &timeline.evidence_lines(),
    );
    moments(&mut html, timeline);
    answers(&mut html, timeline);
    deadlines(&mut html, timeline);
    entries(&mut html, timeline);
    check(&mut html, timeline);
    html.push_str("</main></html>\n");
    html
}

fn moments(html: &mut String, timeline: &Timeline) {
    html.push_str("<div class=\"pair\">");
    let (first, aware) = (timeline.first.as_ref(), timeline.aware.as_ref());
    let what = "the first alarm, as its source dates it";
    card(html, ("T+0", what), first, "");
    let what = "the first alarm on record, by the log's clock";
    let worth = aware.map_or_else(String::new, |one| {
        format!("{}, ", error(one.stamp.error_us))
    });
    card(html, ("First awareness", what), aware, &worth);
    if first.is_none() {
        let _ = write!(html, "<p class=\"quiet\">{}</p>", timeline.none());
    }
    html.push_str("</div>");
}

fn card(html: &mut String, (name, what): (&str, &str), moment: Option<&Moment>, worth: &str) {
    let Some(moment) = moment else {
        return;
    };
    let _ = write!(
        html,
        "<section><h2>{name} <small>{what}</small></h2><p class=\"big\">{}</p>\
         <p class=\"quiet\">{worth}record {}</p><p>{}</p></section>",
        millis(moment.at),
        moment.link.seq,
        escape(&moment.words)
    );
}

fn answers(html: &mut String, timeline: &Timeline) {
    html.push_str("<section><h2>What an early warning has to say</h2><dl class=\"answers\">");
    let class = match timeline.malicious {
        Answer::Yes => "yes",
        Answer::No => "no",
        Answer::Unknown => "unknown",
    };
    let _ = write!(
        html,
        "<div><dt>Suspected unlawful or malicious</dt><dd><b class=\"{class}\">{}</b><ul>",
        timeline.malicious.name()
    );
    items(html, &timeline.reason_lines());
    html.push_str("</ul></dd></div><div><dt>Impact across borders</dt><dd><ul>");
    items(html, &[timeline.border_line()]);
    html.push_str("</ul></dd></div><div><dt>Affected services</dt><dd><ul>");
    items(html, &timeline.affected_lines());
    html.push_str("</ul></dd></div></dl></section>");
}

fn items(html: &mut String, lines: &[String]) {
    for line in lines {
        let _ = write!(html, "<li>{}</li>", escape(line));
    }
}

fn deadlines(html: &mut String, timeline: &Timeline) {
    let rows = timeline.deadline_rows();
    if rows.is_empty() {
        return;
    }
    html.push_str(
        "<section><h2>What is due <small>from the earliest moment of awareness</small></h2><table>",
    );
    for (what, when, clause) in rows {
        let _ = write!(
            html,
            "<tr><td><b>{}</b></td><td>{what}</td><td>{clause}</td></tr>",
            seconds(when)
        );
    }
    html.push_str("</table>");
    if let Some(words) = timeline.deadline_doubt() {
        let _ = write!(html, "<p class=\"doubt\">{words}</p>");
    }
    html.push_str("</section>");
}

fn entries(html: &mut String, timeline: &Timeline) {
    html.push_str("<section><h2>In the order of the log</h2><ol class=\"line\">");
    for one in &timeline.entries {
        entry(html, timeline, one);
    }
    html.push_str("</ol>");
    for words in timeline.ending_lines() {
        let _ = write!(html, "<p class=\"quiet\">{}</p>", escape(&words));
    }
    html.push_str("</section>");
}

fn entry(html: &mut String, timeline: &Timeline, entry: &Entry) {
    let at = entry.stamp.best();
    let since = timeline.since(entry);
    let counter = if entry.stamp.by_counter.is_some() {
        " *"
    } else {
        ""
    };
    let hash = &entry.link.hash;
    let _ = write!(
        html,
        "<li class=\"{weight}\"><div class=\"when\"><b>{since}</b><span>{at}{counter}</span><span>{error}</span></div>\
         <div class=\"what\"><p><em>{weight}</em> {words}<small>{times}</small></p>\
         <p class=\"proof\">{by}record {seq}, {vouched}, <abbr title=\"{hash}\">{short}\u{2026}</abbr>, {file}:{offset}</p></div></li>",
        weight = entry.weight.name(),
        at = millis(at),
        error = error(entry.stamp.error_us),
        words = escape(&entry.words),
        times = escape(&entry.times()),
        by = source(entry),
        seq = entry.link.seq,
        vouched = entry.link.vouched_words(),
        hash = escape(hash),
        short = escape(hash.get(..HASH_SHOWN).unwrap_or(hash)),
        file = escape(&entry.link.file),
        offset = entry.link.offset,
    );
}

fn source(entry: &Entry) -> String {
    match entry.weight {
        Weight::Clock => String::new(),
        _ => {
            let source = entry
                .source
                .strip_prefix("spiffe://")
                .unwrap_or(&entry.source);
            format!("by {}, ", escape(&crate::words::tame(source)))
        }
    }
}

fn check(html: &mut String, timeline: &Timeline) {
    let id = timeline
        .checked
        .log_id
        .map_or_else(|| "none".into(), |id| id.to_string());
    let _ = write!(
        html,
        "<section><h2>To check it</h2><p>Log {}, with the digest of its beginning <code>{id}</code>.</p>\
         <p>Whoever has the evidence runs <code>iia-verify EVIDENCE --key KEY --records</code>: every record above is there \
         under its number and its hash. The key must come from elsewhere than the evidence.</p></section>",
        escape(&timeline.origin())
    );
}
