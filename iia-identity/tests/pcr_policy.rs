//! Policies over registers as files: one text for one policy, signed for one thing only. The corpus was made by OpenSSL and
//! by a second reading of the TPM's specification (Part 3, 23.7 and 23.16).
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::Path;

use iia_core::code::Coded as _;
use iia_identity::pcr_policy::{POLICY_LEN_MAX, PolicyFile};

const REFERENCE: &[u8] = b"iia secret store 1";

fn corpus(name: &str) -> Vec<u8> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/pcr_policy");
    fs::read(dir.join(name)).unwrap()
}

#[test]
fn what_somebody_else_wrote_and_signed_is_read_and_holds() {
    for name in ["signed", "all-registers"] {
        let bytes = corpus(name);
        let file = PolicyFile::parse(&bytes).unwrap();
        assert_eq!(file.to_text().as_bytes(), bytes);
        let signed = file.signed(REFERENCE).unwrap();
        assert_eq!(signed.policy, file.policy);
    }
    let draft = PolicyFile::parse(&corpus("draft")).unwrap();
    let registers: Vec<u8> = draft.policy.registers().collect();
    assert_eq!(registers, [4, 11]);
}

#[test]
fn what_the_signer_did_not_sign_for_this_state_and_this_use_holds_nothing() {
    for name in [
        "draft",
        "for-something-else",
        "of-another-state",
        "no-point",
        "zero-signature",
    ] {
        let file = PolicyFile::parse(&corpus(name)).unwrap();
        let refused = file.signed(REFERENCE).unwrap_err();
        assert_eq!(refused.code().to_string(), "IIA-IDN-1102", "{name}");
    }
    let file = PolicyFile::parse(&corpus("signed")).unwrap();
    assert!(file.signed(b"iia secret store 2").is_err());
    for at in 0..64 {
        let mut bent = file.clone();
        bent.signature.as_mut().unwrap()[at] ^= 1;
        assert!(bent.signed(REFERENCE).is_err(), "{at}");
    }
    for der in [
        &[][..],
        &[0x30, 0],
        &[0x30, 6, 2, 1, 1, 2, 1, 1],
        &[0x30; 72],
    ] {
        let refused = file.clone().with_signature(der, REFERENCE).unwrap_err();
        assert_eq!(refused.code().to_string(), "IIA-IDN-1102", "{der:?}");
    }
}

#[test]
fn there_is_one_text_for_a_policy() {
    for name in [
        "descending",
        "leading-zero",
        "no-end",
        "no-register",
        "register-24",
        "register-twice",
        "upper",
    ] {
        let refused = PolicyFile::parse(&corpus(name)).unwrap_err();
        assert_eq!(refused.code().to_string(), "IIA-IDN-1003", "{name}");
    }
    let long = vec![b'x'; POLICY_LEN_MAX + 1];
    let refused = PolicyFile::parse(&long).unwrap_err();
    assert_eq!(refused.code().to_string(), "IIA-IDN-1401");
    let whole = corpus("signed");
    for end in 0..whole.len() {
        let cut = whole.get(..end).unwrap();
        let read = PolicyFile::parse(cut);
        // Of whole lines another policy may be left, which nobody has signed.
        assert!(read.is_err() || read.unwrap().signature.is_none(), "{end}");
    }
}
