//! Processor time of this thread, so that whatever else the machine does counts little.

use std::hint::black_box;

/// Samples that are taken.
const SAMPLES: usize = 50;
/// A sample of something short is so many runs of it.
const ROUNDS: usize = 4096;

/// What one run costs, in nanoseconds.
#[derive(Clone, Copy)]
pub struct Cost {
    pub fastest: f64,
    pub median: f64,
}

fn cpu_ns() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

fn sampled(samples: usize, rounds: usize, mut run: impl FnMut()) -> Cost {
    run();
    let mut each: Vec<f64> = (0..samples)
        .map(|_| {
            let before = cpu_ns();
            (0..rounds).for_each(|_| run());
            (cpu_ns() - before) / rounds as f64
        })
        .collect();
    each.sort_by(f64::total_cmp);
    Cost { fastest: each[0], median: each[each.len() / 2] }
}

/// Something short: the cases one after another, each several times in a sample, so that it is not the first look at
/// cold memory that is measured.
pub fn in_turn<T, R>(cases: &[T], judge: impl Fn(&T) -> R) -> Cost {
    let mut next = cases.iter().cycle();
    sampled(SAMPLES, ROUNDS, || {
        black_box(next.next().map(|case| judge(black_box(case))));
    })
}

/// Something long.
pub fn long<R>(samples: usize, run: impl Fn() -> R) -> Cost {
    sampled(samples, 1, || {
        black_box(run());
    })
}

/// Prints a row; `floor` is what cannot be beaten.
pub fn tell(name: &str, contracts: usize, cost: Cost, floor: Option<Cost>) {
    let ratio = floor.map_or(String::new(), |floor| format!("{:>8.1}", cost.fastest / floor.fastest));
    println!("{name:<34}{contracts:>8}{:>14.1}{:>14.1}{ratio}", cost.fastest, cost.median);
}
