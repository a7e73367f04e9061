//! Evidence of a TPM, against a software TPM, its tools, and the verifier that needs no TPM.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;
mod machine;

use std::collections::BTreeMap;
use std::fs;

use iia_attest::tpm::{
    EventLog, Evidence, PublicArea, PureRust, Reference, Tier, TpmError, appraise,
};
use iia_core::outside::{Check, HashName};
use iia_identity::check::ProviderCheck;
use iia_identity::tpm::{Challenge, HardwareError, Quoted, Tpm};
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
    for (number, event) in log
        .events()
        .iter()
        .enumerate()
        .filter(|(_, one)| one.extends())
    {
        let mut bent = bytes.clone();
        // Behind number, kind and count: SHA-1 with its algorithm, the algorithm of SHA-256, its digest.
        bent[event.offset() + 12 + 22 + 2] ^= 1;
        let pcr = u8::try_from(event.pcr()).unwrap();
        let bank = "sha256";
        let reasons = appraised(&bent, true).reasons;
        assert!(
            reasons.contains(&TpmError::NotReplayed { pcr, bank }),
            "{number}"
        );
        assert!(
            appraised(&bent, false)
                .reasons
                .contains(&TpmError::WrongDigest)
        );
    }
    let last = log.events().last().unwrap();
    let cut = &bytes[..last.offset()];
    assert_eq!(appraised(cut, true).tier(), Tier::Contraindicated);
    let longer = [&bytes, &bytes[last.offset()..]].concat();
    assert_eq!(appraised(&longer, true).tier(), Tier::Contraindicated);
    let broken = &bytes[..bytes.len() - 1];
    let reasons = appraised(broken, true).reasons;
    assert!(
        matches!(reasons.as_slice(), [TpmError::BadLog { .. }]),
        "{reasons:?}"
    );
    // What is shown and not measured: the value of a variable of Secure Boot.
    let variable = log
        .events()
        .iter()
        .find(|event| event.kind().0 == 0x8000_0001)
        .unwrap();
    let at = bytes
        .windows(variable.data().len())
        .position(|window| window == variable.data());
    let mut lied = bytes.clone();
    lied[at.unwrap() + variable.data().len() - 1] ^= 1;
    let result = appraised(&lied, true);
    assert_eq!(result.tier(), Tier::Warning);
    assert!(matches!(
        result.reasons.as_slice(),
        [TpmError::NotMeasured { pcr: 7, .. }]
    ));
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
    let (len, rest) = bytes.split_first_chunk::<2>().unwrap();
    let (one, rest) = rest.split_at(usize::from(u16::from_be_bytes(*len)));
    (one.to_vec(), rest)
}
