//! The test data of go-spiffe, rust-spiffe and x509-limbo: where we agree with them, and where not and by which clause.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::fs;
use std::path::Path;

use common::{Parted, check_parted, part};
use iia_core::time::parse_utc;
use iia_identity::IdentityError::{
    self, BadCertificate, BadIssuer, BadLeaf, Expired, LeafIsAuthority, LeafUsage,
    UnknownTrustDomain,
};
use iia_identity::bundle::BundleSet;
use iia_identity::verify::verify_chain;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

const GO: &str = "go-spiffe/svid_x509svid_testdata_";
const RUST: &str = "rust-spiffe/";

/// Chain, place of the certificate used as root, moment, outcome, and what the neighbour itself says of it.
type Row = (
    &'static str,
    Root,
    &'static str,
    Result<&'static str, IdentityError>,
    &'static str,
);

#[derive(Clone, Copy)]
enum Root {
    /// Nobody.
    None,
    /// The last certificate of the chain's own file, which is then not part of the chain.
    Last,
    /// Another file.
    File(&'static str),
}

const fn leaf(rule: &'static str) -> Result<&'static str, IdentityError> {
    Err(BadLeaf { rule })
}

fn rows() -> Vec<Row> {
    use Root::{File, Last, None};
    let workload = || Ok("spiffe://example.org/workload-1");
    let service = || Ok("spiffe://example.org/service");
    let go = "2020-03-31T20:00:00Z";
    let good = File("go-spiffe/svid_x509svid_testdata_good-leaf-and-intermediate.pem");
    vec![
        (
            "go:good-leaf-and-intermediate.pem",
            Last,
            "2020-03-24T14:30:00Z",
            workload(),
            "agrees",
        ),
        (
            "go:good-leaf-and-intermediate.pem",
            Last,
            "2020-03-24T15:07:40Z",
            workload(),
            "RFC 5280 4.1.2.5: the last second is in",
        ),
        (
            "go:good-leaf-and-intermediate.pem",
            Last,
            "2020-03-24T15:07:41Z",
            Err(Expired),
            "agrees",
        ),
        (
            "go:good-leaf-and-intermediate.pem",
            None,
            "2020-03-24T14:30:00Z",
            Err(UnknownTrustDomain),
            "agrees",
        ),
        (
            "go:good-leaf-only.pem",
            None,
            go,
            Err(UnknownTrustDomain),
            "agrees",
        ),
        (
            "go:good-leaf-only.pem",
            good,
            "2020-03-30T20:00:00Z",
            Err(IdentityError::BadPath),
            "agrees: the root has expired",
        ),
        (
            "go:wrong-intermediate-no-ca.pem",
            good,
            go,
            Err(BadIssuer {
                rule: "cA is not true (4.1)",
            }),
            "agrees",
        ),
        (
            "go:wrong-leaf-ca-true.pem",
            good,
            go,
            Err(LeafIsAuthority {
                rule: "cA is true (5.2)",
            }),
            "agrees",
        ),
        (
            "go:wrong-leaf-cert-sign.pem",
            good,
            go,
            Err(LeafIsAuthority {
                rule: "keyCertSign or cRLSign is set (5.2)",
            }),
            "agrees",
        ),
        (
            "go:wrong-leaf-no-digital-signature.pem",
            good,
            go,
            Err(LeafUsage {
                rule: "digitalSignature is not set (4.3)",
            }),
            "agrees",
        ),
        (
            "go:corrupt-cert.pem",
            good,
            go,
            Err(BadCertificate),
            "agrees",
        ),
        ("go:not-pem", good, go, Err(BadCertificate), "agrees"),
        (
            "spiffe-rustls_tests_fixtures_spiffe_leaf.der",
            File("rust-spiffe/spiffe-rustls_tests_fixtures_ca.der"),
            "2026-01-01T00:00:00Z",
            service(),
            "agrees: a DNS name beside the URI is allowed (2)",
        ),
        (
            "spiffe-rustls_tests_fixtures_no_spiffe_leaf.der",
            File("rust-spiffe/spiffe-rustls_tests_fixtures_ca.der"),
            "2026-01-01T00:00:00Z",
            leaf("no URI name (5.2)"),
            "agrees",
        ),
        (
            "spiffe-rustls_tests_fixtures_spiffe_leaf_uri_only.der",
            File("rust-spiffe/spiffe-rustls_tests_fixtures_ca_uri_only.der"),
            "2026-06-01T00:00:00Z",
            Err(UnknownTrustDomain),
            "differs: its root has no key usage, which a CA that signs must have (RFC 5280 4.2.1.3, X509-SVID 4.3)",
        ),
        (
            "spiffe_tests_testdata_svid_x509_1-svid-chain.der",
            Last,
            "2026-06-01T00:00:00Z",
            service(),
            "agrees",
        ),
        (
            "spiffe_tests_testdata_svid_x509_expired-svid-chain.der",
            Last,
            "2026-06-01T00:00:00Z",
            Err(Expired),
            "agrees",
        ),
        (
            "spiffe_tests_testdata_svid_x509_expired-svid-chain.der",
            Last,
            "2021-02-09T18:30:00Z",
            service(),
            "agrees: it was good then",
        ),
        (
            "spiffe_tests_testdata_svid_x509_empty-subject-name.der",
            None,
            "2026-01-20T00:00:00Z",
            Err(LeafUsage {
                rule: "key usage is not critical (4.3)",
            }),
            "differs: rust-spiffe reads it; key usage MUST be critical (4.3)",
        ),
        (
            "spiffe_tests_testdata_svid_x509_svid-with-dns.der",
            None,
            "2021-04-24T15:00:00Z",
            Err(UnknownTrustDomain),
            "agrees",
        ),
        (
            "spiffe_tests_testdata_svid_x509_corrupted",
            None,
            "2021-04-24T15:00:00Z",
            Err(BadCertificate),
            "agrees",
        ),
    ]
}

/// The certificates of a file, PEM or DER one behind the other; one that is none stays as it is.
fn certificates(path: &Path) -> Vec<CertificateDer<'static>> {
    let bytes = fs::read(path).unwrap();
    if path.extension().is_some_and(|extension| extension == "pem") {
        let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
        return all
            .ok()
            .filter(|all| !all.is_empty())
            .unwrap_or_else(|| vec![bytes.into()]);
    }
    let (mut found, mut rest) = (Vec::new(), bytes.as_slice());
    while let [0x30, 0x82, high, low, ..] = rest {
        let len = 4 + usize::from(u16::from_be_bytes([*high, *low]));
        let (one, behind) = rest.split_at(len.min(rest.len()));
        found.push(CertificateDer::from(one.to_vec()));
        rest = behind;
    }
    if found.is_empty() {
        vec![bytes.into()]
    } else {
        found
    }
}

#[test]
fn data_of_go_spiffe_and_rust_spiffe() {
    let Some(dir) = common::vectors("data_of_go_spiffe_and_rust_spiffe", "upstream") else {
        return;
    };
    let mut parted = Parted::new();
    for (name, root, at, want, why) in rows() {
        if why.starts_with("differs") {
            part(&mut parted, name, "accept", "reject");
        }
        let file = match name.strip_prefix("go:") {
            Some(name) => format!("{GO}{name}"),
            None => format!("{RUST}{name}"),
        };
        let mut chain = certificates(&dir.join(file));
        let roots = match root {
            Root::None => Vec::new(),
            Root::Last => vec![chain.pop().unwrap()],
            Root::File(name) => {
                certificates(&dir.join(name)).split_off(usize::from(name.ends_with("pem")))
            }
        };
        let mut bundles = BundleSet::default();
        for root in roots {
            let _unfit = bundles.add_root("example.org".parse().unwrap(), root.to_vec());
        }
        let got = verify_chain(&chain, &bundles, parse_utc(at).unwrap());
        let got = got.as_ref().map(|id| id.as_str()).map_err(Clone::clone);
        assert_eq!(got, want, "{name} at {at} ({why})");
    }
    check_parted("upstream SVIDs", &parted);
}

/// X509-SVID 4.1: a signing certificate says cA. Both neighbours keep these in a bundle, where they could verify nothing.
#[test]
fn roots_that_are_no_authorities_make_no_bundle() {
    let Some(dir) = common::vectors("roots_that_are_no_authorities_make_no_bundle", "upstream")
    else {
        return;
    };
    let mut parted = Parted::new();
    for name in [
        "go-spiffe/bundle_x509bundle_testdata_cert.pem",
        "go-spiffe/bundle_x509bundle_testdata_certs.pem",
        "rust-spiffe/spiffe_tests_testdata_bundle_x509_bundle.der",
        "rust-spiffe/spiffe_tests_testdata_bundle_x509_cert1.der",
        "rust-spiffe/spiffe_tests_testdata_bundle_x509_cert2.der",
    ] {
        for root in certificates(&dir.join(name)) {
            let got = BundleSet::default().add_root("example.org".parse().unwrap(), root.to_vec());
            assert_eq!(
                got,
                Err(BadIssuer {
                    rule: "cA is not true (4.1)"
                }),
                "{name}"
            );
        }
        part(&mut parted, name, "accept", "reject");
    }
    check_parted("upstream roots", &parted);
    for name in [
        "go-spiffe/bundle_x509bundle_testdata_empty.pem",
        "go-spiffe/bundle_x509bundle_testdata_not-pem.pem",
        "rust-spiffe/spiffe_tests_testdata_bundle_x509_corrupted",
    ] {
        let bytes = fs::read(dir.join(name)).unwrap();
        assert!(
            BundleSet::default()
                .add_root("example.org".parse().unwrap(), bytes)
                .is_err(),
            "{name}"
        );
    }
}

/// A file that somebody adds there does not stay unread.
#[test]
fn every_file_of_the_neighbours_has_a_row() {
    let Some(dir) = common::vectors("every_file_of_the_neighbours_has_a_row", "upstream") else {
        return;
    };
    let rows = [include_str!("neighbours.rs"), include_str!("bundles.rs")].concat();
    let folder = |name: &str| fs::read_dir(dir.join(name)).unwrap();
    let mut seen = 0;
    for entry in folder("go-spiffe").chain(folder("rust-spiffe")) {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let short = name.strip_prefix("svid_x509svid_testdata_");
        let short = short.or(name.strip_prefix("bundle_spiffebundle_testdata_spiffebundle_"));
        let short = short.unwrap_or(&name).trim_end_matches(".json");
        assert!(rows.contains(short), "{name}");
        seen += 1;
    }
    assert_eq!(seen, 30);
}

/// Limbo's peers are web servers: none has a SPIFFE ID, so none is believed, whatever else is right about it; and none
/// of its pathological chains costs more than a moment.
#[test]
fn nobody_of_x509_limbo_is_a_workload() {
    let Some(dir) = common::vectors("nobody_of_x509_limbo_is_a_workload", "limbo") else {
        return;
    };
    let text = fs::read_to_string(dir.join("limbo.json")).unwrap();
    let limbo: serde_json::Value = serde_json::from_str(&text).unwrap();
    let pem = |value: &serde_json::Value| {
        CertificateDer::from_pem_slice(value.as_str().unwrap().as_bytes())
    };
    let (mut seen, mut parted) = (0, Parted::new());
    for case in limbo["testcases"].as_array().unwrap() {
        let list = |key: &str| {
            case[key]
                .as_array()
                .unwrap()
                .iter()
                .map(pem)
                .collect::<Vec<_>>()
        };
        let mut bundles = BundleSet::default();
        for root in list("trusted_certs").into_iter().flatten() {
            let _unfit = bundles.add_root("example.com".parse().unwrap(), root.to_vec());
        }
        let mut chain: Vec<_> = pem(&case["peer_certificate"]).into_iter().collect();
        chain.extend(list("untrusted_intermediates").into_iter().flatten());
        let before = std::time::Instant::now();
        for at in ["2024-01-01T00:00:00Z", "2026-01-01T00:00:00Z"] {
            let got = verify_chain(&chain, &bundles, parse_utc(at).unwrap());
            assert!(got.is_err(), "{} {got:?}", case["id"]);
        }
        let they = match case["expected_result"].as_str().unwrap() {
            "SUCCESS" => "accept",
            _ => "reject",
        };
        part(&mut parted, "web servers", they, "reject");
        assert!(before.elapsed().as_secs() < 2, "{}", case["id"]);
        seen += 1;
    }
    assert_eq!(seen, 108);
    check_parted("x509-limbo", &parted);
}
