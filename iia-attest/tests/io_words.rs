//! What is done on the way of a value has its name when it is told first, whatever the value does: random walks, fast and slow,
//! that somebody scales, replays or holds. From fixed seeds.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

mod plant;

use iia_attest::io::compare::MOVED;
use iia_attest::io::{Reading, Station};
use iia_core::finding::{Conclusion, Finding};
use plant::{Bench, STEP_NS, TOLERANCE, at};

/// Steps before something is done, and while it is.
const CALM: usize = 400;
const DONE: usize = 1_200;
/// A value is told this many steps late when it is replayed; no delay that clocks explain.
const BACK: [usize; 3] = [217, 331, 390];
/// How many of those are judged within four windows of five seconds, each a window after it was read.
const EARLY: usize = 290;
/// How much the speed changes in a step at most; it is eight times that at most.
const PACES: [i64; 3] = [5_000, 20_000, 60_000];
/// The least and the most of a point's range that a walk takes.
const WITHIN: (i64, i64) = (20_000_000, 290_000_000);

const TOO_LITTLE: &str = "moved too little to say";
const POINTS: [&str; 2] = ["discharge_pressure", "suction_pressure"];

/// Draws by lot.
struct Lot(u64);

impl Lot {
    fn draw(&mut self, most: i64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        i64::try_from(self.0 % u64::try_from(most).unwrap()).unwrap()
    }
}

/// A walk of so many steps: its speed changes by lot, and it turns at the ends.
fn walk(seed: u64, pace: i64) -> Vec<i64> {
    let mut lot = Lot(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    (0..20).for_each(|_| assert!(lot.draw(2) < 2));
    let (low, high) = WITHIN;
    let (mut value, mut speed) = (low + lot.draw(high - low), 0);
    let step = |_| {
        speed = (speed + lot.draw(2 * pace + 1) - pace).clamp(-8 * pace, 8 * pace);
        value += speed;
        if !(low..=high).contains(&value) {
            value = value.clamp(low, high);
            speed = -speed;
        }
        value
    };
    (0..CALM + DONE).map(step).collect()
}

/// What is told when the box hears what `hears` makes of the step and the two walks; steps of [`STEP_NS`].
fn told(walks: &[Vec<i64>; 2], hears: impl Fn(usize, &[i64]) -> i64) -> Vec<Finding> {
    let mut bench = Bench::new();
    let steps = walks.iter().map(Vec::len).min().unwrap();
    for step in 0..steps {
        let now = at(i64::try_from(step).unwrap());
        for (point, walk) in [0, 2].into_iter().zip(walks) {
            let sent = plant::reading(point, Station::Device, (now, walk[step]));
            let heard = match step < CALM {
                true => walk[step],
                false => hears(step, walk),
            };
            bench.give(now, sent);
            let boxed = Reading {
                station: Station::Box,
                micros: heard,
                ..sent
            };
            bench.give(now, boxed);
        }
    }
    bench.told
}

fn walks(seed: u64) -> [Vec<i64>; 2] {
    let pace = PACES[usize::try_from(seed).unwrap() % PACES.len()];
    [walk(2 * seed, pace), walk(2 * seed + 1, pace)]
}

/// What was told of what begins at a point, in order.
fn begun<'a>(told: &'a [Finding], point: &str) -> impl Iterator<Item = &'a Finding> {
    let is_it = move |one: &&Finding| one.conclusion != Conclusion::Converge && one.source == point;
    told.iter().filter(is_it)
}

#[test]
fn what_is_replayed_is_never_called_scaled_or_late_and_changed_only_where_it_hardly_is() {
    let (mut wrong, mut runs, mut near) = (Vec::new(), 0, 0);
    for seed in 0..48 {
        let walks = walks(seed);
        for back in BACK {
            let told = told(&walks, |step, walk| walk[step - back]);
            runs += 2;
            for (point, walk) in POINTS.iter().zip(&walks) {
                for one in begun(&told, point) {
                    let step = usize::try_from((one.ts_ns - at(0)) / STEP_NS).unwrap();
                    // Slow values that lie about a tolerance beside the present ones differ now and then.
                    let apart =
                        walk[step].abs_diff(walk[step - back]) / TOLERANCE.around(0).unsigned_abs();
                    let is_near = one.operation == "changed_frame" && apart < 2;
                    near += usize::from(is_near);
                    if one.operation != "man_in_the_middle" && !is_near {
                        wrong.push(format!(
                            "seed {seed}, {back} back: {} {}",
                            one.operation, one.reason
                        ));
                    }
                }
            }
        }
    }
    eprintln!("of {runs}, {near} were called changed frames for a time");
    assert!(wrong.is_empty(), "{} of {runs}: {wrong:#?}", wrong.len());
    assert!(near * 20 < runs, "{near}");
}

/// Whether the first steps of what is done show how values are scaled: they went up and down, or far.
fn shows(walk: &[i64], steps: usize) -> bool {
    let (mut least, mut most, mut rise, mut fall) = (i64::MAX, i64::MIN, 0, 0);
    for value in walk.iter().skip(CALM).take(steps) {
        (least, most) = (least.min(*value), most.max(*value));
        (rise, fall) = (rise.max(value - least), fall.max(most - value));
    }
    let tolerance = TOLERANCE.around(0);
    rise.min(fall) > (MOVED + 4) * tolerance || rise.max(fall) > 40 * tolerance
}

#[test]
fn what_is_scaled_is_called_that_within_so_many_samples_once_it_has_moved() {
    // Gains in thousandths, and a distance in psi.
    let scales = [
        (2_000, 0),
        (500, 0),
        (1_800, 100),
        (1_000, 300),
        (-1_000, 0),
        (3_000, 0),
    ];
    let (mut wrong, mut shown) = (Vec::new(), 0);
    for seed in 0..24 {
        let walks = walks(seed);
        for (gain, distance) in scales {
            let scaled =
                |step: usize, walk: &[i64]| walk[step] * gain / 1_000 + distance * 1_000_000;
            let told = told(&walks, scaled);
            for (point, walk) in POINTS.iter().zip(&walks) {
                let begun: Vec<&Finding> = begun(&told, point).collect();
                let words: Vec<&str> = begun.iter().map(|one| one.operation.as_str()).collect();
                let fine = match words.as_slice() {
                    ["wrong_scaling"] => true,
                    // It stood nearly still, which was said; and is called so when it has moved.
                    ["man_in_the_middle"] => {
                        !shows(walk, DONE) && begun[0].reason.contains(TOO_LITTLE)
                    }
                    ["man_in_the_middle", "wrong_scaling"] => {
                        !shows(walk, EARLY) && begun[0].reason.contains(TOO_LITTLE)
                    }
                    _ => false,
                };
                shown += usize::from(words == ["wrong_scaling"]);
                if !fine {
                    wrong.push(format!(
                        "seed {seed}: {gain} {distance}: {words:?} {} {}",
                        shows(walk, EARLY),
                        begun.first().map_or("", |one| one.reason.as_str())
                    ));
                }
            }
        }
    }
    eprintln!("{shown} were called scaled and nothing else");
    assert!(wrong.is_empty(), "{}: {wrong:#?}", wrong.len());
}
