//! A quote verified and a log replayed; data of `../shared/vectors`, read in place.
#![expect(clippy::unwrap_used, reason = "a bench is its own page")]
use std::fs;
use std::path::{Path, PathBuf};

use divan::{Bencher, black_box};
use iia_attest::tpm::{EventLog, Evidence, PublicArea, PureRust, Reference, Tier, appraise};

fn main() {
    divan::main();
}

fn vectors() -> PathBuf {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    std::env::var_os("IIA_SHARED")
        .map_or(beside, PathBuf::from)
        .join("vectors")
}

/// Everything that [`appraise`] does, from bytes to result, with an ECDSA key on P-256.
#[divan::bench]
fn quote_p256_pure_rust(bencher: Bencher<'_, '_>) {
    let read = |name: &str| fs::read(vectors().join("tpm").join(name)).unwrap();
    let [attest, signature, key, nonce, pcrs] = [
        "attest.bin",
        "sig.tpmt",
        "ak_pub.tpmt",
        "nonce.bin",
        "pcrs_0_4_10.bin",
    ]
    .map(read);
    bencher.bench(|| {
        let key = PublicArea::parse(black_box(&key)).unwrap();
        let evidence = Evidence {
            attest: &attest,
            signature: &signature,
            log: None,
            pcrs: Some(&pcrs),
        };
        let result = appraise(&evidence, &Reference::new(&key, &nonce), &PureRust);
        assert_eq!(result.tier(), Tier::Affirming);
    });
}

/// A log of 38 KiB: 106 events in banks of SHA-1, SHA-256 and SHA-384.
#[divan::bench]
fn log_replayed(bencher: Bencher<'_, '_>) {
    let name = "go-eventlog_ubuntu_2104_shielded_vm_no_secure_boot_eventlog";
    let bytes = fs::read(vectors().join("eventlog").join(name)).unwrap();
    bencher.bench(|| EventLog::parse(black_box(&bytes)).unwrap().replay());
}
