//! A signal that is sampled all the time: between what and what it was of late.

/// The least and the most of two spans of time, the one that runs and the one before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Level {
    began_ns: i64,
    now: (i64, i64),
    before: Option<(i64, i64)>,
    /// When the last sample was taken.
    pub(super) last_ns: i64,
    pub(super) last: i64,
}

impl Level {
    pub(super) const fn new(at_ns: i64, micros: i64) -> Self {
        Self {
            began_ns: at_ns,
            now: (micros, micros),
            before: None,
            last_ns: at_ns,
            last: micros,
        }
    }

    /// Takes a sample; a span is `span_ns` long.
    pub(super) fn see(&mut self, at_ns: i64, micros: i64, span_ns: i64) {
        let age = at_ns.saturating_sub(self.began_ns);
        if age >= span_ns {
            let fresh = age < span_ns.saturating_mul(2);
            self.before = fresh.then_some(self.now);
            self.began_ns = at_ns;
            self.now = (micros, micros);
        }
        self.now = (self.now.0.min(micros), self.now.1.max(micros));
        (self.last_ns, self.last) = (at_ns, micros);
    }

    /// The value that it had of late that lies nearest to `micros`.
    pub(super) fn nearest(&self, micros: i64) -> i64 {
        let before = self.before.unwrap_or(self.now);
        let (low, high) = (self.now.0.min(before.0), self.now.1.max(before.1));
        micros.clamp(low, high)
    }
}
