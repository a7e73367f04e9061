//! Live connections: a contract that is gone takes the connections with it that it opened.

use std::net::IpAddr;

use iia_contract::compile::L4;
use iia_contract::compile::nft::{Opened, Ruleset};

use crate::program::Program;

/// Connections that are cut one by one; beyond that all are, and those with a contract are taken up again.
const CUT_MAX: usize = 1024;

/// A connection as `conntrack -L` lists it, in the direction in which it was opened.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Live {
    protocol: String,
    source: IpAddr,
    destination: IpAddr,
    ports: Option<(u16, u16)>,
}

/// Cuts every connection that the ruleset does not admit.
pub(crate) fn cut(ruleset: &Ruleset) -> Result<(), String> {
    let mut lost = Vec::new();
    for family in ["ipv4", "ipv6"] {
        let listing = Program::Conntrack.run(&["-L", "-f", family], b"")?;
        let listing = String::from_utf8_lossy(&listing);
        let live = listing.lines().filter_map(parse);
        lost.extend(
            live.filter(|live| !admitted(live, ruleset))
                .map(|live| (family, live)),
        );
    }
    if lost.len() > CUT_MAX {
        return Program::Conntrack.run(&["-F"], b"").map(drop);
    }
    lost.iter()
        .try_for_each(|(family, live)| cut_one(family, live))
}

fn cut_one(family: &str, live: &Live) -> Result<(), String> {
    let (source, destination) = (live.source.to_string(), live.destination.to_string());
    let mut arguments: Vec<&str> = vec![
        "-D",
        "-f",
        family,
        "-p",
        &live.protocol,
        "-s",
        &source,
        "-d",
        &destination,
    ];
    let ports = live
        .ports
        .map(|(from, to)| (from.to_string(), to.to_string()));
    if let Some((from, to)) = &ports {
        arguments.extend(["--sport", from, "--dport", to]);
    }
    match Program::Conntrack.run(&arguments, b"") {
        // It ended by itself in the meantime.
        Err(said) if said.contains("0 flow entries") => Ok(()),
        other => other.map(drop),
    }
}

fn admitted(live: &Live, ruleset: &Ruleset) -> bool {
    let l4 = match live.protocol.as_str() {
        "tcp" => L4::Tcp,
        "udp" => L4::Udp,
        "sctp" => L4::Sctp,
        // Errors about a connection come and go with it.
        _ => return true,
    };
    let (source, destination) = (live.source, live.destination);
    let within = source.is_loopback() && destination.is_loopback();
    within
        || live.ports.is_some_and(|(_, port)| {
            ruleset.admits(&Opened {
                source,
                destination,
                l4,
                port,
                // The kernel lists none.
                from: None,
                to: None,
            })
        })
}

/// A line such as `tcp 6 431999 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 sport=40000 dport=443 src=… [ASSURED] …`.
fn parse(line: &str) -> Option<Live> {
    let mut words = line.split_whitespace();
    let protocol = words.next()?.to_owned();
    let first = |key: &str| {
        line.split_whitespace()
            .find_map(|word| word.strip_prefix(key))
    };
    let ports = first("sport=").zip(first("dport="));
    let ports = ports.and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
    Some(Live {
        protocol,
        source: first("src=")?.parse().ok()?,
        destination: first("dst=")?.parse().ok()?,
        ports,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_in_the_direction_in_which_a_connection_was_opened() {
        let line = "tcp      6 431999 ESTABLISHED src=10.1.0.2 dst=10.2.0.2 sport=40000 dport=7443 \
                    src=10.2.0.2 dst=10.1.0.2 sport=7443 dport=40000 [ASSURED] mark=0 use=1";
        let live = parse(line).unwrap();
        assert_eq!(live.ports, Some((40000, 7443)));
        assert_eq!(live.destination.to_string(), "10.2.0.2");
        let line = "icmp 1 29 src=10.1.0.2 dst=10.2.0.2 type=8 code=0 id=7 src=10.2.0.2 dst=10.1.0.2 type=0";
        assert_eq!(parse(line).unwrap().ports, None);
        for line in [
            "",
            "tcp",
            "tcp src=x dst=y",
            "conntrack v1.4.7 (conntrack-tools): 0 flow entries",
        ] {
            assert_eq!(parse(line), None, "{line}");
        }
    }
}
