//! What a contract between workloads, or one about topics, allows instead.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use iia_core::SpiffeId;
use iia_core::observe::{Act, Message, Session};

use super::words::list;
use crate::matcher::Clause;
use crate::scope::{Contract, OPERATION_PULL, Terms};

pub(super) fn session(
    contract: &Contract,
    session: &Session<'_>,
    clause: Clause,
) -> Option<String> {
    Some(match clause {
        Clause::Direction => "only pulls: nobody opens a link to its puller".into(),
        Clause::Destination => format!(
            "lets it speak to {}",
            other_end(contract, session.source).map_or("nobody", SpiffeId::as_str)
        ),
        Clause::Zone => match own_zone(contract, session.source) {
            Some(zone) => format!("is for zone {zone}"),
            None => "is for an identity of no zone".into(),
        },
        Clause::Protocol => format!("is carried by {}", protocol(contract)?),
        Clause::Listener => format!("is answered at {}", list(listeners(contract))),
        Clause::Operation => format!("allows only {}", list(operations(contract))),
        Clause::ReadOnly => format!("allows only {OPERATION_PULL}"),
        Clause::Stream => {
            let Terms::Boundary(terms) = &contract.terms else {
                return None;
            };
            match terms.exclude.is_empty() {
                true => format!("exposes only {}", list(&terms.include)),
                false => format!(
                    "exposes only {} without {}",
                    list(&terms.include),
                    list(&terms.exclude)
                ),
            }
        }
        _ => return None,
    })
}

fn ends(contract: &Contract) -> Option<(&SpiffeId, &SpiffeId)> {
    match &contract.terms {
        Terms::Internal(terms) => Some((&terms.source, &terms.destination)),
        Terms::Boundary(terms) => Some((&terms.publisher, &terms.consumer)),
        Terms::Device(_) | Terms::Inbound(_) => None,
    }
}

fn other_end<'c>(contract: &'c Contract, id: &str) -> Option<&'c SpiffeId> {
    let (one, other) = ends(contract)?;
    Some(if one.as_str() == id { other } else { one })
}

fn own_zone<'c>(contract: &'c Contract, id: &str) -> Option<&'c str> {
    let own = match &contract.terms {
        Terms::Inbound(terms) => &terms.puller,
        _ => {
            let (one, other) = ends(contract)?;
            if one.as_str() == id { one } else { other }
        }
    };
    own.zone_workload().map(|(zone, _)| zone)
}

fn protocol(contract: &Contract) -> Option<&str> {
    match &contract.terms {
        Terms::Internal(terms) => Some(&terms.transport.protocol),
        Terms::Boundary(terms) => Some(&terms.obligations.profile.protocol),
        Terms::Device(_) | Terms::Inbound(_) => None,
    }
}

fn listeners(contract: &Contract) -> Vec<&str> {
    match &contract.terms {
        Terms::Internal(terms) => terms.transport.ports.iter().map(|port| &**port).collect(),
        Terms::Boundary(terms) => {
            let endpoint = &terms.obligations.profile.endpoint;
            endpoint.iter().map(|place| &**place).collect()
        }
        Terms::Inbound(terms) => [&*terms.pull.target].into(),
        Terms::Device(_) => Vec::new(),
    }
}

fn operations(contract: &Contract) -> Vec<&str> {
    let operations = match &contract.terms {
        Terms::Internal(terms) => &terms.operations,
        Terms::Boundary(terms) => &terms.operations,
        Terms::Device(_) | Terms::Inbound(_) => return Vec::new(),
    };
    operations.iter().map(|operation| &**operation).collect()
}

pub(super) fn message(
    contract: &Contract,
    message: &Message<'_>,
    clause: Clause,
) -> Option<String> {
    let (done, other) = match message.act {
        Act::Publish => ("publish", "subscribe"),
        Act::Subscribe => ("subscribe", "publish"),
    };
    match clause {
        Clause::Direction => Some(format!("lets it {other} only")),
        Clause::Topic => Some(format!("lets it {done} only {}", list(topics(contract)))),
        _ => None,
    }
}

fn topics(contract: &Contract) -> Vec<&str> {
    let filters = match &contract.terms {
        Terms::Internal(terms) => &terms.transport.topics,
        Terms::Boundary(terms) => &terms.obligations.profile.topics,
        Terms::Device(terms) => {
            let topic = terms.observed.as_ref();
            let topic = topic.and_then(|observed| observed.topic.as_deref());
            return topic.into_iter().collect();
        }
        Terms::Inbound(_) => return Vec::new(),
    };
    filters.iter().map(|filter| filter.as_str()).collect()
}
