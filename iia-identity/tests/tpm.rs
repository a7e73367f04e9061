//! Keys and evidence of a TPM, against a software TPM, its tools, OpenSSL, and the verifier that needs no TPM.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;
mod machine;

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use iia_attest::tpm::{EventLog, Evidence, PublicArea, PureRust, Reference, Tier, TpmError, appraise};
use iia_core::Timestamp;
use iia_core::outside::{Check, HashName};
use iia_identity::check::ProviderCheck;
use iia_identity::endorsement;
use iia_identity::tpm::{Challenge, HardwareError, KeyBlob, Quoted, Tpm};
use machine::{Machine, hex, sized};

/// Registers that are quoted.
const PCRS: [u8; 3] = [0, 7, 16];

fn evidence(quoted: &Quoted) -> Evidence<'_> {
    Evidence {
        attest: &quoted.attest,
        signature: &quoted.signature,
        log: None,
        pcrs: Some(&quoted.pcrs),
    }
}

/// Every value of the SHA-256 bank as good as it was quoted.
fn reference<'a>(key: &'a PublicArea, nonce: &'a [u8], quoted: &Quoted) -> Reference<'a> {
    let values = quoted.pcrs.chunks(32).map(<[u8]>::to_vec);
    let pcrs = PCRS.iter().zip(values);
    Reference {
        pcrs: pcrs
            .map(|(pcr, value)| ((HashName::Sha256, *pcr), vec![value]))
            .collect::<BTreeMap<_, _>>(),
        ..Reference::new(key, nonce)
    }
}

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
fn a_quote_is_believed_by_the_pure_verifier_and_by_the_tools_or_by_neither() {
    let test = "a_quote_is_believed_by_the_pure_verifier_and_by_the_tools_or_by_neither";
    let Some(machine) = Machine::start(test) else {
        return;
    };
    let tpm = Tpm::open(&machine.address()).unwrap();
    let ak = tpm.create_attestation_key().unwrap();
    let nonce = [7; 32];
    let quoted = tpm.quote(&ak, &nonce, &PCRS).unwrap();
    let key = PublicArea::parse(ak.public()).unwrap();
    let checks: [&dyn Check; 2] = [&PureRust, &ProviderCheck];
    for check in checks {
        let result = appraise(&evidence(&quoted), &reference(&key, &nonce, &quoted), check);
        assert_eq!((result.tier(), &result.reasons), (Tier::Affirming, &vec![]));
    }
    machine.write("ak.pub", &sized(ak.public()));
    machine.write("attest", &quoted.attest);
    let tools = |signature: &[u8], nonce: &[u8]| {
        machine.write("signature", signature);
        let nonce = hex(nonce);
        let line = format!("tpm2_checkquote -u ak.pub -m attest -s signature -g sha256 -q {nonce}");
        machine.tool(&line).status.success()
    };
    assert!(tools(&quoted.signature, &nonce));
    assert!(!tools(&quoted.signature, &[8; 32]));
    for at in 0..quoted.signature.len() {
        let mut bent = quoted.clone();
        bent.signature[at] ^= 1;
        let result = appraise(
            &evidence(&bent),
            &reference(&key, &nonce, &quoted),
            &PureRust,
        );
        assert_eq!(result.tier(), Tier::Contraindicated, "{at}");
    }
    let mut bent = quoted.signature.clone();
    bent[20] ^= 1;
    assert!(!tools(&bent, &nonce));
}

#[test]
fn what_happens_to_a_machine_shows_in_its_next_quote() {
    let Some(mut machine) = Machine::start("what_happens_to_a_machine_shows_in_its_next_quote")
    else {
        return;
    };
    let tpm = Tpm::open(&machine.address()).unwrap();
    let ak = tpm.create_attestation_key().unwrap();
    let key = PublicArea::parse(ak.public()).unwrap();
    let first = tpm.quote(&ak, b"first", &PCRS).unwrap();
    let good = |nonce| reference(&key, nonce, &first);
    let clean = appraise(&evidence(&first), &good(b"first"), &PureRust);
    let last = Some(clean.quote.unwrap().clock);
    // The old quote again, for a new nonce and for the old one.
    let again = |nonce| Reference {
        last,
        ..good(nonce)
    };
    let replayed = appraise(&evidence(&first), &again(b"second"), &PureRust);
    assert_eq!(replayed.reasons, [TpmError::WrongNonce, TpmError::Replayed]);
    let replayed = appraise(&evidence(&first), &again(b"first"), &PureRust);
    assert_eq!(replayed.reasons, [TpmError::Replayed]);
    // A register is extended: something else ran.
    drop(tpm);
    machine.does(&format!("tpm2_pcrextend 16:sha256={}", hex(&[1; 32])));
    let tpm = Tpm::open(&machine.address()).unwrap();
    let second = tpm.quote(&ak, b"second", &PCRS).unwrap();
    let result = appraise(&evidence(&second), &again(b"second"), &PureRust);
    assert!(
        matches!(
            result.reasons.as_slice(),
            [TpmError::WrongPcr { pcr: 16, .. }]
        ),
        "{:?}",
        result.reasons
    );
    // Started again, it is clean, and a person may want to know.
    drop(tpm);
    machine.does("tpm2_shutdown");
    machine.reboot();
    let tpm = Tpm::open(&machine.address()).unwrap();
    let third = tpm.quote(&ak, b"third", &PCRS).unwrap();
    let result = appraise(&evidence(&third), &again(b"third"), &PureRust);
    assert_eq!(
        (result.tier(), result.reasons),
        (Tier::Warning, vec![TpmError::Restarted])
    );
}

#[test]
fn a_log_is_believed_only_if_it_makes_the_quoted_registers() {
    let test = "a_log_is_believed_only_if_it_makes_the_quoted_registers";
    let (Some(machine), Some(dir)) = (Machine::start(test), common::vectors(test, "eventlog"))
    else {
        return;
    };
    let name = "go-eventlog_ubuntu_2104_shielded_vm_no_secure_boot_eventlog";
    let bytes = fs::read(dir.join(name)).unwrap();
    let log = EventLog::parse(&bytes).unwrap();
    let extended = log.events().iter().filter(|event| event.extends());
    let words: Vec<String> = extended
        .map(|event| {
            let digest = event.digest(HashName::Sha256).unwrap();
            format!("{}:sha256={}", event.pcr(), hex(digest))
        })
        .collect();
    // The machine boots just so.
    for some in words.chunks(16) {
        machine.does(&format!("tpm2_pcrextend {}", some.join(" ")));
    }
    let tpm = Tpm::open(&machine.address()).unwrap();
    let ak = tpm.create_attestation_key().unwrap();
    let key = PublicArea::parse(ak.public()).unwrap();
    let all: Vec<u8> = (0..16).collect();
    let quoted = tpm.quote(&ak, b"nonce", &all).unwrap();
    let appraised = |log: &[u8], listed: bool| {
        let evidence = Evidence {
            log: Some(log),
            pcrs: listed.then_some(&quoted.pcrs),
            ..evidence(&quoted)
        };
        appraise(&evidence, &Reference::new(&key, b"nonce"), &PureRust)
    };
    for listed in [true, false] {
        let good = appraised(&bytes, listed);
        assert_eq!(good.reasons, vec![]);
        assert_eq!(good.pcrs.unwrap().iter().count(), 16);
    }
    // An event changed, left out, or put in; the registers say which.
    for (number, event) in log.events().iter().enumerate().filter(|(_, one)| one.extends()) {
        let mut bent = bytes.clone();
        // Behind number, kind and count: SHA-1 with its algorithm, the algorithm of SHA-256, its digest.
        bent[event.offset() + 12 + 22 + 2] ^= 1;
        let pcr = u8::try_from(event.pcr()).unwrap();
        let bank = "sha256";
        let reasons = appraised(&bent, true).reasons;
        assert!(reasons.contains(&TpmError::NotReplayed { pcr, bank }), "{number}");
        assert!(appraised(&bent, false).reasons.contains(&TpmError::WrongDigest));
    }
    let last = log.events().last().unwrap();
    let cut = &bytes[..last.offset()];
    assert_eq!(appraised(cut, true).tier(), Tier::Contraindicated);
    let longer = [&bytes, &bytes[last.offset()..]].concat();
    assert_eq!(appraised(&longer, true).tier(), Tier::Contraindicated);
    let broken = &bytes[..bytes.len() - 1];
    let reasons = appraised(broken, true).reasons;
    assert!(matches!(reasons.as_slice(), [TpmError::BadLog { .. }]), "{reasons:?}");
    // What is shown and not measured: the value of a variable of Secure Boot.
    let variable = log.events().iter().find(|event| event.kind().0 == 0x8000_0001).unwrap();
    let at = bytes.windows(variable.data().len()).position(|window| window == variable.data());
    let mut lied = bytes.clone();
    lied[at.unwrap() + variable.data().len() - 1] ^= 1;
    let result = appraised(&lied, true);
    assert_eq!(result.tier(), Tier::Warning);
    assert!(matches!(result.reasons.as_slice(), [TpmError::NotMeasured { pcr: 7, .. }]));
}

#[test]
fn an_attestation_key_is_bound_to_its_tpm_and_to_no_other() {
    let test = "an_attestation_key_is_bound_to_its_tpm_and_to_no_other";
    let (Some(machine), Some(other)) = (Machine::start(test), Machine::start(test)) else {
        return;
    };
    let (tpm, challenger) = (
        Tpm::open(&machine.address()).unwrap(),
        Tpm::open(&other.address()).unwrap(),
    );
    let (endorsement, _) = tpm.endorsement().unwrap();
    let ak = tpm.create_attestation_key().unwrap();
    let key = PublicArea::parse(ak.public()).unwrap();
    let challenge = challenger
        .challenge(&endorsement, key.name(), b"secret")
        .unwrap();
    assert_eq!(&*tpm.activate(&ak, &challenge).unwrap(), b"secret");
    // For another key, in another TPM, for another TPM, changed.
    let second = tpm.create_attestation_key().unwrap();
    assert_eq!(
        tpm.activate(&second, &challenge),
        Err(HardwareError::NotBound)
    );
    let foreign = challenger.create_attestation_key().unwrap();
    let refused = challenger.activate(&foreign, &challenge).unwrap_err();
    assert_eq!(refused, HardwareError::NotBound);
    let (others, _) = challenger.endorsement().unwrap();
    let astray = challenger
        .challenge(&others, key.name(), b"secret")
        .unwrap();
    assert_eq!(tpm.activate(&ak, &astray), Err(HardwareError::NotBound));
    for at in 0..challenge.credential.len() {
        let mut bent = challenge.clone();
        bent.credential[at] ^= 1;
        assert_eq!(
            tpm.activate(&ak, &bent),
            Err(HardwareError::NotBound),
            "{at}"
        );
    }
    // Made by the tools, without any TPM.
    machine.write("ek.pub", &sized(&endorsement));
    machine.write("secret", b"made by the tools");
    machine.does(&format!(
        "tpm2_makecredential -T none -u ek.pub -s secret -n {} -o challenge",
        hex(key.name())
    ));
    let file = machine.read("challenge");
    // Magic and version of the tools, then both TPM2Bs.
    let (credential, rest) = split(&file[8..]);
    let (secret, _) = split(rest);
    let challenge = Challenge { credential, secret };
    assert_eq!(
        &*tpm.activate(&ak, &challenge).unwrap(),
        b"made by the tools"
    );
}

fn split(bytes: &[u8]) -> (Vec<u8>, &[u8]) {
    let len = usize::from(u16::from_be_bytes([bytes[0], bytes[1]]));
    let (one, rest) = bytes[2..].split_at(len);
    (one.to_vec(), rest)
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
    let found = endorsement::verify(&leaf, &[issuer.clone()], &[root.clone()], now).unwrap();
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
    assert!(
        refused(&leaf, &[], &[root.clone()], now),
        "no way to the root"
    );
    assert!(refused(&leaf, &[issuer.clone()], &[], now), "no root");
    assert!(refused(&issuer, &[], &[root.clone()], now), "an authority");
    assert!(
        refused(&leaf, &[issuer.clone()], &[root.clone()], 1_000_000_000),
        "too early"
    );
    for cut in 0..leaf.len() {
        assert!(
            refused(&leaf[..cut], &[issuer.clone()], &[root.clone()], now),
            "{cut}"
        );
    }
    for at in 0..leaf.len() {
        let mut bent = leaf.clone();
        bent[at] ^= 1;
        assert!(
            refused(&bent, &[issuer.clone()], &[root.clone()], now),
            "byte {at}"
        );
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
