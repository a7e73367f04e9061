//! The reference environment of the paper as one artifact, in network namespaces: five zones behind the firewall that its
//! contracts compile to, with real programs in them.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests"
)]

#[path = "paper/hosts.rs"]
mod hosts;
#[path = "paper/keys.rs"]
mod keys;
#[path = "paper/listed.rs"]
mod listed;
#[path = "../../iia-contract/tests/net/mod.rs"]
mod net;
#[path = "paper/rig.rs"]
mod rig;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::IpAddr;
use std::process::Command;
use std::time::{Duration, Instant};

use iia_config::render::{Places, files_at};
use iia_core::gate::Gate as _;
use keys::{Keys, openssl, public};
use net::{exec, has, skip};
use rig::{CLOUD, OUTSIDE, Rig, SENSOR, checked, gateway, ip};

/// The zones of the paper (000:59-61, 293-313), and the interfaces of the box behind which each of them is. What is
/// between the plant and the cloud is the box's edge.
const ZONES: [(&str, &[&str]); 6] = [
    ("1 field", &["svc0"]),
    ("2 control", &["iz-broker", "iz-scada"]),
    (
        "3 watchdog",
        &["iz-attest", "iz-audit", "iz-lake", "iz-watchdog", "acs0"],
    ),
    ("edge", &["iz-bus", "iz-publish"]),
    ("4 cloud", &["it0"]),
    ("5 trust", &["iz-ota", "iz-ui"]),
];
/// Which zone opens connections to which: the flows of the paper (000:206-273), each in its one direction.
const WAYS: [(&str, &str); 10] = [
    ("1 field", "the box"),
    ("2 control", "2 control"),
    ("2 control", "3 watchdog"),
    ("3 watchdog", "3 watchdog"),
    ("3 watchdog", "edge"),
    ("edge", "3 watchdog"),
    ("edge", "edge"),
    ("edge", "4 cloud"),
    ("5 trust", "3 watchdog"),
    ("5 trust", "5 trust"),
];
/// Ports that somebody answers at in every namespace, contracted there or not.
const PORTS: [u16; 4] = [22, 4460, 7443, 8883];

fn zone_of(interface: &str) -> &'static str {
    let mut zones = ZONES.iter();
    let found = zones.find(|(_, interfaces)| interfaces.contains(&interface));
    found.map_or("the box", |(zone, _)| zone)
}

/// Connections that somebody opens, by the interfaces behind which the two are.
const OPENED: [(&str, &str, u16); 22] = [
    ("iz-attest", "iz-audit", 7443),
    ("iz-attest", "iz-bus", 7443),
    ("iz-attest", "iz-lake", 7443),
    ("iz-broker", "iz-audit", 7443),
    ("iz-bus", "iz-audit", 7443),
    ("iz-bus", "iz-lake", 7443),
    ("iz-lake", "iz-audit", 7443),
    ("iz-ota", "iz-attest", 7443),
    ("iz-ota", "iz-audit", 7443),
    ("iz-publish", "it0", 7443),
    ("iz-publish", "iz-audit", 7443),
    ("iz-publish", "iz-bus", 7443),
    ("iz-scada", "iz-audit", 7443),
    ("iz-scada", "iz-broker", 8883),
    ("iz-scada", "iz-lake", 7443),
    ("iz-ui", "iz-audit", 7443),
    ("iz-ui", "iz-ota", 7443),
    ("iz-watchdog", "iz-attest", 7443),
    ("iz-watchdog", "iz-audit", 7443),
    ("iz-watchdog", "iz-lake", 7443),
    ("svc0", "the box", 4460),
    ("svc0", "the box", 8883),
];

/// R-PAP-02: everybody tries everybody, at every port at which somebody answers.
#[test]
fn the_five_zones_of_the_paper_meet_where_its_flows_lead_and_nowhere_else() {
    let test = "the_five_zones_of_the_paper_meet_where_its_flows_lead_and_nowhere_else";
    Rig::open(test).into_iter().for_each(meet);
}

/// R-PER-05: the same on three hosts, of which each has workloads of several zones.
#[test]
fn zones_whose_workloads_are_spread_over_three_hosts_meet_no_otherwise() {
    let test = "zones_whose_workloads_are_spread_over_three_hosts_meet_no_otherwise";
    Rig::spread(test).into_iter().for_each(meet);
}

fn meet(mut rig: Rig) {
    let places = rig.places();
    let router = rig.lab.router().to_owned();
    rig.listen(&router, &PORTS);
    for interface in places.keys() {
        let namespace = rig.lab.zone(interface);
        rig.listen(&namespace, &PORTS);
    }
    // Whom there is to try: everybody, and the box at each of its addresses.
    let own = OUTSIDE.map(|(_, own, _)| ip(own));
    let zones = places.iter().filter(|(name, _)| name.starts_with("iz-"));
    let own = own.into_iter().chain(zones.map(|(_, addr)| gateway(*addr)));
    let mut names: BTreeMap<IpAddr, &str> = own.map(|addr| (addr, "the box")).collect();
    names.extend(places.iter().map(|(name, addr)| (*addr, name.as_str())));
    let tried: Vec<Opened> = std::thread::scope(|scope| {
        let from = places.keys().map(|from| {
            let (rig, names) = (&rig, &names);
            scope.spawn(move || tries(rig, from, names))
        });
        let from: Vec<_> = from.collect();
        from.into_iter()
            .flat_map(|one| one.join().unwrap())
            .collect()
    });
    let answered: BTreeSet<(&str, &str, u16)> = tried
        .iter()
        .map(|(from, to, port)| (from.as_str(), to.as_str(), *port))
        .collect();
    let want = BTreeSet::from(OPENED);
    assert_eq!(answered, want);
    listed::every_place_that_answers(&rig.checked, &places, &want);
    let ways: BTreeSet<_> = want
        .iter()
        .map(|(from, to, _)| (zone_of(from), zone_of(to)))
        .collect();
    assert_eq!(ways, BTreeSet::from(WAYS));
    let carried = rig
        .hosts
        .as_ref()
        .map_or_else(Vec::new, hosts::Hosts::carried);
    assert!(
        carried.iter().all(|count| *count > 20),
        "every host has workloads: {carried:?}"
    );
    eprintln!(
        "{} of {} answered",
        want.len(),
        places.len() * (names.len() - 1) * PORTS.len()
    );
}

type Opened = (String, String, u16);

/// What is answered to whoever is behind an interface.
fn tries(rig: &Rig, from: &str, names: &BTreeMap<IpAddr, &str>) -> Vec<Opened> {
    let others = names.iter().filter(|(_, name)| **name != from);
    let targets: Vec<(String, u16)> = others
        .flat_map(|(addr, _)| PORTS.map(|port| (addr.to_string(), port)))
        .collect();
    let task = serde_json::to_vec(&targets).unwrap();
    let command = ["python3", "-c", include_str!("paper/connect.py")];
    let said = rig.lab.run_in(from, &command, &task);
    let [answered, refused]: [Vec<(String, u16)>; 2] = serde_json::from_slice(&said).unwrap();
    assert_eq!(refused, [], "nobody is even told no: {from}");
    let named = |(addr, port): (String, u16)| (from.to_owned(), names[&ip(&addr)].to_owned(), port);
    answered.into_iter().map(named).collect()
}

/// R-PAP-13: the paper's cloud has no way back. Whatever it sends, and whomever it says to be, nothing comes to a zone
/// of the plant, while what the box opened is answered.
#[test]
fn no_packet_of_the_cloud_comes_to_the_plant() {
    let test = "no_packet_of_the_cloud_comes_to_the_plant";
    Rig::open(test).into_iter().for_each(flood);
}

/// R-PER-05: nor to any of three hosts.
#[test]
fn no_packet_of_the_cloud_comes_to_three_hosts() {
    let test = "no_packet_of_the_cloud_comes_to_three_hosts";
    Rig::spread(test).into_iter().for_each(flood);
}

fn flood(mut rig: Rig) {
    let cloud = rig.lab.zone("it0");
    rig.listen(&cloud, &PORTS);
    let places = rig.places();
    let answered = tries(&rig, "iz-publish", &BTreeMap::from([(ip(CLOUD), "it0")]));
    assert_eq!(answered, [("iz-publish".into(), "it0".into(), 7443)]);
    let counts = |rig: &Rig| -> BTreeMap<String, u64> {
        let inside = places.keys().filter(|name| *name != "it0");
        inside
            .map(|name| (name.clone(), rig.received(name)))
            .collect()
    };
    let (before, left) = (counts(&rig), rig.sent("it0"));
    let plant = places.iter().filter(|(name, _)| *name != "it0");
    let own = places
        .values()
        .filter(|addr| **addr != ip(CLOUD))
        .map(|addr| gateway(*addr));
    let destinations = plant.map(|(_, addr)| *addr).chain(own);
    let destinations: Vec<(IpAddr, u16)> = destinations
        .flat_map(|addr| [7443, 8883].map(|port| (addr, port)))
        .collect();
    let sources = [
        ip(CLOUD),
        ip(SENSOR),
        rig.addr("publish"),
        rig.addr("bus"),
        rig.addr("scada"),
    ];
    let task = serde_json::json!({ "sources": sources, "destinations": destinations });
    let command = ["python3", "-c", include_str!("paper/flood.py")];
    let sent = rig
        .lab
        .run_in("it0", &command, &serde_json::to_vec(&task).unwrap());
    let sent: u64 = String::from_utf8(sent).unwrap().trim().parse().unwrap();
    assert!(
        rig.sent("it0") - left >= sent && sent > 5000,
        "{sent} left the cloud"
    );
    assert_eq!(counts(&rig), before, "of {sent} packets");
    // The same program where there is a way: what is asked of the broker by scada arrives.
    let broker = rig.addr("broker");
    let task =
        serde_json::json!({ "sources": [rig.addr("scada")], "destinations": [(broker, 8883)] });
    rig.lab
        .run_in("iz-scada", &command, &serde_json::to_vec(&task).unwrap());
    assert!(rig.received("iz-broker") > before["iz-broker"]);
}

/// Starts the broker of zone 2 in its namespace. What comes in by the services interface is handed to it by a program that
/// holds the box's own socket there and lives in the broker's namespace.
fn broker(rig: &mut Rig, keys: &Keys) {
    let places = Places {
        etc: keys.file("etc"),
        lib: keys.file("lib"),
        run: keys.file("run"),
    };
    let files = files_at(&rig.checked, &places);
    let acl = keys.path("acl");
    std::fs::write(&acl, &files["mosquitto/cell-mqtt.acl"]).unwrap();
    // Where it finds its files, on which of its addresses it waits, and who it is here; the rest is as it is rendered.
    let conf = files["mosquitto/cell-mqtt.conf"]
        .replace(
            &format!("{}/mosquitto/cell-mqtt.acl", places.etc),
            &keys.file("acl"),
        )
        .replace("listener 8883 10.50.0.1", "listener 8883 0.0.0.0")
        .replace(
            &format!("{}/cell-mqtt/crl.pem", places.lib),
            &keys.file("crl.pem"),
        )
        .replace(
            &format!("{}/cell-mqtt/ca.pem", places.lib),
            &keys.file("roots.pem"),
        )
        .replace(
            &format!("{}/cell-mqtt/", places.lib),
            &format!("{}/", keys.file("broker")),
        );
    std::fs::write(keys.path("conf"), format!("user root\n{conf}")).unwrap();
    let (namespace, router) = (rig.lab.zone("iz-broker"), rig.lab.router().to_owned());
    rig.start(&namespace, &["mosquitto", "-c", &keys.file("conf")]);
    let hand_on = [
        "ip",
        "netns",
        "exec",
        &namespace,
        "/usr/lib/systemd/systemd-socket-proxyd",
        "127.0.0.1:8883",
    ];
    let hold = ["systemd-socket-activate", "-l", "10.50.0.1:8883"];
    rig.start(&router, &[&hold[..], &hand_on].concat());
}

/// Who a client of the broker is, where that is, and what it takes to prove it.
fn client(keys: &Keys, program: &str, who: &str, host: &str) -> Vec<String> {
    let file = |name: &str| keys.file(&format!("{who}/{name}"));
    let (cert, key, roots) = (file("cert.pem"), file("key.pem"), keys.file("roots.pem"));
    // An SVID names no host.
    let line = format!(
        "{program} -V 5 -q 1 -h {host} -p 8883 --insecure --cafile {roots} --cert {cert} --key {key}"
    );
    line.split(' ').map(str::to_owned).collect()
}

/// Waits until `look` finds something.
#[track_caller]
fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// What `ss` tells of a namespace.
fn sockets(rig: &Rig, interface: &str, which: &str) -> String {
    String::from_utf8(rig.lab.run_in(interface, &["ss", "-Hn", which], b"")).unwrap()
}

const TOPIC: &str = "plant/packout/line-1/force";

/// R-PAR-17: a sensor at work has one connection, which it opened, and no door at all; the trust between zones is the
/// broker's business. What it says comes to SCADA, and by no other way.
#[test]
fn a_sensor_at_work_has_no_listener_and_its_word_comes_to_scada() {
    let test = "a_sensor_at_work_has_no_listener_and_its_word_comes_to_scada";
    for program in [
        "mosquitto",
        "mosquitto_pub",
        "ss",
        "openssl",
        "systemd-socket-activate",
    ] {
        if !has(program) {
            return skip(test, program);
        }
    }
    let Some(mut rig) = Rig::open(test) else {
        return;
    };
    let keys = Keys::new();
    for (name, user) in [("broker", 0), ("scada", 0)] {
        let id = format!("spiffe://iia.local/zone/{name}/workload/{name}");
        keys.workload((name, &id), &rig.checked.catalog, user)
            .unwrap();
    }
    keys.device("sensor1");
    broker(&mut rig, &keys);
    until("the broker waits", || {
        let waits = sockets(&rig, "iz-broker", "-lt").contains(":8883");
        let own = String::from_utf8(rig.lab.run(&["ss", "-Hnlt"], b"")).unwrap();
        (waits && own.contains("10.50.0.1:8883")).then_some(())
    });
    let addr = rig.addr("broker").to_string();
    let mut line = client(&keys, "mosquitto_sub", "scada", &addr);
    line.extend(["-t", "plant/packout/line-1/#", "-F", "%t %p"].map(str::to_owned));
    let (scada, field) = (rig.lab.zone("iz-scada"), rig.lab.zone("svc0"));
    let line: Vec<&str> = line.iter().map(String::as_str).collect();
    let heard = rig.start(&scada, &line).stdout.take().unwrap();
    let (say, hear) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(heard).lines().map_while(Result::ok) {
            let _ = say.send(line);
        }
    });
    // The sensor keeps its connection and says what is on its input.
    let mut line = client(&keys, "mosquitto_pub", "sensor1", "10.50.0.1");
    line.extend(["-l", "-t", TOPIC].map(str::to_owned));
    let line: Vec<&str> = line.iter().map(String::as_str).collect();
    let mut sensor = rig.start(&field, &line).stdin.take().unwrap();
    // Whatever is said before SCADA listens is not kept: it is said until it is heard.
    let word = until("the sensor is heard", || {
        writeln!(sensor, "42").unwrap();
        hear.recv_timeout(Duration::from_millis(200)).ok()
    });
    assert_eq!(word, format!("{TOPIC} 42"));
    no_door(&rig);
    // Another topic than its contract's is refused, and so is whoever proves nothing; SCADA hears neither.
    let mut line = client(&keys, "mosquitto_pub", "sensor1", "10.50.0.1");
    line.extend(["-d", "-m", "1", "-t", "plant/packout/line-2/force"].map(str::to_owned));
    let line: Vec<&str> = line.iter().map(String::as_str).collect();
    let said = exec(&field, &line, b"");
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(said.contains("RC:135"), "{said}");
}

/// Nobody waits in zone 1, for anything: neither by what its kernel lists nor by what is answered at its own address.
fn no_door(rig: &Rig) {
    assert_eq!(
        sockets(rig, "svc0", "-lntuwx")
            .lines()
            .filter(|one| !one.starts_with("u_"))
            .count(),
        0
    );
    let open = sockets(rig, "svc0", "-t");
    let ends: Vec<&str> = open.split_whitespace().skip(3).take(2).collect();
    assert_eq!(
        (open.lines().count(), ends[1]),
        (1, "10.50.0.1:8883"),
        "{open}"
    );
    // From a port of its own: one that the kernel chooses may be the one that is asked, which then answers itself.
    const SCAN: &str = "import socket, errno\n\
        def closed(port):\n\
        \x20one = socket.socket()\n\
        \x20one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n\
        \x20one.bind(('10.50.0.21', 1 if port > 1 else 2))\n\
        \x20answer = one.connect_ex(('10.50.0.21', port))\n\
        \x20one.close()\n\
        \x20return answer == errno.ECONNREFUSED\n\
        print(sum(map(closed, range(1, 65536))))\n";
    let closed = rig.lab.run_in("svc0", &["python3", "-c", SCAN], b"");
    assert_eq!(String::from_utf8(closed).unwrap().trim(), "65535");
    // And nothing is declared: every place of the artifact where somebody waits is the box's own.
    let listeners = &rig.checked.deploy.topology.listeners;
    let cell = iia_contract::scope::Net::parse("10.50.0.0/24").unwrap();
    assert!(
        listeners
            .iter()
            .all(|listener| !cell.contains(listener.addr))
    );
}

/// R-PAR-18: broker, SCADA and updates are three workloads: three identities of the catalog, three keys, each readable by
/// its own user alone, and nobody else can be whom they are.
#[test]
fn broker_scada_and_updates_have_three_identities_and_no_key_in_common() {
    let test = "broker_scada_and_updates_have_three_identities_and_no_key_in_common";
    for program in ["openssl", "setpriv"] {
        if !has(program) {
            return skip(test, program);
        }
    }
    let checked = checked();
    let (keys, catalog) = (Keys::new(), &checked.catalog);
    let units: Vec<(&str, String, u32)> = checked
        .deploy
        .units
        .iter()
        .map(|unit| (unit.name.as_str(), unit.workload.to_string(), unit.user))
        .collect();
    let names: Vec<&str> = units.iter().map(|unit| unit.0).collect();
    assert_eq!(names, ["broker", "ota", "scada"]);
    for (name, id, user) in &units {
        assert!(catalog.knows(&id.parse().unwrap()));
        keys.workload((name, id), catalog, *user).unwrap();
    }
    let stranger = "spiffe://iia.local/zone/scada/workload/twin";
    assert!(keys.workload(("twin", stranger), catalog, 0).is_err());
    let mut all = BTreeSet::new();
    for (name, id, user) in &units {
        let [certified, held] = public(&keys.path(name));
        assert_eq!(certified, held, "{name} holds the key that its SVID is for");
        all.insert(held);
        let cert = keys.file(&format!("{name}/cert.pem"));
        let san = openssl(
            &["x509", "-in", &cert, "-noout", "-ext", "subjectAltName"],
            b"",
        );
        assert_eq!(san.matches("URI:").count(), 1, "{san}");
        assert!(san.contains(&format!("URI:{id}\n")), "{san}");
        for (other, _, _) in &units {
            let key = keys.file(&format!("{other}/key.pem"));
            let user = user.to_string();
            let read = Command::new("setpriv")
                .args([
                    "--reuid",
                    &user,
                    "--regid",
                    &user,
                    "--clear-groups",
                    "cat",
                    &key,
                ])
                .output()
                .unwrap();
            assert_eq!(
                read.status.success(),
                other == name,
                "{name} reads the key of {other}"
            );
        }
    }
    assert_eq!(all.len(), 3);
    let users: BTreeSet<u32> = units.iter().map(|unit| unit.2).collect();
    assert!(users.len() == 3 && users.iter().all(|user| *user > 1000));
}
