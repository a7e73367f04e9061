//! What was read and written at the devices that an IO master reads as well, so that the two can be compared.

use std::collections::BTreeSet;
use std::net::IpAddr;

use iia_contract::catalog::Catalog;
use iia_contract::scope::Terms;
use iia_core::observe::{Exchange, Span};

use crate::wire::Values as Told;

/// Spans announced at once; beyond it they are counted.
const VALUES_MAX: usize = 4096;

/// The values of one announcement.
#[derive(Default)]
pub(super) struct Values {
    servers: BTreeSet<IpAddr>,
    told: Vec<Told>,
    unsaid: u64,
}

impl Values {
    /// Of the devices whose contracts have an IO master.
    pub(super) fn new(catalog: &Catalog) -> Self {
        let mut servers = BTreeSet::new();
        for contract in catalog.contracts() {
            let Terms::Device(device) = &contract.terms else {
                continue;
            };
            let check = device
                .observed
                .as_deref()
                .map(|observed| &observed.io_attestation);
            if check.is_some_and(|check| check.as_deref().is_some_and(|check| check.enabled)) {
                servers.extend(device.servers.iter().map(|server| server.addr));
            }
        }
        Self {
            servers,
            ..Self::default()
        }
    }

    /// Takes what an exchange read and wrote.
    pub(super) fn add(&mut self, exchange: &Exchange<'_>) {
        if !self.servers.contains(&exchange.flow.resp_h) {
            return;
        }
        let took_ns = exchange.latency_ns.unwrap_or_default();
        if let Some(read) = &exchange.read {
            self.tell(exchange, read, Some(took_ns));
        }
        if let Some(write) = &exchange.write {
            self.tell(exchange, write, None);
        }
    }

    fn tell(&mut self, exchange: &Exchange<'_>, span: &Span<'_>, took_ns: Option<i64>) {
        let values: Vec<u16> = span.iter().collect();
        if values.is_empty() {
            return;
        }
        if self.told.len() >= VALUES_MAX {
            self.unsaid += 1;
            return;
        }
        self.told.push(Told {
            server: exchange.flow.resp_h.to_string(),
            unit: exchange.unit,
            table: span.table.name().into(),
            first: span.addr,
            values,
            at_ns: exchange
                .ts
                .as_ns()
                .saturating_add(took_ns.unwrap_or_default()),
            took_ns,
        });
    }

    /// Everything so far, and how much found no room.
    pub(super) fn take(&mut self) -> (Vec<Told>, u64) {
        (
            std::mem::take(&mut self.told),
            std::mem::take(&mut self.unsaid),
        )
    }
}
