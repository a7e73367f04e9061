//! The narrow set of calls that change the box, each an event of its own (001:485-492).

use iia_core::Timestamp;
use iia_core::code::{Code, Coded};
use iia_core::digest::{Context, Digest};
use iia_core::event::{Event, EventKind};

use crate::validate::Checked;

/// A call of the applier.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Call {
    /// The contract catalog.
    RegisterCatalog,
    /// Which workload has which SPIFFE ID.
    RegisterBindings,
    /// Which trust domains are believed.
    InstallTrustRoots,
    /// Where publishers and the query API are.
    SetEndpoints,
}

impl Call {
    /// The name in events and of the file that holds the state.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RegisterCatalog => "catalog",
            Self::RegisterBindings => "bindings",
            Self::InstallTrustRoots => "trust_roots",
            Self::SetEndpoints => "endpoints",
        }
    }
}

/// Whoever may change the box: the one privileged program.
pub trait Calls {
    /// The state that a call governs, as it is now.
    ///
    /// # Errors
    /// When it cannot be read.
    fn before(&mut self, call: Call) -> Result<Vec<u8>, String>;

    /// Makes the state `after`; doing it twice is harmless.
    ///
    /// # Errors
    /// When it cannot be changed.
    fn make(&mut self, call: Call, after: &[u8]) -> Result<(), String>;
}

/// A call failed.
#[derive(Debug, thiserror::Error)]
#[error("call {call} failed: {why}")]
pub struct ApplyError {
    /// Which.
    pub call: &'static str,
    /// Why.
    pub why: String,
    /// What was done before it.
    pub events: Vec<Event>,
}

impl Coded for ApplyError {
    fn code(&self) -> Code {
        Code::new("CFG", 520)
    }
}

/// The calls of one artifact, in order, with the state that each makes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Plan {
    calls: Vec<(Call, Vec<u8>)>,
}

impl Plan {
    /// The plan that makes a checked configuration real.
    pub fn of(checked: &Checked) -> Self {
        let lines = |lines: Vec<String>| {
            lines
                .iter()
                .map(|line| format!("{line}\n"))
                .collect::<String>()
                .into_bytes()
        };
        let catalog = checked.catalog.contracts().iter();
        let catalog = catalog
            .map(|contract| format!("{} {}", contract.id, contract.version))
            .collect();
        let domain = &checked.trust_domain;
        let bindings = checked.zones.iter().flat_map(|zone| {
            let id = move |name: &str| {
                format!(
                    "spiffe://{domain}/zone/{}/workload/{name} {}",
                    zone.name, zone.role
                )
            };
            zone.workloads
                .iter()
                .map(move |(name, addr)| format!("{} {addr}", id(name)))
        });
        let roots = checked
            .trust_roots
            .iter()
            .map(|(name, domain)| format!("{name} {domain}"))
            .collect();
        let endpoints = checked.endpoints.iter().map(|(name, endpoint)| {
            let verb = if endpoint.listens {
                "listens"
            } else {
                "reached"
            };
            format!("{name} {} {verb} {}", endpoint.workload, endpoint.addr)
        });
        Self {
            calls: vec![
                (Call::InstallTrustRoots, lines(roots)),
                (Call::RegisterBindings, lines(bindings.collect())),
                (Call::RegisterCatalog, lines(catalog)),
                (Call::SetEndpoints, lines(endpoints.collect())),
            ],
        }
    }

    /// The plan of a box that nothing is applied to: every call makes its state empty.
    pub fn nothing() -> Self {
        let calls = [
            Call::InstallTrustRoots,
            Call::RegisterBindings,
            Call::RegisterCatalog,
            Call::SetEndpoints,
        ];
        Self {
            calls: calls.map(|call| (call, Vec::new())).to_vec(),
        }
    }

    /// Makes the calls; one that finds its state already there is recorded all the same.
    ///
    /// # Errors
    /// [`ApplyError`] at the first that fails.
    pub fn run(
        &self,
        calls: &mut dyn Calls,
        operators: &str,
        artifact: Digest,
        now: Timestamp,
    ) -> Result<Vec<Event>, ApplyError> {
        let mut events = Vec::new();
        for (call, after) in &self.calls {
            let done = calls
                .before(*call)
                .and_then(|before| calls.make(*call, after).map(|()| before));
            match done {
                Ok(before) => events.push(event(*call, (&before, after), operators, artifact, now)),
                Err(why) => {
                    return Err(ApplyError {
                        call: call.name(),
                        why,
                        events,
                    });
                }
            }
        }
        Ok(events)
    }
}

fn event(
    call: Call,
    (before, after): (&[u8], &[u8]),
    operators: &str,
    artifact: Digest,
    now: Timestamp,
) -> Event {
    let state = |bytes: &[u8]| Digest::of(Context::State, bytes).to_string();
    Event::new(EventKind::GatedCall, now)
        .with("call", call.name())
        .with("before", state(before))
        .with("after", state(after))
        .with("artifact", artifact.to_string())
        .with("validation", "passed")
        .with("operators", operators)
}
