//! The observer of configuration beside the real applier and the real kernel: what is applied is confirmed on a cadence, and
//! what a hand changes afterwards is named.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test may fail"
)]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use common::{BOX, FIRST, SECOND, TestBox, artifact, now};
use iia_attest::config::{Agreed, Config, Kind, Reference, Running, Seen, running};
use iia_attest::correlator::Correlator as _;
use iia_core::digest::{Context, Digest};
use iia_core::event::{Event, EventKind};
use iia_core::finding::{Conclusion, Finding};
use iia_core::time::SECOND_NS;

const UNIT: &str = "\nunit collector {\n  workload spiffe://iia.local/zone/collect/workload/w\n  program \"/bin/true\"\n  argument 0 \"a b\"\n  user 2001\n}\n";
const STATES: [&str; 5] = ["trust_roots", "idps", "bindings", "catalog", "endpoints"];

/// The newest record of each gated call.
fn calls(test: &TestBox) -> BTreeMap<String, Event> {
    let mut calls = BTreeMap::new();
    iia_audit::verify::records(&test.path("evidence/audit"), |record| {
        let event = record.body.event;
        if event.kind == EventKind::GatedCall {
            calls.insert(event.field("call").unwrap().to_owned(), event);
        }
    })
    .unwrap();
    calls
}

/// Path, bytes, mode and owner of each file below a directory.
fn tree(root: &Path, below: &Path, files: &mut Vec<(String, Vec<u8>, u32, u32)>) {
    for entry in fs::read_dir(root.join(below)).unwrap().map(Result::unwrap) {
        let path = below.join(entry.file_name());
        let about = entry.metadata().unwrap();
        if about.is_dir() {
            tree(root, &path, files);
        } else {
            let bytes = fs::read(entry.path()).unwrap();
            let path = path.to_str().unwrap().to_owned();
            files.push((path, bytes, about.mode(), about.uid()));
        }
    }
}

/// Everything that runs, read from disk, kernel and chain.
fn running(test: &TestBox) -> Vec<Running> {
    let mut all = Vec::new();
    let mut now = BTreeMap::new();
    for name in STATES {
        let bytes = fs::read(test.path("state").join(name)).unwrap_or_default();
        all.extend(running::lines(
            name,
            &String::from_utf8(bytes.clone()).unwrap(),
        ));
        now.insert(name, Digest::of(Context::State, &bytes));
    }
    let mut files = Vec::new();
    tree(&test.path("services"), Path::new(""), &mut files);
    let each = files
        .iter()
        .map(|(path, bytes, ..)| (path.as_str(), bytes.as_slice()));
    now.insert("services", running::tree(each));
    all.extend(
        files
            .iter()
            .map(|(path, bytes, mode, owner)| running::file(path, bytes, *mode, *owner)),
    );
    let listing = test.lab.run(&["nft", "-s", "list", "ruleset"], b"");
    all.extend(running::firewall(&String::from_utf8(listing).unwrap()));
    let calls = calls(test);
    all.extend(
        calls
            .iter()
            .filter_map(|(name, event)| running::call(event, now.get(name.as_str()).copied())),
    );
    all
}

struct Watch {
    observer: Config,
    at: iia_core::Timestamp,
}

impl Watch {
    fn see(&mut self, seen: Seen) {
        self.observer.handle_observation(self.at, seen);
    }

    /// A look, some time after the last one.
    fn look(&mut self, test: &TestBox, later_secs: i64) -> Vec<Finding> {
        self.at = self.at + later_secs * SECOND_NS;
        self.see(Seen::Look);
        for running in running(test) {
            self.see(Seen::Running(running));
        }
        // Nothing starts units where this is tested.
        self.see(Seen::Looked(vec![Kind::Process]));
        self.observer.handle_timeout(self.at);
        std::iter::from_fn(|| self.observer.poll_finding()).collect()
    }
}

#[test]
fn r_cfg_24_what_is_applied_is_confirmed_and_what_a_hand_changes_is_named() {
    let test = "r_cfg_24_what_is_applied_is_confirmed_and_what_a_hand_changes_is_named";
    let Some(mut test) = TestBox::open(test) else {
        return;
    };
    let mut watch = Watch {
        observer: Config::new(Agreed::of(BOX)),
        at: now().wall,
    };
    let text = artifact(1, None, &FIRST, UNIT);
    let first = test.apply(&text);
    watch.see(Seen::Applied(Ok(Reference::read(&text, first).unwrap())));
    let said = watch.look(&test, 20);
    let reasons: Vec<&str> = said.iter().map(|one| one.reason.as_str()).collect();
    assert!(
        said.iter()
            .all(|one| one.clause == "observer" || one.conclusion == Conclusion::Converge),
        "{reasons:#?}"
    );
    assert!(watch.observer.is_right(), "{reasons:#?}");
    // Traffic counts and time goes on: nothing but the word on a cadence.
    for _ in 0..3 {
        let said = watch.look(&test, 300);
        assert!(
            said.iter()
                .all(|one| one.conclusion == Conclusion::Converge),
            "{said:#?}"
        );
    }

    let rule = [
        "nft", "add", "rule", "inet", "iia", "forward", "tcp", "dport", "22", "accept",
    ];
    test.lab.run(&rule, b"");
    let unit = test.path("services/systemd/iia-collector.service");
    let rendered = fs::read_to_string(&unit).unwrap();
    fs::write(&unit, rendered.replace("User=2001", "User=0")).unwrap();
    let said = watch.look(&test, 60);
    let reasons: Vec<&str> = said.iter().map(|one| one.reason.as_str()).collect();
    assert!(
        said.iter().all(|one| one.clause == "out_of_band"),
        "{said:#?}"
    );
    let [file, firewall] = &reasons[..] else {
        panic!("{reasons:#?}")
    };
    assert!(
        file.contains("file systemd/iia-collector.service: user 2001 intended, user 0 running"),
        "{file}"
    );
    assert!(
        firewall
            .contains("inet iia chain forward: tcp dport 22 accept is there and is not intended"),
        "{firewall}"
    );
    assert_eq!(watch.look(&test, 60), []);

    fs::write(&unit, rendered).unwrap();
    fs::set_permissions(&unit, fs::Permissions::from_mode(0o666)).unwrap();
    let said = watch.look(&test, 60);
    assert!(
        said.iter()
            .any(|one| one.reason.contains("mode 0666 running")),
        "{said:#?}"
    );

    // The next artifact comes; whoever expects it before the applier has made it hears that nothing of it is in force.
    let text = artifact(2, Some(first), &SECOND, UNIT);
    let second = test.stage(&text);
    watch.see(Seen::Applied(Ok(Reference::read(&text, second).unwrap())));
    let said = watch.look(&test, 20);
    assert!(
        said.iter().any(|one| one.clause == "partial_apply"),
        "{said:#?}"
    );
    let approval = test.approve(second);
    let line = [
        "--approval",
        approval.to_str().unwrap(),
        "--confirm-within",
        "20",
    ];
    let output = test.applied_and_observed(second, &line);
    assert!(output.status.success(), "{}", common::said(&output));
    let said = watch.look(&test, 20);
    assert!(
        said.iter().any(|one| one.conclusion == Conclusion::Converge
            && one.reason.contains("is in force again")),
        "{said:#?}"
    );
}
