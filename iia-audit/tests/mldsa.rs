//! Cosignatures with ML-DSA-44: ours verify by another implementation, and every changed byte does not.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::process::Command;

use iia_audit::checkpoint::Checkpoint;
use iia_audit::note::Note;
use iia_audit::note::mldsa::{MlDsaKey, cosign};
use iia_core::mldsa::SoftwareKey;

const NAME: &str = "site.example/witness-pq";

fn signed() -> (MlDsaKey, String) {
    let signer = SoftwareKey::from_seed(&[4; 32].into());
    let key = MlDsaKey {
        name: NAME.into(),
        key: signer.public_key(),
    };
    let head = Checkpoint {
        origin: "seg01.example/audit".into(),
        size: 1_234,
        root: [9; 32],
    };
    let note = head.sign(&common::key(1)).unwrap();
    let line = cosign(&head.to_text(), NAME, &signer, 1_800_000_060).unwrap();
    (key, format!("{note}{line}"))
}

#[test]
fn a_head_is_cosigned_and_every_change_shows() {
    let (key, note) = signed();
    let parsed = Note::parse(&note).unwrap();
    assert_eq!(key.verify(&parsed), Ok(1_800_000_060));
    // The log's own signature stands beside it, unharmed.
    parsed.verify(&common::policy().log).unwrap();
    assert_eq!(MlDsaKey::parse(&key.to_text()).unwrap(), key);
    let other = MlDsaKey {
        name: "site.example/other".into(),
        ..key.clone()
    };
    assert!(other.verify(&parsed).is_err());
    // Another size, root or origin, another time, any other byte of the line.
    for (from, to) in [("1234", "1235"), ("CQkJ", "CQkK"), ("seg01", "seg02")] {
        let bent = note.replacen(from, to, 1);
        assert!(key.verify(&Note::parse(&bent).unwrap()).is_err(), "{from}");
    }
    let line_at = note.rfind("witness-pq ").unwrap() + "witness-pq ".len();
    for at in (line_at..note.len() - 4).step_by(97) {
        let mut bent = note.clone().into_bytes();
        bent[at] = if bent[at] == b'A' { b'B' } else { b'A' };
        let bent = String::from_utf8(bent).unwrap();
        let good = Note::parse(&bent)
            .ok()
            .map(|note| key.verify(&note).is_ok());
        assert_ne!(good, Some(true), "{at}");
    }
}

#[test]
fn another_implementation_verifies_ours_and_we_verify_its() {
    let Some(python) = common::python("another_implementation_verifies_ours_and_we_verify_its")
    else {
        return;
    };
    let has_it = Command::new(&python)
        .args(["-c", "import dilithium_py"])
        .status()
        .unwrap();
    if !has_it.success() {
        return common::skip(
            "another_implementation_verifies_ours_and_we_verify_its",
            "dilithium-py",
        );
    }
    let (key, note) = signed();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/judges/cosign_mldsa.py");
    let told = Command::new(&python)
        .args([script, &key.to_text(), &note])
        .output()
        .unwrap();
    assert!(
        told.status.success(),
        "{}",
        String::from_utf8_lossy(&told.stderr)
    );
    let told = String::from_utf8(told.stdout).unwrap();
    let (verdict, theirs) = told.split_once('\n').unwrap();
    assert_eq!(verdict, "good 1800000060, bent refused");
    // Its own key and its own line over the same head.
    let (vkey, line) = theirs.split_once('\n').unwrap();
    let theirs = MlDsaKey::parse(vkey).unwrap();
    let (text, _) = note.split_once("\n\n").unwrap();
    let whole = format!("{text}\n\n{line}");
    assert_eq!(theirs.verify(&Note::parse(&whole).unwrap()), Ok(7));
}
