//! What lets images be taken, and what a virtual network lets pass, while somebody changes it by hand beside a box that runs.

use std::fs;
use std::net::{IpAddr, SocketAddr};

use iia_contract::Catalog;
use iia_contract::compile::ovn::{Acl, group};
use iia_contract::compile::{L4, Permit as _, Topology};
use iia_identity::admission::{BuildKey, Sha256, bundle, statement};
use iia_identity::image::Image;
use iia_identity::issue::KeyKind;

use super::one::capture;
use super::operators::Operators;
use super::place::Place;
use super::running::Running;
use crate::ovn::{Lan, Network, Packet, missing, port};
use crate::programs::{has, skip};

const BOX: &str = include_str!("../../../../examples/box-pi/box.icl");
/// A workload that runs as a container.
const CONTAINER: &str = "\
unit ids {
  workload spiffe://iia.local/zone/witness/workload/ids
  repository \"localhost/ids\"
  image sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
  user 2003
}

";
const ZONE: &str = "\
zone witness {
  role ot.acs.witness
  side inbound
  bridge iz-witness
  subnet 127.90.12.0/24
  workload ids 127.90.12.2
  image ids sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
}

";
const CONTRACT: &str = "
contract iia.contract.internal.witness_to_lake 1.0.0 {
  scope internal
  source spiffe://iia.local/zone/witness/workload/ids
  destination spiffe://iia.local/zone/lake/workload/lake_writer
  operation WRITE_BATCH
  cardinality one_to_one
  transport {
    protocol iia_link
    security mtls
    port tls/7443
  }
  failure {
    on_unreachable retry
    backoff_max 5s
  }
}
";

/// The box with a container, and its own program pinned.
fn contained(digest: &Sha256) -> String {
    let pinned = BOX.lines().map(|line| {
        let workload = line.strip_prefix("  workload ");
        match workload.and_then(|rest| rest.split_once(' ')) {
            Some((name, address)) if address.parse::<IpAddr>().is_ok() => {
                format!("{line}\n  image {name} {digest}\n")
            }
            _ => format!("{line}\n"),
        }
    });
    let text: String = pinned.collect();
    let text = text.replacen("endpoint api {", &format!("{ZONE}endpoint api {{"), 1);
    text.replacen("contract ", &format!("{CONTAINER}contract "), 1) + CONTRACT
}

/// Runs a box under a configuration.
fn run(place: &Place, operators: &mut Operators<'_>, (text, more): (&str, &str)) -> Running {
    let words = format!("run seg01 --replay {} --speed 0{more}", capture());
    let mut running = Running::start(place, &words);
    let (code, said) = operators.apply(text, 60);
    assert_eq!(code, 0, "{said}");
    running.until("is in force");
    running
}

/// Whoever builds has signed the program, and is the one whom Podman asks.
fn release(place: &Place) -> Sha256 {
    let (key, _) = BuildKey::create(KeyKind::P256).unwrap();
    let program = fs::read(env!("CARGO_BIN_EXE_iia-box")).unwrap();
    let digest = Sha256::of(&program);
    let (body, message) = statement(&digest, "iia-box");
    let signed = bundle(&body, &key.sign(&message).unwrap());
    fs::write(place.path("seg01/state/release.sigstore.json"), signed).unwrap();
    fs::create_dir(place.path("seg01/run")).unwrap();
    for at in ["keys", "run"] {
        place.write(&format!("seg01/{at}/build.pub"), &key.public_pem());
    }
    digest
}

/// Whether skopeo takes an image that nobody signed, from anywhere.
fn takes(place: &Place, policy: &str) -> bool {
    let _gone = fs::remove_dir_all(place.path("taken"));
    let words = format!("skopeo --policy {policy} copy oci:layout:v1 dir:taken");
    let (code, said) = place.run(&words);
    assert!(code == 0 || said.contains("rejected by policy"), "{said}");
    code == 0
}

#[test]
fn r_atn_04_a_hand_at_the_admission_policy_is_named_on_a_running_box() {
    let test = "r_atn_04_a_hand_at_the_admission_policy_is_named_on_a_running_box";
    if !has("skopeo") {
        return skip(test, "skopeo");
    }
    let Some(place) = Place::new() else { return };
    let mut image = Image::new("amd64", 1_790_000_000);
    image.put("bin/any", b"#!".to_vec(), true).unwrap();
    image.write(&place.path("layout"), "v1").unwrap();
    let mut operators = Operators::make(&place, ("seg01", "iia.local"));
    operators.begin("");
    let text = contained(&release(&place));
    let mut running = run(&place, &mut operators, (&text, ""));
    let policy = "seg01/services/podman/policy.json";
    let text = place.text(policy);
    assert!(!takes(&place, policy));

    // Anything from anywhere.
    place.write(policy, &text.replace("reject", "insecureAcceptAnything"));
    let told = running.until("images from anywhere");
    assert!(told.contains("ot.attestation.policy_drift"), "{told}");
    assert!(told.contains("anything is taken"), "{told}");
    assert!(!running.has_said("policy_drift"), "at peace");
    assert!(takes(&place, policy));
    place.write(policy, &text);
    running.until("as agreed again");
    assert!(!takes(&place, policy));

    // Another key where that of whoever builds was.
    let key = place.text("seg01/run/build.pub");
    let (other, _) = BuildKey::create(KeyKind::P256).unwrap();
    place.write("seg01/run/build.pub", &other.public_pem());
    running.until("a key that the trust root does not have");
    place.write("seg01/run/build.pub", &key);
    running.until("as agreed again");

    fs::remove_file(place.path(policy)).unwrap();
    running.until("there is no policy of containers");
    place.write(policy, &text);
    running.until("as agreed again");
    assert_eq!(running.end("TERM"), Some(0));
}

/// The network that joins the zones of the box, and what its contracts make of it.
fn virtual_network(text: &str) -> (Topology, Network, String) {
    let document = iia_config::parse::parse(text.as_bytes(), 1 << 20).unwrap();
    let (topology, catalog) = (
        Topology::read(document.tree()),
        Catalog::of(document.tree()).unwrap().0,
    );
    let lans = topology.zones.iter().map(|zone| {
        let hosts: Vec<IpAddr> = zone.workloads.iter().map(|(_, addr)| *addr).collect();
        let first = hosts[0].to_string();
        let (net, _) = first.rsplit_once('.').unwrap();
        Lan {
            zone: Some(zone.name.clone()),
            gateway: format!("{net}.1/24"),
            hosts,
        }
    });
    let lans: Vec<Lan> = lans.collect();
    let acls = Acl::write(&Acl::compile(&catalog, &topology).0);
    (topology, Network::open(&lans), acls)
}

#[test]
fn r_atn_04_a_hand_at_the_virtual_network_is_named_on_a_running_box() {
    let test = "r_atn_04_a_hand_at_the_virtual_network_is_named_on_a_running_box";
    if let Some(missing) = missing() {
        return skip(test, missing);
    }
    let Some(place) = Place::new() else { return };
    // A router of a virtual network takes nothing of addresses that are a machine's own.
    let text = BOX.replace("127.90.", "10.90.");
    place.good("ip route add local 10.90.0.0/16 dev lo");
    let (topology, network, acls) = virtual_network(&text);
    network.load(&acls);
    let zone = |name: &str| {
        let mut zones = topology.zones.iter();
        let at = zones.position(|zone| zone.name == name).unwrap();
        (at, topology.zones[at].workloads[0].1)
    };
    let ((api, source), (_, lake)) = (zone("api"), zone("lake"));
    // Nobody at the query server has anything to say to the lake by Telnet.
    let packet = Packet {
        lan: api,
        source,
        destination: SocketAddr::new(lake, 23),
        l4: L4::Tcp,
    };
    assert!(!network.passes(&packet));
    let socket = network.base("nb").replace("unix:", "");
    let mut operators = Operators::make(&place, ("seg01", "iia.local"));
    operators.begin("");
    let more = format!(" --ovn {socket}");
    let mut running = run(&place, &mut operators, (&text, &more));

    let hands = [
        ("api", "from-lport", format!("inport == @{}", group("api"))),
        ("lake", "to-lport", format!("ip4.src == {source}")),
    ];
    let change = |what: &str, more: &[&str]| {
        for (zone, direction, matches) in &hands {
            let matches = format!("{matches} && tcp.dst == 23");
            let words = [&group(zone), *direction, "32000", &matches];
            network.nbctl(&[&[what], &words[..], more].concat());
        }
    };
    change("acl-add", &["allow-related"]);
    let told = running.until("no contract allows it");
    assert!(told.contains("ot.attestation.policy_drift"), "{told}");
    assert!(
        told.contains(&format!("{source} from port {}", port(api, 0))),
        "{told}"
    );
    assert!(told.contains(&format!("to tcp {lake} port 23")), "{told}");
    assert!(!running.has_said("policy_drift"), "at peace");
    network.forget();
    network.trace();
    assert!(network.passes(&packet), "the network's own tracer");

    change("acl-del", &[]);
    running.until("as agreed again");

    // Whatever stood between the two is gone.
    for (zone, direction, _) in &hands {
        network.nbctl(&["acl-del", &group(zone), direction]);
    }
    running.until("no ACL is about it, and no contract allows it");
    drop(network);
    running.until("the virtual network's policy cannot be seen");
    assert_eq!(running.end("TERM"), Some(0));
}
