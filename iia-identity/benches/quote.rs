//! A quote verified by the TLS provider, beside pure Rust and the tool of the TPM in the same run.
#![expect(clippy::unwrap_used, reason = "a bench is its own page")]
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use divan::{Bencher, black_box};
use iia_attest::tpm::{Evidence, PublicArea, PureRust, Reference, Tier, appraise};
use iia_core::outside::Check;
use iia_identity::check::ProviderCheck;

fn main() {
    divan::main();
}

fn folder() -> PathBuf {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let shared = std::env::var_os("IIA_SHARED").map_or(beside, PathBuf::from);
    shared.join("vectors/tpm")
}

/// Everything that [`appraise`] does, from bytes to result, with an ECDSA key on P-256.
fn quote(bencher: Bencher<'_, '_>, check: &dyn Check) {
    let read = |name: &str| fs::read(folder().join(name)).unwrap();
    let names = [
        "attest.bin",
        "sig.tpmt",
        "ak_pub.tpmt",
        "nonce.bin",
        "pcrs_0_4_10.bin",
    ];
    let [attest, signature, key, nonce, pcrs] = names.map(read);
    bencher.bench_local(|| {
        let key = PublicArea::parse(black_box(&key)).unwrap();
        let evidence = Evidence {
            attest: &attest,
            signature: &signature,
            log: None,
            pcrs: Some(&pcrs),
        };
        let result = appraise(&evidence, &Reference::new(&key, &nonce), check);
        assert_eq!(result.tier(), Tier::Affirming);
    });
}

#[divan::bench]
fn pure_rust(bencher: Bencher<'_, '_>) {
    quote(bencher, &PureRust);
}

#[divan::bench]
fn provider(bencher: Bencher<'_, '_>) {
    quote(bencher, &ProviderCheck);
}

/// One process a quote, as a script would.
#[divan::bench(sample_count = 50, sample_size = 1)]
fn tpm2_checkquote(bencher: Bencher<'_, '_>) {
    let place = tempfile::tempdir().unwrap();
    let key = fs::read(folder().join("ak_pub.tpmt")).unwrap();
    let len = u16::try_from(key.len()).unwrap().to_be_bytes();
    let public = place.path().join("ak.pub");
    fs::write(&public, [&len[..], &key].concat()).unwrap();
    let nonce = iia_core::digest::hex(&fs::read(folder().join("nonce.bin")).unwrap());
    bencher.bench_local(|| {
        let done = Command::new("tpm2_checkquote")
            .arg("-u")
            .arg(&public)
            .arg("-m")
            .arg(folder().join("attest.bin"))
            .arg("-s")
            .arg(folder().join("sig.tpmt"))
            .args(["-g", "sha256", "-q", &nonce])
            .output()
            .unwrap();
        assert!(done.status.success());
    });
}
