//! The box of the paper in network namespaces: the router is the box with its compiled firewall, and behind each of its
//! interfaces is a namespace.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::net::IpAddr;
use std::process::{Child, Command, Stdio};

use iia_config::limits::DOCUMENT_LEN_DEFAULT;
use iia_config::parse::parse;
use iia_config::validate::{Checked, Facts, validate};
use iia_contract::compile::nft;

use crate::hosts::{Hosts, Spread};
use crate::net::Lab;

pub(crate) const BOX: &str = include_str!("../../paper/paper.icl");
pub(crate) const SENSOR: &str = "10.50.0.21";
pub(crate) const CLOUD: &str = "203.0.113.10";
/// Interfaces of the box that lead out of it: its own address there, and who is behind.
pub(crate) const OUTSIDE: [(&str, &str, &str); 3] = [
    ("acs0", "192.0.2.1", "192.0.2.9"),
    ("it0", "203.0.113.1", CLOUD),
    ("svc0", "10.50.0.1", SENSOR),
];

pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

pub(crate) fn checked() -> Checked {
    let document = parse(BOX.as_bytes(), DOCUMENT_LEN_DEFAULT).unwrap();
    validate(&document, &Facts::of_box("paper")).unwrap()
}

/// The box and its neighbours; programs that were started end with it.
pub(crate) struct Rig {
    pub(crate) lab: Lab,
    pub(crate) checked: Checked,
    running: Vec<Child>,
    pub(crate) hosts: Option<Hosts>,
}

impl Rig {
    /// The environment with its workloads on three hosts.
    pub(crate) fn spread(test: &str) -> Option<Self> {
        let mut rig = Self::open(test)?;
        let zones = &rig.checked.deploy.topology.zones;
        let zones = zones.iter().map(|zone| Spread {
            namespace: rig.lab.zone(&zone.bridge),
            own: zone.workloads[0].1,
            prefix: zone.subnet.prefix,
        });
        rig.hosts = Some(Hosts::new(rig.lab.router(), zones.collect()));
        Some(rig)
    }

    /// The environment with everybody beside the box.
    pub(crate) fn open(test: &str) -> Option<Self> {
        let mut lab = Lab::open(test)?;
        let checked = checked();
        for zone in &checked.deploy.topology.zones {
            let own = zone.workloads[0].1;
            lab.add_zone(&zone.bridge, gateway(own), zone.subnet.prefix, &[own]);
        }
        for (interface, own, there) in OUTSIDE {
            lab.add_zone(interface, ip(own), 24, &[ip(there)]);
        }
        let (ruleset, _) = nft::ruleset(&checked.catalog, &checked.deploy.topology);
        lab.load(&ruleset.to_string());
        let quiet = ["sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1"];
        lab.run(&quiet, b"");
        let rig = Self {
            lab,
            checked,
            running: Vec::new(),
            hosts: None,
        };
        rig.places().keys().for_each(|interface| {
            rig.lab.run_in(interface, &quiet, b"");
        });
        Some(rig)
    }

    /// Who is behind each interface.
    pub(crate) fn places(&self) -> BTreeMap<String, IpAddr> {
        let zones = self.checked.deploy.topology.zones.iter();
        let zones = zones.map(|zone| (zone.bridge.clone(), zone.workloads[0].1));
        let outside = OUTSIDE.map(|(interface, _, there)| (interface.to_owned(), ip(there)));
        zones.chain(outside).collect()
    }

    /// The address of a zone's workload.
    pub(crate) fn addr(&self, zone: &str) -> IpAddr {
        self.places()[&format!("iz-{zone}")]
    }

    /// Starts a program in a namespace, the box's own or that behind an interface.
    pub(crate) fn start(&mut self, namespace: &str, command: &[&str]) -> &mut Child {
        let child = Command::new("ip")
            .args(["netns", "exec", namespace])
            .args(command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        self.running.push(child);
        self.running.last_mut().unwrap()
    }

    /// Answers at these ports in a namespace, and waits until it does.
    pub(crate) fn listen(&mut self, namespace: &str, ports: &[u16]) {
        let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
        let command = ["python3", "-c", include_str!("listen.py")].into_iter();
        let command: Vec<&str> = command.chain(ports.iter().map(String::as_str)).collect();
        let out = self.start(namespace, &command).stdout.take().unwrap();
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n", "{namespace}");
    }

    /// Packets that the namespace behind an interface received, as its own kernel counted them.
    pub(crate) fn received(&self, interface: &str) -> u64 {
        self.counter(interface, "rx_packets")
    }

    /// Packets that the namespace behind an interface sent.
    pub(crate) fn sent(&self, interface: &str) -> u64 {
        self.counter(interface, "tx_packets")
    }

    fn counter(&self, interface: &str, name: &str) -> u64 {
        let path = format!("/sys/class/net/eth0/statistics/{name}");
        let text = self.lab.run_in(interface, &["cat", &path], b"");
        String::from_utf8(text).unwrap().trim().parse().unwrap()
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        for child in &mut self.running {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The box's own address in the network of a zone.
pub(crate) fn gateway(own: IpAddr) -> IpAddr {
    match own {
        IpAddr::V4(addr) => {
            let [a, b, c, _] = addr.octets();
            IpAddr::from([a, b, c, 1])
        }
        IpAddr::V6(_) => own,
    }
}
