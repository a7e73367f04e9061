//! The flow map: clients left, servers right, a line for each pair, red where no contract covers it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::html::escape;
use super::tally::Report;

const WIDTH: f64 = 960.0;
const ROW: f64 = 44.0;
const LEFT: f64 = 220.0;
const RIGHT: f64 = 740.0;

/// Draws the flow map.
pub(super) fn draw(report: &Report) -> String {
    let clients: BTreeSet<&str> = report
        .edges
        .keys()
        .map(|(client, _)| client.as_str())
        .collect();
    let servers: BTreeSet<&str> = report
        .edges
        .keys()
        .map(|(_, server)| server.as_str())
        .collect();
    let rows = clients.len().max(servers.len());
    let height = ROW * rows as f64 + 16.0;
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"who spoke to whom\">"
    );
    let place = |names: &BTreeSet<&str>, name: &str| {
        let index = names.iter().position(|known| *known == name).unwrap_or(0);
        let free = (rows - names.len()) as f64 * ROW / 2.0;
        free + ROW * index as f64 + ROW / 2.0 + 8.0
    };
    for ((client, server), edge) in &report.edges {
        let (from, to) = (place(&clients, client), place(&servers, server));
        if edge.covered > 0 {
            line(
                &mut svg,
                (from, to),
                ("good", edge.covered),
                (client, server),
            );
        }
        if edge.violating > 0 {
            let apart = if edge.covered > 0 { 7.0 } else { 0.0 };
            line(
                &mut svg,
                (from + apart, to + apart),
                ("bad", edge.violating),
                (client, server),
            );
        }
    }
    for client in &clients {
        node(&mut svg, LEFT, place(&clients, client), client, "end");
    }
    for server in &servers {
        node(&mut svg, RIGHT, place(&servers, server), server, "start");
    }
    svg.push_str("</svg>");
    svg
}

fn line(
    svg: &mut String,
    (from, to): (f64, f64),
    (class, count): (&str, u64),
    (client, server): (&str, &str),
) {
    let width = 1.5 + (count as f64).log10().max(0.0) * 1.6;
    let middle = (LEFT + RIGHT) / 2.0;
    let words = if class == "good" {
        "covered"
    } else {
        "without contract"
    };
    let _ = write!(
        svg,
        "<path class=\"flow {class}\" stroke-width=\"{width:.1}\" \
         d=\"M{LEFT} {from:.1}C{middle} {from:.1} {middle} {to:.1} {RIGHT} {to:.1}\">\
         <title>{} to {}: {count} {words}</title></path>",
        escape(client),
        escape(server)
    );
}

fn node(svg: &mut String, x: f64, y: f64, name: &str, anchor: &str) {
    let beside = if anchor == "end" { x - 12.0 } else { x + 12.0 };
    let _ = write!(
        svg,
        "<circle cx=\"{x}\" cy=\"{y:.1}\" r=\"5\"/><text class=\"node\" x=\"{beside}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{}</text>",
        y + 5.0,
        escape(name)
    );
}
