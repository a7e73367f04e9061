//! The rules that every box has, whatever its catalog says.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::ruleset::{Chain, Hook, Rule};
use super::{GROUP_CROSS_SIDE, GROUP_OBSERVE, GROUP_REJECTED};
use crate::scope::Net;

/// Where every way ends that no contract opens.
pub(super) const REJECTED: &str = "rejected";

/// What the name of an observation interface's chain begins with.
pub(super) const DEVICE_CHAIN: &str = "silent/";

const ANSWERS: &str = "ct state established accept";
const ERRORS: &str = "ct state related meta l4proto { icmp, ipv6-icmp } accept";
const NEIGHBOURS: &str =
    "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } ip6 hoplimit 255 accept";

fn base(hook: &str, priority: i64, rules: Vec<Rule>) -> Chain {
    let hook = Hook {
        hook: hook.into(),
        device: None,
        priority,
        drops: true,
    };
    Chain {
        hook: Some(hook),
        rules,
    }
}

fn logged(matches: &str, group: u16, prefix: &str) -> String {
    format!("{matches} counter log group {group} prefix \"{prefix} \" drop")
}

/// What goes from one interface to another.
// IIA 4: the trap for packets between the two sides stands before everything, also before answers.
pub(super) fn forward() -> Chain {
    let trap = |from: &str, to: &str| {
        let matches = format!("iifname @{from} oifname @{to}");
        Rule::new(logged(&matches, GROUP_CROSS_SIDE, "iia-cross-side")).because("IIA 4")
    };
    let unrouted = |key: &str| {
        let text = logged(&format!("{key} @unrouted"), GROUP_REJECTED, "iia-unrouted");
        Rule::new(text).because("observed and served, never routed")
    };
    let rules = vec![
        trap("inbound", "outbound"),
        trap("outbound", "inbound"),
        unrouted("iifname"),
        unrouted("oifname"),
        Rule::new(ANSWERS),
        Rule::new(ERRORS),
        Rule::new("iifname vmap @from"),
        Rule::new(format!("goto {REJECTED}")),
    ];
    base("forward", -10, rules)
}

/// What is meant for the box itself: nothing but the services of the cell.
// IIA 2: minimum surface.
pub(super) fn input(services: Vec<Rule>) -> Chain {
    let mut rules = vec![
        Rule::new("iifname \"lo\" accept"),
        Rule::new(ANSWERS),
        Rule::new(ERRORS),
        Rule::new(format!("iifname @bridges {NEIGHBOURS}")),
    ];
    rules.extend(services);
    rules.push(Rule::new(format!("goto {REJECTED}")));
    base("input", -10, rules)
}

/// What the box itself sends: answers, and nothing of its own accord.
pub(super) fn output(services: Vec<Rule>) -> Chain {
    let mut rules = vec![
        Rule::new("oifname \"lo\" accept"),
        Rule::new(ANSWERS),
        Rule::new(ERRORS),
        Rule::new(format!("oifname @bridges {NEIGHBOURS}")),
    ];
    rules.extend(services);
    rules.push(Rule::new(format!("goto {REJECTED}")));
    base("output", -10, rules)
}

pub(super) fn rejected() -> Chain {
    let log = format!("counter log group {GROUP_REJECTED} prefix \"iia-rejected \" drop");
    Chain {
        hook: None,
        rules: vec![Rule::new(log).because("no contract")],
    }
}

/// Nothing ever leaves an observation interface.
// IIA 3: passive.
pub(super) fn silent(device: &str) -> Chain {
    let hook = Hook {
        hook: "egress".into(),
        device: Some(device.into()),
        priority: -500,
        drops: true,
    };
    let log = format!("counter log group {GROUP_OBSERVE} prefix \"iia-observe-egress \" drop");
    Chain {
        hook: Some(hook),
        rules: vec![Rule::new(log).because("IIA 3")],
    }
}

/// Leads the questions of a cell to the ports of its services.
pub(super) fn served(interface: &str, network: Net, map: &str) -> Rule {
    let family = if network.addr.is_ipv4() { "ip" } else { "ip6" };
    let (addr, prefix) = (network.addr, network.prefix);
    Rule::new(format!(
        "iifname \"{interface}\" {family} saddr {addr}/{prefix} meta l4proto . th dport vmap @{map}"
    ))
}

/// Who asks for an address has none yet.
pub(super) fn dhcp_asked(interface: &str, service: &str) -> Rule {
    Rule::new(format!(
        "iifname \"{interface}\" ip saddr 0.0.0.0 udp sport 68 udp dport 67 accept"
    ))
    .because(service)
}

/// The answer may go to everybody of the cell.
pub(super) fn dhcp_answered(interface: &str, service: &str) -> Rule {
    Rule::new(format!(
        "oifname \"{interface}\" udp sport 67 udp dport 68 accept"
    ))
    .because(service)
}
