//! The timeline: stacked bars by contract, with findings as marks above them.

use std::fmt::Write as _;

use iia_core::Timestamp;

use super::html::{escape, local_time, short};
use super::tally::{NONE, Report};

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 48.0;
const BOTTOM: f64 = 24.0;
const TOP: f64 = 34.0;

/// Draws the timeline.
pub(super) fn draw(report: &Report) -> String {
    let bars = report
        .series
        .iter()
        .map(|series| series.counts.len())
        .max()
        .unwrap_or(0);
    if bars == 0 {
        return "<p class=\"quiet\">Nothing was seen.</p>".into();
    }
    let tallest = (0..bars)
        .map(|bar| stack(report, bar))
        .max()
        .unwrap_or(1)
        .max(1);
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {}\" role=\"img\" aria-label=\"exchanges over time by contract\">",
        HEIGHT + TOP + BOTTOM
    );
    axes(&mut svg, report, bars, tallest);
    for bar in 0..bars {
        column(&mut svg, report, (bar, bars), tallest);
    }
    marks(&mut svg, report, bars);
    svg.push_str("</svg>");
    legend(&mut svg, report);
    svg
}

fn stack(report: &Report, bar: usize) -> u64 {
    report
        .series
        .iter()
        .filter_map(|series| series.counts.get(bar))
        .sum()
}

fn x(bar: f64, bars: usize) -> f64 {
    LEFT + (WIDTH - LEFT) * bar / bars as f64
}

fn axes(svg: &mut String, report: &Report, bars: usize, tallest: u64) {
    let floor = TOP + HEIGHT;
    for part in [0u64, 1, 2] {
        let y = floor - HEIGHT * part as f64 / 2.0;
        let count = tallest * part / 2;
        let _ = write!(
            svg,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{WIDTH}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{count}</text>",
            LEFT - 6.0,
            y + 4.0
        );
    }
    for step in 0..=4usize {
        let bar = bars as f64 * step as f64 / 4.0;
        let at = report.start + (bar * report.bar_ns as f64) as i64;
        let anchor = match step {
            0 => "start",
            4 => "end",
            _ => "middle",
        };
        let _ = write!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{}</text>",
            x(bar, bars),
            floor + 18.0,
            local_time(at)
        );
    }
}

fn column(svg: &mut String, report: &Report, (bar, bars): (usize, usize), tallest: u64) {
    let mut y = TOP + HEIGHT;
    let (left, width) = (x(bar as f64, bars), (WIDTH - LEFT) / bars as f64);
    for (index, series) in report.series.iter().enumerate() {
        let count = series.counts.get(bar).copied().unwrap_or(0);
        if count == 0 {
            continue;
        }
        let height = (HEIGHT * count as f64 / tallest as f64).max(1.0);
        y -= height;
        let at = report.start + report.bar_ns.saturating_mul(bar as i64);
        let _ = write!(
            svg,
            "<rect class=\"{}\" x=\"{left:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{height:.1}\">\
             <title>{}: {count} at {}</title></rect>",
            class(&series.name, index),
            (width - 0.6).max(0.6),
            escape(&series.name),
            local_time(at)
        );
    }
}

fn marks(svg: &mut String, report: &Report, bars: usize) {
    let mut mark = |at: Timestamp, class: &str, words: &str| {
        let bar = at.since_ns(report.start) as f64 / report.bar_ns.max(1) as f64;
        if (0.0..=bars as f64).contains(&bar) {
            let (x, y) = (x(bar, bars), TOP - 14.0);
            let _ = write!(
                svg,
                "<path class=\"{class}\" d=\"M{x:.1} {:.1}l6 -10h-12z\"><title>{} {}</title></path>\
                 <line class=\"{class}\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{:.1}\" y2=\"{:.1}\"/>",
                y + 8.0,
                local_time(at),
                escape(words),
                y + 8.0,
                TOP + HEIGHT
            );
        }
    };
    report
        .violations
        .iter()
        .for_each(|violation| mark(violation.first, "bad", &violation.reason));
    report
        .moments
        .iter()
        .for_each(|(at, _, words)| mark(*at, "note", words));
}

fn legend(html: &mut String, report: &Report) {
    html.push_str("<ul class=\"legend\">");
    for (index, series) in report.series.iter().enumerate() {
        let total: u64 = series.counts.iter().sum();
        let _ = write!(
            html,
            "<li><i class=\"{}\"></i>{} <b>{total}</b></li>",
            class(&series.name, index),
            escape(short(&series.name))
        );
    }
    html.push_str("<li><i class=\"bad\"></i>violation, first of its kind</li><li><i class=\"note\"></i>finding</li></ul>");
}

fn class(name: &str, index: usize) -> String {
    if name == NONE {
        "bad".into()
    } else {
        format!("s{}", index % 8)
    }
}
