//! What stands, as one HTML file: no script, nothing fetched, readable on paper.

use std::fmt::Write as _;

use iia_attest::aggregate::{Gravity, MEANINGS, Open, Over};

use super::Standing;
use super::lines::{conclusion, explain, next, short, times, who, words};
use crate::evidence::html::verdict;
use crate::report::escape;
use crate::words::{length, millis, seconds};

/// Renders what stands as one HTML document.
pub fn html(standing: &Standing) -> String {
    let mut html = String::with_capacity(32 * 1024);
    let name = match standing.origin.as_str() {
        "" => "a box".into(),
        name => crate::words::tame(name),
    };
    let title = format!("Findings on {name}");
    let _ = write!(
        html,
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{0}</title><style>{1}{2}{3}</style>\
         <main><h1>{0}</h1><p class=\"quiet\">As of {4}</p>",
        escape(&title),
        include_str!("../report/style.css"),
        include_str!("../timeline/style.css"),
        include_str!("style.css"),
        as_of(standing),
    );
    state(&mut html, standing);
    open(&mut html, standing);
    over(&mut html, standing);
    observers(&mut html, standing);
    if let Some(checked) = &standing.checked {
        verdict(&mut html, checked.outcome, &checked.lines());
    }
    html.push_str("</main></html>\n");
    html
}

fn as_of(standing: &Standing) -> String {
    let mut text = seconds(standing.now);
    if let Some((seq, at)) = standing.last {
        let _ = write!(
            text,
            ", from the chain up to record {seq} of {}",
            seconds(at)
        );
    }
    text
}

/// Whether all is well, at one look.
fn state(html: &mut String, standing: &Standing) {
    let open = standing.board.open();
    let (class, words) = match open.first().map(|one| one.gravity) {
        Some(Gravity::Critical) => ("critical", "Prevention has failed"),
        Some(Gravity::High) => ("high", "Something is not as it was agreed"),
        None => ("well", "Nothing stands open"),
    };
    let _ = write!(
        html,
        "<section class=\"state {class}\"><p class=\"big\">{words}</p><p>{}</p>",
        escape(&standing.tally())
    );
    if let Some(age) = standing.age() {
        let _ = write!(html, "<p class=\"doubt\">{}</p>", escape(&age));
    }
    for (is_well, [name, says]) in standing.sink_rows() {
        if !is_well {
            let _ = write!(
                html,
                "<p class=\"doubt\">Alert sink {}: {}</p>",
                escape(&name),
                escape(&says)
            );
        }
    }
    html.push_str("</section>");
}

fn open(html: &mut String, standing: &Standing) {
    for one in standing.board.open() {
        entry(html, standing, one);
    }
}

fn entry(html: &mut String, standing: &Standing, open: &Open) {
    let finding = &open.finding;
    let _ = write!(
        html,
        "<section class=\"finding {gravity}\" id=\"f{id}\"><p class=\"tag\"><b>{gravity}</b> <span>{stream}</span> \
         <span>open for {lasted}</span></p><h2>{reason}</h2><p class=\"quiet\">{kind}; first {first}, {times}</p>\
         <dl class=\"answers\">",
        gravity = open.gravity.name(),
        id = open.id,
        stream = escape(&short(&finding.stream)),
        lasted = length(standing.now.since_ns(open.first).max(0)),
        reason = escape(&words(&finding.reason)),
        kind = conclusion(open),
        first = millis(open.first),
        times = escape(&times(open)),
    );
    pair(html, "Accountable", &who(&open.accountable));
    pair(html, "First do", next(open));
    html.push_str("</dl><details><summary>What was compared, what proves it, what then</summary><dl class=\"answers\">");
    for (label, value) in explain(standing, open) {
        if !["what", "severity", "since", "accountable", "first do"].contains(&label) {
            pair(html, label, &value);
        }
    }
    let _ = write!(
        html,
        "</dl><p class=\"proof\">finding {}, {}</p></details></section>",
        open.id,
        standing.records_of(&open.id)
    );
}

fn pair(html: &mut String, label: &str, value: &str) {
    let _ = write!(
        html,
        "<div><dt>{}</dt><dd>{}</dd></div>",
        escape(label),
        escape(value)
    );
}

fn over(html: &mut String, standing: &Standing) {
    let all: Vec<&Over> = standing.board.over().collect();
    if all.is_empty() {
        return;
    }
    html.push_str(
        "<section><h2>Was, and is over <small>the newest first</small></h2><table><tr><th>ended</th><th>lasted</th><th>what</th></tr>",
    );
    for one in all {
        let _ = write!(
            html,
            "<tr><td>{}</td><td class=\"when\">{}</td><td>{}<br><small>{}, {}, finding {}</small></td></tr>",
            seconds(one.ended),
            length(one.ended.since_ns(one.open.first).max(0)),
            escape(&words(&one.open.finding.reason)),
            escape(&short(&one.open.finding.stream)),
            escape(&times(&one.open)),
            one.open.id
        );
    }
    html.push_str("</table>");
    if standing.board.forgotten() > 0 {
        let _ = write!(
            html,
            "<p class=\"quiet\">{} older ones are in the chain alone</p>",
            standing.board.forgotten()
        );
    }
    html.push_str("</section>");
}

/// Who sees what, and does not.
fn observers(html: &mut String, standing: &Standing) {
    html.push_str("<section><h2>Who watches</h2><ul class=\"watch\">");
    for ([stream, says, blind], meaning) in standing.observer_rows().iter().zip(MEANINGS) {
        let class = match says {
            says if says.contains("NOT ") => "unwatched",
            says if says.starts_with("not known") => "unknown",
            _ => "watched",
        };
        let _ = write!(
            html,
            "<li class=\"{class}\"><h3>{} <small>{}</small></h3><p>{}</p><p class=\"quiet\">compares {}; {}</p></li>",
            escape(stream),
            escape(meaning.title),
            escape(says),
            escape(meaning.compares),
            escape(blind)
        );
    }
    html.push_str("</ul>");
    let sinks = standing.sink_rows();
    if !sinks.is_empty() {
        html.push_str("<h3>Alerts go to</h3><table>");
        for (is_well, [name, says]) in sinks {
            let class = if is_well { "no" } else { "yes" };
            let _ = write!(
                html,
                "<tr><td><b class=\"{class}\">{}</b></td><td>{}</td></tr>",
                escape(&name),
                escape(&says)
            );
        }
        html.push_str("</table>");
    }
    html.push_str("</section>");
}
