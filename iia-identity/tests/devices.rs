//! The PKI of the cell, judged by OpenSSL and Python: chains, what each kind of peer wants to read, revoked devices.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::process::Command;

use common::judge::{Place, believes, has_openssl, openssl, python, try_openssl};
use iia_core::Timestamp;
use iia_core::time::{Clock as _, ManualClock, TimeState};
use iia_identity::IdentityError;
use iia_identity::crl::{CRL_LEN_MAX, Crl};
use iia_identity::device::{
    Believed, CRL_LIFE_SECS, CRLS_MAX, DEVICE_LIFE_SECS, Device, DeviceCertificate, DevicePki,
    HOSTS_MAX, Host, Used, verify_device,
};
use iia_identity::issue::{KeyKind, request_for};

const NOW: i64 = 1_800_000_000;

fn clock() -> ManualClock {
    ManualClock::new(Timestamp::from_secs(NOW))
}

fn pki() -> DevicePki {
    DevicePki::create("cell-7", KeyKind::P256, clock().read()).unwrap()
}

fn client(name: &str) -> Device {
    Device {
        common_name: name.into(),
        serial_number: "SN-0042".into(),
        hosts: Vec::new(),
        used: Used::Client,
    }
}

fn issue(pki: &DevicePki, device: &Device) -> DeviceCertificate {
    let (csr, _key) = request_for(KeyKind::P256, &"spiffe://a/b".parse().unwrap()).unwrap();
    pki.issue(&csr, device, DEVICE_LIFE_SECS, clock().read())
        .unwrap()
}

fn verify(
    pki: &DevicePki,
    one: &DeviceCertificate,
    crls: &[&[u8]],
    at: i64,
) -> Result<Believed, IdentityError> {
    let chain: Vec<_> = one.chain.iter().map(|der| der.as_slice().into()).collect();
    verify_device(&chain, &pki.root().into(), crls, Timestamp::from_secs(at))
}

#[test]
fn a_device_is_known_by_its_names_for_a_year_and_under_its_cell_only() {
    let (pki, other) = (pki(), pki());
    let one = issue(&pki, &client("sensor-7"));
    let believed = Believed {
        common_name: "sensor-7".into(),
        serial_number: "SN-0042".into(),
    };
    assert_eq!(verify(&pki, &one, &[], NOW), Ok(believed.clone()));
    assert_eq!(
        verify(&pki, &one, &[], NOW + DEVICE_LIFE_SECS),
        Ok(believed)
    );
    assert_eq!(
        verify(&pki, &one, &[], NOW + DEVICE_LIFE_SECS + 1),
        Err(IdentityError::Expired)
    );
    assert_eq!(
        verify(&pki, &one, &[], NOW - 61),
        Err(IdentityError::NotYetValid)
    );
    assert_eq!(verify(&other, &one, &[], NOW), Err(IdentityError::BadPath));
    let mut none = one.clone();
    none.chain.clear();
    assert_eq!(
        verify(&pki, &none, &[], NOW),
        Err(IdentityError::NoCertificate)
    );
    assert!(verify(&pki, &one, &[&[][..]; CRLS_MAX + 1], NOW).is_err());
}

#[test]
fn names_that_a_device_must_not_have_are_refused() {
    let (pki, clock) = (pki(), clock());
    let (csr, _key) = request_for(KeyKind::P256, &"spiffe://a/b".parse().unwrap()).unwrap();
    let opc = |uri: &str| Used::OpcUa {
        application_uri: uri.into(),
    };
    let with = |change: &dyn Fn(&mut Device)| {
        let mut device = client("sensor-7");
        change(&mut device);
        pki.issue(&csr, &device, DEVICE_LIFE_SECS, clock.read())
    };
    assert!(with(&|_| {}).is_ok());
    let bad: [&dyn Fn(&mut Device); 8] = [
        &|device| device.common_name.clear(),
        &|device| device.common_name = "x".repeat(65),
        &|device| device.common_name = "a/b".into(),
        &|device| device.common_name = "plant/#".into(),
        &|device| device.serial_number = "1 2".into(),
        &|device| device.hosts = vec![Host::Name("a".into()); HOSTS_MAX + 1],
        &|device| device.used = opc(""),
        // A device that could name itself like a workload would be taken for one.
        &|device| device.used = opc("spiffe://iia.local/zone/lake/workload/lake_writer"),
    ];
    for (number, change) in bad.into_iter().enumerate() {
        assert!(
            matches!(with(change), Err(IdentityError::BadDevice { .. })),
            "{number}"
        );
    }
    clock.set_state(TimeState::Unknown);
    let got = pki.issue(&csr, &client("a"), DEVICE_LIFE_SECS, clock.read());
    assert_eq!(got, Err(IdentityError::TimeUnknown));
}

#[test]
fn a_revoked_device_is_refused_and_an_old_list_does_not_count() {
    let mut pki = pki();
    let (good, lost) = (issue(&pki, &client("good")), issue(&pki, &client("lost")));
    let before = pki.crl(clock().read()).unwrap();
    let roots = pki.root_crl(clock().read()).unwrap();
    pki.revoke(&lost, clock().read()).unwrap();
    // It survives a restart, and the numbers go on.
    let mut pki = DevicePki::from_state(&pki.to_state().unwrap()).unwrap();
    let after = pki.crl(clock().read()).unwrap();
    assert!(verify(&pki, &lost, &[&before, &roots], NOW).is_ok());
    assert!(verify(&pki, &good, &[&after, &roots], NOW).is_ok());
    assert_eq!(
        verify(&pki, &lost, &[&after, &roots], NOW),
        Err(IdentityError::Revoked)
    );
    // A certificate that no list covers is not believed where lists are asked for; nor is a list that has ended.
    assert_eq!(
        verify(&pki, &good, &[&roots], NOW),
        Err(IdentityError::BadPath)
    );
    let late = NOW + CRL_LIFE_SECS + 1;
    assert_eq!(
        verify(&pki, &good, &[&after, &roots], late),
        Err(IdentityError::BadPath)
    );

    let now = Timestamp::from_secs(NOW);
    let [old, new] =
        [&before, &after].map(|der| Crl::verify(der, pki.intermediate(), now).unwrap());
    assert_eq!(
        (
            new.has(&lost.serial),
            new.has(&good.serial),
            old.len(),
            new.len()
        ),
        (true, false, 0, 1)
    );
    assert!(old.is_empty());
    assert_eq!(
        (new.check_follows(&old), new.check_follows(&new)),
        (Ok(()), Ok(()))
    );
    assert_eq!(old.check_follows(&new), Err(IdentityError::BundleRollback));
}

#[test]
fn a_list_of_somebody_else_bent_early_or_late_is_refused() {
    let (mut pki, other) = (pki(), pki());
    let lost = issue(&pki, &client("lost"));
    pki.revoke(&lost, clock().read()).unwrap();
    let crl = pki.crl(clock().read()).unwrap();
    let at = |seconds| Timestamp::from_secs(NOW + seconds);
    let verify = |crl: &[u8], by: &[u8], seconds| Crl::verify(crl, by, at(seconds)).err();
    assert_eq!(verify(&crl, pki.intermediate(), 0), None);
    assert_eq!(
        verify(&crl, other.intermediate(), 0),
        Some(IdentityError::BadPath)
    );
    assert_eq!(verify(&crl, pki.root(), 0), Some(IdentityError::BadPath));
    assert_eq!(
        verify(&crl, &lost.chain[0], 0),
        Some(IdentityError::BadPath)
    );
    assert_eq!(
        verify(&crl, pki.intermediate(), -1),
        Some(IdentityError::NotYetValid)
    );
    assert_eq!(
        verify(&crl, pki.intermediate(), CRL_LIFE_SECS + 1),
        Some(IdentityError::Expired)
    );
    for byte in 0..crl.len() {
        let mut bent = crl.clone();
        bent[byte] ^= 1;
        assert!(verify(&bent, pki.intermediate(), 0).is_some(), "{byte}");
    }
    for len in 0..crl.len() {
        assert!(Crl::parse(&crl[..len]).is_err(), "{len}");
    }
    let long = [crl.as_slice(), &[0]].concat();
    assert!(Crl::parse(&long).is_err());
    assert!(Crl::parse(&vec![0x30; CRL_LEN_MAX + 1]).is_err());
}

#[test]
fn openssl_believes_devices_until_they_are_revoked() {
    if !has_openssl("openssl_believes_devices_until_they_are_revoked") {
        return;
    }
    let (place, mut pki) = (Place::new(), pki());
    let (good, lost) = (issue(&pki, &client("good")), issue(&pki, &client("lost")));
    pki.revoke(&lost, clock().read()).unwrap();
    let root = place.pem("x509", "root", pki.root());
    let between = place.pem("x509", "between", pki.intermediate());
    let [of_devices, of_root] =
        [pki.crl(clock().read()), pki.root_crl(clock().read())].map(Result::unwrap);
    let crl = place.pem("crl", "crl", &of_devices);
    let root_crl = place.pem("crl", "root_crl", &of_root);
    // OpenSSL checks the list's own signature.
    let done = try_openssl(&["crl", "-in", &crl, "-noout", "-CAfile", &between, "-verify"]);
    assert!(
        String::from_utf8_lossy(&done.stderr).contains("verify OK"),
        "{done:?}"
    );
    let at = NOW.to_string();
    let plain = ["-attime", &at, "-purpose", "sslclient"];
    let lists = ["-crl_check_all", "-CRLfile", &crl, "-CRLfile", &root_crl];
    let both = [&plain[..], &lists].concat();
    for (name, one, revoked) in [("good", &good, false), ("lost", &lost, true)] {
        let leaf = place.pem("x509", name, &one.chain[0]);
        assert!(believes(&root, Some(&between), &leaf, &plain), "{name}");
        assert_eq!(
            believes(&root, Some(&between), &leaf, &both),
            !revoked,
            "{name}"
        );
        assert!(
            !believes(&root, None, &leaf, &plain),
            "{name}: without the intermediate"
        );
        let server = ["-attime", &at, "-purpose", "sslserver"];
        assert!(
            !believes(&root, Some(&between), &leaf, &server),
            "{name}: a client is no server"
        );
    }
    let text = openssl(&["crl", "-in", &crl, "-noout", "-text"]);
    let serial = iia_core::digest::hex(&lost.serial).to_uppercase();
    assert!(
        text.contains(&serial) && text.contains("Key Compromise"),
        "{text}"
    );
}

#[test]
fn openssl_reads_what_each_kind_of_peer_asks_for() {
    if !has_openssl("openssl_reads_what_each_kind_of_peer_asks_for") {
        return;
    }
    let (place, pki) = (Place::new(), pki());
    let address = Host::Address("10.20.0.21".parse().unwrap());
    let opc = Used::OpcUa {
        application_uri: "urn:plc-21:vendor:app".into(),
    };
    let both = "TLS Web Server Authentication, TLS Web Client Authentication";
    for (used, hosts, names, usage, extended) in [
        (
            opc,
            vec![address.clone(), Host::Name("plc-21.cell".into())],
            "URI:urn:plc-21:vendor:app, IP Address:10.20.0.21, DNS:plc-21.cell",
            "Digital Signature, Non Repudiation",
            both,
        ),
        (
            Used::EtherNetIp,
            vec![address],
            "IP Address:10.20.0.21",
            "Digital Signature",
            both,
        ),
        (
            Used::Client,
            vec![],
            "",
            "Digital Signature",
            "TLS Web Client Authentication",
        ),
    ] {
        let device = Device {
            common_name: "plc-21".into(),
            serial_number: "SN-1".into(),
            hosts,
            used,
        };
        let leaf = place.pem("x509", "leaf", &issue(&pki, &device).chain[0]);
        let of = |name: &str| {
            let text = openssl(&["x509", "-in", &leaf, "-noout", "-ext", name]);
            text.lines().last().unwrap_or_default().trim().to_owned()
        };
        assert_eq!(of("keyUsage"), usage);
        assert_eq!(of("extendedKeyUsage"), extended);
        if !names.is_empty() {
            assert_eq!(of("subjectAltName"), names);
        }
        let subject = openssl(&["x509", "-in", &leaf, "-noout", "-subject"]);
        assert_eq!(subject.trim(), "subject=CN = plc-21, serialNumber = SN-1");
    }
}

/// Many devices have RSA and nothing else; their requests are made by OpenSSL here.
#[test]
fn requests_of_openssl_become_certificates_and_weak_ones_do_not() {
    if !has_openssl("requests_of_openssl_become_certificates_and_weak_ones_do_not") {
        return;
    }
    let (place, pki) = (Place::new(), pki());
    let opc = Used::OpcUa {
        application_uri: "urn:a".into(),
    };
    let device = Device {
        used: opc,
        ..client("plc")
    };
    for (algorithm, option, good) in [
        ("RSA", "rsa_keygen_bits:2048", true),
        ("RSA", "rsa_keygen_bits:1024", false),
        ("EC", "ec_paramgen_curve:P-256", true),
        ("EC", "ec_paramgen_curve:secp256k1", false),
    ] {
        let (key, csr) = (place.put("key", b""), place.put("csr", b""));
        openssl(&[
            "genpkey",
            "-algorithm",
            algorithm,
            "-pkeyopt",
            option,
            "-out",
            &key,
        ]);
        openssl(&[
            "req", "-new", "-key", &key, "-subj", "/CN=boss", "-outform", "der", "-out", &csr,
        ]);
        let csr = std::fs::read(&csr).unwrap();
        let got = pki.issue(&csr, &device, DEVICE_LIFE_SECS, clock().read());
        assert_eq!(got.is_ok(), good, "{option}");
        let Ok(one) = got else { continue };
        let root = place.pem("x509", "root", pki.root());
        let between = place.pem("x509", "between", pki.intermediate());
        let leaf = place.pem("x509", "leaf", &one.chain[0]);
        let at = NOW.to_string();
        assert!(
            believes(&root, Some(&between), &leaf, &["-attime", &at]),
            "{option}"
        );
        let usage = openssl(&["x509", "-in", &leaf, "-noout", "-ext", "keyUsage"]);
        assert_eq!(usage.contains("Data Encipherment"), algorithm == "RSA");
        let subject = openssl(&["x509", "-in", &leaf, "-noout", "-subject"]);
        assert!(
            subject.contains("CN = plc") && !subject.contains("boss"),
            "{subject}"
        );
    }
}

/// The webpki profile of Python's `cryptography`: a client's chain over the intermediate, and the list as it reads it.
#[test]
fn python_cryptography_believes_a_device_and_reads_the_list() {
    let test = "python_cryptography_believes_a_device_and_reads_the_list";
    let Some(python) = python(test, "cryptography") else {
        return;
    };
    let (place, mut pki) = (Place::new(), pki());
    let device = Device {
        hosts: vec![Host::Name("sensor-7.cell".into())],
        ..client("sensor-7")
    };
    let one = issue(&pki, &device);
    pki.revoke(&one, clock().read()).unwrap();
    let crl = place.put("crl", &pki.crl(clock().read()).unwrap());
    let files = [pki.root(), pki.intermediate(), &one.chain[0]];
    let [root, between, leaf] = ["root", "between", "leaf"].map(|name| {
        let number = ["root", "between", "leaf"]
            .iter()
            .position(|one| *one == name)
            .unwrap();
        place.put(name, files[number])
    });
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/judges/verify_device.py");
    let ask = |at: i64| {
        let at = at.to_string();
        let done = Command::new(&python)
            .args([script, &root, &between, &leaf, &crl, &at])
            .output()
            .unwrap();
        String::from_utf8(done.stdout).unwrap()
    };
    assert_eq!(ask(NOW), "sensor-7.cell\nlist good True\n");
    assert!(ask(NOW + DEVICE_LIFE_SECS + 1).starts_with("refused"));
}

#[test]
fn limits_of_lists_hold_at_max_and_one_over() {
    use iia_identity::crl::ENTRIES_MAX;
    use iia_identity::device::REVOKED_MAX;
    let (mut pki, clock) = (pki(), clock());
    let mut one = issue(&pki, &client("a"));
    for number in 0..REVOKED_MAX {
        one.serial = u128::try_from(number + 1).unwrap().to_be_bytes();
        pki.revoke(&one, clock.read()).unwrap();
    }
    one.serial = u128::MAX.to_be_bytes();
    assert!(matches!(
        pki.revoke(&one, clock.read()),
        Err(IdentityError::TooMany { .. })
    ));
    assert_eq!(
        Crl::parse(&pki.crl(clock.read()).unwrap()).unwrap().len(),
        REVOKED_MAX
    );
    // What has ended by itself leaves the list.
    clock.advance(u64::try_from(DEVICE_LIFE_SECS + 1).unwrap() * 1_000_000_000);
    one.not_after = clock.read().wall;
    assert_eq!(pki.revoke(&one, clock.read()), Ok(()));
    assert_eq!(
        Crl::parse(&pki.crl(clock.read()).unwrap()).unwrap().len(),
        1
    );

    let list = |count: usize| {
        let mut params = rcgen::CertificateParams::default();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let signs = rcgen::Issuer::new(params, rcgen::KeyPair::generate().unwrap());
        let at = |seconds| time::OffsetDateTime::from_unix_timestamp(seconds).unwrap();
        let revoked = |number| rcgen::RevokedCertParams {
            serial_number: u64::try_from(number + 1).unwrap().into(),
            revocation_time: at(NOW),
            reason_code: None,
            invalidity_date: None,
        };
        let params = rcgen::CertificateRevocationListParams {
            this_update: at(NOW),
            next_update: at(NOW + 1),
            crl_number: 1.into(),
            issuing_distribution_point: None,
            revoked_certs: (0..count).map(revoked).collect(),
            key_identifier_method: rcgen::KeyIdMethod::Sha256,
        };
        Crl::parse(params.signed_by(&signs).unwrap().der())
    };
    assert_eq!(list(ENTRIES_MAX).unwrap().len(), ENTRIES_MAX);
    assert!(matches!(
        list(ENTRIES_MAX + 1),
        Err(IdentityError::TooMany { .. })
    ));
}
