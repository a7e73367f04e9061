//! Whether one contract covers what one workload says to another.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use core::net::{IpAddr, SocketAddr};

use iia_core::SpiffeId;
use iia_core::observe::Session;

use super::Clause;
use super::verdict::Says;
use crate::scope::{Boundary, Inbound, Internal, OPERATION_PULL, Text};

/// An internal contract, or a boundary contract in one of its two directions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said<'a> {
    pub(super) contract: u32,
    /// The contract of the same pair before it.
    pub(super) before: u32,
    /// How it is said.
    pub(super) manner: u32,
    streams: Option<&'a Boundary>,
    payload_len_max: u64,
}

/// From where, by which protocol, to which listener and with which operations something is said. Many contracts differ
/// in who says it only, so that what they have in common stands once and is at hand.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) struct Manner<'a> {
    zone: Text,
    protocol: Text,
    listeners: Box<[Listener]>,
    operations: &'a BTreeSet<Text>,
}

/// Where something is answered; at any address of its workload when none is said.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
struct Listener {
    addr: Option<IpAddr>,
    port: u16,
}

impl Listener {
    /// Reads `tls/7443` and `tls/192.0.2.1:7443`.
    fn parse(text: &str) -> Option<Self> {
        let (_, place) = text.split_once('/')?;
        let socket = place.parse::<SocketAddr>();
        socket.map_or_else(
            |_| {
                let port = place.parse().ok()?;
                Some(Self { addr: None, port })
            },
            |socket| {
                Some(Self {
                    addr: Some(socket.ip()),
                    port: socket.port(),
                })
            },
        )
    }

    fn is(&self, socket: SocketAddr) -> bool {
        self.port == socket.port() && self.addr.is_none_or(|addr| addr == socket.ip())
    }
}

/// A copy, which takes no memory of its own and lies where it is compared.
fn zone(id: &SpiffeId) -> Text {
    id.zone_workload().map_or("", |(zone, _)| zone).into()
}

impl<'a> Manner<'a> {
    pub(super) fn internal(terms: &'a Internal) -> Self {
        let ports = terms.transport.ports.iter();
        Self {
            zone: zone(&terms.source),
            protocol: terms.transport.protocol.clone(),
            listeners: ports.filter_map(|port| Listener::parse(port)).collect(),
            operations: &terms.operations,
        }
    }

    pub(super) fn boundary(terms: &'a Boundary, source: &SpiffeId) -> Self {
        let profile = &terms.obligations.profile;
        let endpoint = profile.endpoint.iter();
        Self {
            zone: zone(source),
            protocol: profile.protocol.clone(),
            listeners: endpoint
                .filter_map(|place| Listener::parse(place))
                .collect(),
            operations: &terms.operations,
        }
    }

    #[inline]
    fn judge(&self, session: &Session<'_>) -> Result<(), Clause> {
        if !session.source_zone.is_empty() && session.source_zone != self.zone {
            return Err(Clause::Zone);
        }
        if !session.protocol.is_empty() && session.protocol != self.protocol {
            return Err(Clause::Protocol);
        }
        answered(&self.listeners, session)?;
        match self.operations.contains(session.operation) {
            true => Ok(()),
            false => Err(Clause::Operation),
        }
    }
}

impl<'a> Said<'a> {
    pub(super) fn internal(contract: u32, manner: u32, terms: &'a Internal) -> Self {
        Self {
            contract,
            before: u32::MAX,
            manner,
            streams: None,
            payload_len_max: terms.payload.max_len.unwrap_or(u64::MAX),
        }
    }

    pub(super) fn boundary(contract: u32, manner: u32, terms: &'a Boundary) -> Self {
        let quota = &terms.obligations.quota;
        Self {
            contract,
            before: u32::MAX,
            manner,
            streams: Some(terms),
            payload_len_max: quota.payload_len_max.unwrap_or(u64::MAX),
        }
    }

    #[inline]
    pub(super) fn judge(&self, manner: &Manner<'_>, session: &Session<'_>) -> Says {
        manner.judge(session)?;
        let exposed = |terms: &Boundary| terms.exposes(session.stream);
        // Contracts within the box expose what they carry.
        if !session.stream.is_empty() && !self.streams.is_none_or(exposed) {
            return Err(Clause::Stream);
        }
        match session.payload_len <= self.payload_len_max {
            true => Ok(Clause::Operation),
            false => Err(Clause::Payload),
        }
    }
}

fn answered(listeners: &[Listener], session: &Session<'_>) -> Result<(), Clause> {
    let Some(socket) = session.listener else {
        return Ok(());
    };
    match listeners.is_empty() || listeners.iter().any(|place| place.is(socket)) {
        true => Ok(()),
        false => Err(Clause::Listener),
    }
}

/// An inbound contract: the box pulls, and that is all.
#[derive(Clone, Debug)]
pub(super) struct Pulled {
    pub(super) contract: u32,
    zone: Text,
    listeners: Box<[Listener]>,
    payload_len_max: u64,
}

impl Pulled {
    pub(super) fn new(contract: u32, terms: &Inbound) -> Self {
        Self {
            contract,
            zone: zone(&terms.puller),
            listeners: Listener::parse(&terms.pull.target).into_iter().collect(),
            payload_len_max: terms.artifact.len_max,
        }
    }

    pub(super) fn judge(&self, session: &Session<'_>) -> Says {
        if !session.source_zone.is_empty() && session.source_zone != self.zone {
            return Err(Clause::Zone);
        }
        answered(&self.listeners, session)?;
        // IIA 9: nothing is changed from outside; what is signed is fetched.
        if session.operation != OPERATION_PULL {
            return Err(Clause::ReadOnly);
        }
        match session.payload_len <= self.payload_len_max {
            true => Ok(Clause::Operation),
            false => Err(Clause::Payload),
        }
    }
}
