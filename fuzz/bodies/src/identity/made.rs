//! Certificates that are made from the input and truly signed, so that every rule behind the signature is reached.

use std::sync::OnceLock;

use iia_core::Timestamp;
use iia_identity::bundle::BundleSet;
use iia_identity::verify::verify_chain;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, SanType,
};
use rustls_pki_types::CertificateDer;
use time::OffsetDateTime;

use super::{AT_SECS, ID};
use crate::input::Input;

/// Names, and whether one is a URI.
const NAMES: [(&str, bool); 8] = [
    (ID, true),
    ("lake.example", false),
    ("spiffe://iia.local", true),
    ("spiffe://iia.local/zone/../a", true),
    ("spiffe://iia.local/a/", true),
    ("spiffe://other.example/a", true),
    ("https://iia.local/a", true),
    ("", true),
];

/// Offsets in seconds of both ends of a certificate's time.
const TIMES: [i64; 4] = [-3600, 0, 1, 3600];

struct World {
    leaf_key: KeyPair,
    root: Signer,
    between: Signer,
    no_authority: Signer,
    foreign: Signer,
}

struct Signer {
    issuer: Issuer<'static, KeyPair>,
    der: CertificateDer<'static>,
}

/// What of a certificate is right and wrong, as the input has it.
struct Plan {
    ca: u8,
    usages: u8,
    extended: u8,
    names: Vec<(&'static str, bool)>,
    from: i64,
    to: i64,
    critical: u8,
    path: u8,
}

/// The verifier believes exactly whom a model of the standard believes.
pub fn made(data: &[u8]) {
    static WORLD: OnceLock<World> = OnceLock::new();
    let world = WORLD.get_or_init(World::new);
    let plan = Plan::of(Input(data));
    let signer = match plan.path {
        0 => &world.root,
        1 => &world.between,
        2 => &world.no_authority,
        _ => &world.foreign,
    };
    let leaf = plan.params().signed_by(&world.leaf_key, &signer.issuer);
    let mut chain = vec![leaf.expect("signed").der().clone()];
    if matches!(plan.path, 1 | 2) {
        chain.push(signer.der.clone());
    }
    let mut bundles = BundleSet::default();
    let domain = "iia.local".parse().expect("a trust domain");
    assert_eq!(bundles.add_root(domain, world.root.der.to_vec()), Ok(()));
    let got = verify_chain(&chain, &bundles, Timestamp::from_secs(AT_SECS));
    assert_eq!(got.is_ok(), plan.is_sound(), "{got:?}");
    assert!(got.is_ok_and(|id| id.as_str() == ID) || !plan.is_sound());
}

impl Plan {
    fn of(mut input: Input<'_>) -> Self {
        let time = |byte: u8| AT_SECS + TIMES[usize::from(byte) % TIMES.len()];
        let mut plan = Self {
            ca: input.byte() % 3,
            usages: input.byte(),
            extended: input.byte(),
            names: Vec::new(),
            from: time(input.byte()),
            to: time(input.byte()),
            critical: input.byte() % 3,
            path: input.byte() % 4,
        };
        while !input.is_empty() && plan.names.len() < 3 {
            plan.names
                .push(NAMES[usize::from(input.byte()) % NAMES.len()]);
        }
        plan
    }

    /// X509-SVID 2 to 5 as sentences.
    fn is_sound(&self) -> bool {
        let mut uris = self.names.iter().filter(|(_, uri)| *uri);
        let named = uris.next().is_some_and(|(name, _)| *name == ID) && uris.next().is_none();
        let signs_sessions_only = self.usages & 0b0111 == 0b0001;
        let extended = self.extended & 0b1111;
        let both = extended & 0b0011 == 0b0011 || extended & 0b1000 != 0;
        let in_time = self.from <= AT_SECS && AT_SECS <= self.to;
        named
            && self.ca != 2
            && signs_sessions_only
            && (extended == 0 || both)
            && in_time
            && self.critical != 2
            && self.path < 2
    }

    fn params(&self) -> CertificateParams {
        use ExtendedKeyUsagePurpose::{Any, ClientAuth, CodeSigning, ServerAuth};
        use KeyUsagePurpose::{CrlSign, DigitalSignature, KeyCertSign, KeyEncipherment};
        let mut params = CertificateParams::default();
        params.is_ca = match self.ca {
            0 => IsCa::ExplicitNoCa,
            1 => IsCa::NoCa,
            _ => IsCa::Ca(BasicConstraints::Unconstrained),
        };
        params.key_usages = chosen(
            self.usages,
            [DigitalSignature, KeyCertSign, CrlSign, KeyEncipherment],
        );
        params.extended_key_usages =
            chosen(self.extended, [ServerAuth, ClientAuth, CodeSigning, Any]);
        params.subject_alt_names = self
            .names
            .iter()
            .map(|(name, uri)| alt(name, *uri))
            .collect();
        params.not_before = moment(self.from);
        params.not_after = moment(self.to);
        if self.critical != 0 {
            let mut extension = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
            extension.set_criticality(self.critical == 2);
            params.custom_extensions = vec![extension];
        }
        params
    }
}

fn chosen<T>(bits: u8, of: [T; 4]) -> Vec<T> {
    let mut at = 0;
    of.into_iter()
        .filter(|_| {
            at += 1;
            bits >> (at - 1) & 1 == 1
        })
        .collect()
}

fn alt(name: &str, uri: bool) -> SanType {
    let name = name.try_into().expect("ASCII");
    if uri {
        SanType::URI(name)
    } else {
        SanType::DnsName(name)
    }
}

fn moment(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(seconds).expect("within the calendar")
}

impl World {
    fn new() -> Self {
        let root = signer("root", true, None);
        Self {
            leaf_key: key(),
            between: signer("between", true, Some(&root)),
            no_authority: signer("no authority", false, Some(&root)),
            foreign: signer("root", true, None),
            root,
        }
    }
}

fn key() -> KeyPair {
    KeyPair::generate().expect("a key")
}

fn signer(name: &str, ca: bool, above: Option<&Signer>) -> Signer {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = moment(AT_SECS - 86_400);
    params.not_after = moment(AT_SECS + 86_400);
    if ca {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    }
    let key = key();
    let certificate = match above {
        Some(above) => params.signed_by(&key, &above.issuer),
        None => params.self_signed(&key),
    };
    let der = certificate.expect("signed").der().clone();
    let issuer = Issuer::new(params, key);
    Signer { issuer, der }
}
