//! Issuing and verifying an SVID, and the floor beneath: parsing its certificate.
#![expect(clippy::unwrap_used, reason = "a bench is its own page")]
use iia_core::gate::{Ask, Gate, Refusal};
use iia_core::time::{Clock as _, ManualClock};
use iia_core::{SpiffeId, Timestamp};
use iia_identity::bundle::BundleSet;
use iia_identity::issue::{Issued, Issuer, KeyKind, Subject, request};
use iia_identity::verify::verify_chain;
use x509_parser::prelude::{FromDer as _, X509Certificate};

struct Everyone;

impl Gate for Everyone {
    fn permits(&self, _: &Ask<'_>) -> Result<(), Refusal> {
        Ok(())
    }
    fn knows(&self, _: &SpiffeId) -> bool {
        true
    }
}

struct World {
    clock: ManualClock,
    issuer: Issuer,
    lake: SpiffeId,
}

fn main() {
    divan::main();
}

fn world() -> World {
    let clock = ManualClock::new(Timestamp::from_secs(1_800_000_000));
    World {
        issuer: Issuer::create("iia.local".parse().unwrap(), 3600, 1, clock.read()).unwrap(),
        lake: "spiffe://iia.local/zone/lake/workload/lake_writer"
            .parse()
            .unwrap(),
        clock,
    }
}

fn issued(world: &World) -> Issued {
    let (csr, _) = request(&world.lake).unwrap();
    world
        .issuer
        .issue(&csr, &world.lake, &Everyone, world.clock.read())
        .unwrap()
}

#[divan::bench]
fn floor_parse(bencher: divan::Bencher) {
    let issued = issued(&world());
    let der = issued.chain.first().unwrap();
    bencher.bench(|| X509Certificate::from_der(divan::black_box(der.as_slice())).is_ok());
}

#[divan::bench]
fn key_and_request(bencher: divan::Bencher) {
    let world = world();
    bencher.bench(|| request(&world.lake));
}

#[divan::bench]
fn issue(bencher: divan::Bencher) {
    let world = world();
    let (csr, _) = request(&world.lake).unwrap();
    bencher.bench_local(|| {
        world
            .issuer
            .issue(&csr, &world.lake, &Everyone, world.clock.read())
    });
}

#[divan::bench]
fn verify(bencher: divan::Bencher) {
    let world = world();
    let issued = issued(&world);
    let mut bundles = BundleSet::default();
    bundles
        .add_root("iia.local".parse().unwrap(), world.issuer.root().to_vec())
        .unwrap();
    let chain: Vec<_> = issued
        .chain
        .iter()
        .map(|der| der.as_slice().into())
        .collect();
    bencher.bench_local(|| verify_chain(&chain, &bundles, world.clock.read().wall));
}

#[divan::bench(args = [KeyKind::P256, KeyKind::Ed25519])]
fn key_and_svid(bencher: divan::Bencher, kind: KeyKind) {
    let world = world();
    let lake = Subject::of(world.lake.clone()).unwrap();
    bencher.bench_local(|| {
        let now = world.clock.read();
        world.issuer.issue_with_key(kind, &lake, &Everyone, now)
    });
}
