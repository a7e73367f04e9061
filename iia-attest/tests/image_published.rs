//! What a machine attested, as the records of a chain publish it: judged by whoever has them, with no TPM.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::fs;

use iia_attest::image::{Attested, LOG_PUBLISHED_MAX, Published, Reader, name_of};
use iia_attest::tpm::{PureRust, Tier, TpmError};
use iia_core::Timestamp;
use iia_core::digest::{Digest, hex};
use iia_core::event::Event;

/// A quote of a real TPM, and what it is held against. Its nonce stands for the hash of record 7.
fn published(test: &str) -> Option<Published> {
    let dir = common::vectors(test, "tpm")?;
    let read = |name: &str| fs::read(dir.join(name)).unwrap();
    let (key, values) = (read("ak_pub.tpmt"), read("pcrs_0_4_10.bin"));
    let each = [0, 4, 10].into_iter().zip(values.chunks(32));
    let lines = each.map(|(pcr, value)| format!("pcr {pcr} {}\n", hex(value)));
    let registers = format!("iia pcr policy 1\n{}", lines.collect::<String>()).into_bytes();
    Some(Published {
        machine: "seg01".into(),
        artifact: "b3:aa".into(),
        named: name_of(&registers),
        registers,
        named_key: name_of(&key),
        key,
        after: 7,
        nonce: read("nonce.bin"),
        attest: read("attest.bin"),
        signature: read("sig.tpmt"),
        values,
        log: None,
    })
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_secs(seconds)
}

/// Record 7, whose hash is the nonce, and what follows it.
fn read(published: &Published, events: &[Event]) -> Attested {
    let mut reader = Reader::default();
    let hash = Digest::from_bytes(published.nonce[..32].try_into().unwrap());
    let other = Event::new(iia_core::event::EventKind::TimeState, at(1));
    reader.take((7, hash), &other, &PureRust);
    for (seq, event) in (8..).zip(events) {
        event.check().unwrap();
        reader.take((seq, Digest::ZERO), event, &PureRust);
    }
    reader.newest().unwrap().clone()
}

fn event(published: &Published) -> Event {
    published.event(at(2), &published.judge(None, &PureRust))
}

#[test]
fn r_flt_29_what_is_published_is_judged_again_from_the_records_alone() {
    let test = "r_flt_29_what_is_published_is_judged_again_from_the_records_alone";
    let Some(good) = published(test) else { return };
    let back = read(&good, &[event(&good)]);
    assert_eq!(back.published, good);
    assert_eq!((back.record, back.is_bound), (8, true));
    let result = back.judge(&PureRust);
    assert_eq!((result.tier(), result.reasons), (Tier::Affirming, vec![]));
}

#[test]
fn r_flt_29_what_is_changed_forged_or_of_before_is_not_believed() {
    let test = "r_flt_29_what_is_changed_forged_or_of_before_is_not_believed";
    let Some(good) = published(test) else { return };
    let judged = |one: &Published, events: &[Event]| read(one, events).judge(&PureRust).reasons;
    // A quote that was made before the record, or shown twice.
    let early = Published {
        after: 6,
        ..good.clone()
    };
    assert_eq!(judged(&good, &[event(&early)]), [TpmError::WrongNonce]);
    let twice = [event(&good), event(&good)];
    assert_eq!(judged(&good, &twice), [TpmError::Replayed]);
    // Another key, and values of another image.
    let other = Published {
        named_key: name_of(b"another"),
        named: name_of(b"another"),
        ..good.clone()
    };
    let found = judged(&good, &[event(&other)]);
    assert_eq!(
        found,
        [
            TpmError::OtherKey {
                found: name_of(&good.key)
            },
            TpmError::OtherRegisters {
                found: name_of(&good.registers)
            }
        ]
    );
    // Any bit of what the TPM said, of its signature, or of the values.
    let parts: [fn(&mut Published) -> &mut Vec<u8>; 4] = [
        |one| &mut one.attest,
        |one| &mut one.signature,
        |one| &mut one.values,
        |one| &mut one.key,
    ];
    for bend in parts {
        let len = bend(&mut good.clone()).len();
        for byte in 0..len {
            let mut bent = good.clone();
            bend(&mut bent)[byte] ^= 1;
            let result = read(&good, &[event(&bent)]).judge(&PureRust);
            assert_eq!(result.tier(), Tier::Contraindicated, "{byte}");
        }
    }
    // Records that say nothing, or nonsense.
    for field in 0..event(&good).fields.len() {
        let mut said = event(&good);
        said.fields[field].value = "x".into();
        let _is_judged = judged(&good, &[said.clone()]);
        said.fields.remove(field);
        let _is_judged = judged(&good, &[said]);
    }
}

#[test]
fn a_log_of_a_boot_is_published_in_parts_and_one_that_lacks_a_part_is_none() {
    let test = "a_log_of_a_boot_is_published_in_parts_and_one_that_lacks_a_part_is_none";
    let Some(good) = published(test) else { return };
    let bytes: Vec<u8> = (0..100_000_u32).map(|at| (at % 251) as u8).collect();
    let with = Published {
        log: Some(bytes),
        ..good.clone()
    };
    let mut records = with.log_events(at(1));
    assert!(records.len() > 2);
    records.push(event(&with));
    assert_eq!(read(&with, &records).published, with);
    for gone in 0..records.len() - 1 {
        let mut fewer = records.clone();
        fewer.remove(gone);
        let back = read(&with, &fewer);
        assert_eq!(back.published.log, None);
        let reasons = back.judge(&PureRust).reasons;
        assert!(
            matches!(reasons.as_slice(), [TpmError::BadLog { .. }]),
            "{reasons:?}"
        );
    }
    for (len, is_published) in [(LOG_PUBLISHED_MAX, true), (LOG_PUBLISHED_MAX + 1, false)] {
        let long = Published {
            log: Some(vec![1; len]),
            ..good.clone()
        };
        assert_eq!(!long.log_events(at(1)).is_empty(), is_published);
        assert_eq!(event(&long).field("log").is_some(), is_published);
    }
}
