//! How much of it is tolerated: what a contract says, and otherwise a named default.

use alloc::collections::BTreeMap;

use iia_contract::catalog::Catalog;
use iia_contract::raw::Number;
use iia_contract::scope::{Boundary, Terms, Text};
use iia_core::time::SECOND_NS;

use super::window::Pair;

/// In what time is counted where a contract says none, in nanoseconds.
pub const WINDOW_NS: i64 = 600 * SECOND_NS;
/// Sessions that may break in that time: a cable that is pulled breaks one, and may break the next.
pub const BREAKS_MAX: u64 = 2;
/// Handshakes that may fail in that time where a contract says nothing: a clock that is set, a peer that restarts.
pub const FAILURES_MAX: u64 = 2;
/// Sessions that may end sooner than [`LIFE_MIN_NS`] in that time.
pub const SHORT_MAX: u64 = 20;
/// How long a session lasts at least, in nanoseconds: links are kept, and whoever opens one to ask and goes is rare.
pub const LIFE_MIN_NS: i64 = SECOND_NS;

/// The threshold of a contract that counts failed handshakes (001:280-289).
const FAILURES: &str = "auth.failures";

/// What is tolerated between two.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Tolerance {
    pub(super) window_ns: i64,
    pub(super) breaks_max: u64,
    pub(super) failures_max: u64,
    pub(super) short_max: u64,
    pub(super) life_min_ns: i64,
}

impl Tolerance {
    const DEFAULT: Self = Self {
        window_ns: WINDOW_NS,
        breaks_max: BREAKS_MAX,
        failures_max: FAILURES_MAX,
        short_max: SHORT_MAX,
        life_min_ns: LIFE_MIN_NS,
    };

    fn of(terms: &Boundary) -> Self {
        let mut slas = terms.obligations.slas.values();
        let agreed = slas.find(|sla| sla.metric.ends_with(FAILURES));
        let Some((sla, max)) = agreed.and_then(|sla| Some((sla, sla.max?))) else {
            return Self::DEFAULT;
        };
        let window_ns = if sla.window_ns > 0 {
            sla.window_ns
        } else {
            WINDOW_NS
        };
        Self {
            window_ns,
            failures_max: times(max, window_ns),
            ..Self::DEFAULT
        }
    }
}

/// How often a rate lets something happen in a window.
fn times(max: Number, window_ns: i64) -> u64 {
    let period_ns = max
        .per
        .map_or(window_ns, |per| per.secs().saturating_mul(SECOND_NS));
    let count = i128::from(max.micros) * i128::from(window_ns) / i128::from(period_ns.max(1));
    u64::try_from(count / 1_000_000).unwrap_or_default()
}

/// Of every pair that a contract names.
#[derive(Clone, Debug, Default)]
pub(super) struct Tolerances(BTreeMap<Pair, (Text, Tolerance)>);

impl Tolerances {
    pub(super) fn read(catalog: &Catalog) -> Self {
        let mut all = BTreeMap::new();
        for contract in catalog.contracts() {
            let (ends, tolerance, both) = match &contract.terms {
                Terms::Internal(terms) => (
                    (&terms.source, &terms.destination),
                    Tolerance::DEFAULT,
                    false,
                ),
                Terms::Boundary(terms) => (
                    (&terms.publisher, &terms.consumer),
                    Tolerance::of(terms),
                    // Either side may open the link.
                    true,
                ),
                Terms::Device(_) | Terms::Inbound(_) => continue,
            };
            let (source, destination) = (Text::from(ends.0.as_str()), Text::from(ends.1.as_str()));
            let value = (contract.id.clone(), tolerance);
            let pair = Pair {
                source,
                destination,
            };
            if both {
                all.insert(pair.turned(), value.clone());
            }
            all.insert(pair, value);
        }
        Self(all)
    }

    pub(super) fn of(&self, pair: &Pair) -> Tolerance {
        self.0
            .get(pair)
            .map_or(Tolerance::DEFAULT, |(_, tolerance)| *tolerance)
    }

    /// The contract that joins the two; empty where none does.
    pub(super) fn contract(&self, pair: &Pair) -> &str {
        self.0.get(pair).map_or("", |(contract, _)| contract)
    }
}
