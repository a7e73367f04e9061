//! ACLs of a virtual network (ovn-nb(5)): one transaction for the northbound database.
//!
//! Each zone is a port group with the ports of its workloads; the group must be there, and its members belong to
//! whoever makes the network. What enters or leaves a group without a contract is dropped.

#[cfg(feature = "std")]
mod read;
mod text;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Display, Formatter};

use super::flow::{Flow, Flows, Source, flows};
use super::policy::{Permit, Policy};
use crate::catalog::Catalog;
use crate::topology::{Topology, ZoneNet};

/// What every port group of the box begins with.
pub const GROUP: &str = "iia.";
/// What is asked of the northbound database, with `ovsdb-client transact`, so that the reader can read it.
pub const QUERY: &str = r#"["OVN_Northbound",{"op":"select","table":"Port_Group","where":[],"columns":["name","acls"]},{"op":"select","table":"ACL","where":[]}]"#;
/// The priority of what a contract allows.
const PRIORITY_ALLOW: u64 = 1000;
/// The priority of the drop of everything else.
const PRIORITY_DROP: u64 = 1;

/// An ACL of a zone's port group.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Acl {
    /// The port group.
    pub group: String,
    /// `from-lport` for what its ports send, `to-lport` for what they get.
    pub direction: String,
    /// The higher one decides.
    pub priority: u64,
    /// Such as `inport == @iia.lake && ip4.src == 10.90.1.2`.
    pub matches: String,
    /// `allow-related` or `drop`.
    pub action: String,
}

impl Display for Acl {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self {
            group,
            direction,
            priority,
            matches,
            action,
        } = self;
        write!(f, "{group}: {direction} {priority} {action} {matches}")
    }
}

impl Permit for Acl {
    fn compile(catalog: &Catalog, topology: &Topology) -> (Policy<Self>, Vec<String>) {
        let Flows { allowed, notes } = flows(catalog, topology);
        let mut policy = Policy::default();
        for zone in &topology.zones {
            for way in WAYS {
                policy
                    .allowed
                    .insert(acl(zone, way, None), Default::default());
            }
        }
        for (flow, contracts) in allowed {
            for (way, bridge) in WAYS.into_iter().zip([&flow.from, &flow.to]) {
                for zone in topology.zones.iter().filter(|zone| zone.bridge == *bridge) {
                    policy.allowed.insert(
                        acl(zone, way, Some(&flow)),
                        contracts.iter().map(|id| id.as_str().into()).collect(),
                    );
                }
            }
        }
        (policy, notes)
    }

    fn write(policy: &Policy<Self>) -> String {
        text::write(policy)
    }

    #[cfg(feature = "std")]
    fn read(loaded: &[u8]) -> Result<Policy<Self>, super::policy::ReadError> {
        read::read(loaded)
    }
}

/// Direction of an ACL, and the port that it is about.
const WAYS: [(&str, &str); 2] = [("from-lport", "inport"), ("to-lport", "outport")];

fn acl(zone: &ZoneNet, (direction, port): (&str, &str), flow: Option<&Flow>) -> Acl {
    let group = group(&zone.name);
    let said = flow.map_or_else(|| "ip".into(), packets);
    Acl {
        matches: format!("{port} == @{group} && {said}"),
        group,
        direction: direction.into(),
        priority: if flow.is_some() {
            PRIORITY_ALLOW
        } else {
            PRIORITY_DROP
        },
        action: if flow.is_some() {
            "allow-related"
        } else {
            "drop"
        }
        .into(),
    }
}

/// The packets that open a flow.
fn packets(flow: &Flow) -> String {
    let ip = if flow.destination.is_ipv4() {
        "ip4"
    } else {
        "ip6"
    };
    let source = match flow.source {
        Source::Anybody => String::new(),
        Source::Workload(addr) => format!("{ip}.src == {addr} && "),
        Source::Network(addr, prefix) => format!("{ip}.src == {addr}/{prefix} && "),
    };
    let (to, l4, port) = (flow.destination, flow.l4.name(), flow.port);
    format!("{source}{ip}.dst == {to} && {l4}.dst == {port}")
}

/// The port group of a zone. Names of groups are letters, digits, dots and underscores; different zones have
/// different groups.
pub fn group(zone: &str) -> String {
    let mut name = String::from(GROUP);
    for one in zone.chars() {
        match one {
            '_' => name.push_str("__"),
            '-' => name.push_str("_."),
            one => name.push(one),
        }
    }
    name
}
