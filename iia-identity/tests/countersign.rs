//! The next box up vouches for an issuer: in one trust domain its chains verify by the upper root alone.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod common;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::judge::{Place, believes, has_openssl, openssl};
use iia_core::time::{Clock as _, ManualClock};
use iia_core::{SpiffeId, Timestamp};
use iia_identity::IdentityError;
use iia_identity::bundle::BundleSet;
use iia_identity::issue::{Issued, Issuer, check_countersigned, request};
use iia_identity::verify::verify_chain;
use rcgen::{CertificateParams, KeyPair, SanType};

const NOW: i64 = 1_800_000_000;
const ID: &str = "spiffe://iia.local/zone/lake/workload/lake_writer";
const YEAR: i64 = 365 * 86_400;

fn clock() -> ManualClock {
    ManualClock::new(Timestamp::from_secs(NOW))
}

fn issuer(domain: &str) -> Issuer {
    Issuer::create(domain.parse().unwrap(), 3600, 2, clock().read()).unwrap()
}

fn issue(issuer: &Issuer) -> Issued {
    let (id, clock): (SpiffeId, _) = (ID.parse().unwrap(), clock());
    let (csr, _key) = request(&id).unwrap();
    issuer
        .issue(&csr, &id, &common::Everybody, clock.read())
        .unwrap()
}

/// A box below a site, both of one trust domain.
fn nested() -> (Issuer, Issuer) {
    let (site, mut cell) = (issuer("iia.local"), issuer("iia.local"));
    let request = cell.countersign_request().unwrap();
    let signed = site.countersign(&request, cell.domain(), YEAR, clock().read());
    cell.accept_countersignature(signed.unwrap(), site.root(), clock().read())
        .unwrap();
    (site, cell)
}

fn verify(root: &[u8], issued: &Issued) -> Result<SpiffeId, IdentityError> {
    let mut bundles = BundleSet::default();
    bundles
        .add_root("iia.local".parse().unwrap(), root.to_vec())
        .unwrap();
    let chain: Vec<_> = issued
        .chain
        .iter()
        .map(|der| der.as_slice().into())
        .collect();
    verify_chain(&chain, &bundles, Timestamp::from_secs(NOW))
}

#[test]
fn a_countersigned_issuers_svid_is_believed_by_the_upper_root_and_by_its_own() {
    let (site, cell) = nested();
    let issued = issue(&cell);
    assert_eq!(issued.chain.len(), 2);
    for root in [site.root(), cell.root()] {
        assert_eq!(verify(root, &issued), Ok(ID.parse().unwrap()));
    }
    assert_eq!(
        verify(issuer("iia.local").root(), &issued),
        Err(IdentityError::BadPath)
    );
    // It survives a restart.
    let again = Issuer::from_state(&cell.to_state().unwrap()).unwrap();
    assert_eq!(verify(site.root(), &issue(&again)), Ok(ID.parse().unwrap()));
}

/// With an intermediate that has ended nobody would believe the chain, not even by the box's own root.
#[test]
fn a_countersignature_that_ends_leaves_the_chain_before_it_harms_it() {
    let (site, mut cell) = (issuer("iia.local"), issuer("iia.local"));
    let (asked, clock) = (cell.countersign_request().unwrap(), clock());
    let day = 86_400;
    let signed = site.countersign(&asked, cell.domain(), day, clock.read());
    cell.accept_countersignature(signed.unwrap(), site.root(), clock.read())
        .unwrap();
    clock.advance(u64::try_from(day - 3600).unwrap() * 1_000_000_000);
    let issue = || {
        let id: SpiffeId = ID.parse().unwrap();
        let (csr, _key) = request(&id).unwrap();
        cell.issue(&csr, &id, &common::Everybody, clock.read())
            .unwrap()
    };
    assert_eq!(issue().chain.len(), 2);
    clock.advance(61 * 1_000_000_000);
    let issued = issue();
    assert_eq!(issued.chain.len(), 1);
    let mut bundles = BundleSet::default();
    bundles
        .add_root("iia.local".parse().unwrap(), cell.root().to_vec())
        .unwrap();
    let chain: Vec<_> = issued
        .chain
        .iter()
        .map(|der| der.as_slice().into())
        .collect();
    assert!(verify_chain(&chain, &bundles, clock.read().wall).is_ok());
}

#[test]
fn a_new_root_is_countersigned_anew() {
    let (site, mut cell) = nested();
    let clock = clock();
    cell.announce_root(clock.read()).unwrap();
    clock.advance(3_600_000_000_000);
    cell.follow_root(clock.read()).unwrap();
    assert_eq!(issue(&cell).chain.len(), 1);
    assert_eq!(
        verify(site.root(), &issue(&cell)),
        Err(IdentityError::BadPath)
    );
}

#[test]
fn a_countersignature_that_does_not_fit_is_not_taken() {
    let (site, other, mut cell) = (
        issuer("iia.local"),
        issuer("iia.local"),
        issuer("iia.local"),
    );
    let request = cell.countersign_request().unwrap();
    let domain = cell.domain().clone();
    let now = clock().read();
    let good = site.countersign(&request, &domain, YEAR, now).unwrap();
    let of_others_key = site.countersign(&other.countersign_request().unwrap(), &domain, YEAR, now);
    let elsewhere = site.countersign(&request, &"other.example".parse().unwrap(), YEAR, now);
    let path = Err(IdentityError::BadPath);
    assert_eq!(
        cell.accept_countersignature(of_others_key.unwrap(), site.root(), now),
        path
    );
    assert_eq!(
        cell.accept_countersignature(good.clone(), other.root(), now),
        path
    );
    assert_eq!(
        cell.accept_countersignature(elsewhere.unwrap(), site.root(), now),
        path
    );
    let mut bent = good.clone();
    *bent.last_mut().unwrap() ^= 1;
    assert!(
        cell.accept_countersignature(bent, site.root(), now)
            .is_err()
    );
    let late = ManualClock::new(Timestamp::from_secs(NOW + YEAR + 1)).read();
    let got = cell.accept_countersignature(good.clone(), site.root(), late);
    assert_eq!(got, Err(IdentityError::Expired));
    assert_eq!(cell.accept_countersignature(good, site.root(), now), Ok(()));
    let got = site.countersign(b"no request", &domain, YEAR, now);
    assert_eq!(got, Err(IdentityError::BadRequest));
}

/// Of another trust domain it is proof about a root, and no chain has it: the standard believes only roots of one's own.
#[test]
fn of_another_trust_domain_a_countersignature_is_proof_about_a_root() {
    let (site, mut cell) = (issuer("site.example"), issuer("iia.local"));
    let request = cell.countersign_request().unwrap();
    let now = clock().read();
    let signed = site
        .countersign(&request, cell.domain(), YEAR, now)
        .unwrap();
    cell.accept_countersignature(signed.clone(), site.root(), now)
        .unwrap();
    assert_eq!(issue(&cell).chain.len(), 1);
    let check = |root: &[u8]| check_countersigned(&signed, root, site.root(), now.wall);
    assert_eq!(check(cell.root()), Ok(()));
    assert_eq!(
        check(issuer("iia.local").root()),
        Err(IdentityError::BadPath)
    );
}

#[test]
fn openssl_believes_a_nested_chain_and_holds_the_name_constraints() {
    if !has_openssl("openssl_believes_a_nested_chain_and_holds_the_name_constraints") {
        return;
    }
    let (place, (site, cell)) = (Place::new(), nested());
    let issued = issue(&cell);
    let root = place.pem("x509", "root", site.root());
    let between = place.pem("x509", "between", &issued.chain[1]);
    let leaf = place.pem("x509", "leaf", &issued.chain[0]);
    let at = NOW.to_string();
    let at = ["-attime", &at];
    assert!(believes(&root, Some(&between), &leaf, &at));
    assert!(!believes(&root, None, &leaf, &at));
    let text = openssl(&["x509", "-in", &between, "-noout", "-text"]);
    assert!(
        text.contains("Name Constraints: critical") && text.contains("pathlen:0"),
        "{text}"
    );
    // The key of the cell signs a host name and an address: by the upper root nobody believes it.
    for name in [
        SanType::DnsName("plc.example".try_into().unwrap()),
        SanType::IpAddress([10, 0, 0, 1].into()),
    ] {
        let forged = place.pem("x509", "forged", &forge(&cell, name));
        let own = place.pem("x509", "own", cell.root());
        assert!(!believes(&root, Some(&between), &forged, &at));
        assert!(
            believes(&own, None, &forged, &at),
            "only the constraint forbids it"
        );
    }
}

/// A leaf with another name, signed by the issuer's key as a thief of it could.
fn forge(issuer: &Issuer, name: SanType) -> Vec<u8> {
    let state: serde_json::Value = serde_json::from_slice(&issuer.to_state().unwrap()).unwrap();
    let key = STANDARD
        .decode(state["current"]["key"].as_str().unwrap())
        .unwrap();
    let key = KeyPair::try_from(key).unwrap();
    let signs = rcgen::Issuer::from_ca_cert_der(&issuer.root().into(), key).unwrap();
    let mut params = CertificateParams::default();
    params.subject_alt_names = vec![name];
    params.use_authority_key_identifier_extension = true;
    params.is_ca = rcgen::IsCa::ExplicitNoCa;
    params.not_before = time::OffsetDateTime::from_unix_timestamp(NOW - 60).unwrap();
    params.not_after = time::OffsetDateTime::from_unix_timestamp(NOW + 60).unwrap();
    params.key_usages = vec![rcgen::KeyUsagePurpose::DigitalSignature];
    let leaf = params
        .signed_by(&KeyPair::generate().unwrap(), &signs)
        .unwrap();
    leaf.der().to_vec()
}
