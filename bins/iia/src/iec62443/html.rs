//! The report as one HTML file: no script, nothing fetched, readable on paper.

use std::fmt::Write as _;

use super::{FOUNDATIONAL, Report, Shown};
use crate::evidence::html::verdict;
use crate::report::escape;
use crate::words::tame;

/// Renders the report as one HTML document.
pub fn html(report: &Report) -> String {
    let mut html = String::with_capacity(32 * 1024);
    let title = format!(
        "IEC 62443-3-3: what the evidence of {} shows",
        tame(&report.checked.origin)
    );
    let _ = write!(
        html,
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{0}</title><style>{1}{2}{3}</style>\
         <main><h1>{0}</h1><p class=\"quiet\">Claims are the design's. Records show that a control acted; the tests of the \
         requirement named, that it always does (docs/requirements.md).</p>",
        escape(&title),
        include_str!("../report/style.css"),
        include_str!("../timeline/style.css"),
        include_str!("style.css")
    );
    verdict(&mut html, report.checked.outcome, &report.head_lines());
    for (fr, name) in FOUNDATIONAL {
        let _ = write!(html, "<section><h2>{fr} <small>{name}</small></h2>");
        report.of(fr).for_each(|one| claim(&mut html, report, one));
        html.push_str("</section>");
    }
    html.push_str("</main></html>\n");
    html
}

fn claim(html: &mut String, report: &Report, one: &Shown) {
    let claim = &one.claim;
    let class = match report.has_evidence(one) {
        true => "has",
        false => "lacks",
    };
    let _ = write!(
        html,
        "<article class=\"{class}\"><h3><b>{}</b> {}<small>{}</small></h3><p>{} <small>{}</small></p><ul>",
        claim.sr,
        claim.name,
        escape(&one.label()),
        claim.does,
        claim.id
    );
    for line in report.lines_of(one) {
        let _ = write!(html, "<li>{}</li>", escape(&line));
    }
    html.push_str("</ul>");
    links(html, one);
    html.push_str("</article>");
}

/// Where the first and the last record of each sort lie.
fn links(html: &mut String, one: &Shown) {
    let ends = one.counts.iter().filter_map(|count| count.ends.as_ref());
    for (first, last) in ends {
        let mut both = vec![&first.link];
        both.extend((last.link.seq != first.link.seq).then_some(&last.link));
        for link in both {
            let _ = write!(
                html,
                "<p class=\"proof\">record {}, {}, <abbr>{}</abbr>, {}:{}</p>",
                link.seq,
                link.vouched_words(),
                escape(&link.hash),
                escape(&link.file),
                link.offset
            );
        }
    }
}
