//! A root is replaced in order, and nobody who renews in time is ever without an identity.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;

use iia_core::time::{Clock as _, ManualClock, SECOND_NS};
use iia_core::{SpiffeId, Timestamp};
use iia_identity::IdentityError;
use iia_identity::admission::Admitted;
use iia_identity::bundle::BundleSet;
use iia_identity::issue::{Issued, Issuer, KeyKind, STATE_LEN_MAX, Terms, Turn, request};
use iia_identity::journal::{Journal, SEGMENT_LEN_MAX, read_all};
use iia_identity::verify::verify_chain;

const START: i64 = 1_800_000_000;
const HOUR_NS: i64 = 3600 * SECOND_NS;
const DAY_NS: i64 = 24 * HOUR_NS;

fn clock() -> ManualClock {
    ManualClock::new(Timestamp::from_secs(START))
}

fn issuer(root_secs: i64, clock: &ManualClock) -> Issuer {
    let (svid_secs, kind) = (3600, KeyKind::P256);
    let terms = Terms {
        svid_secs,
        root_secs,
        kind,
    };
    Issuer::create_with("iia.local".parse().unwrap(), terms, clock.read()).unwrap()
}

fn id(number: usize) -> SpiffeId {
    format!("spiffe://iia.local/zone/a/workload/w{number}")
        .parse()
        .unwrap()
}

fn issue(issuer: &Issuer, id: &SpiffeId, clock: &ManualClock) -> Issued {
    let (csr, _key) = request(id).unwrap();
    issuer
        .issue(&csr, id, &common::Everybody, clock.read())
        .unwrap()
}

/// What a peer believes that has this bundle.
fn believes(
    issuer: &Issuer,
    issued: &Issued,
    clock: &ManualClock,
) -> Result<SpiffeId, IdentityError> {
    let mut bundles = BundleSet::default();
    bundles.expect(issuer.domain().clone()).unwrap();
    bundles
        .update(issuer.domain(), issuer.bundle().unwrap())
        .unwrap();
    let chain: Vec<_> = issued
        .chain
        .iter()
        .map(|der| der.as_slice().into())
        .collect();
    verify_chain(&chain, &bundles, clock.read().wall)
}

/// SPIFFE Federation 4.1: new keys are published before they sign.
#[test]
fn a_new_root_is_published_before_it_signs_and_the_old_one_stays_while_its_svids_live() {
    let clock = clock();
    let mut issuer = issuer(10 * 86_400, &clock);
    let early = |result: Result<(), IdentityError>| {
        assert!(
            matches!(result, Err(IdentityError::RotationOrder { .. })),
            "{result:?}"
        );
    };
    early(issuer.follow_root(clock.read()));
    early(issuer.forget_root(clock.read()));
    let (first, of_first) = (issuer.root().to_vec(), issue(&issuer, &id(0), &clock));
    let before = issuer.bundle().unwrap();

    issuer.announce_root(clock.read()).unwrap();
    early(issuer.announce_root(clock.read()));
    let published = issuer.bundle().unwrap();
    assert_eq!((before.roots().len(), published.roots().len()), (1, 2));
    assert!(published.sequence() > before.sequence());
    assert_eq!(issuer.root(), first, "it signs nothing yet");
    clock.advance(u64::try_from(HOUR_NS - 1).unwrap());
    early(issuer.follow_root(clock.read()));
    let of_last = issue(&issuer, &id(1), &clock);
    clock.advance(u64::try_from(1).unwrap());
    issuer.follow_root(clock.read()).unwrap();
    // Whoever took the bundle while it was published believes what the new root signs.
    let of_second = issue(&issuer, &id(0), &clock);
    assert_ne!(issuer.root(), first);
    assert_eq!(issuer.bundle().unwrap().sequence(), published.sequence());
    assert_eq!(believes(&issuer, &of_second, &clock), Ok(id(0)));
    assert_eq!(believes(&issuer, &of_last, &clock), Ok(id(1)));
    assert_eq!(
        believes(&issuer, &of_first, &clock),
        Err(IdentityError::Expired)
    );

    early(issuer.announce_root(clock.read()));
    clock.advance(u64::try_from(HOUR_NS).unwrap());
    early(issuer.forget_root(clock.read()));
    clock.advance(u64::try_from(1).unwrap());
    issuer.forget_root(clock.read()).unwrap();
    let after = issuer.bundle().unwrap();
    assert_eq!(after.roots().len(), 1);
    assert!(after.sequence() > published.sequence());
}

#[test]
fn an_svid_never_outlives_its_root_and_an_ended_root_gives_none() {
    let clock = clock();
    let issuer = issuer(1800, &clock);
    let issued = issue(&issuer, &id(0), &clock);
    assert_eq!(issued.not_after, Timestamp::from_secs(START + 1800));
    clock.advance(u64::try_from(1800 * SECOND_NS).unwrap());
    let (csr, _key) = request(&id(0)).unwrap();
    let got = issuer.issue(&csr, &id(0), &common::Everybody, clock.read());
    assert_eq!(got, Err(IdentityError::Expired));
}

struct Only(SpiffeId);

impl Admitted for Only {
    fn admitted(&self, workload: &SpiffeId) -> Option<String> {
        (*workload == self.0).then(|| "sha256:00".into())
    }
}

#[test]
fn what_nobody_admitted_gets_no_svid() {
    let clock = clock();
    let issuer = issuer(86_400, &clock).with_admission(Arc::new(Only(id(1))));
    let (csr, _key) = request(&id(1)).unwrap();
    let issue = |id: &SpiffeId| issuer.issue(&csr, id, &common::Everybody, clock.read());
    assert_eq!(issue(&id(0)), Err(IdentityError::NotAdmitted));
    assert_eq!(issue(&id(1)).unwrap().issuance.admitted, "sha256:00");
}

#[test]
fn an_issuer_survives_a_restart_in_the_middle_of_a_rotation() {
    let clock = clock();
    let mut first = issuer(10 * 86_400, &clock);
    first.announce_root(clock.read()).unwrap();
    let mut second = Issuer::from_state(&first.to_state().unwrap()).unwrap();
    assert_eq!(first.bundle(), second.bundle());
    assert_eq!(
        believes(&first, &issue(&second, &id(0), &clock), &clock),
        Ok(id(0))
    );
    clock.advance(u64::try_from(HOUR_NS).unwrap());
    second.follow_root(clock.read()).unwrap();
    let third = Issuer::from_state(&second.to_state().unwrap()).unwrap();
    assert_eq!(
        believes(&second, &issue(&third, &id(0), &clock), &clock),
        Ok(id(0))
    );
    assert_eq!(second.bundle(), third.bundle());
}

#[test]
fn a_state_that_was_not_kept_here_is_refused() {
    let state = issuer(86_400, &clock()).to_state().unwrap();
    let text = String::from_utf8(state.to_vec()).unwrap();
    for (from, to) in [
        ("\"version\":1", "\"version\":2"),
        ("\"svid_secs\":3600", "\"svid_secs\":3601"),
        ("\"sequence\"", "\"sequences\""),
        ("\"certificate\":\"MII", "\"certificate\":\"AII"),
        ("iia.local", "iia local"),
    ] {
        let bent = text.replace(from, to);
        assert_ne!(bent, text, "{from}");
        assert!(Issuer::from_state(bent.as_bytes()).is_err(), "{from}");
    }
    // The key of another root.
    let other = issuer(86_400, &clock()).to_state().unwrap();
    let other = String::from_utf8(other.to_vec()).unwrap();
    let key = |text: &str| {
        text.split("\"key\":\"")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap()
            .to_owned()
    };
    let mixed = text.replace(&key(&text), &key(&other));
    assert!(matches!(
        Issuer::from_state(mixed.as_bytes()),
        Err(IdentityError::BadState { .. })
    ));
    assert!(Issuer::from_state(&vec![b' '; STATE_LEN_MAX + 1]).is_err());
}

/// Thirty days without anybody above: every workload renews at half its life, the root is replaced as it ages, the
/// issuer restarts each night, and the log stays within its files.
#[test]
fn thirty_days_offline_no_identity_is_lost_and_the_files_stay_small() {
    let (clock, place) = (clock(), tempfile::tempdir().unwrap());
    let mut issuer = issuer(10 * 86_400, &clock);
    let mut journal = Journal::open(place.path()).unwrap();
    let mut held: BTreeMap<usize, Issued> = BTreeMap::new();
    let (mut turns, mut issued) = (Vec::new(), 0_u64);
    for half_hour in 0..2 * 24 * 30 {
        if half_hour % 48 == 47 {
            issuer = Issuer::from_state(&issuer.to_state().unwrap()).unwrap();
            journal = Journal::open(place.path()).unwrap();
        }
        turns.extend(issuer.rotate(clock.read()).unwrap());
        for number in 0..4 {
            // Until the moment of renewal the old one is good, to a peer with today's bundle.
            if let Some(before) = held.get(&number) {
                assert_eq!(
                    believes(&issuer, before, &clock),
                    Ok(id(number)),
                    "{half_hour}"
                );
            }
            let next = issue(&issuer, &id(number), &clock);
            let kept = journal.append([next.issuance.clone()]).unwrap();
            issued += 1;
            assert_eq!(kept[0].seq, issued);
            assert_eq!(
                believes(&issuer, &next, &clock),
                Ok(id(number)),
                "{half_hour}"
            );
            held.insert(number, next);
        }
        clock.advance(u64::try_from(HOUR_NS / 2).unwrap());
    }
    assert_eq!(clock.read().wall, Timestamp::from_secs(START) + 30 * DAY_NS);
    let whole = [Turn::Announced, Turn::Followed, Turn::Forgotten];
    assert!(
        turns.len() >= 9 && turns.chunks(3).all(|three| whole.starts_with(three)),
        "{turns:?}"
    );
    let mut read = 0;
    read_all(place.path(), &mut |_| read += 1).unwrap();
    assert_eq!((read, issued), (5760, 5760));
    let files = std::fs::read_dir(place.path()).unwrap();
    let bytes: u64 = files
        .map(|file| file.unwrap().metadata().unwrap().len())
        .sum();
    assert!(bytes < 2 * SEGMENT_LEN_MAX, "{bytes}");
}
