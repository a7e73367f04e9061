//! SPIFFE IDs, certificate chains and signing requests of strangers.

pub mod admission;
pub mod bundle;
pub mod made;
pub mod token;

use std::sync::OnceLock;

use iia_core::gate::{Ask, Gate, Refusal};
use iia_core::id::TrustDomain;
use iia_core::time::{Clock as _, ManualClock};
use iia_core::{SpiffeId, Timestamp};
use iia_identity::bundle::BundleSet;
use iia_identity::issue::Issuer;
use iia_identity::verify::{CHAIN_MAX, check_authority, not_after, verify_chain};
use rustls_pki_types::CertificateDer;

use crate::input::{Input, bend};

/// Root and leaf of `spiffe://iia.local`, made once by our issuer; their keys are gone.
pub const ROOT: &[u8] = include_bytes!("../../fixtures/root.der");
/// The leaf.
pub const LEAF: &[u8] = include_bytes!("../../fixtures/leaf.der");
/// When they were made.
pub const AT_SECS: i64 = 1_800_000_000;
/// Whom the leaf is for.
pub const ID: &str = "spiffe://iia.local/zone/lake/workload/lake_writer";

/// An ID that parses is the text it was parsed from, and the same again from its parts.
pub fn spiffe_id(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let domain = text.parse::<TrustDomain>();
    assert_eq!(domain.is_ok(), is_domain(text));
    let parsed = text.parse::<SpiffeId>();
    assert_eq!(parsed.is_ok(), is_id(text), "{text:?}");
    let Ok(id) = parsed else {
        return;
    };
    let domain = id.trust_domain();
    assert_eq!((id.as_str(), id.to_string().as_str()), (text, text));
    assert_eq!(format!("{}{}", domain.to_id(), id.path()), text);
    let segments: Vec<&str> = id.path().split('/').skip(1).collect();
    assert_eq!(SpiffeId::of_segments(&domain, &segments), Ok(id.clone()));
    if let Some((zone, name)) = id.zone_workload() {
        assert_eq!(SpiffeId::workload(&domain, zone, name), Ok(id.clone()));
    }
}

/// SPIFFE-ID 2 once more, written as the standard's own sentences and not as the parser is.
fn is_id(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("spiffe://") else {
        return false;
    };
    let mut parts = rest.split('/');
    let segment = |part: &str| {
        part.chars()
            .all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c))
            && part.chars().any(|c| c != '.') | (part.len() > 2)
    };
    text.len() <= 2048 && parts.next().is_some_and(is_domain) && parts.all(segment)
}

fn is_domain(name: &str) -> bool {
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-_".contains(c);
    (1..=255).contains(&name.len()) && name.chars().all(legal)
}

/// Certificates from the input before a bundle of one root: nobody but the one leaf of that root is believed.
pub fn svid_chain(data: &[u8]) {
    let mut input = Input(data);
    let kind = input.byte();
    let mut chain: Vec<Vec<u8>> = Vec::new();
    if kind & 1 == 1 {
        let at = input.u64();
        chain.push(if kind & 2 == 2 {
            bend(LEAF, at)
        } else {
            LEAF.to_vec()
        });
    }
    while !input.is_empty() && chain.len() <= CHAIN_MAX {
        chain.push(input.piece().to_vec());
    }
    let ends = chain.first().map(|leaf| not_after(leaf));
    let authority = chain.last().map(|last| check_authority(last, None));
    let chain: Vec<CertificateDer<'_>> = chain.iter().map(|der| der.as_slice().into()).collect();
    let now = Timestamp::from_secs(AT_SECS + i64::from(kind & 0x3c) * 128 - 600);
    let Ok(id) = verify_chain(&chain, &bundles(), now) else {
        return;
    };
    assert_eq!(
        (id.as_str(), chain.first().map(AsRef::as_ref)),
        (ID, Some(LEAF))
    );
    assert!(ends.is_some_and(|ends| ends.is_ok_and(|ends| ends >= now)));
    assert!(chain.len() == 1 || authority.is_some_and(|last| last.is_ok()));
}

fn bundles() -> BundleSet {
    let mut bundles = BundleSet::default();
    let domain: Result<TrustDomain, _> = "iia.local".parse();
    if let Ok(domain) = domain {
        assert_eq!(bundles.add_root(domain.clone(), ROOT.to_vec()), Ok(()));
        bundles.set_own(domain);
    }
    bundles
}

/// Knows one workload.
#[derive(Debug)]
pub struct Knows;

impl Gate for Knows {
    fn permits(&self, _: &Ask<'_>) -> Result<(), Refusal> {
        Ok(())
    }
    fn knows(&self, workload: &SpiffeId) -> bool {
        workload.as_str() == ID
    }
}

/// Whatever the request says, what comes of it is an SVID for the workload that was attested, or nothing.
pub fn svid_request(data: &[u8]) {
    static ISSUER: OnceLock<Option<Issuer>> = OnceLock::new();
    let clock = ManualClock::new(Timestamp::from_secs(AT_SECS));
    let domain = "iia.local".parse::<TrustDomain>().ok();
    let make = || Issuer::create(domain.clone()?, 3600, 1, clock.read()).ok();
    let (Some(issuer), Ok(id)) = (ISSUER.get_or_init(make), ID.parse::<SpiffeId>()) else {
        panic!("no issuer");
    };
    let Ok(issued) = issuer.issue(data, &id, &Knows, clock.read()) else {
        return;
    };
    let mut bundles = BundleSet::default();
    assert_eq!(
        bundles.add_root(id.trust_domain(), issuer.root().to_vec()),
        Ok(())
    );
    let chain: Vec<CertificateDer<'_>> = issued
        .chain
        .iter()
        .map(|der| der.as_slice().into())
        .collect();
    assert_eq!(verify_chain(&chain, &bundles, clock.read().wall), Ok(id));
    assert_eq!(not_after(&issued.chain[0]), Ok(issued.not_after));
}
