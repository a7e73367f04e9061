//! A box with a TPM: in the state of the machine that was signed its issuer gives SVIDs and its store of secrets opens, and in
//! no other.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use iia_core::event::{Event, EventKind};

use crate::demo::{Demo, signal};
use crate::falls::{kill, process_of};
use crate::machine::{Machine, hex};
use crate::revoked::{SUPERVISOR, count, until};
use crate::secrets::{API, LAKE, OF_API, config, events, found, put_with, refused};

/// A register that can be put back, so that a machine is as it was without starting again.
const TAMPERED: &str = "16";
const ATTESTED: &str = "attested by its TPM, key ";
const WRONG_PCR: &str = "IIA-ATT-0203";
const SEALED: &str = "secrets at rest: key sealed by hardware";

/// The software TPM answers in this network: without a program that makes another the demo stays in it.
const HERE: (&str, &str) = ("PATH", "/nowhere");

/// What the program writes, which must succeed.
fn writes(arguments: &[&str]) -> Vec<u8> {
    let done = Command::new(env!("CARGO_BIN_EXE_iia-box"))
        .args(arguments)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(done.status.success(), "{arguments:?}");
    done.stdout
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Boots an image and has its state signed, as whoever builds images does: OpenSSL has the key.
fn boot(machine: &mut Machine, image: u8) -> PathBuf {
    machine.reboot();
    machine.does(&format!("tpm2_pcrextend 4:sha256={}", hex(&[image; 32])));
    let (signer, address) = (machine.path("signer.der"), machine.address());
    let draft = writes(&[
        "policy",
        "draft",
        "--tpm",
        &address,
        "--signer",
        text(&signer),
        "--pcr",
        TAMPERED,
        "--pcr",
        "4",
    ]);
    let draft = machine.write("draft", &draft);
    machine.write("message", &writes(&["policy", "message", text(&draft)]));
    machine.does("openssl dgst -sha256 -sign signer.pem -out signature message");
    let signature = machine.path("signature");
    let signed = writes(&[
        "policy",
        "signed",
        text(&draft),
        "--signature",
        text(&signature),
    ]);
    machine.write("policy", &signed)
}

fn stores(told: &[Event]) -> Vec<(&str, &str)> {
    let store = |event: &&Event| event.kind == EventKind::SecretsStore;
    told.iter()
        .filter(store)
        .map(|event| {
            let code = event.field("code").or(event.field("secrets_key"));
            (event.field("outcome").unwrap(), code.unwrap())
        })
        .collect()
}

#[test]
fn a_box_with_a_tpm_gives_identities_and_secrets_as_signed_and_nothing_after_tampering() {
    let test =
        "a_box_with_a_tpm_gives_identities_and_secrets_as_signed_and_nothing_after_tampering";
    let Some(mut machine) = Machine::start(test) else {
        return;
    };
    machine.signer("signer.pem");
    machine.does("openssl ec -in signer.pem -pubout -outform DER -out signer.der");
    let policy = boot(&mut machine, 1);
    let place = tempfile::tempdir().unwrap();
    let (store, plain) = (place.path().join("store"), place.path().join("plain"));
    let address = machine.address();
    let tpm = ["--tpm", &address, "--policy", text(&policy)];
    put_with(&tpm, (&store, API), ("broker", OF_API));
    let config = config(place.path(), "tpm", &[("broker", API)]);

    // As signed: roles have their identities and secrets, until the machine is tampered with while it runs.
    let secrets = ["--secrets", text(&store), "--config", text(&config)];
    let calm = ["--speed", "2", "--no-kill"];
    let mut run = Demo::start_in(&[&calm[..], &secrets, &tpm].concat(), &[HERE]);
    run.until("api: holds secrets of its own: broker");
    run.until("collect serves");
    // The supervisor's own key is in the TPM: as long as that signs, it comes back to a chain whose keeper fell.
    let audit = run.evidence("seg01").join("audit");
    let started = || count(&audit, EventKind::WorkloadStarted, &[("role", "audit")]);
    kill(run.pid(), ("seg01", "audit"));
    until("it does not come back", || started() == 2);
    machine.does(&format!(
        "tpm2_pcrextend {TAMPERED}:sha256={}",
        hex(&[9; 32])
    ));
    kill(run.pid(), ("seg01", "api"));
    run.until("does not start without its secrets");
    assert_eq!(process_of(run.pid(), ("seg01", "api")), None);
    kill(run.pid(), ("seg01", "lake"));
    run.until(&format!("no SVID for {LAKE}: PCR {TAMPERED} of sha256"));
    // The machine is as it was: the same role is there again, without anybody's help.
    machine.does(&format!("tpm2_pcrreset {TAMPERED}"));
    run.until("lake serves");
    machine.power_off();
    kill(run.pid(), ("seg01", "audit"));
    run.until("no SVID for spiffe://iia.local/zone/audit/");
    assert_eq!(started(), 2, "an identity without the TPM");
    signal("STOP", run.pid());
    let told = events(&run.evidence("seg01"));
    signal("CONT", run.pid());
    drop(run);
    assert_eq!(stores(&told), [("opened", SEALED)]);
    let issued = |id: &str| {
        let is_it = |event: &&Event| event.field("id") == Some(id);
        let mut issued = told
            .iter()
            .filter(|event| event.kind == EventKind::SvidIssued);
        issued.find(is_it).unwrap().field("key")
    };
    let in_the_tpm = Some("made in hardware, which it does not leave");
    assert_eq!(issued(SUPERVISOR), in_the_tpm);
    // A role has no way to the TPM: the supervisor lends it a key, and signs.
    assert_eq!(issued(API), in_the_tpm);
    for given in told.iter().filter(|one| one.kind == EventKind::SvidIssued) {
        let node = given.field("node").unwrap();
        assert!(node.starts_with(ATTESTED), "{node}");
        assert!(node.ends_with("registers 4, 16 are as signed"), "{node}");
    }
    let refused_to = denied(&told);
    assert!(!refused_to.is_empty());
    assert!(
        refused_to.iter().all(|one| *one == (LAKE, WRONG_PCR)),
        "{refused_to:?}"
    );
    let started = found(&told, EventKind::WorkloadStarted, "api");
    assert_eq!(started.len(), 1);
    assert_eq!(started[0].field("secrets_key"), Some(SEALED));
    let stopped = found(&told, EventKind::WorkloadStopped, "api");
    let codes: Vec<_> = stopped
        .iter()
        .filter_map(|event| event.field("code"))
        .collect();
    assert_eq!(codes, ["IIA-IDN-1101"]);

    // Another image, whose state nobody has signed: nothing gets an identity, and the supervisor writes that down itself.
    put_with(&[], (&plain, API), ("broker", OF_API));
    machine.reboot();
    machine.does(&format!("tpm2_pcrextend 4:sha256={}", hex(&[66; 32])));
    let address = machine.address();
    let tpm = ["--tpm", &address, "--policy", text(&policy)];
    let shared = Path::new("/dev/shm");
    let (said, told) = refused(
        &place.path().join("a"),
        (&config, &store),
        (shared, &tpm),
        &[HERE],
    );
    assert!(said.contains("the store of secrets stays shut"), "{said}");
    assert!(
        said.contains("PCR 4 of sha256 has no value of the reference"),
        "{said}"
    );
    assert_eq!(stores(&told), [("refused", "IIA-IDN-1101")]);
    assert_eq!(denied(&told), [(SUPERVISOR, WRONG_PCR)]);
    assert!(
        told.iter()
            .all(|one| one.kind != EventKind::WorkloadStarted)
    );

    // An update comes with its own signed policy, and what was sealed long ago opens.
    let policy = boot(&mut machine, 2);
    let address = machine.address();
    let again = ["--tpm", &address, "--policy", text(&policy)];
    put_with(&again, (&store, API), ("second", OF_API));
    let kept = fs::read(store.join("key")).unwrap();
    assert!(kept.starts_with(b"iia secret store 1, key sealed by a TPM\n"));

    // A store whose key software keeps does not do in its place.
    let (said, told) = refused(
        &place.path().join("b"),
        (&config, &plain),
        (shared, &again),
        &[HERE],
    );
    assert!(said.contains("the store of secrets stays shut"), "{said}");
    assert_eq!(stores(&told), [("refused", "IIA-IDN-2102")]);
    assert_eq!(found(&told, EventKind::WorkloadStarted, "api").len(), 0);
    let stopped = found(&told, EventKind::WorkloadStopped, "api");
    let codes: Vec<_> = stopped
        .iter()
        .filter_map(|event| event.field("code"))
        .collect();
    assert_eq!(codes, ["IIA-IDN-2102"], "{said}");
}

/// Who got no SVID, and by which code.
fn denied(told: &[Event]) -> Vec<(&str, &str)> {
    let denied = told.iter().filter(|one| one.kind == EventKind::SvidRefused);
    denied
        .map(|one| (one.field("id").unwrap(), one.field("code").unwrap()))
        .collect()
}
