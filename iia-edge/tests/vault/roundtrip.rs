//! What is put is read back, what is there stays, and what somebody wrote over it does not come out.

use iia_core::Timestamp;
use iia_core::time::SECOND_NS;
use iia_edge::vault::{
    Call, DAYS_MAX, DAYS_MIN, Get, List, OBJECT_LEN_MAX, Put, Retention, Until, VaultError,
};

use crate::model::{Lie, Model, NOW, run, store};

const DAY_NS: i64 = 86_400 * SECOND_NS;

fn put(model: &mut Model, bytes: &[u8], days: i64) -> Result<Put, VaultError> {
    let put = Put::new("log/seg", bytes.to_vec(), NOW + days * DAY_NS)?;
    run(put, |request| Ok(model.answer(request)))
}

#[test]
fn what_is_there_is_not_sent_again() {
    let mut model = Model::new(Lie::None);
    assert!(put(&mut model, b"records", 40).unwrap().was_sent());
    let again = put(&mut model, b"records", 40).unwrap();
    assert!(!again.was_sent());
    assert_eq!(again.stored().unwrap().version(), "v1");
}

#[test]
fn what_is_there_for_too_short_is_held_for_longer() {
    let mut model = Model::new(Lie::None);
    put(&mut model, b"records", 40).unwrap();
    let stored = put(&mut model, b"records", 50).unwrap().stored().unwrap();
    assert_eq!(stored.until(), NOW + 50 * DAY_NS);
    let stored = put(&mut model, b"records", 30).unwrap().stored().unwrap();
    assert_eq!(stored.until(), NOW + 50 * DAY_NS);
}

#[test]
fn an_object_that_was_there_without_a_lock_is_locked() {
    let mut model = Model::new(Lie::None);
    let call = Call::put("log/seg", b"records".to_vec().into(), None);
    model.answer(&store().sign(&call, NOW));
    let stored = put(&mut model, b"records", 40).unwrap().stored().unwrap();
    assert_eq!(stored.until(), NOW + 40 * DAY_NS);
}

#[test]
fn another_object_in_its_place_is_an_alarm() {
    let mut model = Model::new(Lie::None);
    put(&mut model, b"records", 40).unwrap();
    for other in [&b"recordz"[..], b"record", b"records and more"] {
        let error = put(&mut model, other, 40).unwrap_err();
        assert!(matches!(error, VaultError::OtherObject { .. }) && error.is_alarm());
    }
}

#[test]
fn a_store_that_alters_or_does_not_lock_gives_no_stored() {
    for (lie, want) in [
        (
            Lie::AltersOnRead,
            "ALARM: the store gives back other bytes than it was sent for log/seg",
        ),
        (
            Lie::LocksInGovernance,
            "ALARM: the store does not hold log/seg in COMPLIANCE for as long as it was told",
        ),
        (
            Lie::ForgetsVersions,
            "ALARM: the store does not hold log/seg in COMPLIANCE for as long as it was told",
        ),
    ] {
        let error = put(&mut Model::new(lie), b"records", 40).unwrap_err();
        assert_eq!(error.to_string(), want, "{lie:?}");
    }
}

#[test]
fn an_object_may_be_as_large_as_a_segment_and_no_larger() {
    let put = |len| Put::new("k", vec![0; len], NOW);
    assert!(put(OBJECT_LEN_MAX).is_ok());
    assert!(matches!(
        put(OBJECT_LEN_MAX + 1),
        Err(VaultError::TooMuch { .. })
    ));
}

#[test]
fn the_first_version_comes_out_whatever_was_written_over_it() {
    let mut model = Model::new(Lie::None);
    let until = Until::Compliance(NOW + DAY_NS);
    for (key, bytes) in [
        ("log/a", "one"),
        ("log/b", "two"),
        ("log/a", "evil"),
        ("log/a", "worse"),
        ("log/c", "three"),
        ("other/a", "x"),
    ] {
        let call = Call::put(key, bytes.as_bytes().into(), Some(until));
        model.answer(&store().sign(&call, NOW));
    }
    let list = run(List::new("log/"), |request| Ok(model.answer(request))).unwrap();
    let (versions, over) = list.first_versions();
    assert_eq!(over, 2);
    let got: Vec<(String, Vec<u8>)> = versions
        .into_iter()
        .map(|version| {
            let key = version.key.clone();
            let get = run(Get::new(version).unwrap(), |request| {
                Ok(model.answer(request))
            });
            (key, get.unwrap().bytes().unwrap())
        })
        .collect();
    let want = [("log/a", "one"), ("log/b", "two"), ("log/c", "three")];
    assert_eq!(
        got,
        want.map(|(key, bytes)| (key.to_owned(), bytes.as_bytes().to_vec()))
    );
}

#[test]
fn this_side_keeps_for_its_own_time_and_never_shorter_than_a_box() {
    assert_eq!(DAYS_MIN, 30);
    for days in [0, 1, DAYS_MIN - 1, DAYS_MAX + 1, u32::MAX] {
        let refused = Retention::days(days);
        assert!(
            matches!(refused, Err(VaultError::BadRetention { min: 30, .. })),
            "{days}"
        );
    }
    for days in [DAYS_MIN, 400, DAYS_MAX] {
        let until = Retention::days(days).unwrap().until(NOW);
        assert_eq!(until, NOW + i64::from(days) * DAY_NS, "{days}");
    }
    let odd = Retention::days(30).unwrap().until(NOW + 1);
    assert_eq!(odd, Timestamp::from_secs(NOW.as_secs() + 1 + 30 * 86_400));
}
