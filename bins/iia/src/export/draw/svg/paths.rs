//! Lines between boxes: each has a place of its own on the side that it leaves and the side that it reaches.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::super::scene::{Edge, Scene};
use super::{Frame, Layout};

/// Which side of a box a line touches.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Side {
    Left,
    Right,
}

/// The ends of a line, and the points that bend it.
struct Curve([(f64, f64); 4]);

impl Curve {
    /// The point at a share of the way.
    fn at(&self, t: f64) -> (f64, f64) {
        let weights = [
            (1.0 - t).powi(3),
            3.0 * (1.0 - t).powi(2) * t,
            3.0 * (1.0 - t) * t * t,
            t.powi(3),
        ];
        let points = self.0.iter().zip(weights);
        points.fold((0.0, 0.0), |sum, ((x, y), weight)| {
            (sum.0 + x * weight, sum.1 + y * weight)
        })
    }
}

/// The sides that a line touches: towards each other, or both on the right within one column. So it runs in the space
/// between columns, also from management below.
fn sides(layout: &Layout, edge: &Edge) -> Option<[Side; 2]> {
    let (from, to) = (layout.frames.get(edge.from)?, layout.frames.get(edge.to)?);
    Some(match to.x.total_cmp(&from.x) {
        Ordering::Greater => [Side::Right, Side::Left],
        Ordering::Less => [Side::Left, Side::Right],
        Ordering::Equal => [Side::Right, Side::Right],
    })
}

fn curves(scene: &Scene, layout: &Layout) -> Vec<Option<Curve>> {
    let mut places = BTreeMap::<(usize, Side), Vec<(f64, usize, bool)>>::new();
    for (number, edge) in scene.edges.iter().enumerate() {
        let Some([first, last]) = sides(layout, edge) else {
            continue;
        };
        let height = |at: usize| {
            layout
                .frames
                .get(at)
                .map_or(0.0, |frame| frame.y + frame.x / 1000.0)
        };
        places
            .entry((edge.from, first))
            .or_default()
            .push((height(edge.to), number, true));
        places
            .entry((edge.to, last))
            .or_default()
            .push((height(edge.from), number, false));
    }
    let mut ends = BTreeMap::<(usize, bool), (f64, f64, Side)>::new();
    for ((node, side), mut all) in places {
        let Some(frame) = layout.frames.get(node) else {
            continue;
        };
        all.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
        let step = 1.0 / (all.len() as f64 + 1.0);
        for (place, (_, number, leaves)) in (1..).zip(all) {
            let share = step * f64::from(place);
            let (x, y) = match side {
                Side::Left => (frame.x, frame.y + frame.height * share),
                Side::Right => (frame.right(), frame.y + frame.height * share),
            };
            ends.insert((number, leaves), (x, y, side));
        }
    }
    let curve = |number: usize| {
        let (one, other) = (ends.get(&(number, true))?, ends.get(&(number, false))?);
        let far = ((other.0 - one.0).abs() / 2.0).clamp(40.0, 90.0);
        let bend = |(x, y, side): &(f64, f64, Side)| match side {
            Side::Left => (x - far, *y),
            Side::Right => (x + far, *y),
        };
        Some(Curve([
            (one.0, one.1),
            bend(one),
            bend(other),
            (other.0, other.1),
        ]))
    };
    (0..scene.edges.len()).map(curve).collect()
}

pub(super) fn write(out: &mut String, scene: &Scene, layout: &Layout) {
    for (edge, curve) in scene.edges.iter().zip(curves(scene, layout)) {
        let Some(Curve([from, one, other, to])) = curve else {
            continue;
        };
        let dash = if edge.observed {
            " stroke-dasharray=\"5 4\""
        } else {
            ""
        };
        let _ = writeln!(
            out,
            "<path d=\"M{:.1} {:.1} C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}\" fill=\"none\" stroke=\"#4b5563\" \
             stroke-width=\"1.3\"{dash} marker-end=\"url(#tip)\"/>",
            from.0, from.1, one.0, one.1, other.0, other.1, to.0, to.1
        );
    }
}

/// The numbers of the contracts, on the lines.
pub(super) fn labels(out: &mut String, scene: &Scene, layout: &Layout) {
    let mut taken: Vec<(f64, f64)> = Vec::new();
    for (edge, curve) in scene.edges.iter().zip(curves(scene, layout)) {
        let Some(curve) = curve else {
            continue;
        };
        let numbers: Vec<String> = edge.numbers.iter().take(4).map(usize::to_string).collect();
        let mut text = numbers.join(" · ");
        if edge.numbers.len() > 4 {
            text.push('…');
        }
        let width = 12.0 + 6.6 * text.chars().count() as f64;
        let tries = [
            0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.18, 0.82, 0.12, 0.88,
        ];
        let free = |place: &(f64, f64)| {
            let mut others = taken.iter();
            let mut boxes = layout.frames.iter();
            others.all(|(x, y)| (x - place.0).abs() > 26.0 || (y - place.1).abs() > 17.0)
                && !boxes.any(|frame| frame.holds(place.0, place.1))
        };
        let found = tries.iter().map(|t| curve.at(*t)).find(free);
        let (x, y) = found.unwrap_or_else(|| curve.at(0.5));
        let x = beside(layout, (x, y), width / 2.0);
        taken.push((x, y));
        let _ = writeln!(
            out,
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"16\" rx=\"8\" fill=\"#ffffff\" \
             stroke=\"#9ca3af\"/><text x=\"{x:.1}\" y=\"{:.1}\" font-size=\"10.5\" text-anchor=\"middle\" \
             fill=\"#111827\">{text}</text>",
            x - width / 2.0,
            y - 8.0,
            y + 3.8
        );
    }
}

/// How far right a number of some width stands, so that it covers no box that ends to its left.
fn beside(layout: &Layout, (x, y): (f64, f64), half: f64) -> f64 {
    let level = layout
        .frames
        .iter()
        .filter(|frame| frame.y < y && y < frame.bottom());
    let left = level.map(Frame::right).filter(|right| *right < x);
    left.fold(x, |x, right| x.max(right + half + 3.0))
}
