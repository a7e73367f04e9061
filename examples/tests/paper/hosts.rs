//! Three hosts for the workloads: each zone's network is carried to its workload's host in a tunnel of its own (VXLAN, RFC
//! 7348), over one cable that all hosts are at. The box has an interface a zone, as before, at a switch that begins the
//! tunnels.

use std::io::Write as _;
use std::net::IpAddr;
use std::process::{Command, Stdio};

use crate::rig::gateway;

const HOSTS: usize = 3;

/// A zone's workload, which has one namespace and one interface.
pub(crate) struct Spread {
    pub(crate) namespace: String,
    pub(crate) own: IpAddr,
    pub(crate) prefix: u8,
}

/// The switch and the hosts; they are gone when this is dropped.
pub(crate) struct Hosts {
    switch: String,
    hosts: Vec<String>,
}

impl Hosts {
    /// Moves workloads onto hosts, the next one always onto another host.
    pub(crate) fn new(router: &str, workloads: Vec<Spread>) -> Self {
        let all = Self {
            switch: format!("{router}-sw"),
            hosts: (0..HOSTS).map(|host| format!("{router}-h{host}")).collect(),
        };
        all.cable();
        for (number, workload) in workloads.iter().enumerate() {
            all.place(number, workload);
        }
        all
    }

    /// Packets that each host got over the cable.
    pub(crate) fn carried(&self) -> Vec<u64> {
        let read = ["cat", "/sys/class/net/cable/statistics/rx_packets"];
        let count = |host: &String| {
            let output = crate::net::exec(host, &read, b"");
            String::from_utf8(output.stdout)
                .unwrap()
                .trim()
                .parse()
                .unwrap()
        };
        self.hosts.iter().map(count).collect()
    }

    /// One cable: the switch is 172.31.0.1 there, the hosts are those behind it. It has room for what a tunnel adds.
    fn cable(&self) {
        for namespace in self.hosts.iter().chain([&self.switch]) {
            ip(&["netns", "add", namespace], "");
            let quiet = [
                "net.ipv6.conf.all.disable_ipv6=1",
                "net.ipv6.conf.default.disable_ipv6=1",
            ];
            let quiet = [&["netns", "exec", namespace, "sysctl", "-qw"][..], &quiet].concat();
            ip(&quiet, "");
        }
        let mut lines = String::from(
            "link add cable type bridge\nlink set cable mtu 1600 up\naddr add 172.31.0.1/24 dev cable\n",
        );
        for (at, host) in self.hosts.iter().enumerate() {
            lines += &format!(
                "link add c{at} type veth peer name cable netns {host}\nlink set c{at} mtu 1600 master cable up\n"
            );
        }
        batch(&self.switch, &lines);
        for (at, host) in self.hosts.iter().enumerate() {
            let addr = at + 2;
            batch(
                host,
                &format!("link set cable mtu 1600 up\naddr add 172.31.0.{addr}/24 dev cable\n"),
            );
        }
    }

    /// The workload's interface becomes the port of the switch that the box is at, and it gets another at its host.
    fn place(&self, number: usize, workload: &Spread) {
        let Spread {
            namespace,
            own,
            prefix,
        } = workload;
        let (at, switch) = (number % HOSTS, &self.switch);
        let (Some(host), remote, id) = (self.hosts.get(at), at + 2, number + 100) else {
            unreachable!("there are so many hosts");
        };
        batch(
            namespace,
            &format!("link set eth0 netns {switch} name p{number}\n"),
        );
        let tunnel = |local: usize, remote: usize, port: &str| {
            format!(
                "link add b{number} type bridge\nlink set b{number} up\n\
                 link add v{number} type vxlan id {id} local 172.31.0.{local} remote 172.31.0.{remote} dstport 4789\n\
                 link set v{number} mtu 1500 master b{number} up\nlink set {port}{number} master b{number} up\n"
            )
        };
        batch(switch, &tunnel(1, remote, "p"));
        // The box knows its neighbours by these addresses.
        let mac = format!("02:00:00:00:00:{number:02x}");
        // The port of the switch had the address until now.
        batch(
            switch,
            &format!("link set p{number} address 02:00:00:00:01:{number:02x}\n"),
        );
        let veth = format!(
            "link add w{number} type veth peer name eth0 address {mac} netns {namespace}\n"
        );
        batch(host, &(veth + &tunnel(remote, 1, "w")));
        batch(
            namespace,
            &format!(
                "addr add {own}/{prefix} dev eth0\nlink set eth0 up\nroute add default via {}\n",
                gateway(*own)
            ),
        );
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        for namespace in self.hosts.iter().chain([&self.switch]) {
            let _ = Command::new("ip")
                .args(["netns", "del", namespace])
                .status();
        }
    }
}

fn batch(namespace: &str, lines: &str) {
    ip(&["-n", namespace, "-batch", "-"], lines);
}

#[track_caller]
fn ip(arguments: &[&str], lines: &str) {
    let mut child = Command::new("ip")
        .args(arguments)
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(lines.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}\n{lines}");
}
