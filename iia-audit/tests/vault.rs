//! Receipts of a vault: one text for one statement, and none without the vault's signature.
#![allow(
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "tests"
)]

use iia_audit::AuditError;
use iia_audit::note::{Purpose, VerifierKey};
use iia_audit::vault::{NAME_LEN_MAX, Place, Receipt, Segment, Statement};
use iia_core::Timestamp;
use iia_core::digest::{Context, Digest};
use iia_core::sign::{Signer as _, SoftwareKey};

fn digest(of: &str) -> Digest {
    Digest::of(Context::File, of.as_bytes())
}

fn statement() -> Statement {
    Statement {
        origin: "seg01.example/audit".into(),
        segment: Segment {
            log_id: digest("log"),
            first: 100,
            end: 250,
            chain: digest("chain"),
        },
        digest: digest("segment"),
        len: 70_000,
        root: [7; 32],
        place: Place {
            endpoint: "https://store.example".into(),
            bucket: "evidence".into(),
            object: "ab12/seg/0000000000000064.iia".into(),
            version: "v.1_-x".into(),
        },
        retain_until: Timestamp::from_secs(1_900_000_000),
        probe: digest("probe"),
        stored: Timestamp::from_secs(1_800_000_000),
    }
}

fn key() -> (SoftwareKey, VerifierKey) {
    let signer = SoftwareKey::from_seed(&[9; 32].into());
    let known = VerifierKey {
        name: "broker.example/vault".into(),
        purpose: Purpose::Log,
        key: signer.public_key(),
    };
    (signer, known)
}

fn note() -> String {
    statement().sign("broker.example/vault", &key().0).unwrap()
}

#[test]
fn a_receipt_says_what_was_signed() {
    let receipt = Receipt::open(&note(), &key().1).unwrap();
    assert_eq!(*receipt.statement(), statement());
    let head = receipt.statement().checkpoint();
    assert_eq!((head.size, head.root), (250, [7; 32]));
}

#[test]
fn every_changed_bit_is_refused() {
    let note = note();
    for at in 0..note.len() {
        for bit in 0..8 {
            let mut bent = note.clone().into_bytes();
            bent[at] ^= 1 << bit;
            let Ok(bent) = String::from_utf8(bent) else {
                continue;
            };
            assert!(
                Receipt::open(&bent, &key().1).is_err(),
                "byte {at}, bit {bit}"
            );
        }
    }
}

#[test]
fn a_receipt_of_another_vault_is_none() {
    let other = SoftwareKey::from_seed(&[8; 32].into());
    let note = statement().sign("broker.example/vault", &other).unwrap();
    let refused = Receipt::open(&note, &key().1);
    assert!(matches!(refused, Err(AuditError::Unsigned { .. })));
}

#[test]
fn it_holds_for_its_segment_and_its_time_only() {
    let receipt = Receipt::open(&note(), &key().1).unwrap();
    let segment = statement().segment;
    let until = statement().retain_until;
    assert!(receipt.holds(&segment, until));
    assert!(!receipt.holds(&segment, until + 1));
    for other in [
        Segment {
            log_id: digest("other"),
            ..segment.clone()
        },
        Segment {
            first: 99,
            ..segment.clone()
        },
        Segment {
            end: 251,
            ..segment.clone()
        },
        Segment {
            chain: digest("other"),
            ..segment.clone()
        },
    ] {
        assert!(!receipt.holds(&other, until), "{other:?}");
    }
}

#[test]
fn what_is_not_sound_is_not_signed() {
    let long = |len| "x".repeat(len);
    let placed = |object: String| Place {
        object,
        ..statement().place
    };
    let with = |place| Statement {
        place,
        ..statement()
    };
    assert!(with(placed(long(NAME_LEN_MAX))).sign("v", &key().0).is_ok());
    let segment = Segment {
        end: 100,
        ..statement().segment
    };
    for (wrong, why) in [
        (with(placed(long(NAME_LEN_MAX + 1))), "too long"),
        (with(placed(String::new())), "empty"),
        (with(placed("a\nprobe b".into())), "a second line"),
        (with(placed("a b".into())), "a space"),
        (
            Statement {
                segment,
                ..statement()
            },
            "no records",
        ),
        (
            Statement {
                retain_until: statement().stored,
                ..statement()
            },
            "over at once",
        ),
        (
            Statement {
                stored: statement().stored + 1,
                ..statement()
            },
            "not whole seconds",
        ),
        (
            Statement {
                origin: "a+b".into(),
                ..statement()
            },
            "no name",
        ),
    ] {
        assert!(wrong.sign("v", &key().0).is_err(), "{why}");
    }
}

#[test]
fn a_text_has_one_reading() {
    let text = statement().to_text();
    for (from, to) in [
        ("segment 100", "segment 0100"),
        ("segment 100", "segment +100"),
        ("iia-vault-receipt 1", "iia-vault-receipt 2"),
        ("Z\nprobe", ".0Z\nprobe"),
        ("root B", "root  B"),
        ("stored", "kept"),
    ] {
        let other = text.replace(from, to);
        assert_ne!(other, text);
        assert!(Statement::parse(&other).is_err(), "{from} as {to}");
    }
    for end in 0..text.len() {
        assert!(Statement::parse(&text[..end]).is_err(), "cut at {end}");
    }
    assert!(Statement::parse(&format!("{text}\n")).is_err());
}
