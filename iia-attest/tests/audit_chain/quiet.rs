//! A clean day is silent but for the word on a cadence; what does not come is missing, once.

use iia_attest::audit_chain::{Agreed, AuditChain, Seen};
use iia_attest::correlator::Correlator as _;
use iia_core::finding::{Conclusion, Severity};

use crate::plant::{Plant, WITNESS, witnessed};

#[test]
fn r_atn_20_a_clean_day_is_silent_but_for_its_confirmations() {
    let mut plant = Plant::new(3);
    plant.observer = AuditChain::new(Agreed {
        contract: "iia.contract.boundary.evidence".into(),
        reading_ns: 3_600_000_000_000,
        ..Agreed::of(witnessed())
    });
    let mut confirmed = 0;
    for minute in 0..24 * 60 {
        plant.write(1);
        plant.publish();
        plant.ask();
        // The next box up is a few seconds later.
        plant.wait(5);
        plant.hear();
        if plant.observer.wanted().is_some() {
            plant.ask();
        }
        if minute % 60 == 59 {
            plant.read();
        }
        plant.wait(55);
        for finding in plant.findings() {
            assert_eq!(finding.conclusion, Conclusion::Converge, "{finding:?}");
            assert_eq!(finding.clause, "cadence");
            assert_eq!(finding.contract, "iia.contract.boundary.evidence");
            assert_eq!(finding.severity, Severity::High);
            confirmed += 1;
        }
    }
    assert_eq!(confirmed, 24 * 12);
}

#[test]
fn a_head_that_does_not_come_is_missing_at_the_end_of_its_time_and_once() {
    let mut plant = Plant::new(3);
    let start = plant.now().as_secs();
    plant.wait(74);
    assert_eq!(plant.findings(), []);
    plant.wait(1);
    let findings = plant.findings();
    assert_eq!(findings.len(), 2, "{findings:#?}");
    for finding in &findings {
        assert_eq!(finding.conclusion, Conclusion::Missing);
        assert_eq!(finding.ts_ns, (start + 75) * 1_000_000_000);
    }
    assert!(
        findings[0]
            .reason
            .starts_with("the log seg01.example/audit has shown no new head")
    );
    assert!(
        findings[1]
            .reason
            .starts_with("site.example/witness has held no newer head")
    );
    // The same heads again are no new heads, however often they are shown.
    for _ in 0..100 {
        plant.hear();
        plant.ask();
        plant.wait(1);
    }
    assert_eq!(plant.findings(), []);
    plant.write(1);
    plant.publish();
    plant.hear();
    plant.ask();
    let back: Vec<String> = plant.findings().into_iter().map(|one| one.reason).collect();
    assert_eq!(
        back,
        [
            "site.example/witness has newer heads again",
            "seg01.example/audit has newer heads again"
        ]
    );
}

#[test]
fn a_peer_that_cannot_be_asked_is_told_once_and_when_it_is_back() {
    let mut plant = Plant::new(3);
    for _ in 0..30 {
        plant.see(Seen::Unreachable(WITNESS.into()));
        plant.write(1);
        plant.publish();
        plant.ask();
        plant.wait(60);
        plant.read();
    }
    let findings = plant.findings();
    // It is asked in vain for half an hour: no confirmation, and no second word.
    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert_eq!(findings[0].conclusion, Conclusion::Missing);
    assert!(findings[0].reason.contains("cannot be asked"));
    plant.hear();
    let back = plant.findings();
    assert_eq!(back.len(), 1, "{back:#?}");
    assert_eq!(back[0].conclusion, Conclusion::Converge);
}

#[test]
fn records_that_nobody_reads_and_proofs_that_do_not_come_are_missing() {
    let mut plant = Plant::new(3);
    for _ in 0..10 {
        plant.write(1);
        plant.publish();
        plant.ask();
        plant.wait(30);
        // Two heads behind: the log is not asked to prove that it has this one.
        plant.hear();
        plant.wait(30);
    }
    let wrong: Vec<String> = plant.wrong().into_iter().map(|one| one.reason).collect();
    assert_eq!(
        wrong,
        ["the records of the log were not read and verified for 300 s"]
    );
    plant.write(1);
    plant.publish();
    plant.hear();
    for _ in 0..3 {
        plant.wait(30);
    }
    let wrong = plant.wrong();
    assert!(
        wrong
            .iter()
            .any(|one| one.clause == "proof" && one.reason.contains("its head of 14")),
        "{wrong:#?}"
    );
    assert_eq!(wrong.iter().filter(|one| one.clause == "proof").count(), 1);
    plant.ask();
    plant.read();
    assert_eq!(plant.wrong(), []);
}

#[test]
fn time_that_stands_still_or_goes_back_ends_nothing_early() {
    let mut plant = Plant::new(3);
    let now = plant.now();
    plant.observer.handle_timeout(now + 10_000_000_000);
    for back in 0..1000 {
        plant.observer.handle_timeout(now - back * 1_000_000_000);
    }
    assert_eq!(plant.findings(), []);
    let due = plant.observer.poll_timeout().unwrap();
    assert_eq!(due.since_ns(now), 75_000_000_000);
    plant.observer.handle_timeout(due);
    assert_eq!(plant.findings().len(), 2);
    assert!(plant.observer.poll_timeout().unwrap() > due);
}
