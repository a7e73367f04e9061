//! What the issuer gives, and to whom.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

use iia_core::gate::{Ask, Gate, Refusal};
use iia_core::issuance::Issuance;
use iia_core::time::{Clock as _, ManualClock, TimeState};
use iia_core::{SpiffeId, Timestamp};
use iia_identity::IdentityError;
use iia_identity::bundle::BundleSet;
use iia_identity::issue::{Issuer, request};
use iia_identity::verify::verify_chain;

struct Knows(&'static str);

impl Gate for Knows {
    fn permits(&self, _: &Ask<'_>) -> Result<(), Refusal> {
        Ok(())
    }
    fn knows(&self, workload: &SpiffeId) -> bool {
        workload.as_str() == self.0
    }
}

/// A catalog that says how long the SVID of a workload lives at most.
struct Agreed(Option<i64>);

impl Gate for Agreed {
    fn permits(&self, _: &Ask<'_>) -> Result<(), Refusal> {
        Ok(())
    }
    fn knows(&self, _: &SpiffeId) -> bool {
        true
    }
    fn life_max_ns(&self, _: &SpiffeId) -> Option<i64> {
        self.0
    }
}

const LAKE: &str = "spiffe://iia.local/zone/lake/workload/lake_writer";

fn issuer(clock: &ManualClock) -> Issuer {
    Issuer::create("iia.local".parse().unwrap(), 3600, 1, clock.read()).unwrap()
}

#[test]
fn the_identity_comes_from_the_supervisor_and_not_from_the_request() {
    let clock = ManualClock::new(Timestamp::from_secs(1_800_000_000));
    let issuer = issuer(&clock);
    let (csr, _) = request(
        &"spiffe://iia.local/zone/audit/workload/chain"
            .parse()
            .unwrap(),
    )
    .unwrap();
    let lake = LAKE.parse().unwrap();
    let issued = issuer
        .issue(&csr, &lake, &Knows(LAKE), clock.read())
        .unwrap();
    let mut bundles = BundleSet::default();
    bundles
        .add_root("iia.local".parse().unwrap(), issuer.root().to_vec())
        .unwrap();
    let chain: Vec<_> = issued
        .chain
        .iter()
        .map(|der| der.as_slice().into())
        .collect();
    assert_eq!(verify_chain(&chain, &bundles, clock.read().wall), Ok(lake));
    let end = issued.not_after + 1_000_000_000;
    assert_eq!(
        verify_chain(&chain, &bundles, end),
        Err(IdentityError::Expired)
    );
}

/// R-BCA-09: what is agreed shortens a life and never lengthens it, and none is over before it is given.
#[test]
fn an_svid_lives_no_longer_than_is_agreed() {
    const SECOND_NS: i64 = 1_000_000_000;
    let clock = ManualClock::new(Timestamp::from_secs(1_800_000_000));
    let (csr, _) = request(&LAKE.parse().unwrap()).unwrap();
    // What is agreed, and for how many seconds it is good before and after it is given.
    for (agreed, (before, after)) in [
        (None, (60, 3540)),
        (Some(7200 * SECOND_NS), (60, 3540)),
        (Some(600 * SECOND_NS), (60, 540)),
        (Some(20 * SECOND_NS), (10, 10)),
        (Some(SECOND_NS), (0, 1)),
        (Some(1), (0, 1)),
    ] {
        let lake = LAKE.parse().unwrap();
        let issued = issuer(&clock).issue(&csr, &lake, &Agreed(agreed), clock.read());
        let Issuance {
            ts_ns,
            not_before_ns,
            not_after_ns,
            ..
        } = issued.unwrap().issuance;
        assert_eq!(
            (ts_ns - not_before_ns, not_after_ns - ts_ns),
            (before * SECOND_NS, after * SECOND_NS),
            "{agreed:?}"
        );
    }
}

#[test]
fn no_contract_no_svid() {
    let clock = ManualClock::new(Timestamp::from_secs(1_800_000_000));
    let (csr, _) = request(&LAKE.parse().unwrap()).unwrap();
    let got = issuer(&clock).issue(&csr, &LAKE.parse().unwrap(), &Knows("nobody"), clock.read());
    assert_eq!(got, Err(IdentityError::NoContract));
}

#[test]
fn nothing_is_issued_while_time_is_unknown_or_for_longer_than_an_hour() {
    let clock = ManualClock::new(Timestamp::from_secs(1_800_000_000));
    let issuer = issuer(&clock);
    clock.set_state(TimeState::Unknown);
    let (csr, _) = request(&LAKE.parse().unwrap()).unwrap();
    let got = issuer.issue(&csr, &LAKE.parse().unwrap(), &Knows(LAKE), clock.read());
    assert_eq!(got, Err(IdentityError::TimeUnknown));
    let clock = ManualClock::new(Timestamp::from_secs(1_800_000_000));
    let got = Issuer::create("iia.local".parse().unwrap(), 3601, 1, clock.read());
    assert!(matches!(got, Err(IdentityError::TooLong)));
}

/// X509-SVID 3.1: the ID of a trust domain is for its authority alone, even where a catalog knows it.
#[test]
fn a_leaf_is_never_a_whole_trust_domain() {
    let clock = ManualClock::new(Timestamp::from_secs(1_800_000_000));
    let (csr, _) = request(&LAKE.parse().unwrap()).unwrap();
    let domain = "spiffe://iia.local";
    let got = issuer(&clock).issue(&csr, &domain.parse().unwrap(), &Knows(domain), clock.read());
    let rule = "SPIFFE ID has no path (3.1)";
    assert_eq!(got, Err(IdentityError::BadLeaf { rule }));
}

/// X509-SVID 3.1: with a subject that is not empty the names need not be critical.
#[test]
fn every_svid_has_a_subject() {
    use x509_parser::prelude::{FromDer as _, X509Certificate};
    let clock = ManualClock::new(Timestamp::from_secs(1_800_000_000));
    let issuer = issuer(&clock);
    let (csr, _) = request(&LAKE.parse().unwrap()).unwrap();
    let long = "spiffe://iia.local/zone/a/workload/".to_owned() + &"w".repeat(200);
    for id in [
        LAKE,
        "spiffe://iia.local/a",
        "spiffe://iia.local/zone/a/workload",
        &long,
    ] {
        let id = id.to_owned().leak();
        let issued = issuer.issue(&csr, &id.parse().unwrap(), &Knows(id), clock.read());
        let leaf = issued.unwrap().chain.remove(0);
        let (_, leaf) = X509Certificate::from_der(&leaf).unwrap();
        let name = leaf
            .subject()
            .iter_common_name()
            .next()
            .unwrap()
            .as_str()
            .unwrap();
        assert!((1..=64).contains(&name.len()), "{name}");
    }
}

#[test]
fn a_request_bent_in_its_signed_part_is_refused() {
    let clock = ManualClock::new(Timestamp::from_secs(1_800_000_000));
    let issuer = issuer(&clock);
    let (csr, _) = request(&LAKE.parse().unwrap()).unwrap();
    let (outer, _) = header(&csr);
    let (inner, len) = header(&csr[outer..]);
    for byte in outer..outer + inner + len {
        let mut bent = csr.clone();
        bent[byte] ^= 1;
        let got = issuer.issue(&bent, &LAKE.parse().unwrap(), &Knows(LAKE), clock.read());
        assert_eq!(got.err(), Some(IdentityError::BadRequest), "byte {byte}");
    }
}

/// The length of a DER header and of its content.
fn header(der: &[u8]) -> (usize, usize) {
    match der[1] {
        len @ ..=0x7f => (2, usize::from(len)),
        0x81 => (3, usize::from(der[2])),
        _ => (4, usize::from(der[2]) << 8 | usize::from(der[3])),
    }
}
