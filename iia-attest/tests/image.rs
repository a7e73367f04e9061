//! The image observer: one finding for each machine that was asked, whatever it answers.

use iia_attest::correlator::Correlator as _;
use iia_attest::image::{Appraised, CONFIRM_EVERY_NS, Image, MACHINES_MAX};
use iia_attest::tpm::{AttestationResult, TpmError};
use iia_core::Timestamp;
use iia_core::finding::{Conclusion, Finding, Severity};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_secs(seconds)
}

fn appraised(machine: &str, reasons: Vec<TpmError>) -> Appraised {
    Appraised {
        machine: machine.into(),
        result: AttestationResult {
            reasons,
            quote: None,
            pcrs: None,
        },
    }
}

fn drain(observer: &mut Image) -> Vec<Finding> {
    std::iter::from_fn(|| observer.poll_finding()).collect()
}

#[test]
fn another_image_a_replay_and_silence_are_findings_and_the_intended_image_is_confirmed() {
    let mut observer = Image::default();
    for machine in ["good", "changed", "replays", "silent"] {
        assert!(observer.asked(machine, at(10)));
    }
    let wrong = TpmError::WrongPcr {
        pcr: 11,
        bank: "sha256",
        value: "00ff".into(),
    };
    observer.handle_observation(at(1), appraised("good", vec![]));
    observer.handle_observation(at(2), appraised("changed", vec![wrong]));
    observer.handle_observation(at(3), appraised("replays", vec![TpmError::Replayed]));
    assert_eq!(observer.poll_timeout(), Some(at(10)));
    observer.handle_timeout(at(9));
    let before = drain(&mut observer);
    observer.handle_timeout(at(10));
    let after = drain(&mut observer);
    let told: Vec<_> = before
        .iter()
        .chain(&after)
        .map(|one| (one.source.as_str(), one.conclusion, one.ts_ns))
        .collect();
    assert_eq!(
        told,
        [
            ("good", Conclusion::Converge, at(1).as_ns()),
            ("changed", Conclusion::Diverge, at(2).as_ns()),
            ("replays", Conclusion::Diverge, at(3).as_ns()),
            ("silent", Conclusion::Missing, at(10).as_ns()),
        ]
    );
    assert_eq!(
        before.get(1).unwrap().reason,
        "contraindicated: IIA-ATT-0203 PCR 11 of sha256 has no value of the reference: 00ff"
    );
    let all = before.iter().chain(&after);
    assert!(
        all.into_iter()
            .all(|one| one.severity >= Severity::High && one.stream == "ot.attestation.image")
    );
    observer.handle_timeout(at(100));
    assert_eq!(drain(&mut observer), []);
    assert_eq!(observer.poll_timeout(), None);
}

#[test]
fn an_answer_that_nobody_asked_for_or_that_comes_late_says_nothing() {
    let mut observer = Image::default();
    observer.handle_observation(at(1), appraised("stranger", vec![]));
    assert_eq!(drain(&mut observer), []);
    assert!(observer.asked("late", at(5)));
    observer.handle_observation(at(6), appraised("late", vec![]));
    let told = drain(&mut observer);
    assert_eq!(told.len(), 1);
    assert_eq!(told.first().unwrap().conclusion, Conclusion::Missing);
}

#[test]
fn what_stays_as_intended_is_said_now_and_then_and_at_once_when_it_is_so_again() {
    let mut observer = Image::default();
    let mut ask = |second, reasons| {
        assert!(observer.asked("box", at(second + 5)));
        observer.handle_observation(at(second), appraised("box", reasons));
        let told = drain(&mut observer);
        told.iter().map(|one| one.conclusion).collect::<Vec<_>>()
    };
    let every = CONFIRM_EVERY_NS / 1_000_000_000;
    assert_eq!(ask(0, vec![]), [Conclusion::Converge]);
    assert_eq!(ask(every - 1, vec![]), []);
    assert_eq!(ask(every, vec![]), [Conclusion::Converge]);
    assert_eq!(
        ask(every + 1, vec![TpmError::Replayed]),
        [Conclusion::Diverge]
    );
    assert_eq!(ask(every + 2, vec![]), [Conclusion::Converge]);
}

#[test]
fn machines_are_bounded() {
    let mut observer = Image::default();
    for number in 0..MACHINES_MAX {
        assert!(observer.asked(&number.to_string(), at(10)));
    }
    assert!(!observer.asked("one more", at(10)));
    assert!(observer.asked("0", at(11)), "asked again");
    observer.handle_timeout(at(11));
    assert_eq!(drain(&mut observer).len(), MACHINES_MAX);
    assert!(observer.asked("one more", at(20)));
}
