//! What is not as intended is named, with how it should be, how it is, and the likely cause.

use iia_attest::config::{Element, Kind, Running, Seen, running};
use iia_core::finding::{Conclusion, Severity};

use crate::machine::{Watched, example, next};

fn watched() -> (Watched, String) {
    let text = example();
    (Watched::new(&text, "seg01"), text)
}

/// The path of a file that starts something.
fn unit_of(watched: &Watched) -> String {
    let mut paths = watched.machine.files.keys();
    paths
        .find(|path| path.starts_with("systemd/"))
        .unwrap()
        .clone()
}

type Change = (&'static str, fn(&mut Watched), &'static str, &'static str);

const BY_HAND: [Change; 8] = [
    (
        "a file",
        |watched| {
            let path = unit_of(watched);
            watched
                .machine
                .files
                .get_mut(&path)
                .unwrap()
                .push_str("Nice=-20\n");
        },
        "file systemd/",
        "content",
    ),
    (
        "what a unit starts",
        |watched| {
            let path = unit_of(watched);
            let text = watched.machine.files.get_mut(&path).unwrap();
            *text = text.replace("User=", "User=root#");
        },
        "file systemd/",
        "user root#",
    ),
    (
        "a file is gone",
        |watched| {
            let path = unit_of(watched);
            watched.machine.files.remove(&path);
        },
        "file systemd/",
        "is intended and is not there",
    ),
    (
        "a file more",
        |watched| {
            drop(
                watched
                    .machine
                    .files
                    .insert("systemd/more.service".into(), "[Service]\n".into()),
            )
        },
        "file systemd/more.service",
        "is there and is not intended",
    ),
    (
        "a rule",
        |watched| {
            let ruleset = &mut watched.machine.firewall;
            let (before, behind) = ruleset.split_once("policy drop;\n").unwrap();
            *ruleset = format!("{before}policy drop;\ntcp dport 22 accept\n{behind}");
        },
        "tcp dport 22 accept",
        "is there and is not intended",
    ),
    (
        "everything is flushed",
        |watched| watched.machine.firewall.clear(),
        "firewall ",
        "firewall inet iia is intended and is not there",
    ),
    (
        "an identity",
        |watched| {
            let bindings = watched.machine.states.get_mut("bindings").unwrap();
            bindings.push_str("spiffe://iia.local/zone/x/workload/y ot.acs.lake 10.9.9.9\n");
        },
        "identity spiffe://iia.local/zone/x/workload/y",
        "is there and is not intended",
    ),
    (
        "a contract's version",
        |watched| {
            let catalog = watched.machine.states.get_mut("catalog").unwrap();
            *catalog = catalog.replacen(" 1.", " 9.", 1);
        },
        "contract iia.contract.",
        "version 9.",
    ),
];

#[test]
fn r_cfg_24_what_was_changed_by_hand_is_named_and_told_once() {
    for (what, change, element, delta) in BY_HAND {
        let (mut watched, _) = watched();
        change(&mut watched);
        watched.look();
        let findings = watched.findings();
        assert!(!findings.is_empty(), "{what}");
        for one in &findings {
            assert_eq!(one.clause, "out_of_band", "{what}: {one:#?}");
            assert_eq!(
                (one.conclusion, one.severity),
                (Conclusion::Diverge, Severity::Critical)
            );
            assert!(one.reason.contains(element), "{what}: {one:#?}");
            assert!(one.evidence.len() == 2, "{what}: {one:#?}");
        }
        assert!(
            findings.iter().any(|one| one.reason.contains(delta)),
            "{what}: {findings:#?}"
        );
        // The example has two tables, and what was in them is not told beside them.
        let count = if what == "everything is flushed" {
            2
        } else {
            1
        };
        assert_eq!(findings.len(), count, "{what}: {findings:#?}");
        // It stays, and is told once; all is well is not said.
        for _ in 0..5 {
            watched.wait(300);
            watched.look();
        }
        assert_eq!(watched.findings(), [], "{what}");
    }
}

#[test]
fn what_is_put_right_is_told_and_confirmed() {
    let (mut watched, _) = watched();
    let before = watched.machine.clone();
    for (what, change, ..) in BY_HAND {
        change(&mut watched);
        watched.look();
        assert!(!watched.wrong().is_empty(), "{what}");
        watched.machine = before.clone();
        watched.look();
        let findings = watched.findings();
        assert_eq!(findings.len(), 1, "{what}: {findings:#?}");
        assert_eq!(findings[0].conclusion, Conclusion::Converge);
        assert!(
            findings[0].reason.contains("is in force again"),
            "{what}: {findings:#?}"
        );
    }
}

#[test]
fn events_of_single_elements_are_told_at_once() {
    let (mut watched, _) = watched();
    let rule = Element::new(Kind::Rule, "inet iia chain forward: tcp dport 22 accept");
    let state = running::firewall("")
        .first()
        .and_then(|one| one.state.clone())
        .unwrap_or_default();
    watched.see(Seen::Running(Running::new(rule, state)));
    let path = unit_of(&watched);
    let element = Element::new(Kind::File, path.as_str());
    let state = None;
    watched.see(Seen::Running(Running { element, state }));
    let wrong = watched.wrong();
    assert_eq!(wrong.len(), 2, "{wrong:#?}");
    assert!(
        wrong[0]
            .1
            .contains("tcp dport 22 accept is there and is not intended"),
        "{wrong:#?}"
    );
    assert!(
        wrong[1]
            .1
            .contains(&format!("file {path} is intended and is not there")),
        "{wrong:#?}"
    );
    // What an event says of something that is right is nothing.
    let (mut watched, _) = self::watched();
    for running in watched.machine.running() {
        watched.see(Seen::Running(running));
    }
    assert_eq!(watched.findings(), []);
}

#[test]
fn r_cfg_24_an_artifact_that_is_half_applied_is_told_as_one() {
    let text = example();
    let second = next(&text, "  workload ", "  workload ");
    let calls = [
        "trust_roots",
        "idps",
        "bindings",
        "catalog",
        "endpoints",
        "services",
        "firewall",
    ];
    for made in 0..calls.len() {
        let (mut watched, _) = watched();
        if made > 0 {
            watched.machine.make(&second, "seg01", &calls[..made]);
        }
        watched.apply(&second);
        watched.look();
        let wrong = watched.wrong();
        assert_eq!(wrong.len(), 1, "{made}: {wrong:#?}");
        assert_eq!(wrong[0].0, "partial_apply", "{made}: {wrong:#?}");
        let half = wrong[0].1.contains("is half applied");
        assert_eq!(half, made > 0, "{made}: {wrong:#?}");
        assert!(
            wrong[0].1.contains("gated call firewall: revision"),
            "{made}: {wrong:#?}"
        );
        watched.look();
        assert_eq!(watched.wrong(), []);
        // The rest is made.
        watched.machine.make(&second, "seg01", &[]);
        watched.look();
        let findings = watched.findings();
        assert_eq!(findings.len(), 1, "{findings:#?}");
        assert!(
            findings[0].reason.contains("is in force again"),
            "{findings:#?}"
        );
    }
}

type Fault = (fn(&mut Watched), &'static str);

#[test]
fn r_cfg_24_what_an_applier_makes_otherwise_is_its_fault() {
    let faults: [Fault; 3] = [
        (
            |watched| {
                let bindings = watched.machine.states.get_mut("bindings").unwrap();
                *bindings = bindings
                    .lines()
                    .skip(1)
                    .map(|line| format!("{line}\n"))
                    .collect();
            },
            "identity spiffe://",
        ),
        (
            |watched| {
                let path = unit_of(watched);
                let text = watched.machine.files.get_mut(&path).unwrap();
                *text = text.replace("ExecStart=/", "ExecStart=/wrong/");
            },
            "program /wrong/",
        ),
        (
            |watched| {
                let catalog = watched.machine.states.get_mut("catalog").unwrap();
                catalog.push_str("iia.contract.internal.invented 1.0.0\n");
            },
            "contract iia.contract.internal.invented is there and is not intended",
        ),
    ];
    let text = example();
    let second = next(&text, "  workload ", "  workload ");
    for (fault, words) in faults {
        let (mut watched, _) = watched();
        watched.machine.make(&second, "seg01", &[]);
        fault(&mut watched);
        // What the applier made it has recorded as what it made.
        let states = watched.machine.states.clone();
        for (call, state) in states {
            let after = iia_core::Digest::of(iia_core::digest::Context::State, state.as_bytes());
            record(&mut watched, call, after);
        }
        let files = watched.machine.files.iter();
        let after = running::tree(files.map(|(path, text)| (path.as_str(), text.as_bytes())));
        record(&mut watched, "services", after);
        watched.apply(&second);
        watched.look();
        let wrong = watched.wrong();
        assert_eq!(wrong.len(), 1, "{words}: {wrong:#?}");
        assert_eq!(wrong[0].0, "applier", "{wrong:#?}");
        assert!(wrong[0].1.contains(words), "{words}: {wrong:#?}");
    }
}

fn record(watched: &mut Watched, call: &str, after: iia_core::Digest) {
    let event = watched.machine.calls.get_mut(call).unwrap();
    let field = event
        .fields
        .iter_mut()
        .find(|field| field.key == "after")
        .unwrap();
    field.value = after.to_string();
}

/// Between the applier and the first look a hand was faster: its record of the call convicts it.
#[test]
fn what_was_changed_before_the_first_look_is_not_as_the_record_of_its_call_says() {
    let (mut watched, text) = watched();
    let second = next(&text, "  workload ", "  workload ");
    watched.machine.make(&second, "seg01", &[]);
    let mut others = watched
        .machine
        .files
        .keys()
        .filter(|path| !path.starts_with("systemd/"));
    let path = others
        .next()
        .unwrap_or(watched.machine.files.keys().next().unwrap())
        .clone();
    watched
        .machine
        .files
        .get_mut(&path)
        .unwrap()
        .push_str("# by hand\n");
    watched.apply(&second);
    watched.look();
    let wrong = watched.wrong();
    assert_eq!(wrong.len(), 1, "{wrong:#?}");
    assert_eq!(wrong[0].0, "out_of_band");
    assert!(
        wrong[0]
            .1
            .contains("gated call services: value in force intended, value changed since"),
        "{wrong:#?}"
    );
}
