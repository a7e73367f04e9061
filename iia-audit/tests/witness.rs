//! The witness signs one history only.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use iia_audit::AuditError;
use iia_audit::checkpoint::Checkpoint;
use iia_audit::fork::Fork;
use iia_audit::note::VerifierKey;
use iia_audit::witness::Witness;
use iia_core::sign::Signer as _;

#[test]
fn heads_that_grow_are_cosigned_and_replays_are_stale() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = common::create(dir.path());
    let mut witness = common::witness();
    let mut known = 0;
    for _ in 0..5 {
        common::fill(&mut log, 2);
        let note = common::receipt(&mut log, &mut witness, known);
        known = log.keep_receipt(&note).unwrap();
        assert_eq!(known, log.size());
        let stale = witness
            .accept(&note, 1, &log.consistency(1).unwrap())
            .unwrap_err();
        assert_eq!(stale, AuditError::Stale { size: known });
    }
}

#[test]
fn a_fork_is_refused_before_and_after_a_restart_of_the_witness() {
    let (left, right) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (mut one, mut two) = (common::create(left.path()), common::create(right.path()));
    common::fill(&mut one, 3);
    common::fill(&mut two, 3);
    let mut witness = common::witness();
    common::receipt(&mut one, &mut witness, 0);
    let other = two.publish_head(&common::key(1)).unwrap();
    let size = two.size();
    let fork = AuditError::Fork { size };
    assert_eq!(witness.accept(&other, size, &[]).unwrap_err(), fork);
    // Both heads, as the log signed them, prove it to whoever has the log's key.
    let proof = witness.fork(&other).unwrap();
    let log = common::policy().log;
    assert_eq!(
        (proof.size(), Fork::open(&proof.to_text(), &log)),
        (size, Ok(proof.clone()))
    );
    let same = Fork::of(&other, &other, &log);
    assert!(
        matches!(same, Err(AuditError::Malformed { .. })),
        "one history is no fork"
    );
    let stranger = VerifierKey {
        key: common::key(9).public_key(),
        ..log.clone()
    };
    assert!(Fork::open(&proof.to_text(), &stranger).is_err());
    for (at, _) in proof.to_text().char_indices().step_by(7) {
        let mut bent = proof.to_text().into_bytes();
        bent[at] ^= 1;
        let bent = String::from_utf8(bent).unwrap();
        assert!(Fork::open(&bent, &log).is_err(), "{at}");
    }
    let mut again = common::witness();
    again.remember(&witness.memory()).unwrap();
    assert_eq!(again.accept(&other, size, &[]).unwrap_err(), fork);
    assert_eq!(again.fork(&other), Ok(proof));
    common::fill(&mut two, 1);
    let longer = two.publish_head(&common::key(1)).unwrap();
    let proof = two.consistency(size).unwrap();
    let got = again.accept(&longer, size, &proof).unwrap_err();
    assert_eq!(
        got,
        AuditError::Inconsistent {
            old: size,
            new: size + 2
        }
    );
}

#[test]
fn a_stranger_or_a_wrong_signature_is_not_cosigned() {
    let head = Checkpoint {
        origin: "seg01.example/audit".into(),
        size: 0,
        root: [0; 32],
    };
    let forged = head.sign(&common::key(9)).unwrap();
    let who = AuditError::Unsigned {
        who: "seg01.example/audit".into(),
    };
    assert_eq!(common::witness().accept(&forged, 0, &[]).unwrap_err(), who);
    assert_eq!(Witness::default().accept(&forged, 0, &[]).unwrap_err(), who);
}

#[test]
fn a_receipt_for_another_history_is_not_kept() {
    let (left, right) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (mut one, mut two) = (common::create(left.path()), common::create(right.path()));
    common::fill(&mut one, 2);
    common::fill(&mut two, 2);
    let note = common::receipt(&mut one, &mut common::witness(), 0);
    assert!(matches!(
        two.keep_receipt(&note),
        Err(AuditError::Inconsistent { .. })
    ));
    let bare = two.publish_head(&common::key(1)).unwrap();
    assert!(matches!(
        two.keep_receipt(&bare),
        Err(AuditError::Unsigned { .. })
    ));
}
