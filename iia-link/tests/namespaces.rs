//! Two zones, each a network namespace of its own, with one cable between them: whoever cannot prove who it is gets nothing
//! across it, whatever it lacks.
#![expect(clippy::unwrap_used, reason = "tests")]

mod made;

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::os::fd::AsFd as _;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use iia_core::SpiffeId;
use iia_core::code::Coded as _;
use iia_core::time::Reading;
use iia_identity::bundle::BundleSet;
use iia_identity::issue::{Issuer, request};
use iia_identity::svid::{Store, Svid};
use iia_link::LinkError;
use iia_link::rt::{Endpoint, Incoming, Message, Target};
use made::{COLLECT, Catalog, LAKE, now};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

const TEST: &str = "between_namespaces_nobody_passes_who_cannot_prove_who_it_is";
const LAKE_AT: &str = "10.99.7.1:7443";
const PATIENCE: Duration = Duration::from_secs(20);
const TWO_HOURS_NS: i64 = 2 * 3600 * 1_000_000_000;

/// A network with nothing in it but one end of a cable.
struct Zone(Child);

impl Zone {
    fn new() -> Option<Self> {
        let words = "ip link set lo up && echo ready && exec sleep 600";
        let mut child = Command::new("unshare")
            .args(["--net", "sh", "-c", words])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        said.read_line(&mut line).unwrap();
        let zone = Self(child);
        (line == "ready\n").then_some(zone)
    }

    fn path(&self) -> String {
        format!("/proc/{}/ns/net", self.0.id())
    }

    /// A program of the machine, inside.
    fn inside(&self, words: &str) -> (bool, String) {
        let done = Command::new("nsenter")
            .arg(format!("--net={}", self.path()))
            .args(words.split(' '))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = [done.stdout, done.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        (done.status.success(), said)
    }

    /// Does something on a thread that is inside, as long as it takes.
    fn run<T: Send + 'static>(&self, does: impl AsyncFnOnce() -> T + Send + 'static) -> T {
        let network = File::open(self.path()).unwrap();
        let inside = thread::spawn(move || within(&network, does));
        inside.join().unwrap()
    }
}

/// Moves this thread into a network for good, and does something there.
fn within<T>(network: &File, does: impl AsyncFnOnce() -> T) -> T {
    let here = || fs::read_link("/proc/thread-self/ns/net").unwrap();
    let outside = here();
    move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
    assert_ne!(here(), outside);
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap().block_on(does())
}

impl Drop for Zone {
    fn drop(&mut self) {
        let _over = self.0.kill();
        let _over = self.0.wait();
    }
}

/// A workload that shows an SVID of this issuer, given at this time, and believes these roots.
fn endpoint(id: &str, (issuer, given): (&Issuer, Reading), roots: &[&Issuer]) -> Endpoint {
    let id: SpiffeId = id.parse().unwrap();
    let (csr, key) = request(&id).unwrap();
    let issued = issuer.issue(&csr, &id, &Catalog::default(), given);
    let store = Store::new(Svid::new(issued.unwrap().chain, key).unwrap());
    let mut bundles = BundleSet::default();
    for root in roots {
        let (domain, root) = (root.domain().clone(), root.root().to_vec());
        bundles.add_root(domain, root).unwrap();
    }
    let gate = Arc::new(Catalog::default());
    Endpoint::new(id, Arc::new(store), Arc::new(bundles), gate)
}

/// Answers what it is asked, and tells who came, or by which code nobody did.
async fn serve(lake: Endpoint, told: Sender<String>) {
    let mut listener = lake.listen(LAKE_AT.parse().unwrap()).await.unwrap();
    told.send("listens".into()).unwrap();
    loop {
        match listener.accept().await.unwrap() {
            Incoming::Refused(refused) => {
                if told.send(refused.error.code().to_string()).is_err() {
                    return;
                }
            }
            Incoming::Session(mut session) => {
                told.send(session.peer().to_string()).unwrap();
                let asked = session.recv().await.unwrap().unwrap();
                let answer = Message::answer(&asked, asked.payload.clone());
                session.send(answer).await.unwrap();
            }
        }
    }
}

/// Dials `peer` from inside a zone, and asks.
fn dial(from: &Zone, who: &Endpoint, peer: &str) -> Result<Vec<u8>, LinkError> {
    let (who, peer) = (who.clone(), peer.parse().unwrap());
    from.run(async move || {
        let target = Target {
            peer,
            contract: "c".into(),
            operation: "WRITE".into(),
        };
        let mut session = who.connect(LAKE_AT.parse().unwrap(), target).await?;
        session.call(b"rows").await
    })
}

fn cable((inner, near): (&Zone, &str), (outer, far): (&Zone, &str)) {
    let at = |zone: &Zone| zone.0.id().to_string();
    let words = format!(
        "ip link add near netns {} type veth peer name far netns {}",
        at(inner),
        at(outer)
    );
    let (program, arguments) = words.split_once(' ').unwrap();
    let made = Command::new(program).args(arguments.split(' ')).status();
    assert!(made.unwrap().success(), "{words}");
    for (zone, end, address) in [(inner, "near", near), (outer, "far", far)] {
        for words in [
            format!("ip addr add {address}/30 dev {end}"),
            format!("ip link set {end} up"),
        ] {
            let (done, said) = zone.inside(&words);
            assert!(done, "{words}: {said}");
        }
    }
}

/// R-CND-04, R-CAT-07, R-PAR-08.
#[test]
fn between_namespaces_nobody_passes_who_cannot_prove_who_it_is() {
    let (Some(inner), Some(outer)) = (Zone::new(), Zone::new()) else {
        let line = format!("SKIPPED: {TEST}: no network namespaces without root");
        assert!(std::env::var_os("IIA_REQUIRE_ALL").is_none(), "{line}");
        return eprintln!("{line}");
    };
    cable((&inner, "10.99.7.1"), (&outer, "10.99.7.2"));
    let issuer = |domain: &str, at| Issuer::create(domain.parse().unwrap(), 3600, 1, at).unwrap();
    let earlier = Reading {
        wall: now().wall + -TWO_HOURS_NS,
        ..now()
    };
    let (ours, old) = (issuer("iia.local", now()), issuer("iia.local", earlier));
    let (namesake, abroad) = (issuer("iia.local", now()), issuer("abroad.example", now()));

    let lake = endpoint(LAKE, (&ours, now()), &[&ours, &old]);
    let (told, heard) = channel();
    let network = File::open(inner.path()).unwrap();
    let _serving = thread::spawn(move || within(&network, async || serve(lake, told).await));
    let next = || heard.recv_timeout(PATIENCE).unwrap();
    assert_eq!(next(), "listens");

    let good = endpoint(COLLECT, (&ours, now()), &[&ours]);
    let passes = || {
        assert_eq!(dial(&outer, &good, LAKE), Ok(b"rows".to_vec()));
        assert_eq!(next(), COLLECT);
    };
    passes();
    let abroad_id = "spiffe://abroad.example/zone/collect/workload/c";
    for (what, who, code) in [
        (
            "no bundle",
            endpoint(abroad_id, (&abroad, now()), &[&ours]),
            "IIA-IDN-0104",
        ),
        (
            "a namesake",
            endpoint(COLLECT, (&namesake, now()), &[&ours]),
            "IIA-IDN-0103",
        ),
        (
            "expired",
            endpoint(COLLECT, (&old, earlier), &[&ours]),
            "IIA-IDN-0301",
        ),
    ] {
        assert!(dial(&outer, &who, LAKE).is_err(), "{what}");
        assert_eq!(next(), code, "{what}");
    }
    // Whoever answers is not the one that was dialled: the path of the SPIFFE ID is another.
    let other = dial(&outer, &good, "spiffe://iia.local/zone/lake/workload/other");
    assert_eq!(other.unwrap_err().code().to_string(), "IIA-IDN-0105");
    let _it_went_away = next();
    // Somebody else's program, with no certificate at all, and one that speaks in clear.
    let (_, said) = outer.inside(&format!(
        "openssl s_client -connect {LAKE_AT} -alpn iia/1 -tls1_3"
    ));
    assert!(
        said.contains("BEGIN CERTIFICATE"),
        "it reached the lake: {said}"
    );
    assert_eq!(next(), "IIA-IDN-0110");
    passes();
}
