//! What a contract may say of Modbus, written as text for the catalog, and read a second time by rules of its own.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::IpAddr;

use iia_contract::Catalog;

use crate::Asked;
use crate::oracle::{Key, Unit};

/// Who may ask which units for what.
#[derive(Clone, Default)]
pub(crate) struct Terms {
    clients: BTreeSet<IpAddr>,
    /// None means every unit.
    units: BTreeSet<u32>,
    /// The last address that may be read, and written; none means that nothing may be.
    read: Option<u32>,
    write: Option<u32>,
    functions: BTreeSet<u32>,
}

impl Terms {
    /// Contracts for a capture, each a part of what is done in it.
    pub(crate) fn all(asked: &Asked) -> Vec<(&'static str, Self)> {
        let clients: BTreeSet<IpAddr> = asked.iter().map(|(key, _)| key.from.0).collect();
        let units: BTreeSet<u32> = asked.iter().map(|(key, _)| key.unit).collect();
        let mut addresses: Vec<u32> = asked.iter().filter_map(|(_, unit)| unit.addr).collect();
        addresses.sort_unstable();
        let middle = addresses.get(addresses.len() / 2).copied();
        let whole = Self {
            clients: clients.clone(),
            units: BTreeSet::new(),
            read: Some(0xffff),
            write: Some(0xffff),
            functions: asked
                .iter()
                .map(|(key, _)| key.func)
                .filter(|func| *func > 0 && !has_span(*func))
                .collect(),
        };
        let first = clients.into_iter().take(1).collect();
        let one = units.into_iter().take(1).collect();
        vec![
            ("everything is contracted", whole.clone()),
            (
                "everybody may read and nobody write",
                Self {
                    write: None,
                    functions: BTreeSet::new(),
                    ..whole.clone()
                },
            ),
            (
                "the lower half of the addresses may be read",
                Self {
                    read: middle,
                    write: None,
                    ..whole.clone()
                },
            ),
            (
                "one client is contracted",
                Self {
                    clients: first,
                    ..whole.clone()
                },
            ),
            (
                "one unit is contracted",
                Self {
                    units: one,
                    ..whole.clone()
                },
            ),
            (
                "writes alone are contracted",
                Self {
                    read: None,
                    ..whole
                },
            ),
        ]
    }

    /// The catalog that says so of these servers.
    pub(crate) fn catalog(&self, servers: &[IpAddr]) -> Catalog {
        let mut text = "iia-config 1\n\ncontract iia.contract.device.line 1.0.0 {\n  scope device\n  \
                        collector spiffe://box/zone/collect/workload/collector\n  protocol modbus_tcp\n"
            .to_owned();
        let mut say = |line: String| writeln!(text, "  {line}").unwrap();
        self.clients
            .iter()
            .for_each(|one| say(format!("client {one}")));
        servers
            .iter()
            .for_each(|one| say(format!("server tcp/{one}:502")));
        self.units.iter().for_each(|one| say(format!("unit {one}")));
        self.functions
            .iter()
            .for_each(|one| say(format!("function {one}")));
        if let Some(last) = self.read {
            let tables = [
                "coil",
                "discrete_input",
                "holding_register",
                "input_register",
            ];
            tables
                .iter()
                .for_each(|table| say(format!("read {table} 0 {last}")));
        }
        if let Some(last) = self.write {
            let tables = ["coil", "holding_register"];
            tables
                .iter()
                .for_each(|table| say(format!("write {table} 0 {last}")));
        }
        text.push_str("}\n");
        let document = iia_config::parse::parse(text.as_bytes(), 1 << 20);
        let document = document.unwrap_or_else(|found| panic!("{found:#?}\n{text}"));
        iia_config::validate::catalog(&document)
            .unwrap_or_else(|found| panic!("{found:#?}\n{text}"))
    }

    /// Whether they have what was asked. Of a run of none, or of more than a function takes, no contract has anything:
    /// the MODBUS Application Protocol 1.1b3 forbids it (section 6).
    pub(crate) fn cover(&self, key: &Key, unit: &Unit) -> bool {
        let within = |last: Option<u32>, addr: Option<u32>, count: Option<u32>, most: u32| {
            let (Some(last), Some(addr)) = (last, addr) else {
                return false;
            };
            let count = count.unwrap_or(1);
            (1..=most).contains(&count) && addr + count - 1 <= last
        };
        let reads = |most| within(self.read, unit.addr, unit.count, most);
        let writes = |most| within(self.write, unit.write_addr, unit.write_count, most);
        let is_known = self.clients.contains(&key.from.0)
            && (self.units.is_empty() || self.units.contains(&key.unit));
        is_known
            && match key.func {
                1 | 2 => reads(2000),
                3 | 4 => reads(125),
                5 | 6 | 22 => writes(1),
                15 => writes(1968),
                16 => writes(123),
                23 => reads(125) && writes(121),
                other => self.functions.contains(&other),
            }
    }
}

/// Whether a function reads or writes a run of addresses.
fn has_span(func: u32) -> bool {
    matches!(func, 1..=6 | 15 | 16 | 22 | 23)
}
