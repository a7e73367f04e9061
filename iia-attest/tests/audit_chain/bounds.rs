//! Observations that lie: the observer stays within its limits, accuses nobody for it, and says what it no longer sees.

use iia_attest::audit_chain::{Bad, HEADS_MAX, Mark, Seen, Shown, Verified, WAITING_MAX};
use iia_attest::correlator::Correlator as _;
use iia_audit::checkpoint::Checkpoint;
use iia_audit::note;
use iia_audit::tree::Frontier;
use iia_core::Digest;
use iia_core::finding::Conclusion;

use crate::plant::{Plant, WITNESS, key};

#[test]
fn a_million_strangers_are_counted_and_not_looked_at() {
    let mut plant = Plant::new(3);
    for number in 0..1_000_000 {
        let (peer, note) = (format!("peer{number}"), String::new());
        plant.see(Seen::Held { peer, note });
    }
    let reasons: Vec<String> = plant.findings().into_iter().map(|one| one.reason).collect();
    let count = |count: u64| {
        format!(
            "{count} heads came under names that the policy of the log does not have, and were not looked at"
        )
    };
    assert_eq!(reasons, [count(1), count(1000), count(1_000_000)]);
    assert_eq!(plant.observer.strangers(), 1_000_000);
}

/// A head of any size and root, signed by the log's key and the peer's.
fn head(size: u64, time: u64) -> String {
    let mut root = [7; 32];
    root[..8].copy_from_slice(&size.to_le_bytes());
    let origin = "seg01.example/audit".into();
    let head = Checkpoint { origin, size, root };
    let line = note::cosign(&head.to_text(), WITNESS, &key(2), time).unwrap();
    format!("{}{line}", head.sign(&key(1)).unwrap())
}

#[test]
fn more_heads_than_are_remembered_are_told() {
    let mut plant = Plant::new(3);
    let time = plant.now().as_secs().try_into().unwrap();
    let more = HEADS_MAX as u64 + 10;
    for size in 100..100 + more {
        let (peer, note) = (WITNESS.into(), head(size, time));
        plant.see(Seen::Held { peer, note });
    }
    plant.wait(1);
    let findings = plant.wrong();
    // One head that is in the log made room.
    let want = format!(
        "10 heads had to be forgotten before the log was shown to contain them: there were more than {HEADS_MAX}"
    );
    assert_eq!(
        findings.iter().map(|one| &one.reason).collect::<Vec<_>>(),
        [&want]
    );
}

#[test]
fn a_head_signed_in_the_future_or_by_nobody_is_told_once() {
    let mut plant = Plant::new(3);
    for hour in 1..5 {
        let time = u64::try_from(plant.now().as_secs() + hour * 3600).unwrap();
        plant.see(Seen::Held {
            peer: WITNESS.into(),
            note: head(3, time),
        });
    }
    plant.see(Seen::Held {
        peer: WITNESS.into(),
        note: head(3, u64::MAX),
    });
    for text in [
        "",
        "nonsense",
        "seg01.example/audit\n9\nAAAA\n\n\u{2014} a b\n",
    ] {
        plant.see(Seen::Held {
            peer: WITNESS.into(),
            note: text.into(),
        });
        plant.see(Seen::Shown(Shown {
            note: text.into(),
            from: u64::MAX,
            proof: vec![[0; 32]; 100],
        }));
    }
    // A root that is not the log's, at a size that is known: a fork, which waits for its name.
    plant.wait(2);
    let clauses: Vec<String> = plant.wrong().into_iter().map(|one| one.clause).collect();
    assert_eq!(clauses, ["clock", "signature", "signature", "forked"]);
}

#[test]
fn readings_that_lie_do_no_harm() {
    let mut plant = Plant::new(3);
    let mark = |seed: u8| Mark {
        chain: Digest::from_bytes([seed; 32]),
        content: Digest::from_bytes([seed; 32]),
    };
    // Records and ends without a beginning.
    plant.see(Seen::Record(mark(1)));
    plant.see(Seen::Read(Verified::default()));
    assert_eq!(plant.findings(), []);
    // A beginning behind everything that is known.
    let far = Frontier::of(u64::MAX, vec![[0; 32]; 64]).unwrap();
    plant.see(Seen::Reading(None, far));
    let reason = plant.wrong().remove(0).reason;
    assert!(reason.starts_with("records 3 to ") && reason.ends_with("a reading began behind them"));
    plant.see(Seen::Reading(Some("nobody".into()), Frontier::default()));
    let bad = Bad {
        seq: u64::MAX,
        file: "audit/seg/zzzz.iia".into(),
        why: String::new(),
        stored: Some((u64::MAX, Digest::ZERO)),
        cut: true,
    };
    plant.see(Seen::Read(Verified { bad: Some(bad) }));
    plant.findings();
}

#[test]
fn findings_that_nobody_takes_are_bounded_and_counted() {
    let mut plant = Plant::new(3);
    for _ in 0..WAITING_MAX {
        plant.see(Seen::Unreachable(WITNESS.into()));
        plant.hear();
    }
    let findings = plant.findings();
    assert_eq!(findings.len(), WAITING_MAX + 1);
    let last = findings.last().unwrap();
    assert_eq!(last.conclusion, Conclusion::Missing);
    assert_eq!(
        last.reason,
        format!("{WAITING_MAX} findings found no room because nobody took them in time")
    );
    assert_eq!(plant.observer.poll_finding(), None);
}
