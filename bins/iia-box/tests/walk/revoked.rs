//! A signed revocation reaches a box that runs through the real applier: every role's sessions end, new ones are refused,
//! also by a role that has just risen, and the chain says who signed it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use iia_audit::verify::records;
use iia_config::envelope::seal;
use iia_config::trust::Class;
use iia_core::event::EventKind;
use iia_core::sign::SoftwareKey;

use crate::demo::Demo;
use crate::falls::kill;

const OBSERVER: &str = "spiffe://iia.local/zone/attest/workload/observer";
const DESK: &str = "spiffe://iia.local/zone/cfg/workload/desk";
pub(crate) const SUPERVISOR: &str = "spiffe://iia.local/zone/cfg/workload/supervisor";
const PATIENCE: Duration = Duration::from_secs(20);

fn signed(base: &Path, by: &str) -> Vec<u8> {
    signed_of(base, by, &format!("identity {OBSERVER}"))
}

/// The revocation of whoever this line names.
pub(crate) fn signed_of(base: &Path, by: &str, line: &str) -> Vec<u8> {
    let seed: [u8; 32] = fs::read(base.join("operators").join(by))
        .unwrap()
        .try_into()
        .unwrap();
    let text = format!(
        "iia-config 1\n\nrevocation lost {{\n  issued 2026-11-24T12:00:00Z\n  {line}\n}}\n"
    );
    let key = SoftwareKey::from_seed(&seed.into());
    seal(Class::Revocation, text.as_bytes(), &[&key]).unwrap()
}

/// Whether the applier takes it.
pub(crate) fn apply(dir: &Path, revocation: &[u8]) -> bool {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_iia-box")).with_file_name("iia-apply");
    let file = dir.join("state/revocation.sig");
    fs::write(&file, revocation).unwrap();
    let done = Command::new(program)
        .args(["--box", "seg01", "--identity", DESK])
        .arg("--dir")
        .arg(dir)
        .arg("--revocation")
        .arg(&file)
        .output()
        .unwrap();
    done.status.success()
}

/// Who has a record of this kind with these fields, the time of the first, and how many there are.
fn told(audit: &Path, kind: EventKind, wanted: &[(&str, &str)]) -> (BTreeSet<String>, i64, usize) {
    let (mut by, mut first, mut all) = (BTreeSet::new(), i64::MAX, 0);
    // What is being written just now is read the next time.
    let _torn = records(audit, |record| {
        let event = &record.body.event;
        let has = |(key, value): &(&str, &str)| event.field(key) == Some(*value);
        if event.kind == kind && wanted.iter().all(has) {
            by.insert(record.source().to_owned());
            first = first.min(event.ts_ns);
            all += 1;
        }
    });
    (by, first, all)
}

pub(crate) fn count(audit: &Path, kind: EventKind, wanted: &[(&str, &str)]) -> usize {
    told(audit, kind, wanted).2
}

pub(crate) fn until(what: &str, is: impl Fn() -> bool) {
    let started = Instant::now();
    while !is() {
        assert!(started.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn i9_a_signed_revocation_cuts_an_identity_off_from_every_role_of_a_running_box() {
    let mut demo = Demo::start(&["--speed", "2", "--no-kill"]);
    demo.until("collect serves");
    let audit = demo.evidence("seg01").join("audit");
    let dir = audit.ancestors().nth(2).unwrap();
    let base = dir.parent().unwrap();
    let opened = || told(&audit, EventKind::SessionOpened, &[("peer", OBSERVER)]);
    until("the observer speaks to nobody", || opened().0.len() == 2);
    let with = opened().0;
    // Whoever may only approve revokes nobody.
    assert!(!apply(dir, &signed(base, "ops-manager")));
    let refused = [("step", "revoke"), ("code", "IIA-CFG-0106")];
    until("the refusal is no record", || {
        !told(&audit, EventKind::SignatureFailed, &refused)
            .0
            .is_empty()
    });
    let cut = [("peer", OBSERVER), ("outcome", "revoked")];
    assert!(told(&audit, EventKind::SessionClosed, &cut).0.is_empty());

    let began = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    assert!(apply(dir, &signed(base, "site-engineer")));
    let closed = || told(&audit, EventKind::SessionClosed, &cut);
    until("not every role has cut it off", || closed().0 == with);
    let often = opened().2;
    let took_ms = closed().1 / 1_000_000 - began.as_millis() as i64;
    eprintln!("cut off {took_ms} ms after the applier began");
    let by = [
        ("outcome", "revoked"),
        ("id", OBSERVER),
        ("operators", "site-engineer"),
    ];
    until("the chain does not say who signed", || {
        let found = told(&audit, EventKind::Authorisation, &by).0;
        found == BTreeSet::from([DESK.to_owned()])
    });
    // A role that falls knows it before it lets anybody in.
    let refused = [("peer", OBSERVER), ("code", "IIA-LNK-0103")];
    kill(demo.pid(), ("seg01", "bus"));
    let risen = [("role", "bus")];
    until("the bus does not rise again", || {
        count(&audit, EventKind::WorkloadStarted, &risen) == 2
    });
    let before = count(&audit, EventKind::ConduitRejected, &refused);
    until("a new session is not refused", || {
        count(&audit, EventKind::ConduitRejected, &refused) > before
    });
    assert_eq!(opened().2, often, "no session after it");
    // It gets no other certificate either.
    kill(demo.pid(), ("seg01", "attest"));
    let reason = [("id", OBSERVER), ("reason", "revoked")];
    until("the issuer gives it another one", || {
        let found = told(&audit, EventKind::SvidRefused, &reason).0;
        found == BTreeSet::from([SUPERVISOR.to_owned()])
    });
    demo.pull_the_plug();
}
