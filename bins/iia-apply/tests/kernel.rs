//! The applier against a real kernel: what it loads holds, what it cuts is cut, what it cannot finish it takes back.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::panic,
    reason = "a test may fail"
)]

mod common;

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use common::{BOX, FIRST, IDENTITY, SECOND, TestBox, addr, answer, artifact, said};
use iia_audit::log::Log;
use iia_core::event::{Event, EventKind};

const SERVER: &str = "import socket, sys\n\
    s = socket.create_server((sys.argv[1], 7443))\n\
    print('ready', flush=True)\n\
    while True:\n\
    \x20 c, _ = s.accept()\n\
    \x20 while True:\n\
    \x20  d = c.recv(100)\n\
    \x20  if not d: break\n\
    \x20  print(len(d), flush=True)\n";
const CLIENT: &str = "import socket, sys, time\n\
    s = socket.create_connection((sys.argv[1], 7443), 5)\n\
    while True:\n\
    \x20 s.send(b'x')\n\
    \x20 time.sleep(0.02)\n";

/// A talk between two zones over one TCP connection; what the server hears comes as lines.
struct Talk {
    children: Vec<Child>,
    heard: Receiver<String>,
}

impl Talk {
    fn start(test: &TestBox, from: &str, to: &str) -> Self {
        let python = |zone: &str, code: &str| {
            Command::new("ip")
                .args([
                    "netns",
                    "exec",
                    &test.lab.zone(&format!("iz-{zone}")),
                    "python3",
                    "-c",
                    code,
                    &addr(to),
                ])
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .unwrap()
        };
        let mut server = python(to, SERVER);
        let lines = BufReader::new(server.stdout.take().unwrap()).lines();
        let (send, heard) = channel();
        std::thread::spawn(move || {
            lines
                .map_while(Result::ok)
                .try_for_each(|line| send.send(line))
        });
        let mut talk = Self {
            children: vec![server],
            heard,
        };
        assert_eq!(talk.next(), Some("ready".into()));
        talk.children.push(python(from, CLIENT));
        talk
    }

    fn next(&self) -> Option<String> {
        self.heard.recv_timeout(Duration::from_secs(10)).ok()
    }

    /// Whether something is said within two seconds, once what is under way has been heard.
    fn goes_on(&self) -> bool {
        while self.heard.try_recv().is_ok() {}
        self.heard.recv_timeout(Duration::from_secs(2)).is_ok()
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The events in the box's audit chain, which must verify.
fn events(test: &TestBox) -> Vec<Event> {
    let report = iia_audit::verify::verify(&test.path("evidence"), None);
    assert!(report.bad.is_none(), "{:?}", report.bad);
    let mut events = Vec::new();
    iia_audit::verify::records(&test.path("evidence/audit"), |record| {
        assert_eq!(record.body.source, IDENTITY);
        events.push(record.body.event);
    })
    .unwrap();
    events
}

fn calls(events: &[Event]) -> Vec<&str> {
    let calls = events
        .iter()
        .filter(|event| event.kind == EventKind::GatedCall);
    calls.map(|event| event.field("call").unwrap()).collect()
}

#[test]
fn a_live_connection_that_lost_its_contract_is_cut_and_no_other() {
    let Some(mut test) =
        TestBox::open("a_live_connection_that_lost_its_contract_is_cut_and_no_other")
    else {
        return;
    };
    let first = test.apply(&artifact(1, None, &FIRST, ""));
    let lost = Talk::start(&test, "collect", "lake");
    let kept = Talk::start(&test, "collect", "audit");
    assert!(
        lost.next().is_some() && kept.next().is_some(),
        "both talk by contract"
    );
    let counted = packets(&test, "collect_to_audit");
    assert!(counted > 0, "the first packet of the talk");
    test.apply(&artifact(2, Some(first), &SECOND, ""));
    std::thread::sleep(Duration::from_millis(200));
    assert!(
        packets(&test, "collect_to_audit") >= counted,
        "what stays contracted is not touched: it counts on"
    );
    assert!(
        !lost.goes_on(),
        "the contract is gone, and so is the connection"
    );
    assert!(kept.goes_on(), "nobody else notices");
    let live = test.lab.run(&["conntrack", "-L", "-p", "tcp"], b"");
    let live = String::from_utf8(live).unwrap();
    assert!(!live.contains(&format!("dst={} ", addr("lake"))), "{live}");
    assert!(live.contains(&format!("dst={} ", addr("audit"))), "{live}");
}

/// Packets that opened a connection under a contract, by the kernel's own count.
fn packets(test: &TestBox, contract: &str) -> u64 {
    let loaded = iia_contract::compile::nft::read(&test.lab.listing()).unwrap();
    let mut accepted = loaded.accepted();
    let found = accepted.find(|(_, _, element)| element.comment.ends_with(contract));
    found.unwrap().2.packets
}

#[test]
fn every_call_is_in_the_chain_with_before_and_after_that_join() {
    let test = "every_call_is_in_the_chain_with_before_and_after_that_join";
    let Some(mut test) = TestBox::open(test) else {
        return;
    };
    let first = test.apply(&artifact(1, None, &FIRST, ""));
    let second = test.apply(&artifact(2, Some(first), &SECOND, ""));
    let events = events(&test);
    let names = [
        "trust_roots",
        "idps",
        "bindings",
        "catalog",
        "endpoints",
        "services",
        "firewall",
    ];
    assert_eq!(calls(&events), [names, names].concat());
    let gated: Vec<&Event> = events
        .iter()
        .filter(|event| event.kind == EventKind::GatedCall)
        .collect();
    for (one, two) in gated[..7].iter().zip(&gated[7..]) {
        assert_eq!(one.field("after"), two.field("before"), "{one:?}");
        assert_eq!(one.field("artifact"), Some(first.to_string().as_str()));
        assert_eq!(two.field("artifact"), Some(second.to_string().as_str()));
        for event in [one, two] {
            assert_eq!(event.field("validation"), Some("passed"));
            assert_eq!(event.field("operators"), Some("ann approved by bob"));
        }
    }
    assert_ne!(gated[6].field("before"), gated[6].field("after"));
    let confirmed = events
        .iter()
        .filter(|event| event.kind == EventKind::ArtifactConfirmed);
    assert_eq!(confirmed.count(), 2);
}

#[test]
fn what_nobody_confirms_is_taken_back() {
    let Some(mut test) = TestBox::open("what_nobody_confirms_is_taken_back") else {
        return;
    };
    let first = test.apply(&artifact(1, None, &FIRST, ""));
    let (firewall, files) = (test.firewall(), test.files());
    let second = test.stage(&artifact(2, Some(first), &SECOND, ""));
    let approval = test.approve(second);
    // The observer still says what it saw before, and what it would say of this: neither is about this trial.
    test.observe(first);
    let early = answer(second, BOX, "eye");
    let child = test.applier(&[
        "--approval",
        approval.to_str().unwrap(),
        "--confirm-within",
        "4",
    ]);
    let deadline = Instant::now() + Duration::from_secs(10);
    while test.firewall() == firewall {
        assert!(Instant::now() < deadline, "it is in force for a while");
        std::thread::sleep(Duration::from_millis(20));
    }
    test.await_trial();
    // Whoever can write the file does not end the trial by that.
    let foreign = [
        early,
        answer(second, BOX, "bob"),
        answer(second, BOX, "mallory"),
        answer(second, "seg02", "eye"),
        b"artifact\n".to_vec(),
    ];
    for answer in &foreign {
        test.put_answer(answer);
        std::thread::sleep(Duration::from_millis(250));
    }
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert_eq!((test.firewall(), test.files()), (firewall, files));
    assert_eq!(test.applied(), Some(first));
    let events = events(&test);
    assert_eq!(
        calls(&events).len(),
        21,
        "also the calls that take it back are in the chain"
    );
    let back = events
        .iter()
        .find(|event| event.field("purpose") == Some("go_back"))
        .unwrap();
    assert_eq!(back.field("why"), Some("not confirmed in time"));
    let refused = events
        .iter()
        .filter(|event| event.field("step") == Some("confirm"));
    let codes: Vec<&str> = refused.filter_map(|event| event.field("code")).collect();
    let want = ["0220", "0340", "0106", "0105", "0221", "0001"];
    assert_eq!(codes, want.map(|number| format!("IIA-CFG-{number}")));
}

#[test]
fn a_call_that_fails_in_the_middle_leaves_what_was_before() {
    const UNIT: &str = "\nunit collector {\n  workload spiffe://iia.local/zone/collect/workload/w\n  program \"/bin/true\"\n  user 2001\n}\n";
    let Some(mut test) = TestBox::open("a_call_that_fails_in_the_middle_leaves_what_was_before")
    else {
        return;
    };
    let first = test.apply(&artifact(1, None, &FIRST, ""));
    let (firewall, files) = (test.firewall(), test.files());
    let second = test.stage(&artifact(2, Some(first), &SECOND, UNIT));
    let approval = test.approve(second);
    let services = test.path("services");
    fs::set_permissions(&services, fs::Permissions::from_mode(0o555)).unwrap();
    let line = [
        "--approval",
        approval.to_str().unwrap(),
        "--confirm-within",
        "20",
    ];
    let output = test.applier(&line).wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(
        said(&output).contains("call services failed"),
        "{}",
        said(&output)
    );
    assert_eq!((test.firewall(), test.files()), (firewall, files));
    assert_eq!(test.applied(), Some(first));
    // Five calls were made and taken back; the approval is not used up, so it holds once the fault is mended.
    assert_eq!(calls(&events(&test)).len(), 7 + 5 + 7);
    fs::set_permissions(&services, fs::Permissions::from_mode(0o755)).unwrap();
    let output = test.applied_and_observed(second, &line);
    assert!(output.status.success(), "{}", said(&output));
    assert!(services.join("systemd/iia-collector.service").exists());
}

/// Another manager of firewalls that has taken the box's table for itself, until it is dropped.
struct Owner(Child);

impl Owner {
    fn of_the_table(test: &TestBox) -> Self {
        let mut child = Command::new("ip")
            .args(["netns", "exec", test.lab.router(), "nft", "-i"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let stdin = child.stdin.as_mut().unwrap();
        stdin
            .write_all(b"add table inet iia { flags owner; }\n")
            .unwrap();
        let owner = Self(child);
        let deadline = Instant::now() + Duration::from_secs(10);
        while !String::from_utf8(test.lab.listing())
            .unwrap()
            .contains("\"iia\"")
        {
            assert!(Instant::now() < deadline);
            std::thread::sleep(Duration::from_millis(20));
        }
        owner
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn what_the_kernel_would_refuse_changes_nothing_and_heals_when_it_can() {
    let test = "what_the_kernel_would_refuse_changes_nothing_and_heals_when_it_can";
    let Some(mut test) = TestBox::open(test) else {
        return;
    };
    let first = test.apply(&artifact(1, None, &FIRST, ""));
    let (firewall, files) = (test.firewall(), test.files());
    test.lab
        .run(&["nft", "delete", "table", "inet", "iia"], b"");
    let owner = Owner::of_the_table(&test);
    let second = test.stage(&artifact(2, Some(first), &SECOND, ""));
    let approval = test.approve(second);
    let output = test
        .applier(&["--approval", approval.to_str().unwrap()])
        .wait_with_output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(
        said(&output).contains("call firewall failed"),
        "{}",
        said(&output)
    );
    assert_eq!(test.files(), files, "not even a file was touched");
    assert_eq!(test.applied(), Some(first));
    drop(owner);
    let output = test.applier(&["--restore"]).wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert_eq!((test.firewall(), test.files()), (firewall, files));
}

#[test]
fn a_start_of_the_machine_brings_back_what_is_applied() {
    let Some(mut test) = TestBox::open("a_start_of_the_machine_brings_back_what_is_applied") else {
        return;
    };
    test.apply(&artifact(1, None, &FIRST, ""));
    let firewall = test.firewall();
    // A start of the machine, a rule by hand, and one that the compiler has no words for.
    let changes = [
        "flush ruleset",
        "insert rule inet iia forward tcp dport 22 accept",
        "insert rule inet iia forward meta nftrace set 1",
    ];
    for change in changes {
        test.lab.run(&["nft", change], b"");
        let output = test.applier(&["--restore"]).wait_with_output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        assert_eq!(test.firewall(), firewall, "{change}");
        let listing = String::from_utf8(test.lab.listing()).unwrap();
        assert!(!listing.contains("nftrace"), "{listing}");
    }
}

#[test]
fn a_process_that_is_killed_on_trial_does_not_make_the_trial_longer() {
    let Some(mut test) =
        TestBox::open("a_process_that_is_killed_on_trial_does_not_make_the_trial_longer")
    else {
        return;
    };
    let first = test.apply(&artifact(1, None, &FIRST, ""));
    let firewall = test.firewall();
    let second = test.stage(&artifact(2, Some(first), &SECOND, ""));
    let approval = test.approve(second);
    let mut child = test.applier(&[
        "--approval",
        approval.to_str().unwrap(),
        "--confirm-within",
        "2",
    ]);
    let deadline = Instant::now() + Duration::from_secs(10);
    while test.firewall() == firewall {
        assert!(Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let output = test
        .applier(&["--restore", "--confirm-within", "2"])
        .wait_with_output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert_eq!(test.firewall(), firewall);
    assert_eq!(test.applied(), Some(first));
}

#[test]
fn events_wait_while_another_process_has_the_log() {
    let Some(mut test) = TestBox::open("events_wait_while_another_process_has_the_log") else {
        return;
    };
    let (log, _) = Log::open(&test.path("evidence/audit")).unwrap();
    let staged = test.stage(&artifact(1, None, &FIRST, ""));
    let approval = test.approve(staged);
    let output = test.applied_and_observed(staged, &["--approval", approval.to_str().unwrap()]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(
        said(&output).contains("events wait for the audit log"),
        "{}",
        said(&output)
    );
    assert_eq!(log.size(), 0);
    drop(log);
    let output = test.applier(&["--restore"]).wait_with_output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(
        calls(&events(&test)).len(),
        15,
        "none is lost, none is told twice"
    );
}

#[test]
fn leave_for_something_else_is_refused_and_the_refusal_is_in_the_chain() {
    let test = "leave_for_something_else_is_refused_and_the_refusal_is_in_the_chain";
    let Some(mut test) = TestBox::open(test) else {
        return;
    };
    test.stage(&artifact(1, None, &FIRST, ""));
    let other = test.approve(iia_core::digest::Digest::ZERO);
    let output = test
        .applier(&["--approval", other.to_str().unwrap()])
        .wait_with_output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    let firewall = test.firewall();
    assert!(!firewall.contains("chain"), "{firewall}");
    let events = events(&test);
    assert!(
        events
            .iter()
            .any(|event| event.field("step") == Some("authorise")),
        "{events:?}"
    );
}

#[test]
fn a_first_configuration_that_nobody_confirms_leaves_an_empty_box() {
    let test = "a_first_configuration_that_nobody_confirms_leaves_an_empty_box";
    let Some(mut test) = TestBox::open(test) else {
        return;
    };
    let (firewall, files) = (test.firewall(), test.files());
    let first = test.stage(&artifact(1, None, &FIRST, ""));
    let approval = test.approve(first);
    let line = [
        "--approval",
        approval.to_str().unwrap(),
        "--confirm-within",
        "1",
    ];
    let output = test.applier(&line).wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert_eq!((test.firewall(), test.files()), (firewall, files));
    assert_eq!(test.applied(), None);
}
