//! Sealed secrets: they open in a state that was signed, before and after an update, and in no other.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;
mod machine;

use iia_core::SpiffeId;
use iia_core::sign::KeyOrigin;
use iia_identity::pcr_policy::{PcrPolicy, SignedPolicy};
use iia_identity::secrets::{SecretStore, SecretsError, SoftwareKeeper, TpmKeeper};
use iia_identity::tpm::{HardwareError, Tpm};
use machine::{Machine, hex, sized};

/// The registers that an image shows in.
const PCRS: [u8; 2] = [4, 11];
const REFERENCE: &[u8] = b"test";

/// What the machine's registers are now, as a policy.
fn now(tpm: &Tpm) -> PcrPolicy {
    let values = tpm.registers(&PCRS).unwrap();
    let values = PCRS.iter().zip(values.chunks(32));
    PcrPolicy::new(
        values
            .map(|(pcr, value)| (*pcr, value.try_into().unwrap()))
            .collect(),
    )
    .unwrap()
}

fn sign(machine: &Machine, signer: &str, policy: PcrPolicy, reference: &[u8]) -> SignedPolicy {
    let signature = machine.signed(signer, &policy.message(reference).unwrap());
    SignedPolicy { policy, signature }
}

/// Boots an image: the registers start at zero and are extended by what it is.
fn boot(machine: &mut Machine, image: u8) -> Tpm {
    machine.reboot();
    machine.does(&format!("tpm2_pcrextend 4:sha256={}", hex(&[image; 32])));
    Tpm::open(&machine.address()).unwrap()
}

#[test]
fn a_secret_opens_before_and_after_a_signed_update_and_not_after_tampering() {
    let test = "a_secret_opens_before_and_after_a_signed_update_and_not_after_tampering";
    let Some(mut machine) = Machine::start(test) else {
        return;
    };
    let signer = machine.signer("signer.pem");
    let tpm = boot(&mut machine, 1);
    let first = sign(&machine, "signer.pem", now(&tpm), REFERENCE);
    let sealed = tpm.seal(b"the secret", &signer, REFERENCE).unwrap();
    let opens = |tpm: &Tpm, signed: &SignedPolicy| {
        let opened = tpm.unseal(&sealed, &signer, REFERENCE, signed);
        opened.map(|secret| secret.to_vec())
    };
    assert_eq!(opens(&tpm, &first), Ok(b"the secret".to_vec()));
    // Tampering while it runs.
    drop(tpm);
    machine.does(&format!("tpm2_pcrextend 11:sha256={}", hex(&[9; 32])));
    let tpm = Tpm::open(&machine.address()).unwrap();
    assert_eq!(opens(&tpm, &first), Err(HardwareError::Sealed));
    drop(tpm);
    // Another image, and nobody has signed what it is.
    let tpm = boot(&mut machine, 2);
    assert_eq!(opens(&tpm, &first), Err(HardwareError::Sealed));
    // The same image, once its policy is signed: what was sealed long ago opens as it is.
    let second = sign(&machine, "signer.pem", now(&tpm), REFERENCE);
    assert_eq!(opens(&tpm, &second), Ok(b"the secret".to_vec()));
    drop(tpm);
    let tpm = boot(&mut machine, 1);
    assert_eq!(opens(&tpm, &second), Err(HardwareError::Sealed));
    assert_eq!(opens(&tpm, &first), Ok(b"the secret".to_vec()));
}

#[test]
fn only_what_the_signer_signed_for_this_opens() {
    let Some(machine) = Machine::start("only_what_the_signer_signed_for_this_opens") else {
        return;
    };
    let (signer, stranger) = (machine.signer("signer.pem"), machine.signer("stranger.pem"));
    let tpm = Tpm::open(&machine.address()).unwrap();
    let sealed = tpm.seal(b"the secret", &signer, REFERENCE).unwrap();
    let good = sign(&machine, "signer.pem", now(&tpm), REFERENCE);
    assert!(tpm.unseal(&sealed, &signer, REFERENCE, &good).is_ok());
    // By a stranger, in the signer's name and in the stranger's own.
    let forged = sign(&machine, "stranger.pem", now(&tpm), REFERENCE);
    let refused = tpm
        .unseal(&sealed, &signer, REFERENCE, &forged)
        .unwrap_err();
    assert_eq!(refused, HardwareError::UnsignedPolicy);
    let refused = tpm
        .unseal(&sealed, &stranger, REFERENCE, &forged)
        .unwrap_err();
    assert_eq!(refused, HardwareError::Sealed);
    // For something else.
    let other = sign(&machine, "signer.pem", now(&tpm), b"other");
    let refused = tpm.unseal(&sealed, &signer, REFERENCE, &other).unwrap_err();
    assert_eq!(refused, HardwareError::UnsignedPolicy);
    let refused = tpm.unseal(&sealed, &signer, b"other", &other).unwrap_err();
    assert_eq!(refused, HardwareError::Sealed);
    // A signature over other values.
    let elsewhere = PcrPolicy::new(vec![(4, [5; 32]), (11, [0; 32])]).unwrap();
    let mixed = SignedPolicy {
        policy: elsewhere,
        signature: good.signature,
    };
    let refused = tpm.unseal(&sealed, &signer, REFERENCE, &mixed).unwrap_err();
    assert_eq!(refused, HardwareError::UnsignedPolicy);
    for at in 0..64 {
        let mut bent = good.clone();
        bent.signature[at] ^= 1;
        let refused = tpm.unseal(&sealed, &signer, REFERENCE, &bent).unwrap_err();
        assert_eq!(refused, HardwareError::UnsignedPolicy, "{at}");
    }
    for (len, fits) in [(0, false), (1, true), (128, true), (129, false)] {
        assert_eq!(
            tpm.seal(&vec![1; len], &signer, REFERENCE).is_ok(),
            fits,
            "{len}"
        );
    }
}

#[test]
fn the_tools_open_what_we_sealed_by_the_same_policy() {
    let Some(machine) = Machine::start("the_tools_open_what_we_sealed_by_the_same_policy") else {
        return;
    };
    let signer = machine.signer("signer.pem");
    let tpm = Tpm::open(&machine.address()).unwrap();
    let sealed = tpm.seal(b"the secret", &signer, REFERENCE).unwrap();
    let policy = now(&tpm);
    let bytes = sealed.to_bytes();
    let public = 2 + usize::from(u16::from_be_bytes([bytes[0], bytes[1]]));
    machine.write("sealed.pub", &bytes[..public]);
    machine.write("sealed.priv", &bytes[public..]);
    machine.write("reference", REFERENCE);
    machine.write("message", &policy.message(REFERENCE).unwrap());
    machine.write("approved", &policy.digest().unwrap());
    drop(tpm);
    machine.does("openssl dgst -sha256 -sign signer.pem -out signature message");
    machine.does("openssl ec -in signer.pem -pubout -out signer.pub");
    machine.does("tpm2_loadexternal -G ecc -C o -u signer.pub -c signer.ctx -n signer.name");
    machine.does(
        "tpm2_verifysignature -c signer.ctx -g sha256 -m message -s signature -t ticket -f ecdsa",
    );
    machine.does("tpm2_flushcontext -t");
    machine.does("tpm2_load -C 0x81000001 -u sealed.pub -r sealed.priv -c sealed.ctx");
    machine.does("tpm2_flushcontext -t");
    machine.does("tpm2_startauthsession --policy-session -S session");
    machine.does("tpm2_policypcr -S session -l sha256:4,11");
    machine
        .does("tpm2_policyauthorize -S session -i approved -q reference -n signer.name -t ticket");
    let opened = machine.does("tpm2_unseal -c sealed.ctx -p session:session");
    assert_eq!(opened, "the secret");
    let said = machine.does("tpm2_print -t TPM2B_PUBLIC sealed.pub");
    assert!(
        said.contains("fixedtpm|fixedparent|adminwithpolicy|noda"),
        "{said}"
    );
    let _same = sized(b"");
}

#[test]
fn a_store_of_a_tampered_machine_stays_shut() {
    let Some(mut machine) = Machine::start("a_store_of_a_tampered_machine_stays_shut") else {
        return;
    };
    let owner: SpiffeId = "spiffe://iia.local/zone/lake/workload/lake_writer"
        .parse()
        .unwrap();
    let signer = machine.signer("signer.pem");
    let tpm = boot(&mut machine, 1);
    let policy = sign(&machine, "signer.pem", now(&tpm), TpmKeeper::REFERENCE);
    let keeper = TpmKeeper {
        tpm,
        signer,
        policy,
    };
    let dir = machine.path("store");
    let store = SecretStore::create(&dir, &keeper).unwrap();
    store.put(&owner, "broker", b"pass").unwrap();
    assert_eq!(store.evidence().origin, KeyOrigin::Hardware);
    let again = SecretStore::open(&dir, &keeper).unwrap();
    assert_eq!(&*again.get(&owner, "broker").unwrap(), b"pass");
    // Software is not asked for what a TPM keeps.
    let refused = SecretStore::open(&dir, &SoftwareKeeper).unwrap_err();
    assert_eq!(refused, SecretsError::WrongKeeper);
    // Somebody had the machine and started something else.
    let TpmKeeper { tpm, policy, .. } = keeper;
    drop(tpm);
    let tpm = boot(&mut machine, 66);
    let keeper = TpmKeeper {
        tpm,
        signer,
        policy,
    };
    let refused = SecretStore::open(&dir, &keeper).unwrap_err();
    assert_eq!(refused, SecretsError::Hardware(HardwareError::Sealed));
}
