//! Each lie is found by the attack that it concerns, and no proof comes out.

use iia_core::time::SECOND_NS;
use iia_edge::vault::{
    Address, Attack, Damage, Lost, PROBE_AGE_MAX_S, Probe, Proven, Report, Store, Style, Task,
    VaultError, Verdict,
};

use crate::model::{Lie, Model, NOW, run, store};

fn probed(lie: Lie) -> (Report, Option<Proven>, Model) {
    let mut model = Model::new(lie);
    let probe = run(Probe::new(&store(), NOW), |request| {
        Ok(model.answer(request))
    })
    .unwrap();
    let (report, proven) = probe.finish().unwrap();
    (report, proven, model)
}

#[test]
fn a_store_that_holds_is_proven() {
    let (report, proven, model) = probed(Lie::None);
    assert_eq!(report.attempts.len(), Attack::ALL.len());
    assert!(report.passes() && proven.is_some(), "{report}");
    let left = model
        .seen
        .iter()
        .filter(|call| call.starts_with("DELETE"))
        .count();
    assert_eq!(
        left, 3,
        "two attacks, and the second version is cleared away"
    );
}

#[test]
fn every_lie_is_found_where_it_is_told() {
    for (lie, attack, verdict, damage) in [
        (
            Lie::RefusesAndDeletes,
            Attack::Delete,
            Verdict::Lied,
            Some(Damage::Gone),
        ),
        (Lie::AgreesAndKeeps, Attack::Delete, Verdict::Agreed, None),
        (
            Lie::BypassDeletes,
            Attack::DeleteBypassing,
            Verdict::GaveWay,
            Some(Damage::Gone),
        ),
        (
            Lie::Shortens,
            Attack::Shorten,
            Verdict::GaveWay,
            Some(Damage::Shortened),
        ),
        (
            Lie::RefusesAndShortens,
            Attack::Shorten,
            Verdict::Lied,
            Some(Damage::Shortened),
        ),
        (
            Lie::Downgrades,
            Attack::Downgrade,
            Verdict::GaveWay,
            Some(Damage::Unlocked),
        ),
        (
            Lie::Releases,
            Attack::Release,
            Verdict::GaveWay,
            Some(Damage::Unlocked),
        ),
        (
            Lie::Suspends,
            Attack::SuspendVersioning,
            Verdict::GaveWay,
            Some(Damage::Unversioned),
        ),
        (
            Lie::OverwritesInPlace,
            Attack::Overwrite,
            Verdict::GaveWay,
            Some(Damage::Changed),
        ),
        (
            Lie::RefusesAndOverwrites,
            Attack::Overwrite,
            Verdict::Lied,
            Some(Damage::Changed),
        ),
        (
            Lie::UnlocksBucket,
            Attack::UnlockBucket,
            Verdict::GaveWay,
            Some(Damage::BucketUnlocked),
        ),
        (Lie::TakesPast, Attack::LockInPast, Verdict::Agreed, None),
        (
            Lie::AllowsNoDeletion,
            Attack::DeleteOther,
            Verdict::Powerless,
            None,
        ),
        (
            Lie::AllowsNoRetention,
            Attack::Lengthen,
            Verdict::Powerless,
            None,
        ),
        (
            Lie::AltersOnRead,
            Attack::Nothing,
            Verdict::GaveWay,
            Some(Damage::Changed),
        ),
        (
            Lie::LocksInGovernance,
            Attack::Nothing,
            Verdict::GaveWay,
            Some(Damage::Unlocked),
        ),
    ] {
        let (report, proven, _) = probed(lie);
        assert!(proven.is_none() && !report.passes(), "{lie:?}");
        let first = report
            .attempts
            .iter()
            .find(|one| one.verdict() != Verdict::Held);
        let first = first.unwrap();
        assert_eq!(
            (first.attack, first.verdict()),
            (attack, verdict),
            "{lie:?}\n{report}"
        );
        assert_eq!(first.damage.first().copied(), damage, "{lie:?}\n{report}");
    }
}

#[test]
fn a_report_that_lacks_an_attack_passes_nothing() {
    let (report, ..) = probed(Lie::None);
    for count in 0..Attack::ALL.len() {
        let mut short = report.clone();
        short.attempts.truncate(count);
        assert!(!short.passes(), "{count}");
    }
}

#[test]
fn every_call_may_be_lost_once() {
    let (mut model, mut calls) = (Model::new(Lie::None), 0);
    let probe = run(Probe::new(&store(), NOW), |request| {
        calls += 1;
        match calls % 2 {
            1 => Err(Lost {
                detail: "reset".into(),
            }),
            _ => Ok(model.answer(request)),
        }
    });
    assert!(probe.unwrap().finish().unwrap().1.is_some());
}

#[test]
fn a_store_without_versions_proves_nothing() {
    let (report, proven, _) = probed(Lie::ForgetsVersions);
    assert!(proven.is_none(), "{report}");
}

#[test]
fn versioning_that_could_be_suspended_is_on_again() {
    let (report, _, mut model) = probed(Lie::Suspends);
    let after: Vec<_> = report
        .attempts
        .iter()
        .skip_while(|one| one.attack != Attack::Overwrite)
        .collect();
    assert!(
        after.iter().all(|one| one.verdict() == Verdict::Held),
        "{report}"
    );
    let store = store();
    let request = store.sign(&iia_edge::vault::Call::get_versioning(), NOW);
    let reply = model.answer(&request);
    assert!(String::from_utf8(reply.body).unwrap().contains("Enabled"));
}

#[test]
fn a_probe_that_has_not_ended_proves_nothing() {
    let probe = Probe::new(&store(), NOW);
    assert!(probe.poll_call().is_some());
    assert!(matches!(probe.finish(), Err(VaultError::NotProven { .. })));
}

#[test]
fn a_proof_is_of_one_store_and_one_day() {
    let (_, proven, _) = probed(Lie::None);
    let proven = proven.unwrap();
    let after = |seconds: i64| NOW + seconds * SECOND_NS;
    assert_eq!(proven.check(&store(), NOW), Ok(()));
    assert_eq!(proven.check(&store(), after(PROBE_AGE_MAX_S)), Ok(()));
    assert!(proven.check(&store(), after(PROBE_AGE_MAX_S + 1)).is_err());
    assert!(proven.check(&store(), after(-301)).is_err());
    for (endpoint, bucket) in [
        ("https://store.example", "other"),
        ("https://other.example", "evidence"),
    ] {
        let address = Address {
            endpoint: endpoint.into(),
            style: Style::Path,
            region: "eu-1".into(),
            bucket: bucket.into(),
        };
        let other = Store::new(address, ("id", "secret", None)).unwrap();
        assert!(proven.check(&other, NOW).is_err(), "{endpoint} {bucket}");
    }
}

#[test]
fn a_kept_proof_is_the_one_that_was_signed() {
    use iia_audit::note::{Purpose, VerifierKey};
    use iia_core::sign::{Signer as _, SoftwareKey};

    let (_, proven, _) = probed(Lie::None);
    let (proven, signer) = (proven.unwrap(), SoftwareKey::from_seed(&[3; 32].into()));
    let known = VerifierKey {
        name: "b/v".into(),
        purpose: Purpose::Log,
        key: signer.public_key(),
    };
    let note = proven.sign("b/v", &signer).unwrap();
    let kept = Proven::open(&note, &known).unwrap();
    assert_eq!(
        (kept.id(), kept.check(&store(), NOW)),
        (proven.id(), Ok(()))
    );
    let later = note.replace("at 2026", "at 2027");
    assert!(Proven::open(&later, &known).is_err());
    let other = SoftwareKey::from_seed(&[4; 32].into());
    assert!(Proven::open(&proven.sign("b/v", &other).unwrap(), &known).is_err());
}
