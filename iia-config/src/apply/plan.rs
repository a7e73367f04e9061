//! The calls of one artifact with the state that each makes; pure, and the same artifact gives the same bytes.

use iia_contract::compile::nft;
use iia_core::Timestamp;
use iia_core::digest::{Context, Digest};
use iia_core::event::{Event, EventKind};

use super::{ApplyError, Call, Calls};
use crate::render;
use crate::trust::{Class, Trust};
use crate::trust_root::TrustRoot;
use crate::validate::{Checked, Listing};

/// The calls of one artifact, in order, with the state that each makes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Plan {
    calls: Vec<(Call, Vec<u8>)>,
}

impl Plan {
    /// The plan that makes a checked configuration real.
    pub fn of(checked: &Checked) -> Self {
        let state = |call: Call| match call {
            Call::InstallTrustRoots => lines(trust_roots(checked)),
            Call::InstallIdps => lines(checked.deploy.references.clone()),
            Call::RegisterBindings => lines(bindings(checked)),
            Call::RegisterCatalog => lines(catalog(checked)),
            Call::SetEndpoints => lines(endpoints(checked)),
            Call::RenderServices => render::bundle(&render::files(checked)),
            Call::LoadFirewall => {
                let (ruleset, _) = nft::ruleset(&checked.catalog, &checked.deploy.topology);
                ruleset.to_string().into_bytes()
            }
            // Calls of other classes.
            Call::NameImage | Call::NameRules | Call::NameOperators => Vec::new(),
        };
        Self::made_of(Class::Config, state)
    }

    /// The plan that names an image or a set of rules: by its parts and their digests, a line each.
    pub fn of_listing(listing: &Listing) -> Self {
        let parts = listing.items.iter();
        let parts: Vec<String> = parts
            .map(|(name, digest)| format!("{name} {digest}"))
            .collect();
        Self::made_of(listing.class, |_| lines(parts.clone()))
    }

    /// The plan that names the operators.
    pub fn of_trust(trust: &Trust) -> Self {
        Self::made_of(Class::Trust, |_| lines(trust.lines()))
    }

    /// The plan of a box that nothing of a class is applied to: every call makes its state empty.
    pub fn nothing(class: Class) -> Self {
        Self::made_of(class, |_| Vec::new())
    }

    fn made_of(class: Class, state: impl Fn(Call) -> Vec<u8>) -> Self {
        let calls = Call::of(class).iter();
        Self {
            calls: calls.map(|call| (*call, state(*call))).collect(),
        }
    }

    /// The calls and the states that they make.
    pub fn calls(&self) -> impl Iterator<Item = (Call, &[u8])> {
        self.calls
            .iter()
            .map(|(call, after)| (*call, after.as_slice()))
    }

    /// Makes the calls, once each of them says that it could; one that finds its state already there is recorded all
    /// the same.
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
        let failed = |call: Call, why, events| ApplyError {
            call: call.name(),
            why,
            events,
        };
        for (call, after) in &self.calls {
            let rehearsed = calls.rehearse(*call, after);
            rehearsed.map_err(|why| failed(*call, why, Vec::new()))?;
        }
        for (call, after) in &self.calls {
            match make(calls, *call, after) {
                Ok(before) => events.push(event(*call, (&before, after), operators, artifact, now)),
                Err(why) => return Err(failed(*call, why, events)),
            }
        }
        Ok(events)
    }
}

/// Makes one call unless its state is there already; gives the state before.
fn make(calls: &mut dyn Calls, call: Call, after: &[u8]) -> Result<Vec<u8>, String> {
    let before = calls.before(call)?;
    if before != after {
        calls.make(call, after)?;
    }
    Ok(before)
}

fn lines(lines: Vec<String>) -> Vec<u8> {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    text.into_bytes()
}

fn trust_roots(checked: &Checked) -> Vec<String> {
    let mut roots: Vec<String> = checked.trust_roots.iter().map(root).collect();
    roots.sort();
    roots
}

fn root(root: &TrustRoot) -> String {
    let TrustRoot {
        name,
        domain,
        certificate,
    } = root;
    let pinned = certificate.iter().map(|digest| format!(" {digest}"));
    format!("{name} {domain}{}", pinned.collect::<String>())
}

fn catalog(checked: &Checked) -> Vec<String> {
    let contracts = checked.catalog.contracts().iter();
    contracts
        .map(|contract| format!("{} {}", contract.id, contract.version))
        .collect()
}

fn bindings(checked: &Checked) -> Vec<String> {
    let domain = &checked.trust_domain;
    let of = |zone: &crate::validate::Zone| -> Vec<String> {
        let (name, role) = (&zone.name, zone.role);
        let workloads = zone.workloads.iter();
        workloads
            .map(|(workload, addr)| {
                format!("spiffe://{domain}/zone/{name}/workload/{workload} {role} {addr}")
            })
            .collect()
    };
    checked.zones.iter().flat_map(of).collect()
}

fn endpoints(checked: &Checked) -> Vec<String> {
    let line = |(name, endpoint): (&String, &crate::validate::Endpoint)| {
        let verb = if endpoint.listens {
            "listens"
        } else {
            "reached"
        };
        format!("{name} {} {verb} {}", endpoint.workload, endpoint.addr)
    };
    checked.endpoints.iter().map(line).collect()
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
