//! A scene as SVG: columns of boxes, lines between them, and a legend.

mod paths;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::scene::{Lane, Node, Scene};

const WIDTH: f64 = 226.0;
const GAP: f64 = 124.0;
const MARGIN: f64 = 36.0;
const TOP: f64 = 132.0;
const BETWEEN: f64 = 28.0;
const LINE: f64 = 17.0;

/// Where a box stands.
#[derive(Clone, Copy, Debug, Default)]
struct Frame {
    x: f64,
    y: f64,
    height: f64,
}

impl Frame {
    const fn right(&self) -> f64 {
        self.x + WIDTH
    }

    const fn bottom(&self) -> f64 {
        self.y + self.height
    }

    /// Whether a point is in it, or so near that a number there would cover a part of it.
    const fn holds(&self, x: f64, y: f64) -> bool {
        self.x - 10.0 < x && x < self.right() + 10.0 && self.y < y && y < self.bottom()
    }
}

/// A lane's name, the tint of its ground, and the colour of its boxes.
const fn look(lane: Lane) -> (&'static str, &'static str, &'static str) {
    match lane {
        Lane::Control => ("Control network", "#f4f4f2", "#6b6b63"),
        Lane::Inbound => ("Inbound", "#e9f1fb", "#2b5f9e"),
        Lane::Dmz => ("DMZ", "#fdf4dc", "#946a00"),
        Lane::Outbound => ("Outbound", "#e6f5ec", "#23744a"),
        Lane::Upstream => ("Other side", "#f4f4f2", "#6b6b63"),
        Lane::Management => ("Management", "#f1ecf9", "#6a3fa0"),
    }
}

struct Layout {
    frames: Vec<Frame>,
    /// Lanes that have boxes, with the left edge of each.
    lanes: BTreeMap<Lane, f64>,
    /// Where the columns end.
    floor: f64,
    /// Where the row of management ends.
    end: f64,
    width: f64,
}

fn height(node: &Node) -> f64 {
    22.0 + LINE * (1 + node.lines.len()) as f64
}

fn layout(scene: &Scene) -> Layout {
    let columns = [
        Lane::Control,
        Lane::Inbound,
        Lane::Dmz,
        Lane::Outbound,
        Lane::Upstream,
    ];
    let mut lanes = BTreeMap::new();
    let mut x = MARGIN;
    for lane in columns {
        if scene.nodes.iter().any(|node| node.lane == lane) {
            lanes.insert(lane, x);
            x += WIDTH + GAP;
        }
    }
    let mut frames = vec![Frame::default(); scene.nodes.len()];
    let mut next = BTreeMap::<Lane, f64>::new();
    for (node, frame) in scene.nodes.iter().zip(&mut frames) {
        let Some(x) = lanes.get(&node.lane) else {
            continue;
        };
        let y = next.entry(node.lane).or_insert(TOP);
        *frame = Frame {
            x: *x,
            y: *y,
            height: height(node),
        };
        *y += frame.height + BETWEEN;
    }
    let floor = next.values().copied().fold(TOP, f64::max);
    // Management stands below the box's own columns.
    let own = [Lane::Inbound, Lane::Dmz, Lane::Outbound];
    let mut places: Vec<f64> = own
        .iter()
        .filter_map(|lane| lanes.get(lane))
        .copied()
        .collect();
    if places.is_empty() {
        places.push(MARGIN);
    }
    let (mut end, mut row) = (floor, floor + 74.0);
    let nodes = scene.nodes.iter().zip(&mut frames);
    let managing = nodes.filter(|(node, _)| node.lane == Lane::Management);
    for (at, (node, frame)) in managing.enumerate() {
        if at > 0 && at.is_multiple_of(places.len()) {
            row = end;
        }
        *frame = Frame {
            x: places.get(at % places.len()).copied().unwrap_or(MARGIN),
            y: row,
            height: height(node),
        };
        end = f64::max(end, frame.bottom() + BETWEEN);
    }
    let width = x - GAP + MARGIN;
    Layout {
        frames,
        lanes,
        floor,
        end,
        width,
    }
}

pub(super) fn write(scene: &Scene) -> String {
    let layout = layout(scene);
    let rows = scene.legend.len().div_ceil(2) as f64;
    let height = layout.end + 84.0 + rows * 19.0;
    let width = layout.width.max(900.0);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif\" font-size=\"12.5\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
         <defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7.5\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" \
         orient=\"auto\"><path d=\"M0 0.6 8 4 0 7.4z\" fill=\"#4b5563\"/></marker></defs>\n\
         <text x=\"{MARGIN}\" y=\"42\" font-size=\"20\" font-weight=\"600\" fill=\"#111827\">{}</text>\n",
        escaped(&scene.title)
    );
    grounds(&mut out, &layout);
    paths::write(&mut out, scene, &layout);
    for (node, frame) in scene.nodes.iter().zip(&layout.frames) {
        node_box(&mut out, node, frame);
    }
    paths::labels(&mut out, scene, &layout);
    legend(&mut out, scene, layout.end + 48.0, width);
    out.push_str("</svg>\n");
    out
}

/// The frame of the box, and the ground of each lane with its name.
fn grounds(out: &mut String, layout: &Layout) {
    let own = [Lane::Inbound, Lane::Dmz, Lane::Outbound];
    let mut xs = own
        .iter()
        .filter_map(|lane| layout.lanes.get(lane))
        .copied();
    if let Some(first) = xs.next() {
        let last = xs.last().unwrap_or(first);
        let (x, width) = (first - 28.0, last - first + WIDTH + 56.0);
        let tall = layout.end - 66.0 + 12.0;
        let _ = writeln!(
            out,
            "<rect x=\"{x}\" y=\"66\" width=\"{width}\" height=\"{tall}\" rx=\"14\" fill=\"none\" stroke=\"#9ca3af\" \
             stroke-width=\"1.5\"/><text x=\"{}\" y=\"86\" font-size=\"12\" fill=\"#6b7280\">the box</text>",
            x + 14.0
        );
        if layout.end > layout.floor {
            let y = layout.floor + 22.0;
            ground(
                out,
                Lane::Management,
                (x + 12.0, y, width - 24.0, layout.end - y),
            );
        }
    }
    for (lane, x) in &layout.lanes {
        ground(
            out,
            *lane,
            (x - 14.0, 94.0, WIDTH + 28.0, layout.floor - 94.0),
        );
    }
}

fn ground(out: &mut String, lane: Lane, (x, y, width, height): (f64, f64, f64, f64)) {
    let (name, tint, colour) = look(lane);
    let _ = writeln!(
        out,
        "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"10\" fill=\"{tint}\"/>\
         <text x=\"{}\" y=\"{}\" font-weight=\"600\" fill=\"{colour}\">{name}</text>",
        x + 14.0,
        y + 22.0
    );
}

fn node_box(out: &mut String, node: &Node, frame: &Frame) {
    let (_, _, colour) = look(node.lane);
    let Frame { x, y, height } = frame;
    let _ = writeln!(
        out,
        "<rect x=\"{x}\" y=\"{y}\" width=\"{WIDTH}\" height=\"{height}\" rx=\"8\" fill=\"#ffffff\" stroke=\"{colour}\" \
         stroke-width=\"1.4\"/><text x=\"{}\" y=\"{}\" font-size=\"13.5\" font-weight=\"600\" fill=\"#111827\">{}</text>",
        x + 12.0,
        y + 21.0,
        escaped(&cut(&node.title, 24))
    );
    for (number, line) in (1..).zip(&node.lines) {
        let at = y + 21.0 + LINE * f64::from(number);
        let line = escaped(&cut(line, 36));
        let _ = writeln!(
            out,
            "<text x=\"{}\" y=\"{at}\" font-size=\"11.5\" fill=\"#4b5563\">{line}</text>",
            x + 12.0
        );
    }
    if let Some(badge) = &node.badge {
        let _ = writeln!(
            out,
            "<rect x=\"{}\" y=\"{}\" width=\"52\" height=\"18\" rx=\"9\" fill=\"{colour}\"/><text x=\"{}\" y=\"{}\" \
             font-size=\"10.5\" fill=\"#ffffff\" text-anchor=\"middle\">{}</text>",
            frame.right() - 60.0,
            y + 8.0,
            frame.right() - 34.0,
            y + 20.5,
            escaped(badge)
        );
    }
}

fn legend(out: &mut String, scene: &Scene, top: f64, width: f64) {
    let _ = writeln!(
        out,
        "<text x=\"{MARGIN}\" y=\"{top}\" font-weight=\"600\" fill=\"#111827\">Contracts</text>\
         <text x=\"{}\" y=\"{top}\" font-size=\"11.5\" fill=\"#6b7280\">a line goes from who speaks first; dashed: \
         observed only, nothing is ever sent; SL-T: the level of IEC 62443 that a zone aims at</text>",
        MARGIN + 80.0
    );
    let rows = scene.legend.len().div_ceil(2);
    let wide = (width - 2.0 * MARGIN) / 2.0;
    let most = ((wide - 40.0) / 7.0) as usize;
    for (at, (id, said)) in scene.legend.iter().enumerate() {
        let x = MARGIN + if at >= rows { wide } else { 0.0 };
        let y = top + 24.0 + 19.0 * (at % rows.max(1)) as f64;
        let said = if said.is_empty() {
            String::new()
        } else {
            format!("  {}", cut(said, most.saturating_sub(id.chars().count())))
        };
        let _ = writeln!(
            out,
            "<text x=\"{}\" y=\"{y}\" text-anchor=\"end\" font-weight=\"600\" fill=\"#111827\">{}</text>\
             <text x=\"{}\" y=\"{y}\" fill=\"#111827\">{}<tspan fill=\"#6b7280\">{}</tspan></text>",
            x + 20.0,
            at + 1,
            x + 30.0,
            escaped(&cut(id, 44)),
            escaped(&said)
        );
    }
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most.saturating_sub(1)).collect();
    short.push('…');
    short
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
