//! The list of what is open: complete, read back, and held against the sockets that a kernel really has.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test may fail"
)]

mod made;
mod net;
#[path = "net/world.rs"]
mod world;

use std::collections::BTreeSet;

use iia_contract::Catalog;
use iia_contract::compile::surface::{End, Open, Socket, SocketError, against, sockets};
use iia_contract::compile::{L4, Listener, Permit, Policy, Target, Topology, drift};
use iia_contract::scope::{Internal, Terms};
use iia_contract::tree::Tree;
use iia_core::zone::Conduit;
use net::{Lab, exec};
use world::random;

/// Listeners that a script opens in a namespace, and what the kernel and another reader say of them.
const OPEN: &str = r#"
import json, socket, subprocess
keep = []
for family, kind, addr, port in json.load(open("/dev/stdin")):
    one = socket.socket(getattr(socket, family), getattr(socket, kind))
    if family == "AF_INET6":
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.setsockopt(socket.IPPROTO_IPV6, 78, 1)  # IPV6_FREEBIND: the address need not be there yet
    one.bind((addr, port))
    if kind == "SOCK_STREAM":
        one.listen()
    keep.append(one)
tables = {name: open("/proc/net/" + name).read() for name in ("tcp", "tcp6", "udp", "udp6")}
ss = subprocess.run(["ss", "-H", "-l", "-t", "-u", "-n"], capture_output=True, text=True, check=True).stdout
print(json.dumps({"tables": tables, "ss": ss}))
"#;

const LISTENERS: &str = r#"[
    ["AF_INET", "SOCK_STREAM", "127.0.0.1", 7443], ["AF_INET", "SOCK_STREAM", "0.0.0.0", 22],
    ["AF_INET6", "SOCK_STREAM", "::1", 7443], ["AF_INET", "SOCK_DGRAM", "127.1.2.3", 53], ["AF_INET6", "SOCK_DGRAM", "::", 65535],
    ["AF_INET6", "SOCK_STREAM", "2001:db8:1:2:3:4:5:6", 8443]]"#;

#[test]
fn i2_every_socket_that_waits_is_seen_as_another_reader_sees_it() {
    let Some(lab) = Lab::open("i2_every_socket_that_waits_is_seen_as_another_reader_sees_it")
    else {
        return;
    };
    let output = exec(lab.router(), &["python3", "-c", OPEN], LISTENERS.as_bytes());
    assert!(output.status.success(), "{output:?}");
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut live = BTreeSet::new();
    for (name, l4) in [
        ("tcp", L4::Tcp),
        ("tcp6", L4::Tcp),
        ("udp", L4::Udp),
        ("udp6", L4::Udp),
    ] {
        live.extend(sockets(l4, said["tables"][name].as_str().unwrap()).unwrap());
    }
    let others = said["ss"].as_str().unwrap().lines().map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        format!("{}/{}", words[0], words[4])
    });
    let seen: BTreeSet<String> = live.iter().map(Socket::to_string).collect();
    assert_eq!(seen, others.collect());
    assert_eq!(seen.len(), 6);

    let (mut topology, catalog) = random(5, false, 2, 0);
    topology.listeners[0].addr = "127.0.0.1".parse().unwrap();
    (topology.listeners[0].l4, topology.listeners[0].port) = (L4::Tcp, 7443);
    topology.listeners[1].addr = "127.0.0.1".parse().unwrap();
    (topology.listeners[1].l4, topology.listeners[1].port) = (L4::Tcp, 22);
    let (list, _) = Open::compile(&catalog, &topology);
    let live: Vec<Socket> = live.into_iter().collect();
    let told: Vec<String> = against(&list, &live)
        .iter()
        .map(ToString::to_string)
        .collect();
    let who = &topology.listeners[1].workload;
    assert_eq!(
        told,
        [
            &format!(
                "not contracted: a listener on tcp/0.0.0.0:22, every address; {who} listens on tcp/127.0.0.1:22 only"
            ),
            "not contracted: a listener on tcp/[::1]:7443",
            "not contracted: a listener on tcp/[2001:db8:1:2:3:4:5:6]:8443",
            "not contracted: a listener on udp/127.1.2.3:53",
            "not contracted: a listener on udp/[::]:65535",
        ]
    );
}

/// A listener that some contract asks for is missed, one that none asks for is not; whoever listens everywhere is there.
#[test]
fn a_contracted_listener_that_is_not_there_is_named() {
    let (topology, catalog) = random(5, false, 6, 24);
    let (list, _) = Open::compile(&catalog, &topology);
    let due: Vec<(&Open, String)> = list
        .allowed
        .iter()
        .filter(|(open, contracts)| open.end == End::Listen && !contracts.is_empty())
        .map(|(open, contracts)| {
            let ids: Vec<&str> = contracts.iter().map(String::as_str).collect();
            (open, format!("missing: {open} ({})", ids.join(" ")))
        })
        .collect();
    let told = |live: &[Socket]| -> Vec<String> {
        let found = against(&list, live);
        found.iter().map(ToString::to_string).collect()
    };
    let all: Vec<String> = due.iter().map(|(_, words)| words.clone()).collect();
    assert!(all.len() > 2 && all.len() < topology.listeners.len());
    assert_eq!(told(&[]), all);

    let place = &due[0].0.place;
    let (l4, at) = place.split_once('/').unwrap();
    let l4 = if l4 == "tcp" { L4::Tcp } else { L4::Udp };
    let at: std::net::SocketAddr = at.parse().unwrap();
    let other = if l4 == L4::Tcp { L4::Udp } else { L4::Tcp };
    assert_eq!(told(&[Socket { l4, at }]), all[1..]);
    let everywhere = ([0, 0, 0, 0], at.port()).into();
    let said = told(&[Socket { l4, at: everywhere }]);
    // Everywhere is also where another one listens on the same port.
    let (carrier, port) = (place.split_once('/').unwrap().0, format!(":{}", at.port()));
    let same = |open: &Open| open.place.starts_with(carrier) && open.place.ends_with(&port);
    let others = due.iter().filter(|(open, _)| !same(open));
    let others: Vec<String> = others.map(|(_, words)| words.clone()).collect();
    assert!(
        said[0].starts_with("not contracted: a listener on "),
        "{said:?}"
    );
    assert_eq!(said[1..], others);
    for (l4, at) in [(other, at), (l4, (at.ip(), at.port() ^ 1).into())] {
        let said = told(&[Socket { l4, at }]);
        assert!(all.iter().all(|words| said.contains(words)), "{said:?}");
    }
}

#[test]
fn what_is_no_table_of_sockets_is_refused() {
    const HEAD: &str = "  sl  local_address rem_address   st\n";
    let row = "  0: 0100007F:1D13 00000000:0000 0A\n";
    let read = |row: &str| sockets(L4::Tcp, &format!("{HEAD}{row}"));
    let waits = |at: &str| {
        let at = at.parse().unwrap();
        Ok(vec![Socket { l4: L4::Tcp, at }])
    };
    assert_eq!(read(row), waits("127.0.0.1:7443"));
    let row6 = "  0: B80D0120020001000400030006000500:1D13 0:0 0A\n";
    assert_eq!(read(row6), waits("[2001:db8:1:2:3:4:5:6]:7443"));
    for rows in [
        "0: 0100007F:1D13",
        "0: 0100007:1D13 0:0 0A",
        "0: 0100007F1D13 0:0 0A",
        "0: ÖÖÖÖ:1D13 0:0 0A",
        "0: 0100007F:1FFFF 0:0 0A",
    ] {
        assert_eq!(
            sockets(L4::Tcp, &format!("{HEAD}{rows}\n")),
            Err(SocketError::Malformed),
            "{rows}"
        );
    }
    for table in ["", "x\n", row] {
        assert_eq!(
            sockets(L4::Tcp, table),
            Err(SocketError::Malformed),
            "{table}"
        );
    }
    let most = row.repeat(65_536);
    assert_eq!(
        sockets(L4::Tcp, &format!("{HEAD}{most}")).unwrap().len(),
        65_536
    );
    assert_eq!(
        sockets(L4::Tcp, &format!("{HEAD}{most}{row}")),
        Err(SocketError::TooMany)
    );
}

/// Whether a contract names the place where somebody listens.
fn named(terms: &Internal, listener: &Listener) -> bool {
    let scheme = match listener.l4 {
        L4::Tcp => "tls",
        other => other.name(),
    };
    let place = format!("{scheme}/{}", listener.port);
    terms.transport.ports.iter().any(|port| **port == place)
}

#[test]
fn every_listener_and_every_contracted_connection_is_listed() {
    for seed in 1..40 {
        let (topology, catalog) = random(seed, seed % 2 == 0, 6, 24);
        let (list, _) = Open::compile(&catalog, &topology);
        let listening = list.allowed.keys().filter(|open| open.end == End::Listen);
        assert_eq!(listening.count(), topology.listeners.len());
        let mut due = BTreeSet::new();
        for contract in catalog.contracts() {
            let Terms::Internal(terms) = &contract.terms else {
                continue;
            };
            let role = |id| topology.workload(id).unwrap().0.role;
            if Conduit::new(role(&terms.source), role(&terms.destination)).is_err() {
                continue;
            }
            for listener in topology
                .listeners
                .iter()
                .filter(|one| one.workload == terms.destination && named(terms, one))
            {
                let at = format!(
                    "{}/{}",
                    listener.l4.name(),
                    std::net::SocketAddr::new(listener.addr, listener.port)
                );
                due.insert((
                    End::Connect,
                    at.clone(),
                    terms.source.to_string(),
                    contract.id.to_string(),
                ));
                due.insert((
                    End::Listen,
                    at,
                    terms.destination.to_string(),
                    contract.id.to_string(),
                ));
            }
        }
        let listed: BTreeSet<_> = list
            .allowed
            .iter()
            .flat_map(|(open, contracts)| {
                contracts
                    .iter()
                    .map(move |id| (open.end, open.place.clone(), open.who.clone(), id.clone()))
            })
            .collect();
        assert_eq!(listed, due, "seed {seed}");
        assert!(
            list.allowed
                .keys()
                .all(|open| !open.zone.is_empty() && !open.side.is_empty())
        );
    }
}

#[test]
fn the_list_is_read_back_and_every_change_is_named() {
    let (topology, catalog) = random(5, false, 6, 24);
    let (list, _) = Open::compile(&catalog, &topology);
    let text = Open::write(&list);
    assert_eq!(Open::read(text.as_bytes()).unwrap(), list);
    assert_eq!(drift(&list, &list), []);
    // Whatever is told names its contracts, or says that there are none.
    let nothing = Policy::default();
    for (open, contracts) in &list.allowed {
        let ids: Vec<&str> = contracts.iter().map(String::as_str).collect();
        let ids = if ids.is_empty() {
            "no contract".to_owned()
        } else {
            ids.join(" ")
        };
        let told = |should, is| -> Vec<String> {
            let found = Target::drift(should, is);
            found.iter().map(ToString::to_string).collect()
        };
        assert!(
            told(&list, &nothing).contains(&format!("missing: {open} ({ids})")),
            "{open}"
        );
        assert!(
            told(&nothing, &list).contains(&format!("not contracted: {open} ({ids})")),
            "{open}"
        );
    }
    let more = text.replacen("7443", "7444", 1);
    let found = drift(&list, &Open::read(more.as_bytes()).unwrap());
    assert!(
        found
            .iter()
            .any(|one| one.to_string().starts_with("missing: ")),
        "{found:?}"
    );
    assert!(
        found
            .iter()
            .any(|one| one.to_string().starts_with("not contracted: ")),
        "{found:?}"
    );
    for bytes in [&b"{}"[..], b"[]", b"\xff", b"{\"surface\": 7}"] {
        assert!(Open::read(bytes).is_err());
    }
    let foreign = Open::read(b"{\"surface\": [{\"end\": \"sideways\"}]}").unwrap();
    assert_eq!(foreign.foreign.len(), 1);
}

/// The services of a cell, and a workload that its neighbours reach at the port that the broker of the cell has too.
const CELL: &str = r#"
interface svc0 {
  kind services
  side inbound
}
zone broker {
  role ot.acs.netservices
  side inbound
  bridge iz-broker
  subnet 10.77.2.0/24
  workload broker 10.77.2.2
}
endpoint broker {
  workload spiffe://iia.local/zone/broker/workload/broker
  listen tls/10.77.2.2:8883
  interface svc0
  allow 10.50.0.0/24
}
service cell-dhcp {
  kind dhcp
  interface svc0
  network 10.50.0.0/24
  listen udp/10.50.0.1:67
}
service cell-mqtt {
  kind mqtt
  interface svc0
  network 10.50.0.0/24
  listen tls/10.50.0.1:8883
}
contract iia.contract.device.sensor 1.0.0 {
  scope device
  protocol mqtt
  client 10.50.0.0/24
  server tls/10.50.0.1:8883
  identity sensor1
  observation {
    mode mqtt_subscription
    topic "plant/#"
  }
}
"#;

/// Whatever serves the cell is listed at its own address with the contracts of the devices that speak to it, and no
/// other place at the same port stands for it.
#[test]
fn services_of_the_cell_are_listed_with_the_contracts_of_its_devices() {
    let entries = made::text::entries(CELL);
    let (catalog, _) = Catalog::check(&entries).unwrap();
    let topology = Topology::read(&Tree::from(entries.as_slice()));
    let (list, _) = Open::compile(&catalog, &topology);
    let listed: Vec<(String, String)> = list
        .allowed
        .iter()
        .map(|(open, contracts)| {
            let ids: Vec<&str> = contracts.iter().map(String::as_str).collect();
            assert_eq!(open.side, "inbound", "{open}");
            (open.to_string(), ids.join(" "))
        })
        .collect();
    let broker = "spiffe://iia.local/zone/broker/workload/broker listens on tcp/10.77.2.2:8883";
    let of = |text: &str, ids: &str| (text.to_owned(), ids.to_owned());
    assert_eq!(
        listed,
        [
            of(
                "service cell-mqtt listens on tcp/10.50.0.1:8883 through svc0 from 10.50.0.0/24",
                "iia.contract.device.sensor"
            ),
            of(&format!("{broker} through svc0 from 10.50.0.0/24"), ""),
            // Who asks for an address asks everybody.
            of(
                "service cell-dhcp listens on udp/67 through svc0 from 10.50.0.0/24",
                ""
            ),
        ]
    );
    let told: Vec<String> = against(&list, &[])
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        told,
        [
            "missing: service cell-mqtt listens on tcp/10.50.0.1:8883 through svc0 from 10.50.0.0/24 (iia.contract.device.sensor)"
        ]
    );
}
