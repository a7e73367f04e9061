//! The northbound database as `ovn-nbctl --format=json list TABLE` prints it: headings, and rows of cells (RFC 7047, 5.1).

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::net::IpAddr;

use serde_json::Value;

use super::Tables;
use super::expr::Match;
use crate::policy_drift::file::{RULES_MAX, ReadError};

/// Bytes of all tables at most.
pub const TABLES_LEN_MAX: usize = 64 * 1024 * 1024;

/// An ACL.
#[derive(Clone, Debug)]
pub(super) struct Acl {
    pub(super) is_from: bool,
    pub(super) priority: i64,
    pub(super) tier: i64,
    /// Whether it is asked after load balancing.
    pub(super) is_late: bool,
    pub(super) said: Match,
    pub(super) action: String,
    /// In words.
    pub(super) text: String,
}

/// A port of a switch.
#[derive(Clone, Debug, Default)]
pub(super) struct Port {
    pub(super) name: String,
    pub(super) is_router: bool,
    pub(super) addrs: Vec<IpAddr>,
    /// Of which switch it is.
    pub(super) switch: usize,
}

/// A switch and the ACLs of its own and of all groups that have a port on it, by tier and priority.
#[derive(Clone, Debug, Default)]
pub(super) struct Switch {
    pub(super) name: String,
    /// Its port to the router.
    pub(super) router: Option<String>,
    pub(super) acls: Vec<usize>,
}

/// A virtual network.
#[derive(Clone, Debug, Default)]
pub(super) struct Net {
    pub(super) acls: Vec<Acl>,
    pub(super) ports: Vec<Port>,
    pub(super) switches: Vec<Switch>,
    /// Names of the ports of each group.
    pub(super) groups: BTreeMap<String, BTreeSet<String>>,
    /// Addresses and networks of each set.
    pub(super) sets: BTreeMap<String, Vec<String>>,
    /// Whether what no ACL matches is dropped.
    pub(super) drops: bool,
}

/// Rows by their headings.
struct Rows<'v> {
    headings: Vec<&'v str>,
    data: &'v [Value],
}

fn malformed(what: &'static str) -> ReadError {
    let at = "the northbound database".to_string();
    ReadError::Malformed { at, what }
}

fn json(bytes: &[u8], what: &'static str) -> Result<Value, ReadError> {
    serde_json::from_slice(bytes).map_err(|_| malformed(what))
}

impl<'v> Rows<'v> {
    fn of(table: &'v Value, what: &'static str) -> Result<Self, ReadError> {
        let list = |key: &str| table.get(key).and_then(Value::as_array);
        let (Some(headings), Some(data)) = (list("headings"), list("data")) else {
            return Err(malformed(what));
        };
        if data.len() > RULES_MAX {
            let max = RULES_MAX;
            return Err(ReadError::TooMuch { what, max });
        }
        let headings = headings.iter().map(|one| one.as_str().unwrap_or_default());
        Ok(Self {
            headings: headings.collect(),
            data,
        })
    }

    fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.data.iter().filter_map(|cells| {
            let headings = &self.headings;
            let cells = cells.as_array()?;
            Some(Row { headings, cells })
        })
    }
}

struct Row<'r> {
    headings: &'r [&'r str],
    cells: &'r [Value],
}

impl<'r> Row<'r> {
    fn cell(&self, key: &str) -> Option<&'r Value> {
        let at = self.headings.iter().position(|heading| *heading == key)?;
        self.cells.get(at)
    }

    fn text(&self, key: &str) -> &'r str {
        self.cell(key).and_then(Value::as_str).unwrap_or_default()
    }

    fn number(&self, key: &str) -> i64 {
        self.cell(key).and_then(Value::as_i64).unwrap_or_default()
    }

    fn id(&self) -> &'r str {
        self.cell("_uuid").and_then(atom).unwrap_or_default()
    }

    /// A set; one of one is written as its only member.
    fn set(&self, key: &str) -> Vec<&'r str> {
        let Some(cell) = self.cell(key) else {
            return Vec::new();
        };
        match cell.get(0).and_then(Value::as_str) {
            Some("set") => {
                let members = cell.get(1).and_then(Value::as_array);
                members.into_iter().flatten().filter_map(atom).collect()
            }
            _ => atom(cell).into_iter().collect(),
        }
    }

    /// What a map has under a key.
    fn mapped(&self, key: &str, name: &str) -> Option<&'r str> {
        let pairs = self.cell(key)?.get(1)?.as_array()?;
        let pair = pairs
            .iter()
            .find(|pair| pair.get(0).and_then(Value::as_str) == Some(name))?;
        pair.get(1)?.as_str()
    }
}

/// A text, or the id in `["uuid", …]`.
fn atom(value: &Value) -> Option<&str> {
    let id = || (value.get(0)?.as_str()? == "uuid").then(|| value.get(1)?.as_str())?;
    value.as_str().or_else(id)
}

impl Net {
    pub(super) fn read(tables: &Tables) -> Result<Self, ReadError> {
        let all = [
            &tables.acls,
            &tables.groups,
            &tables.switches,
            &tables.ports,
            &tables.sets,
            &tables.global,
        ];
        if all.iter().map(|table| table.len()).sum::<usize>() > TABLES_LEN_MAX {
            let (what, max) = ("bytes of tables", TABLES_LEN_MAX);
            return Err(ReadError::TooMuch { what, max });
        }
        let mut net = Self::default();
        let [acls, groups, switches, ports, sets, global] = [
            (&tables.acls, "no table of ACLs"),
            (&tables.groups, "no table of port groups"),
            (&tables.switches, "no table of switches"),
            (&tables.ports, "no table of ports"),
            (&tables.sets, "no table of address sets"),
            (&tables.global, "no table of settings"),
        ]
        .map(|(bytes, what)| (json(bytes, what), what));
        let acls = net.acls(&Rows::of(&acls.0?, acls.1)?);
        let ids = net.ports(&Rows::of(&ports.0?, ports.1)?);
        net.switches(&Rows::of(&switches.0?, switches.1)?, &ids, &acls);
        net.groups(&Rows::of(&groups.0?, groups.1)?, &ids, &acls);
        for row in Rows::of(&sets.0?, sets.1)?.rows() {
            let addresses = row.set("addresses").into_iter().map(String::from);
            net.sets
                .insert(row.text("name").to_string(), addresses.collect());
        }
        for row in Rows::of(&global.0?, global.1)?.rows() {
            net.drops |= row.mapped("options", "default_acl_drop") == Some("true");
        }
        for switch in &mut net.switches {
            let once: BTreeSet<usize> = switch.acls.drain(..).collect();
            let key = |at: &usize| {
                net.acls
                    .get(*at)
                    .map(|acl| (acl.tier, acl.priority.wrapping_neg()))
            };
            switch.acls.extend(once);
            switch.acls.sort_by_key(key);
        }
        Ok(net)
    }

    fn acls(&mut self, rows: &Rows<'_>) -> BTreeMap<String, usize> {
        let mut ids = BTreeMap::new();
        for row in rows.rows() {
            let (direction, action, said) =
                (row.text("direction"), row.text("action"), row.text("match"));
            let priority = row.number("priority");
            ids.insert(row.id().to_string(), self.acls.len());
            self.acls.push(Acl {
                is_from: direction == "from-lport",
                priority,
                tier: row.number("tier"),
                is_late: row.mapped("options", "apply-after-lb") == Some("true"),
                said: Match::read(said),
                action: action.to_string(),
                text: [direction, &priority.to_string(), action, said].join(" "),
            });
        }
        ids
    }

    fn ports(&mut self, rows: &Rows<'_>) -> BTreeMap<String, usize> {
        let mut ids = BTreeMap::new();
        for row in rows.rows() {
            let own = row
                .set("addresses")
                .into_iter()
                .chain(row.set("dynamic_addresses"));
            let addrs = own
                .flat_map(str::split_whitespace)
                .filter_map(|word| word.parse().ok());
            ids.insert(row.id().to_string(), self.ports.len());
            self.ports.push(Port {
                name: row.text("name").to_string(),
                is_router: row.text("type") == "router",
                addrs: addrs.collect(),
                switch: usize::MAX,
            });
        }
        ids
    }

    fn switches(
        &mut self,
        rows: &Rows<'_>,
        ids: &BTreeMap<String, usize>,
        acls: &BTreeMap<String, usize>,
    ) {
        for row in rows.rows() {
            let mut switch = Switch {
                name: row.text("name").to_string(),
                router: None,
                acls: row
                    .set("acls")
                    .into_iter()
                    .filter_map(|id| acls.get(id).copied())
                    .collect(),
            };
            for id in row.set("ports") {
                let Some(port) = ids.get(id).and_then(|at| self.ports.get_mut(*at)) else {
                    continue;
                };
                port.switch = self.switches.len();
                if port.is_router {
                    switch.router = Some(port.name.clone());
                }
            }
            self.switches.push(switch);
        }
    }

    /// Groups: what their ACLs say holds on every switch that has a port of theirs.
    fn groups(
        &mut self,
        rows: &Rows<'_>,
        ids: &BTreeMap<String, usize>,
        acls: &BTreeMap<String, usize>,
    ) {
        for row in rows.rows() {
            let own: Vec<usize> = row
                .set("acls")
                .into_iter()
                .filter_map(|id| acls.get(id).copied())
                .collect();
            let members = row
                .set("ports")
                .into_iter()
                .filter_map(|id| self.ports.get(*ids.get(id)?));
            let (mut names, mut on, mut addrs) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
            for port in members {
                names.insert(port.name.clone());
                on.insert(port.switch);
                addrs.extend(port.addrs.iter().copied());
            }
            for switch in on {
                if let Some(switch) = self.switches.get_mut(switch) {
                    switch.acls.extend(&own);
                }
            }
            let name = row.text("name");
            // A group has the addresses of its ports as two sets.
            for (version, is_4) in [("_ip4", true), ("_ip6", false)] {
                let of = addrs.iter().filter(|addr| addr.is_ipv4() == is_4);
                self.sets.insert(
                    [name, version].concat(),
                    of.map(ToString::to_string).collect(),
                );
            }
            self.groups.insert(name.to_string(), names);
        }
    }
}
