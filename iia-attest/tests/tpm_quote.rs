//! A quote of a real TPM implementation, right and wrong in every way.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

mod common;

use std::collections::BTreeMap;
use std::fs;

use iia_attest::tpm::{
    Attest, AttestationResult, Clock, Evidence, PublicArea, PureRust, Reference, Tier, TpmError,
    TpmSignature, appraise,
};
use iia_core::code::Coded as _;
use iia_core::outside::HashName;

struct Quoted {
    attest: Vec<u8>,
    signature: Vec<u8>,
    key: PublicArea,
    key_bytes: Vec<u8>,
    nonce: Vec<u8>,
    pcrs: Vec<u8>,
    name: Vec<u8>,
    endorsement: Vec<u8>,
}

impl Quoted {
    fn read(test: &str) -> Option<Self> {
        let dir = common::vectors(test, "tpm")?;
        let read = |name: &str| fs::read(dir.join(name)).unwrap();
        let key_bytes = read("ak_pub.tpmt");
        Some(Self {
            attest: read("attest.bin"),
            signature: read("sig.tpmt"),
            key: PublicArea::parse(&key_bytes).unwrap(),
            key_bytes,
            nonce: read("nonce.bin"),
            pcrs: read("pcrs_0_4_10.bin"),
            name: read("ak_name.bin"),
            endorsement: read("ek_pub.tpmt"),
        })
    }

    fn reference(&self) -> Reference<'_> {
        let value = |at: usize| vec![self.pcrs[at..at + 32].to_vec()];
        Reference {
            pcrs: BTreeMap::from([
                ((HashName::Sha256, 0), value(0)),
                ((HashName::Sha256, 4), value(32)),
                ((HashName::Sha256, 10), value(64)),
            ]),
            ..Reference::new(&self.key, &self.nonce)
        }
    }

    fn evidence(&self) -> Evidence<'_> {
        Evidence {
            attest: &self.attest,
            signature: &self.signature,
            log: None,
            pcrs: Some(&self.pcrs),
        }
    }

    fn result(&self) -> AttestationResult {
        appraise(&self.evidence(), &self.reference(), &PureRust)
    }
}

fn codes(result: &AttestationResult) -> Vec<u16> {
    let codes = result.reasons.iter().map(|reason| reason.code().number());
    codes.collect()
}

#[test]
fn a_quote_with_its_nonce_key_and_values_affirms() {
    let Some(quoted) = Quoted::read("a_quote_with_its_nonce_key_and_values_affirms") else {
        return;
    };
    let result = quoted.result();
    assert_eq!((result.tier(), &result.reasons), (Tier::Affirming, &vec![]));
    let quote = result.quote.unwrap();
    let registers: Vec<_> = quote.selection.registers().collect();
    assert_eq!(registers, [0, 4, 10].map(|pcr| (HashName::Sha256, pcr)));
    let clock = Clock {
        clock_ms: 0x27c85,
        reset_count: 2,
        restart_count: 0,
        safe: true,
    };
    assert_eq!(quote.clock, clock);
    assert_eq!(quote.firmware, 0x2019_1023_0016_3636);
    assert_eq!(quoted.key.name(), quoted.name);
    assert!(quoted.key.attributes().stays());
}

#[test]
fn another_nonce_is_contraindicated() {
    let Some(quoted) = Quoted::read("another_nonce_is_contraindicated") else {
        return;
    };
    let mut reference = quoted.reference();
    reference.nonce = b"another";
    let result = appraise(&quoted.evidence(), &reference, &PureRust);
    assert_eq!(result.reasons, [TpmError::WrongNonce]);
    assert_eq!(result.tier(), Tier::Contraindicated);
}

#[test]
fn a_quote_shown_again_is_contraindicated_and_a_restart_warns() {
    let Some(quoted) = Quoted::read("a_quote_shown_again_is_contraindicated_and_a_restart_warns")
    else {
        return;
    };
    let now = quoted.result().quote.unwrap().clock;
    let cases = [
        (now, vec![301]),
        (clock(&now, 1, 0, 0), vec![301]),
        (clock(&now, -1, 0, 0), vec![]),
        (clock(&now, -1, -1, 0), vec![302]),
        (clock(&now, -1, 1, 0), vec![301]),
        (clock(&now, -1, 0, 1), vec![301]),
        (clock(&now, 1, -1, 0), vec![301]),
    ];
    for (last, want) in cases {
        let mut reference = quoted.reference();
        reference.last = Some(last);
        let result = appraise(&quoted.evidence(), &reference, &PureRust);
        assert_eq!(codes(&result), want, "{last:?}");
        let heaviest = match want.as_slice() {
            [] => Tier::Affirming,
            [302] => Tier::Warning,
            _ => Tier::Contraindicated,
        };
        assert_eq!(result.tier(), heaviest);
    }
}

fn clock(base: &Clock, ms: i64, resets: i32, restarts: i32) -> Clock {
    Clock {
        clock_ms: base.clock_ms.checked_add_signed(ms).unwrap(),
        reset_count: base.reset_count.checked_add_signed(resets).unwrap(),
        restart_count: base.restart_count.checked_add_signed(restarts).unwrap(),
        safe: base.safe,
    }
}

#[test]
fn another_key_is_contraindicated() {
    let Some(quoted) = Quoted::read("another_key_is_contraindicated") else {
        return;
    };
    let other = PublicArea::parse(&quoted.endorsement).unwrap();
    let mut reference = quoted.reference();
    reference.key = &other;
    let result = appraise(&quoted.evidence(), &reference, &PureRust);
    assert_eq!(codes(&result), [101]);
    assert_eq!(result.quote, None, "nothing of it means anything");
}

#[test]
fn a_key_that_may_sign_anything_is_no_attestation_key() {
    let Some(quoted) = Quoted::read("a_key_that_may_sign_anything_is_no_attestation_key") else {
        return;
    };
    // The attributes are part of the name, not of the key: the signature still holds.
    for (bit, byte) in [(0x02, 7), (0x10, 7), (0x20, 7), (0x01, 5), (0x04, 5)] {
        let mut bytes = quoted.key_bytes.clone();
        bytes[byte] &= !bit;
        let key = PublicArea::parse(&bytes).unwrap();
        assert_ne!(key.name(), quoted.name);
        let mut reference = quoted.reference();
        reference.key = &key;
        let result = appraise(&quoted.evidence(), &reference, &PureRust);
        assert_eq!(codes(&result), [104], "bit {bit:#x} of byte {byte}");
    }
}

#[test]
fn a_changed_register_is_named() {
    let Some(quoted) = Quoted::read("a_changed_register_is_named") else {
        return;
    };
    // Values that are not those of the quote.
    let mut pcrs = quoted.pcrs.clone();
    pcrs[64] ^= 1;
    let evidence = Evidence {
        pcrs: Some(&pcrs),
        ..quoted.evidence()
    };
    let result = appraise(&evidence, &quoted.reference(), &PureRust);
    assert_eq!(codes(&result), [201, 203, 203, 203]);
    assert_eq!(result.pcrs, None);
    // Values that are, and are not good.
    let mut reference = quoted.reference();
    reference
        .pcrs
        .insert((HashName::Sha256, 4), vec![vec![7; 32]]);
    reference.pcrs.insert((HashName::Sha256, 7), vec![]);
    let result = appraise(&quoted.evidence(), &reference, &PureRust);
    assert_eq!(codes(&result), [203, 204]);
    let words = result.reasons.first().unwrap().to_string();
    assert!(words.starts_with("PCR 4 of sha256"), "{words}");
}

#[test]
fn cut_at_any_byte_it_is_refused() {
    let Some(quoted) = Quoted::read("cut_at_any_byte_it_is_refused") else {
        return;
    };
    for cut in 0..quoted.attest.len() {
        assert!(Attest::parse(&quoted.attest[..cut]).is_err(), "{cut}");
    }
    for cut in 0..quoted.signature.len() {
        assert!(TpmSignature::parse(&quoted.signature[..cut]).is_err());
    }
    for cut in 0..quoted.key_bytes.len() {
        assert!(PublicArea::parse(&quoted.key_bytes[..cut]).is_err());
    }
    for bytes in [&quoted.attest, &quoted.signature, &quoted.key_bytes] {
        let mut longer = bytes.clone();
        longer.push(0);
        assert!(Attest::parse(&longer).is_err());
        assert!(TpmSignature::parse(&longer).is_err());
        assert!(PublicArea::parse(&longer).is_err());
    }
}

#[test]
fn with_any_bit_turned_it_is_contraindicated() {
    let Some(quoted) = Quoted::read("with_any_bit_turned_it_is_contraindicated") else {
        return;
    };
    for at in 0..quoted.attest.len() {
        let mut attest = quoted.attest.clone();
        attest[at] ^= 1 << (at % 8);
        let evidence = Evidence {
            attest: &attest,
            ..quoted.evidence()
        };
        let result = appraise(&evidence, &quoted.reference(), &PureRust);
        assert_eq!(result.tier(), Tier::Contraindicated, "attest {at}");
        assert_eq!(result.quote, None, "attest {at}");
    }
    for at in 0..quoted.signature.len() {
        let mut signature = quoted.signature.clone();
        signature[at] ^= 1 << (at % 8);
        let evidence = Evidence {
            signature: &signature,
            ..quoted.evidence()
        };
        let result = appraise(&evidence, &quoted.reference(), &PureRust);
        assert_eq!(result.tier(), Tier::Contraindicated, "signature {at}");
    }
    for at in 0..quoted.pcrs.len() {
        let mut pcrs = quoted.pcrs.clone();
        pcrs[at] ^= 1 << (at % 8);
        let evidence = Evidence {
            pcrs: Some(&pcrs),
            ..quoted.evidence()
        };
        let result = appraise(&evidence, &quoted.reference(), &PureRust);
        assert!(codes(&result).contains(&201), "pcrs {at}");
    }
}

#[test]
fn limits_hold_at_max_and_one_over() {
    let over = |error: TpmError| matches!(error, TpmError::TooMuch { .. });
    for len in [1024, 1025] {
        let error = Attest::parse(&vec![0; len]).unwrap_err();
        assert_eq!(over(error), len > 1024);
        let error = PublicArea::parse(&vec![0; len]).unwrap_err();
        assert_eq!(over(error), len > 1024);
    }
    for len in [518, 519] {
        let error = TpmSignature::parse(&vec![0; len]).unwrap_err();
        assert_eq!(over(error), len > 518);
    }
}
