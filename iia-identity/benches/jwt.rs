//! Issuing and verifying a JWT-SVID, and the floor beneath: one signature of P-256 and its verification.
#![expect(clippy::unwrap_used, reason = "a bench is its own page")]
use iia_core::gate::{Ask, Gate, Refusal};
use iia_core::time::{Clock as _, ManualClock};
use iia_core::{SpiffeId, Timestamp};
use iia_identity::bundle::BundleSet;
use iia_identity::jwt::{JwtAuthority, verify};
use rcgen::{KeyPair, PublicKeyData as _, SigningKey as _};

struct Everyone;

impl Gate for Everyone {
    fn permits(&self, _: &Ask<'_>) -> Result<(), Refusal> {
        Ok(())
    }
    fn knows(&self, _: &SpiffeId) -> bool {
        true
    }
}

fn main() {
    divan::main();
}

fn lake() -> SpiffeId {
    let id = "spiffe://iia.local/zone/lake/workload/lake_writer";
    id.parse().unwrap()
}

fn clock() -> ManualClock {
    ManualClock::new(Timestamp::from_secs(1_800_000_000))
}

fn authority() -> JwtAuthority {
    JwtAuthority::create("iia.local".parse().unwrap()).unwrap()
}

#[divan::bench]
fn issue(bencher: divan::Bencher<'_, '_>) {
    let (authority, lake, now) = (authority(), lake(), clock().read());
    let audience = ["site".to_owned()];
    bencher.bench(|| authority.issue(&lake, &audience, &Everyone, now).unwrap());
}

#[divan::bench]
fn check(bencher: divan::Bencher<'_, '_>) {
    let (authority, now) = (authority(), clock().read());
    let token = authority.issue(&lake(), &["site".into()], &Everyone, now);
    let (token, mut bundles) = (token.unwrap(), BundleSet::default());
    let domain = "iia.local".parse().unwrap();
    bundles
        .add_jwt_key(domain, authority.key().clone())
        .unwrap();
    bencher.bench(|| verify(&token, "site", &bundles, now.wall).unwrap());
}

#[divan::bench]
fn signature_alone(bencher: divan::Bencher<'_, '_>) {
    let pair = KeyPair::generate().unwrap();
    bencher.bench(|| pair.sign(&[7; 256]).unwrap());
}

#[divan::bench]
fn verification_alone(bencher: divan::Bencher<'_, '_>) {
    let pair = KeyPair::generate().unwrap();
    let (key, signature) = (pair.der_bytes().to_vec(), pair.sign(&[7; 256]).unwrap());
    let algorithm = webpki::aws_lc_rs::ECDSA_P256_SHA256;
    bencher.bench(|| {
        algorithm
            .verify_signature(&key, &[7; 256], &signature)
            .unwrap()
    });
}
