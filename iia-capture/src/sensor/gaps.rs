//! Numbers that rise by one and may come a little out of order: which are missing.

/// A number that comes so many numbers late was lost.
pub const GAP_WINDOW: u32 = 64;

/// Counts the numbers that did not come. A number may come again, as the records of one event of the kernel do, and numbers
/// start over at 0 after the largest.
#[derive(Clone, Copy, Debug, Default)]
pub struct Gaps {
    /// The highest number so far.
    high: Option<u32>,
    /// Which of the numbers up to it came: the lowest bit is the highest number.
    seen: u64,
    lost: u64,
}

impl Gaps {
    /// Takes a number; gives how many numbers are now known to be lost that were not before.
    pub fn see(&mut self, number: u32) -> u64 {
        let before = self.lost;
        match self.high {
            None => (self.high, self.seen) = (Some(number), u64::MAX),
            Some(high) => {
                let ahead = number.wrapping_sub(high);
                let behind = high.wrapping_sub(number);
                match (ahead, behind) {
                    (0, _) => {}
                    (_, 1..GAP_WINDOW) => self.seen |= 1 << behind,
                    // Half of all numbers lie ahead; what is further behind than the window is a start over.
                    (1..=0x7fff_ffff, _) => self.advance(number, ahead),
                    _ => (self.high, self.seen) = (Some(number), u64::MAX),
                }
            }
        }
        self.lost - before
    }

    fn advance(&mut self, number: u32, ahead: u32) {
        let leaves = match ahead {
            0..GAP_WINDOW => self.seen >> (GAP_WINDOW - ahead),
            _ => self.seen,
        };
        let places = ahead.min(GAP_WINDOW);
        self.lost += u64::from(places - leaves.count_ones());
        self.lost += u64::from(ahead - places);
        self.seen = self.seen.checked_shl(ahead).unwrap_or(0) | 1;
        self.high = Some(number);
    }

    /// Numbers known to be lost.
    pub const fn lost(&self) -> u64 {
        self.lost
    }

    /// Counts what is missing within the window as lost as well: nothing more comes.
    pub const fn finish(self) -> u64 {
        self.lost + (GAP_WINDOW - self.seen.count_ones()) as u64
            - if self.high.is_none() {
                GAP_WINDOW as u64
            } else {
                0
            }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    fn lost(numbers: impl IntoIterator<Item = u32>) -> u64 {
        let mut gaps = Gaps::default();
        let told: u64 = numbers.into_iter().map(|number| gaps.see(number)).sum();
        assert_eq!(told, gaps.lost());
        gaps.finish()
    }

    #[test]
    fn whatever_is_left_out_is_counted_once_and_nothing_else() {
        for start in [0, 7, u32::MAX - 200] {
            let all: Vec<u32> = (0..1000).map(|n| start.wrapping_add(n)).collect();
            assert_eq!(lost(all.clone()), 0);
            // Each twice, and in pairs that are swapped.
            assert_eq!(lost(all.iter().flat_map(|n| [*n, *n])), 0);
            assert_eq!(
                lost(all.chunks(2).flat_map(|pair| pair.iter().rev().copied())),
                0
            );
            for (from, to) in [(1, 2), (500, 563), (500, 564), (500, 565), (10, 990)] {
                let some = all
                    .iter()
                    .enumerate()
                    .filter(|(at, _)| !(from..to).contains(at));
                assert_eq!(
                    lost(some.map(|(_, n)| *n)),
                    (to - from) as u64,
                    "{start} {from}"
                );
            }
            let odd = all.iter().skip(1).step_by(2).copied();
            assert_eq!(lost(odd), 499, "every second one");
        }
        assert_eq!(lost([]), 0);
    }

    #[test]
    fn numbers_that_start_over_are_no_loss() {
        assert_eq!(lost([5000, 5001, 1, 2, 3]), 0);
        assert_eq!(lost([1, 2, 3, 0x7000_0000, 0x7000_0001]), 0x7000_0000 - 4);
    }
}
