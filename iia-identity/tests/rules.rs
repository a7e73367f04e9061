//! Rules of certificates, one certificate made for each: what the shared cases leave out.
#![expect(clippy::unwrap_used, reason = "tests")]

use iia_core::Timestamp;
use iia_identity::IdentityError::{
    self, BadIssuer, BadLeaf, BadPath, LeafIsAuthority, LeafUsage, TwoNames,
};
use iia_identity::bundle::BundleSet;
use iia_identity::verify::verify_chain;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType,
};
use rustls::pki_types::CertificateDer;
use time::OffsetDateTime;

const NOW: i64 = 1_800_000_000;
const ID: &str = "spiffe://iia.local/zone/a/workload/b";

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    der: CertificateDer<'static>,
}

fn base(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = OffsetDateTime::from_unix_timestamp(NOW - 60).unwrap();
    params.not_after = OffsetDateTime::from_unix_timestamp(NOW + 3000).unwrap();
    params.use_authority_key_identifier_extension = true;
    params
}

fn authority(name: &str, room: BasicConstraints, above: Option<&Authority>) -> Authority {
    let mut params = base(name);
    params.is_ca = IsCa::Ca(room);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let key = KeyPair::generate().unwrap();
    let der = match above {
        Some(above) => params.signed_by(&key, &above.issuer).unwrap(),
        None => params.self_signed(&key).unwrap(),
    };
    let der = der.der().clone();
    let issuer = Issuer::new(params, key);
    Authority { issuer, der }
}

fn good() -> CertificateParams {
    let mut params = base("leaf");
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.subject_alt_names = vec![SanType::URI(ID.try_into().unwrap())];
    params
}

fn leaf(params: &CertificateParams, under: &Authority) -> CertificateDer<'static> {
    let key = KeyPair::generate().unwrap();
    params.signed_by(&key, &under.issuer).unwrap().der().clone()
}

fn verify(chain: &[CertificateDer<'_>], roots: &[&Authority]) -> Result<(), IdentityError> {
    let mut bundles = BundleSet::default();
    for root in roots {
        bundles.add_root("iia.local".parse().unwrap(), root.der.to_vec())?;
    }
    let id = verify_chain(chain, &bundles, Timestamp::from_secs(NOW))?;
    assert_eq!(id.as_str(), ID);
    Ok(())
}

type Change = fn(&mut CertificateParams);

#[test]
fn a_leaf_breaks_one_rule_at_a_time() {
    use ExtendedKeyUsagePurpose::{ClientAuth, CodeSigning, ServerAuth};
    use KeyUsagePurpose::{CrlSign, DigitalSignature, KeyCertSign, KeyEncipherment};
    let root = authority("root", BasicConstraints::Unconstrained, None);
    let bad = |rule| Err(BadLeaf { rule });
    let usage = |rule| Err(LeafUsage { rule });
    let signs = |rule| Err(LeafIsAuthority { rule });
    let usages = "extended key usage lacks serverAuth or clientAuth (4.4)";
    let rows: Vec<(Change, Result<(), IdentityError>)> = vec![
        (|_| (), Ok(())),
        (|leaf| leaf.key_usages.push(KeyEncipherment), Ok(())),
        (
            |leaf| leaf.extended_key_usages = vec![ServerAuth, ClientAuth, CodeSigning],
            Ok(()),
        ),
        (|leaf| leaf.is_ca = IsCa::NoCa, Ok(())),
        (
            |leaf| {
                leaf.subject_alt_names
                    .push(SanType::DnsName("x".try_into().unwrap()))
            },
            Ok(()),
        ),
        (|leaf| leaf.key_usages.clear(), usage("no key usage (4.3)")),
        (
            |leaf| leaf.key_usages = vec![KeyEncipherment],
            usage("digitalSignature is not set (4.3)"),
        ),
        (
            |leaf| leaf.key_usages = vec![DigitalSignature, KeyCertSign],
            signs("keyCertSign or cRLSign is set (5.2)"),
        ),
        (
            |leaf| leaf.key_usages = vec![DigitalSignature, CrlSign],
            signs("keyCertSign or cRLSign is set (5.2)"),
        ),
        (
            |leaf| leaf.extended_key_usages = vec![ServerAuth],
            usage(usages),
        ),
        (
            |leaf| leaf.extended_key_usages = vec![ClientAuth],
            usage(usages),
        ),
        (
            |leaf| leaf.is_ca = IsCa::Ca(BasicConstraints::Unconstrained),
            signs("cA is true (5.2)"),
        ),
        (
            |leaf| leaf.subject_alt_names.clear(),
            bad("no URI name (5.2)"),
        ),
        (
            |leaf| {
                leaf.subject_alt_names
                    .push(SanType::URI("https://x".try_into().unwrap()))
            },
            Err(TwoNames),
        ),
        (
            |leaf| {
                leaf.subject_alt_names
                    .push(SanType::URI(ID.try_into().unwrap()))
            },
            Err(TwoNames),
        ),
        (
            |leaf| {
                leaf.subject_alt_names =
                    vec![SanType::URI("spiffe://iia.local".try_into().unwrap())]
            },
            bad("SPIFFE ID has no path (5.2)"),
        ),
    ];
    for (row, (change, want)) in rows.into_iter().enumerate() {
        let mut params = good();
        change(&mut params);
        assert_eq!(verify(&[leaf(&params, &root)], &[&root]), want, "row {row}");
    }
}

/// RFC 5280 4.2.1.9. The path leads to the narrow root; a wide one beside it must not lend it room.
#[test]
fn a_roots_room_is_its_own() {
    use BasicConstraints::{Constrained, Unconstrained};
    let wide = authority("wide", Unconstrained, None);
    for (room, want) in [
        (Constrained(0), Err(BadPath)),
        (Constrained(1), Ok(())),
        (Unconstrained, Ok(())),
    ] {
        let root = authority("narrow", room, None);
        let between = authority("between", Unconstrained, Some(&root));
        let chain = [leaf(&good(), &between), between.der.clone()];
        assert_eq!(verify(&chain, &[&root]), want, "{room:?}");
        assert_eq!(
            verify(&chain, &[&root, &wide]),
            want,
            "{room:?} beside a wide one"
        );
        assert_eq!(verify(&chain, &[&wide]), Err(BadPath));
    }
}

#[test]
fn an_authority_breaks_one_rule_at_a_time() {
    let bad = |rule| Err(BadIssuer { rule });
    let usage = "keyCertSign is not set, or key usage is not critical (4.3)";
    let path = "SPIFFE ID of a signing certificate has a path (3.2)";
    let uri = |id: &'static str| SanType::URI(id.try_into().unwrap());
    let rows = [
        (vec![], vec![KeyUsagePurpose::KeyCertSign], Ok(())),
        (
            vec![uri("spiffe://iia.local")],
            vec![KeyUsagePurpose::KeyCertSign],
            Ok(()),
        ),
        (
            vec![uri("spiffe://other")],
            vec![KeyUsagePurpose::KeyCertSign],
            bad("SPIFFE ID of another trust domain"),
        ),
        (
            vec![uri("spiffe://iia.local/x")],
            vec![KeyUsagePurpose::KeyCertSign],
            bad(path),
        ),
        (vec![], vec![KeyUsagePurpose::CrlSign], bad(usage)),
        (vec![], vec![], bad("no key usage (4.3)")),
    ];
    for (row, (names, usages, want)) in rows.into_iter().enumerate() {
        let mut params = base("root");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        (params.subject_alt_names, params.key_usages) = (names, usages);
        let root = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        let got = BundleSet::default().add_root("iia.local".parse().unwrap(), root.der().to_vec());
        assert_eq!(got, want, "row {row}");
    }
}
