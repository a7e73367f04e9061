//! Events, codes, signatures, canonical bytes, budgets: the promises that other crates build on.
#![expect(clippy::unwrap_used, reason = "tests")]

use iia_core::bound::{Budget, DropQueue};
use iia_core::canon::{self, CanonError};
use iia_core::code::{Class, Coded};
use iia_core::event::{
    Event, EventError, EventKind, FIELDS_MAX, Field, KEY_LEN_MAX, VALUE_LEN_MAX,
};
use iia_core::sign::{PublicKey, SignError, Signature, Signer as _, SoftwareKey};
use iia_core::{Timestamp, digest, gate, id, isa95, level, record, stream, zone};

fn event() -> Event {
    Event::new(EventKind::Finding, Timestamp::from_secs(5))
}

#[test]
fn an_event_keeps_to_its_limits_at_the_limit_and_one_over() {
    let many = |count| (0..count).fold(event(), |event, _| event.with("k", "v"));
    assert_eq!(many(FIELDS_MAX).check(), Ok(()));
    assert_eq!(many(FIELDS_MAX + 1).check(), Err(EventError::TooManyFields));
    let raw = |key: usize, value: usize| {
        let (key, value) = ("k".repeat(key), "v".repeat(value));
        let mut event = event();
        event.fields.push(Field { key, value });
        event.check()
    };
    assert_eq!(raw(KEY_LEN_MAX, VALUE_LEN_MAX), Ok(()));
    assert_eq!(raw(KEY_LEN_MAX + 1, 0), Err(EventError::FieldTooLong));
    assert_eq!(raw(1, VALUE_LEN_MAX + 1), Err(EventError::FieldTooLong));
    assert_eq!(raw(0, 0), Err(EventError::BadKey));
    for key in ["a b", "A", "é", "a\nb", "a-b", "a="] {
        assert_eq!(
            event().with(key, "v").check(),
            Err(EventError::BadKey),
            "{key:?}"
        );
    }
}

#[test]
fn a_value_that_is_too_long_is_cut_and_says_so() {
    let whole = "v".repeat(VALUE_LEN_MAX);
    assert_eq!(
        event().with("k", whole.clone()).field("k"),
        Some(whole.as_str())
    );
    for filler in ["v", "é", "€", "𝄞"] {
        let cut = event().with("k", filler.repeat(VALUE_LEN_MAX + 1));
        let value = cut.field("k").unwrap();
        assert!(
            value.len() <= VALUE_LEN_MAX && value.len() > VALUE_LEN_MAX - 8,
            "{filler}"
        );
        assert!(value.ends_with(" [cut]"), "{filler}");
        assert_eq!(cut.check(), Ok(()));
    }
}

/// RFC 8949 appendix A: the canonical form decodes, every other form of the same value is refused.
#[test]
fn numbers_have_one_form_each() {
    for (number, bytes) in [
        (0u64, &[0x00u8][..]),
        (10, &[0x0a]),
        (23, &[0x17]),
        (24, &[0x18, 0x18]),
        (100, &[0x18, 0x64]),
        (1000, &[0x19, 0x03, 0xe8]),
        (1_000_000, &[0x1a, 0x00, 0x0f, 0x42, 0x40]),
        (
            1_000_000_000_000,
            &[0x1b, 0x00, 0x00, 0x00, 0xe8, 0xd4, 0xa5, 0x10, 0x00],
        ),
        (
            u64::MAX,
            &[0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        ),
    ] {
        assert_eq!(canon::encode(&number), bytes);
        assert_eq!(canon::decode::<u64>(bytes), Ok(number));
    }
    for bytes in [
        &[0x18u8, 0x17][..],
        &[0x19, 0x00, 0x64],
        &[0x1a, 0x00, 0x00, 0x03, 0xe8],
        &[0x1b, 0x00, 0x00, 0x00, 0x00, 0x00, 0x0f, 0x42, 0x40],
    ] {
        assert_eq!(canon::decode::<u64>(bytes), Err(CanonError::NotCanonical));
    }
}

#[test]
fn an_events_bytes_are_fixed_and_no_other_bytes_are_the_event() {
    let mut event = event().with("reason", "x");
    event.source_seq = 7;
    let bytes = canon::encode(&event);
    let want = "84151b000000012a05f2000781826672656173";
    assert_eq!(digest::hex(&bytes), format!("{want}6f6e6178"));
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut bent = bytes.clone();
            bent.iter_mut()
                .skip(at)
                .take(1)
                .for_each(|byte| *byte ^= 1 << bit);
            if let Ok(other) = canon::decode::<Event>(&bent) {
                assert_ne!(other, event);
                assert_eq!(canon::encode(&other), bent);
            }
        }
    }
    // Longer and indefinite-length forms of the same event.
    let mut wide = bytes.clone();
    wide.splice(1..2, [0x18, 0x15]);
    assert_eq!(canon::decode::<Event>(&wide), Err(CanonError::NotCanonical));
    let mut open = bytes.clone();
    open.splice(0..1, [0x9f]);
    open.push(0xff);
    assert_eq!(canon::decode::<Event>(&open), Err(CanonError::NotCanonical));
    // A fifth element that this version does not know.
    let mut longer = bytes.clone();
    longer.splice(0..1, [0x85]);
    longer.push(0x00);
    assert_eq!(
        canon::decode::<Event>(&longer),
        Err(CanonError::NotCanonical)
    );
}

/// RFC 8032 7.1, tests 1 to 3.
#[test]
fn signatures_are_those_of_the_rfc() {
    for (seed, public, message, want) in [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
        (
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
    ] {
        let key = SoftwareKey::from_seed(&bytes::<32>(seed).into());
        assert_eq!(key.public_key().as_bytes(), &bytes::<32>(public));
        let mut text = vec![0; message.len() / 2];
        digest::decode_hex(message, &mut text).unwrap();
        let signature = key.sign(&text).unwrap();
        assert_eq!(digest::hex(signature.as_bytes()), want);
        assert_eq!(key.public_key().verify(&text, &signature), Ok(()));
    }
}

fn bytes<const N: usize>(hex: &str) -> [u8; N] {
    let mut bytes = [0; N];
    digest::decode_hex(hex, &mut bytes).unwrap();
    bytes
}

/// Keys of small order verify anything in a careless verifier; S not below the group order is a second signature.
#[test]
fn weak_keys_and_second_signatures_are_refused() {
    let mut identity = [0; 32];
    identity[0] = 1;
    let mut signature = [0; 64];
    signature[0] = 1;
    let weak = PublicKey::from_bytes(identity);
    assert!(
        weak.verify(b"anything", &Signature::from_bytes(signature))
            .is_err()
    );
    let key = SoftwareKey::from_seed(&[7; 32].into());
    let good = *key.sign(b"x").unwrap().as_bytes();
    let order = bytes::<32>("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    let (mut second, mut carry) = (good, 0u16);
    for (byte, add) in second.iter_mut().skip(32).zip(order) {
        carry += u16::from(*byte) + u16::from(add);
        *byte = u8::try_from(carry & 0xff).unwrap();
        carry >>= 8;
    }
    assert_ne!(second, good);
    let verdict = key
        .public_key()
        .verify(b"x", &Signature::from_bytes(second));
    assert_eq!(verdict, Err(SignError::BadSignature));
}

#[test]
fn budgets_and_queues_end_where_they_say() {
    let mut budget = Budget::new(3);
    assert!(budget.spend(0) && budget.spend(3) && budget.spend(0));
    assert!(!budget.spend(1) && !budget.spend(u64::MAX));
    for max in [0, 1, 5] {
        let mut queue = DropQueue::new(max);
        for item in 0..max + 1 {
            queue.push(item);
        }
        assert_eq!((queue.len(), queue.dropped()), (max, 1));
        assert_eq!(queue.is_empty(), max == 0);
        let kept: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(kept, (1..=max).collect::<Vec<_>>());
    }
}

#[test]
fn no_two_errors_share_a_code_and_the_class_says_who_acts() {
    use Class::{Environment, Inconsistent, Malformed, OverLimit, Unverified};
    let s = String::new;
    let rows: Vec<(Box<dyn Coded>, Class)> = vec![
        (Box::new(id::SpiffeIdError::BadPathChar), Malformed),
        (Box::new(id::SpiffeIdError::BadTrustDomainChar), Malformed),
        (Box::new(id::SpiffeIdError::DotSegment), Malformed),
        (Box::new(id::SpiffeIdError::EmptySegment), Malformed),
        (Box::new(id::SpiffeIdError::MissingTrustDomain), Malformed),
        (Box::new(id::SpiffeIdError::TrailingSlash), Malformed),
        (Box::new(id::SpiffeIdError::WrongScheme), Malformed),
        (Box::new(id::SpiffeIdError::TooLong), OverLimit),
        (Box::new(zone::ZoneError::UnknownRole), Malformed),
        (Box::new(zone::ZoneError::DmzBypass), Inconsistent),
        (Box::new(digest::DigestError::NoPrefix), Malformed),
        (Box::new(digest::DigestError::NotHex), Malformed),
        (Box::new(CanonError::Malformed), Malformed),
        (Box::new(CanonError::NotCanonical), Malformed),
        (Box::new(CanonError::TrailingBytes), Malformed),
        (Box::new(record::RecordError::BadServiceId), Malformed),
        (Box::new(record::RecordError::SequenceExhausted), OverLimit),
        (Box::new(stream::StreamError::BadPart), Malformed),
        (Box::new(stream::StreamError::NotOt), Malformed),
        (Box::new(stream::StreamError::TooLong), OverLimit),
        (Box::new(isa95::PlaceError::BadName), Malformed),
        (Box::new(isa95::PlaceError::TooDeep), OverLimit),
        (Box::new(SignError::BadKey), Unverified),
        (Box::new(SignError::BadSignature), Unverified),
        (Box::new(SignError::Unavailable), Environment),
        (
            Box::new(gate::Refusal::NoContract { contract: s() }),
            Unverified,
        ),
        (
            Box::new(gate::Refusal::NoOperation {
                contract: s(),
                operation: s(),
            }),
            Unverified,
        ),
        (
            Box::new(gate::Refusal::OtherParties {
                contract: s(),
                source_id: s(),
                destination_id: s(),
            }),
            Unverified,
        ),
        (Box::new(level::Sl4NeedsDiode), Inconsistent),
        (Box::new(EventError::BadKey), Malformed),
        (Box::new(EventError::FieldTooLong), OverLimit),
        (Box::new(EventError::TooManyFields), OverLimit),
    ];
    let mut seen = std::collections::BTreeSet::new();
    for (error, class) in rows {
        let code = error.code();
        assert_eq!((code.area(), code.class()), ("COR", class), "{code}");
        assert!(seen.insert(code), "{code} twice");
    }
}
