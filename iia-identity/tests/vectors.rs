//! SVID abuse cases and SPIFFE ID cases that others wrote, read in place.
#![expect(clippy::indexing_slicing, clippy::print_stderr, reason = "tests")]

use std::fs;
use std::path::PathBuf;

use iia_core::{SpiffeId, Timestamp};
use iia_identity::bundle::BundleSet;
use iia_identity::verify::verify_chain;

fn vectors(name: &str) -> Option<PathBuf> {
    let dir = std::env::var_os("IIA_VECTORS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/vectors")),
        PathBuf::from,
    );
    let dir = dir.join(name);
    if dir.is_dir() {
        return Some(dir);
    }
    eprintln!("SKIPPED: {} is not on this machine", dir.display());
    None
}

#[test]
fn svid_abuse_cases_agree_with_the_standard() {
    let Some(dir) = vectors("x509svid") else {
        return;
    };
    let table = fs::read_to_string(dir.join("cases.tsv")).unwrap();
    let (mut right, mut wrong) = (0, Vec::new());
    for line in table.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [
            case,
            expect,
            strictness,
            rule,
            at,
            domain,
            bundle,
            chain,
            ..,
        ] = columns[..]
        else {
            continue;
        };
        let read = |name: &str| fs::read(dir.join(name)).unwrap();
        let mut bundles = BundleSet::default();
        bundles.set_own(domain.parse().unwrap());
        for root in bundle
            .split(',')
            .filter(|name| !name.is_empty() && *name != "-")
        {
            let _unfit = bundles.add_root(domain.parse().unwrap(), read(root));
        }
        let files: Option<Vec<_>> = chain
            .split(',')
            .map(|name| fs::read(dir.join(name)).ok())
            .collect();
        let Some(files) = files else {
            eprintln!("SKIPPED: SVID case {case}: a file of its chain is not there");
            continue;
        };
        let chain: Vec<_> = files.into_iter().map(Into::into).collect();
        let got = verify_chain(&chain, &bundles, Timestamp::from_secs(at.parse().unwrap()));
        if got.is_ok() == (expect == "accept") || strictness.starts_with("either") {
            right += 1;
        } else {
            wrong.push(format!("{case}: expected {expect} ({rule}), got {got:?}"));
        }
    }
    eprintln!("{right} SVID cases agree");
    assert!(right > 0 && wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn spiffe_id_cases_agree_with_the_standard() {
    let Some(dir) = vectors("spiffeid") else {
        return;
    };
    let table = fs::read_to_string(dir.join("cases.tsv")).unwrap();
    let (mut right, mut wrong) = (0, Vec::new());
    for line in table.lines().skip(1) {
        let mut columns = line.split('\t');
        let (Some(input), Some(expect)) = (columns.next(), columns.next()) else {
            continue;
        };
        let got = String::from_utf8(unescape(input))
            .ok()
            .map(|text| text.parse::<SpiffeId>().is_ok());
        match (expect, got.unwrap_or(false)) {
            ("valid", true) | ("invalid", false) | ("ambiguous" | "policy", _) => right += 1,
            (_, got) => wrong.push(format!("{input:?}: expected {expect}, accepted {got}")),
        }
    }
    assert!(right > 0 && wrong.is_empty(), "{}", wrong.join("\n"));
}

fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let hex = tail
            .get(1..3)
            .filter(|_| *first == b'\\' && tail.first() == Some(&b'x'));
        match hex.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[3..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    bytes
}
