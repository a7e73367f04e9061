//! Workloads of one issuer, catalogs that tests set by hand, and connections in memory.
#![allow(dead_code, reason = "each test uses what it needs")]

use std::sync::Arc;

use iia_core::gate::{Ask, Gate, Refusal, Standing};
use iia_core::time::{Clock as _, Floor, Reading, SystemClock};
use iia_core::{SpiffeId, Timestamp};
use iia_identity::bundle::BundleSet;
use iia_identity::issue::{Issuer, request};
use iia_identity::svid::{Store, Svid};
use iia_link::LinkError;
use iia_link::connection::{Connection, Event};
use iia_link::hello::Hello;
use iia_link::mux::Sent;
use iia_link::party::Party;
use iia_link::rt::{Message, Target};

pub(crate) const LAKE: &str = "spiffe://iia.local/zone/lake/workload/w";
pub(crate) const COLLECT: &str = "spiffe://iia.local/zone/collect/workload/c";

/// A catalog with one contract, `c`, for one operation, `WRITE`.
#[derive(Default)]
pub(crate) struct Catalog {
    pub(crate) version: String,
    pub(crate) until: Option<Timestamp>,
    pub(crate) closed: bool,
}

impl Gate for Catalog {
    fn permits(&self, ask: &Ask<'_>) -> Result<(), Refusal> {
        match ask.operation {
            "WRITE" if !self.closed => Ok(()),
            _ => Err(Refusal::NoOperation {
                contract: ask.contract.into(),
                operation: ask.operation.into(),
            }),
        }
    }

    fn standing(&self, _: &Ask<'_>) -> Standing {
        Standing {
            version: self.version.clone(),
            until: self.until,
        }
    }

    fn permits_version(&self, ask: &Ask<'_>, version: &str) -> Result<(), Refusal> {
        match version == self.version {
            true => self.permits(ask),
            false => Err(Refusal::OtherVersion {
                contract: ask.contract.into(),
                version: version.into(),
            }),
        }
    }

    fn knows(&self, _: &SpiffeId) -> bool {
        true
    }
}

pub(crate) struct World {
    pub(crate) issuer: Issuer,
    pub(crate) bundles: Arc<BundleSet>,
}

pub(crate) fn now() -> Reading {
    SystemClock::new(Floor::default(), 0).read()
}

impl World {
    pub(crate) fn new() -> Self {
        let issuer = Issuer::create("iia.local".parse().unwrap(), 3600, 1, now()).unwrap();
        let mut bundles = BundleSet::default();
        bundles
            .add_root(issuer.domain().clone(), issuer.root().to_vec())
            .unwrap();
        Self {
            issuer,
            bundles: Arc::new(bundles),
        }
    }

    pub(crate) fn svid(&self, id: &str) -> Svid {
        let id: SpiffeId = id.parse().unwrap();
        let (csr, key) = request(&id).unwrap();
        let issued = self.issuer.issue(&csr, &id, &Catalog::default(), now());
        Svid::new(issued.unwrap().chain, key).unwrap()
    }

    pub(crate) fn store(&self, id: &str) -> Arc<Store> {
        Arc::new(Store::new(self.svid(id)))
    }

    pub(crate) fn party(&self, id: &str, catalog: Catalog) -> Arc<Party> {
        let (store, bundles) = (self.store(id), Arc::clone(&self.bundles));
        let party = Party::new(id.parse().unwrap(), store, bundles, Arc::new(catalog));
        Arc::new(party.unwrap())
    }
}

pub(crate) fn target() -> Target {
    Target {
        peer: LAKE.parse().unwrap(),
        contract: "c".into(),
        operation: "WRITE".into(),
    }
}

pub(crate) fn hello(version: &str) -> Hello {
    Hello {
        contract: "c".into(),
        version: version.into(),
        operation: "WRITE".into(),
    }
}

/// Both ends of a connection in memory, and what they were told.
pub(crate) struct Pair {
    pub(crate) near: Connection,
    pub(crate) far: Connection,
    pub(crate) near_told: Vec<Event>,
    pub(crate) far_told: Vec<Event>,
}

impl Pair {
    pub(crate) fn new(near: &Arc<Party>, far: &Arc<Party>, now: &Reading) -> Self {
        let mut pair = Self {
            near: Connection::dialling(Arc::clone(near), &LAKE.parse().unwrap(), now).unwrap(),
            far: Connection::dialled(Arc::clone(far), now).unwrap(),
            near_told: Vec::new(),
            far_told: Vec::new(),
        };
        pair.pump(now);
        pair
    }

    /// Carries bytes until neither end has any.
    pub(crate) fn pump(&mut self, now: &Reading) {
        loop {
            let (mut there, mut back) = (Vec::new(), Vec::new());
            self.near.transmit(now, &mut there).unwrap();
            self.far.handle_input(now, &there);
            self.far_told
                .extend(std::iter::from_fn(|| self.far.poll_event(now)));
            self.far.transmit(now, &mut back).unwrap();
            self.near.handle_input(now, &back);
            self.near_told
                .extend(std::iter::from_fn(|| self.near.poll_event(now)));
            if there.is_empty() && back.is_empty() {
                return;
            }
        }
    }

    /// Opens a session: its number.
    pub(crate) fn open(&mut self, now: &Reading, hello: Hello) -> Result<u32, LinkError> {
        let number = self.near.open(now, hello)?;
        self.pump(now);
        assert_eq!(self.near.answer(number)?, Some(()), "an answer");
        Ok(number)
    }

    pub(crate) fn send(
        &mut self,
        now: &Reading,
        number: u32,
        payload: &[u8],
    ) -> Result<(), LinkError> {
        let message = Message::push(payload.to_vec());
        let mut at = 0;
        loop {
            match self.near.send(now, number, &message, at)? {
                Sent::Whole => break,
                Sent::UpTo(next) => at = next,
            }
            self.pump(now);
        }
        self.pump(now);
        Ok(())
    }
}

/// A time so much later, on both clocks.
pub(crate) fn later(now: &Reading, ns: u64) -> Reading {
    Reading {
        wall: now.wall + i64::try_from(ns).unwrap(),
        monotonic_ns: now.monotonic_ns + ns,
        ..*now
    }
}

/// Why a connection is over, as it was told.
pub(crate) fn over(told: &[Event]) -> Option<&LinkError> {
    told.iter().find_map(|event| match event {
        Event::Over(error) => Some(error),
        _ => None,
    })
}
