//! The beat of a log: a head each minute and seals in between, idle or not, so that silence is an alarm (001:393).

/// Between two heads, in nanoseconds.
pub const HEAD_PERIOD_NS: u64 = 60_000_000_000;
/// Between two heads at least, in nanoseconds.
pub const HEAD_PERIOD_MIN_NS: u64 = 1_000_000_000;
/// Between two seals, in nanoseconds: what is younger can be written anew by whoever takes the box over.
pub const SEAL_PERIOD_NS: u64 = 10_000_000_000;

/// What is to be done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Due {
    /// A record that says what the clock is worth, then a signed head.
    Head,
    /// A seal.
    Seal,
}

/// When what is due, by a clock that never goes back.
#[derive(Clone, Copy, Debug)]
pub struct Beat {
    period_ns: u64,
    head_ns: u64,
    seal_ns: u64,
}

impl Beat {
    /// A head and a seal are due at once: what was there before is sealed first of all.
    pub const fn new(now_ns: u64) -> Self {
        Self {
            period_ns: HEAD_PERIOD_NS,
            head_ns: now_ns,
            seal_ns: now_ns,
        }
    }

    /// A head more often than each minute, as somebody agreed: once in `period_ns`, once a second at most.
    #[must_use]
    pub const fn with_head_period(mut self, period_ns: u64) -> Self {
        self.period_ns = match period_ns {
            0..HEAD_PERIOD_MIN_NS => HEAD_PERIOD_MIN_NS,
            HEAD_PERIOD_NS.. => HEAD_PERIOD_NS,
            _ => period_ns,
        };
        self
    }

    /// What is due; what was missed while nobody asked is done once.
    pub fn due(&mut self, now_ns: u64) -> Option<Due> {
        if now_ns >= self.head_ns {
            self.head_ns = behind(self.head_ns, now_ns, self.period_ns);
            return Some(Due::Head);
        }
        if now_ns >= self.seal_ns {
            self.seal_ns = behind(self.seal_ns, now_ns, SEAL_PERIOD_NS);
            return Some(Due::Seal);
        }
        None
    }

    /// Nanoseconds until something is due.
    pub fn wait_ns(&self, now_ns: u64) -> u64 {
        self.head_ns.min(self.seal_ns).saturating_sub(now_ns)
    }
}

/// The first beat behind `now`.
const fn behind(last: u64, now: u64, period: u64) -> u64 {
    last + ((now - last) / period + 1) * period
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A day of a clock that is asked late by up to a second, and stands still for five minutes in the middle.
    #[test]
    fn a_head_each_minute_and_seals_between_whatever_else_happens() {
        let (mut now, mut beat) = (7, Beat::new(7));
        let (mut heads, mut seals) = (alloc::vec::Vec::new(), 0);
        for step in 0u64.. {
            while let Some(due) = beat.due(now) {
                match due {
                    Due::Head => heads.push(now),
                    Due::Seal => seals += 1,
                }
            }
            assert!((1..=SEAL_PERIOD_NS).contains(&beat.wait_ns(now)));
            let late = step * 7_919 % 1_000 * 1_000_000;
            now += beat.wait_ns(now) + late + if step == 4_000 { 300_000_000_000 } else { 0 };
            if now > 86_400_000_000_000 {
                break;
            }
        }
        // 1,440 minutes; five of them fell into the gap.
        assert!((1_435..=1_436).contains(&heads.len()), "{}", heads.len());
        assert!(seals > 8_000, "{seals}");
        // After the gap the beat goes on in step: one head comes late, the next one early.
        let apart = heads.windows(2).map(|pair| pair[1] - pair[0]);
        let odd = apart.filter(|apart| !(59_000_000_000..=61_000_000_000).contains(apart));
        let odd: alloc::vec::Vec<u64> = odd.collect();
        assert_eq!(odd.len(), 2, "{odd:?}");
        assert!(
            odd[0] >= 300_000_000_000 && odd[1] < 60_000_000_000,
            "{odd:?}"
        );
    }

    #[test]
    fn a_head_comes_as_often_as_was_agreed_and_never_less_than_each_minute() {
        for (agreed, kept) in [
            (0, HEAD_PERIOD_MIN_NS),
            (5_000_000_000, 5_000_000_000),
            (u64::MAX, HEAD_PERIOD_NS),
        ] {
            let mut beat = Beat::new(0).with_head_period(agreed);
            assert_eq!(beat.due(0), Some(Due::Head));
            while let Some(due) = beat.due(kept - 1) {
                assert_eq!(due, Due::Seal, "{agreed}");
            }
            assert_eq!(beat.due(kept), Some(Due::Head), "{agreed}");
        }
    }
}
