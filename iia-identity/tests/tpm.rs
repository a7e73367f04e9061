//! Keys of a TPM and the certificates of their makers, against a software TPM and its tools.

mod common;
mod machine;

use std::fs;
use std::sync::Arc;

use iia_attest::tpm::PublicArea;
use iia_core::Timestamp;
use iia_identity::endorsement;
use iia_identity::tpm::{HardwareError, KeyBlob, Tpm};
use machine::{Machine, sized};

/// Registers that are quoted.
const PCRS: [u8; 3] = [0, 7, 16];

#[test]
fn a_key_is_made_in_the_tpm_and_works_in_no_other() {
    let test = "a_key_is_made_in_the_tpm_and_works_in_no_other";
    let (Some(machine), Some(other)) = (Machine::start(test), Machine::start(test)) else {
        return;
    };
    let tpm = Tpm::open(&machine.address()).unwrap();
    let blob = tpm.create_key().unwrap();
    assert!(
        PublicArea::parse(blob.public())
            .unwrap()
            .attributes()
            .stays()
    );
    machine.write("key.pub", &sized(blob.public()));
    let said = machine.does("tpm2_print -t TPM2B_PUBLIC key.pub");
    assert!(
        said.contains("fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|sign"),
        "{said}"
    );
    let kept = KeyBlob::parse(&blob.to_bytes()).unwrap();
    assert!(tpm.key(&kept).is_ok());
    let elsewhere = Tpm::open(&other.address()).unwrap();
    assert_eq!(
        elsewhere.key(&kept).unwrap_err(),
        HardwareError::NotOfThisTpm
    );
    // Changed on disk.
    let mut bytes = blob.to_bytes();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    let bent = KeyBlob::parse(&bytes).unwrap();
    assert_eq!(tpm.key(&bent).unwrap_err(), HardwareError::NotOfThisTpm);
    for cut in 0..bytes.len() {
        assert!(KeyBlob::parse(&bytes[..cut]).is_err(), "{cut}");
    }
}

#[test]
fn a_tpm_is_never_full() {
    let Some(machine) = Machine::start("a_tpm_is_never_full") else {
        return;
    };
    let tpm = Tpm::open(&machine.address()).unwrap();
    let key = tpm.key(&tpm.create_key().unwrap()).unwrap();
    // From four threads at once, and with what fails in between.
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..16 {
                    key.sign_der(b"message").unwrap();
                    let _refused = tpm.quote(key.blob(), b"nonce", &[99]).unwrap_err();
                }
            });
        }
    });
    let ak = tpm.create_attestation_key().unwrap();
    tpm.quote(&ak, b"nonce", &PCRS).unwrap();
    drop((key, tpm));
    let loaded = machine.does("tpm2_getcap handles-transient");
    assert_eq!(loaded.trim(), "", "nothing stays loaded");
}

#[test]
fn an_endorsement_key_has_a_certificate_of_its_maker() {
    let test = "an_endorsement_key_has_a_certificate_of_its_maker";
    let Some(dir) = common::vectors(test, "tpm") else {
        return;
    };
    let read = |name: &str| fs::read(dir.join(name)).unwrap();
    let (leaf, issuer, root) = (
        read("ek_rsa_cert.der"),
        read("swtpm_issuer.der"),
        read("swtpm_root_ca.der"),
    );
    let now = Timestamp::from_secs(1_800_000_000);
    let (between, roots) = ([issuer.clone()], [root]);
    let found = endorsement::verify(&leaf, &between, &roots, now).unwrap();
    assert_eq!(
        (
            found.maker.as_str(),
            found.model.as_str(),
            found.version.as_str()
        ),
        ("id:00001014", "swtpm", "id:20191023")
    );
    assert_eq!(found.key.len(), 256);
    let refused = |leaf: &[u8], between: &[Vec<u8>], roots: &[Vec<u8>], now: i64| {
        endorsement::verify(leaf, between, roots, Timestamp::from_secs(now)).is_err()
    };
    let now = now.as_secs();
    assert!(refused(&leaf, &[], &roots, now), "no way to the root");
    assert!(refused(&leaf, &between, &[], now), "no root");
    assert!(refused(&issuer, &[], &roots, now), "an authority");
    assert!(refused(&leaf, &between, &roots, 1_000_000_000), "too early");
    for cut in 0..leaf.len() {
        assert!(refused(&leaf[..cut], &between, &roots, now), "{cut}");
    }
    for at in 0..leaf.len() {
        let mut bent = leaf.clone();
        bent[at] ^= 1;
        assert!(refused(&bent, &between, &roots, now), "byte {at}");
    }
    // An SVID is no endorsement.
    let clock = iia_core::time::ManualClock::new(Timestamp::from_secs(now));
    let reading = iia_core::time::Clock::read(&clock);
    let own = iia_identity::issue::Issuer::create("iia.local".parse().unwrap(), 3600, 1, reading);
    let own = own.unwrap();
    let id = "spiffe://iia.local/zone/lake/workload/x".parse().unwrap();
    let (csr, _) = iia_identity::issue::request(&id).unwrap();
    let svid = own.issue(&csr, &id, &common::Everybody, reading).unwrap();
    assert!(refused(&svid.chain[0], &[], &[own.root().to_vec()], now));
}

#[test]
fn the_certificate_in_a_tpm_is_of_its_own_endorsement_key() {
    let test = "the_certificate_in_a_tpm_is_of_its_own_endorsement_key";
    let Some(mut machine) = Machine::start(test) else {
        return;
    };
    machine.power_off();
    fs::create_dir(machine.path("ca")).unwrap();
    let ca = machine.path("ca");
    let at = ca.display();
    machine.write(
        "localca.conf",
        format!(
            "statedir = {at}\nsigningkey = {at}/key.pem\nissuercert = {at}/issuer.pem\ncertserial = {at}/serial\n"
        )
        .as_bytes(),
    );
    machine.write("localca.options", b"--tpm-manufacturer IBM\n--tpm-model swtpm\n--tpm-version 1\n--platform-manufacturer x\n--platform-version 1\n--platform-model x\n");
    let here = machine.path("");
    let here = here.display();
    machine.write(
        "setup.conf",
        format!("create_certs_tool = swtpm_localca\ncreate_certs_tool_config = {here}localca.conf\ncreate_certs_tool_options = {here}localca.options\n")
            .as_bytes(),
    );
    machine.does(
        "swtpm_setup --tpm2 --tpmstate state --create-ek-cert --overwrite --config setup.conf",
    );
    machine.does("openssl x509 -in ca/issuer.pem -outform DER -out issuer.der");
    machine.does("openssl x509 -in ca/swtpm-localca-rootca-cert.pem -outform DER -out root.der");
    let _gone = fs::remove_file(machine.path("pid"));
    machine.power_on();
    let tpm = Tpm::open(&machine.address()).unwrap();
    let (public, certificate) = tpm.endorsement().unwrap();
    let now = iia_core::time::Clock::read(&iia_core::time::SystemClock::new(
        iia_core::time::Floor::default(),
        0,
    ));
    let (between, roots) = ([machine.read("issuer.der")], [machine.read("root.der")]);
    let found = endorsement::verify(&certificate.unwrap(), &between, &roots, now.wall).unwrap();
    let area = PublicArea::parse(&public).unwrap();
    let iia_core::outside::OutsideKey::Rsa { modulus, .. } = area.key() else {
        panic!("no RSA key");
    };
    assert_eq!(&found.key, modulus);
}

#[test]
fn an_address_that_leads_astray_is_refused() {
    for address in ["swtpm:path=/nowhere", "nothing", ""] {
        let error = Tpm::open(address).unwrap_err();
        assert!(
            matches!(error, HardwareError::BadAddress { .. }),
            "{address}: {error}"
        );
    }
    let error = Tpm::open("swtpm:host=127.0.0.1,port=1").unwrap_err();
    assert!(matches!(error, HardwareError::Tpm { .. }), "{error}");
}

#[test]
fn nobody_waits_for_a_silent_tpm_for_ever() {
    // Both ports of a software TPM take the connection and say nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let address = format!("swtpm:host=127.0.0.1,port={port}");
    let error = Tpm::open_within(&address, std::time::Duration::from_millis(50)).unwrap_err();
    assert!(matches!(error, HardwareError::Tpm { .. }), "{error}");
}

#[test]
fn a_policy_is_one_only_with_registers_that_exist() {
    use iia_identity::pcr_policy::PcrPolicy;
    for bad in [
        vec![],
        vec![(24, [0; 32])],
        vec![(1, [0; 32]), (1, [1; 32])],
    ] {
        assert!(PcrPolicy::new(bad).is_err());
    }
    let policy = PcrPolicy::new(vec![(23, [0; 32]), (0, [1; 32])]).unwrap();
    assert_eq!(policy.registers().collect::<Vec<_>>(), [0, 23]);
    assert!(policy.message(&[0; 64]).is_ok());
    assert!(policy.message(&[0; 65]).is_err());
    let _shared: Arc<dyn Send + Sync> = Arc::new(policy);
}
