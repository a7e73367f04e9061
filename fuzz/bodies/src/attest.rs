//! What observers are shown.

use iia_attest::aggregate::{Aggregator, Answers, Board, Job, Sink, Told};
use iia_attest::config::{
    Agreed, Config, Reference as Artifact, Seen as Configured, WAITING_MAX as CONFIG_WAITING_MAX,
    running,
};
use iia_attest::correlator::Correlator;
use iia_attest::policy_drift::admission::{
    AdmissionDrift, Loaded, Reference, Root, Seen as Admission,
};
use iia_attest::policy_drift::broker::{BrokerDrift, Bus, Seen as Broker};
use iia_attest::policy_drift::ovn::{OvnDrift, Seen as Network, Tables};
use iia_attest::policy_drift::{DIFFERENCES_MAX, File, Policy, PolicyDrift, Seen};
use iia_contract::Catalog;
use iia_contract::topology::Topology;
use iia_core::event::{Event, EventKind};
use iia_core::{Digest, Timestamp};

/// Whatever is listed, the observer tells a bounded number of findings, and tells nothing twice.
pub fn policy(data: &[u8]) {
    let outline = String::from_utf8_lossy(data).into_owned();
    let _ = Policy::read(data, &outline);
    let mut observer = PolicyDrift::new(&Catalog::default(), &Topology::default());
    let mut told = [0, 0];
    for count in &mut told {
        let seen = Seen::Listing {
            listing: data.to_vec(),
            outline: outline.clone(),
            interfaces: Vec::new(),
        };
        observer.handle_observation(Timestamp::from_ns(1), seen);
        *count = core::iter::from_fn(|| observer.poll_finding()).count();
    }
    assert!(told[0] <= DIFFERENCES_MAX + 2 && told[1] == 0, "{told:?}");
}

/// Records of findings, each a block of lines `key value`: whatever is read is the same when it is written and read again,
/// and what stands is counted and stays within its limits.
pub fn told(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut board = Board::default();
    let Ok(mut aggregator) = Aggregator::new(Answers::default(), &[Sink::Journal]) else {
        return;
    };
    let mut good = 0;
    for block in text.split("\n\n") {
        let start = Event::new(EventKind::Finding, Timestamp::from_ns(1));
        let event = block.lines().fold(start, |event, line| {
            let (key, value) = line.split_once(' ').unwrap_or((line, ""));
            event.with(key, value)
        });
        let Ok(told) = Told::read(&event) else {
            continue;
        };
        good += 1;
        let again = Told::read(&told.event());
        // A value that is too long was cut, and names another cause.
        assert!(again.is_ok_and(|again| again == told || block.len() > 1024));
        board.recall(&told);
        aggregator.handle_finding(Timestamp::from_ns(2), told.finding);
    }
    assert!(board.len() + board.over().count() <= good);
    assert!(aggregator.board().len() <= good);
    while let Some(Job::Deliver(alert)) = aggregator.poll_job(Timestamp::from_ns(3), Sink::Journal)
    {
        assert!(!alert.to_line().contains(char::is_control));
        aggregator.handle_outcome(Timestamp::from_ns(3), Sink::Journal, Ok(()));
    }
}

/// Tells the observer the same twice: a bounded number of findings, and none of them again.
fn twice<C: Correlator>(observer: &mut C, seen: impl Fn() -> C::Observation) {
    let mut told = [0, 0];
    for count in &mut told {
        observer.handle_observation(Timestamp::from_ns(1), seen());
        *count = core::iter::from_fn(|| observer.poll_finding()).count();
    }
    assert!(told[0] <= DIFFERENCES_MAX + 2 && told[1] == 0, "{told:?}");
}

fn file(path: &str, bytes: &[u8]) -> File {
    File {
        path: path.into(),
        bytes: bytes.to_vec(),
        owner: None,
        written: None,
    }
}

/// Whatever stands in the files of a broker; a byte of zero parts its main file from the one that it names.
pub fn broker(data: &[u8]) {
    let mut parts = data.splitn(2, |byte| *byte == 0);
    let [main, other] = [parts.next(), parts.next()].map(Option::unwrap_or_default);
    let (catalog, topology) = (Catalog::default(), Topology::default());
    for bus in [Bus::Topics, Bus::Subjects] {
        let files = [file("/a", main), file("/b", other)];
        twice(&mut BrokerDrift::new(bus, &catalog, &topology), || {
            Broker::Files(files.to_vec())
        });
    }
    let rules = [
        file("/a", b"listener 1\nallow_anonymous true\nacl_file /b\n"),
        file("/b", data),
    ];
    let mut observer = BrokerDrift::new(Bus::Topics, &catalog, &topology);
    twice(&mut observer, || Broker::Files(rules.to_vec()));
}

/// Whatever stands in a list of workloads, a policy of containers, a key and a bundle.
pub fn admission(data: &[u8]) {
    let loaded = Loaded {
        admitted: Some(file("/l", data)),
        containers: Some(file("/p", data)),
        keys: vec![file("/k", data)],
        named: vec![file("/n", data)],
        roots: vec![Root {
            domain: "other.example".into(),
            bundle: file("/r", data),
        }],
    };
    let mut observer = AdmissionDrift::new(
        &Catalog::default(),
        &Topology::default(),
        Reference::default(),
    );
    twice(&mut observer, || {
        Admission::Loaded(Box::new(loaded.clone()))
    });
}

/// Whatever the tables of a northbound database hold; lines are tables, and what is not there is empty.
pub fn ovn(data: &[u8]) {
    let mut lines = data.split(|byte| *byte == b'\n');
    let mut next = || {
        let line = lines.next().filter(|line| !line.is_empty());
        line.unwrap_or(br#"{"headings":[],"data":[]}"#).to_vec()
    };
    let tables = Tables {
        acls: next(),
        groups: next(),
        switches: next(),
        ports: next(),
        sets: next(),
        global: next(),
    };
    let mut observer = OvnDrift::new(&Catalog::default(), &Topology::default());
    twice(&mut observer, || Network::Tables(tables.clone()));
}

/// An artifact, a line `===`, and what runs: whatever the texts hold, the number of findings is bounded, and the same look again
/// tells nothing.
pub fn config(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (artifact, runs) = text.split_once("\n===\n").unwrap_or((&text, ""));
    // Nobody signed it.
    assert!(Artifact::open(artifact.as_bytes(), &[], 1).is_err());
    let read = Artifact::read(artifact, Digest::ZERO);
    let mut all = running::firewall(runs);
    for call in ["trust_roots", "idps", "bindings", "catalog", "endpoints"] {
        all.extend(running::lines(call, runs));
    }
    all.push(running::file("etc/file", runs.as_bytes(), 0o644, 0));
    all.push(running::process("unit", runs.as_bytes(), 0));
    let mut observer = Config::new(Agreed::of("box"));
    observer.handle_observation(Timestamp::from_secs(1), Configured::Applied(read));
    let mut told = [0, 0];
    for (count, at) in told.iter_mut().zip([60, 61]) {
        let now = Timestamp::from_secs(at);
        observer.handle_observation(now, Configured::Look);
        for one in &all {
            observer.handle_observation(now, Configured::Running(one.clone()));
        }
        observer.handle_observation(now, Configured::Looked(Vec::new()));
        *count = core::iter::from_fn(|| observer.poll_finding()).count();
    }
    assert!(
        told[0] <= CONFIG_WAITING_MAX + 1 && told[1] == 0,
        "{told:?}"
    );
}
