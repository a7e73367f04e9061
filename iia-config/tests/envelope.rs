//! Promises of the envelope: the signature comes first, one byte string for one envelope, every changed byte is
//! refused, and people are counted, not signatures.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests"
)]

mod common;

use common::{at, config_text, key, key_entry, trust, trust_text};
use iia_config::envelope::{
    Armour, ENVELOPE_LEN_MAX, EnvelopeError, SIGNATURES_MAX, cosign, open, pae, seal,
};
use iia_config::lifecycle::Submitted;
use iia_config::trust::{Class, SuccessionError, Trust, key_text, succeed};
use iia_core::event::EventKind;
use iia_core::sign::{KeyId, PublicKey, Signature, Signer};

const TWO: &str = "\napproval_rule config {\n  class config\n  threshold 2\n}\n";

#[track_caller]
fn refused(bytes: &[u8], class: Class, trust: &Trust) -> EnvelopeError {
    open(bytes, class, trust).expect_err("this envelope must be refused")
}

#[test]
fn the_encoding_is_that_of_the_dsse_protocol() {
    // The protocol's own example (github.com/secure-systems-lab/dsse, protocol.md).
    let want: &[u8] = b"DSSEv1 29 http://example.com/HelloWorld 11 hello world";
    assert_eq!(pae("http://example.com/HelloWorld", b"hello world"), want);
}

#[test]
fn every_single_byte_flipped_anywhere_is_refused() {
    let trust = trust(TWO);
    let bytes = seal(
        Class::Config,
        config_text(1, None).as_bytes(),
        &[&key("ann"), &key("cem")],
    )
    .unwrap();
    assert!(open(&bytes, Class::Config, &trust).is_ok());
    // The body is long; its first and last lines stand for the rest, the header is tried bit by bit.
    let header = bytes
        .windows(4)
        .position(|window| window == b"\n--\n")
        .unwrap()
        + 4;
    let places = (0..header + 64).chain(bytes.len() - 64..bytes.len());
    for at in places {
        for bit in 0..8 {
            let mut bent = bytes.clone();
            bent[at] ^= 1 << bit;
            assert!(
                open(&bent, Class::Config, &trust).is_err(),
                "byte {at}, bit {bit}"
            );
        }
    }
    for at in 0..bytes.len() {
        let mut bent = bytes.clone();
        bent[at] = bent[at].wrapping_add(1);
        assert!(open(&bent, Class::Config, &trust).is_err(), "byte {at}");
    }
}

#[test]
fn an_attacker_who_mends_the_digest_still_has_no_signature() {
    let trust = trust("");
    let text = config_text(1, None);
    let good = seal(Class::Config, text.as_bytes(), &[&key("ann")]).unwrap();
    let armour = Armour::parse(&good).unwrap();
    for at in (0..text.len()).step_by(53) {
        let mut body = text.clone().into_bytes();
        body[at] ^= 1;
        let bent = Armour {
            body: &body,
            ..armour.clone()
        };
        let error = refused(&bent.to_bytes(), Class::Config, &trust);
        assert!(
            matches!(error, EnvelopeError::BadSignature { .. }),
            "{at}: {error}"
        );
    }
}

#[test]
fn every_signature_is_needed_that_is_there() {
    // One operator is enough, two signed: a broken second signature still refuses.
    let trust = trust("");
    let bytes = seal(Class::Config, b"x", &[&key("ann"), &key("cem")]).unwrap();
    assert!(open(&bytes, Class::Config, &trust).is_ok());
    for at in 0..bytes.len() {
        let mut bent = bytes.clone();
        bent[at] ^= 0x01;
        assert!(open(&bent, Class::Config, &trust).is_err(), "byte {at}");
    }
}

#[test]
fn every_prefix_and_every_longer_text_is_refused() {
    let trust = trust("");
    let bytes = seal(Class::Config, b"some text\n", &[&key("ann")]).unwrap();
    for end in 0..bytes.len() {
        assert!(open(&bytes[..end], Class::Config, &trust).is_err(), "{end}");
    }
    assert!(open(&[bytes.as_slice(), b"\n"].concat(), Class::Config, &trust).is_err());
}

#[test]
fn one_envelope_has_one_spelling() {
    let bytes = seal(Class::Config, b"body", &[&key("ann"), &key("cem")]).unwrap();
    let text = String::from_utf8(bytes.clone()).unwrap();
    assert_eq!(Armour::parse(&bytes).unwrap().to_bytes(), bytes);
    let lines: Vec<&str> = text.lines().collect();
    let swapped = text
        .replace(lines[4], "#")
        .replace(lines[5], lines[4])
        .replace('#', lines[5]);
    for (what, bent) in [
        ("carriage return", text.replacen('\n', "\r\n", 1)),
        ("leading zero", text.replace("size 4", "size 04")),
        ("plus sign", text.replace("size 4", "size +4")),
        ("trailing space", text.replace("size 4", "size 4 ")),
        ("upper-case hex", text.replace("digest b3:", "digest B3:")),
        ("padding", text.replacen("\n--\n", "==\n--\n", 1)),
        ("blank line", text.replace("\n--\n", "\n\n--\n")),
        ("unknown header", text.replace("\n--\n", "\nnote x\n--\n")),
        ("order of signatures", swapped),
        ("missing header", text.replace("size 4\n", "")),
        (
            "long line",
            text.replace("size 4", &format!("size 4{}", " ".repeat(500))),
        ),
    ] {
        assert_ne!(bent, text, "{what}");
        assert!(Armour::parse(bent.as_bytes()).is_err(), "{what}");
    }
}

#[test]
fn a_base64_character_with_spare_bits_has_one_spelling() {
    // 64 bytes are 86 characters; the last one carries four bits that must be zero.
    let text = String::from_utf8(seal(Class::Config, b"x", &[&key("ann")]).unwrap()).unwrap();
    let end = text.find("\n--\n").unwrap();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let good = alphabet.chars().filter(|last| {
        let mut bent = text.clone();
        bent.replace_range(end - 1..end, &last.to_string());
        Armour::parse(bent.as_bytes()).is_ok()
    });
    assert_eq!(
        good.count(),
        4,
        "one for each value of the two bits that count"
    );
}

#[test]
fn a_key_counts_once_and_a_person_counts_once() {
    let trust = trust("\napproval_rule approval {\n  class approval\n  threshold 2\n}\n");
    let signed = |names: &[&str]| {
        let keys: Vec<_> = names.iter().map(|name| key(name)).collect();
        let signers: Vec<&dyn Signer> = keys.iter().map(|key| key as &dyn Signer).collect();
        seal(Class::Approval, b"x", &signers).unwrap()
    };
    let twice = signed(&["bob", "bob"]);
    assert!(matches!(
        refused(&twice, Class::Approval, &trust),
        EnvelopeError::RepeatedKey { .. }
    ));
    let two_keys = signed(&["bob", "bob-2"]);
    let want = EnvelopeError::Threshold { have: 1, need: 2 };
    assert_eq!(refused(&two_keys, Class::Approval, &trust), want);
    let opened = open(&two_keys[..0], Class::Approval, &trust);
    assert!(opened.is_err());
    let two = signed(&["bob", "cem"]);
    assert_eq!(
        open(&two, Class::Approval, &trust).unwrap().operators,
        ["bob", "cem"]
    );
}

#[test]
fn one_key_under_two_names_is_no_trust_document() {
    let text = trust_text("").replace(
        "\nfleet",
        &format!(
            "{}\nfleet",
            key_entry("bob", "eve", &["approval"]).replace("key bob", "key eve")
        ),
    );
    let found = Trust::parse(text.as_bytes()).unwrap_err();
    assert!(found[0].message.contains("same key"), "{found:?}");
}

#[test]
fn a_key_is_a_key_whatever_its_first_bytes_are() {
    // Its base64 begins with two slashes, as that of one key in 4096 does.
    let public = key_text(&PublicKey::from_bytes([0xff; 32]));
    let entry = format!("\nkey eve {{\n  operator eve\n  public {public}\n  class approval\n}}\n");
    let text = trust_text("").replace("\nfleet", &format!("{entry}\nfleet"));
    assert!(public.starts_with("ed25519://"));
    assert!(Trust::parse(text.as_bytes()).is_ok(), "{text}");
}

#[test]
fn a_threshold_that_nobody_can_reach_is_no_trust_document() {
    for rule in [
        "\napproval_rule config {\n  class config\n  threshold 3\n}\n",
        "\napproval_rule image {\n  class image\n  threshold 2\n}\n",
        "\napproval_rule config {\n  class config\n  threshold 0\n}\n",
    ] {
        let found = Trust::parse(trust_text(rule).as_bytes()).unwrap_err();
        assert_eq!(found[0].code, "C082", "{rule}");
    }
}

#[test]
fn unknown_and_unauthorised_keys_are_refused_not_passed_over() {
    let trust = trust("");
    let with_stranger = seal(Class::Config, b"x", &[&key("ann"), &key("mallory")]).unwrap();
    assert!(matches!(
        refused(&with_stranger, Class::Config, &trust),
        EnvelopeError::UnknownKey { .. }
    ));
    let with_bob = seal(Class::Config, b"x", &[&key("ann"), &key("bob")]).unwrap();
    assert!(matches!(
        refused(&with_bob, Class::Config, &trust),
        EnvelopeError::NotAuthorised { .. }
    ));
}

#[test]
fn a_signature_for_one_class_never_counts_for_another() {
    let mut text = String::from("iia-config 1\n");
    text += &key_entry("ann", "ann", &Class::ALL.map(Class::name));
    let trust = Trust::parse(text.as_bytes()).unwrap();
    for signed in Class::ALL {
        let bytes = seal(signed, b"x", &[&key("ann")]).unwrap();
        for wanted in Class::ALL {
            assert_eq!(open(&bytes, wanted, &trust).is_ok(), signed == wanted);
            // Nor does it when the type line is rewritten: the type is under the signature.
            let text = String::from_utf8(bytes.clone()).unwrap();
            let bent = text.replace(signed.payload_type(), wanted.payload_type());
            assert_eq!(
                open(bent.as_bytes(), wanted, &trust).is_ok(),
                signed == wanted
            );
        }
    }
}

#[test]
fn i9_the_parser_is_never_reached_on_a_bad_signature() {
    // A text that the parser would say a great deal about.
    let text = b"no magic\n\t}}}\nkey {\n";
    let now = at("2026-11-24T12:00:00Z");
    let trust = trust("");
    let bytes = seal(Class::Config, text, &[&key("mallory")]).unwrap();
    let (submitted, _) = Submitted::new(bytes, now);
    let rejected = submitted.verify(&trust, now).unwrap_err();
    assert_eq!(rejected.event.kind, EventKind::SignatureFailed);
    assert!(rejected.diagnostics.is_empty());
    // The same text, well signed, does reach it: the control of this test.
    let bytes = seal(Class::Config, text, &[&key("ann")]).unwrap();
    let (submitted, _) = Submitted::new(bytes, now);
    let (verified, _) = submitted.verify(&trust, now).unwrap();
    assert!(
        !verified
            .parse(1024, now)
            .unwrap_err()
            .diagnostics
            .is_empty()
    );
}

#[test]
fn limits_hold_at_the_limit_and_one_above() {
    let over = vec![b'x'; ENVELOPE_LEN_MAX + 1];
    assert!(matches!(
        Armour::parse(&over),
        Err(EnvelopeError::TooLarge { .. })
    ));
    let body = b"x";
    let signatures = |count: usize| Armour {
        class: Class::Config,
        signatures: (0..count)
            .map(|at| {
                (
                    KeyId::from_bytes([at as u8; 8]),
                    Signature::from_bytes([0; 64]),
                )
            })
            .collect(),
        body,
    };
    let most = signatures(SIGNATURES_MAX).to_bytes();
    assert_eq!(
        Armour::parse(&most).unwrap().signatures.len(),
        SIGNATURES_MAX
    );
    assert!(Armour::parse(&signatures(SIGNATURES_MAX + 1).to_bytes()).is_err());
}

#[test]
fn signing_one_after_the_other_gives_the_same_envelope() {
    let together = seal(Class::Config, b"x", &[&key("cem"), &key("ann")]).unwrap();
    let first = seal(Class::Config, b"x", &[&key("ann")]).unwrap();
    assert_eq!(cosign(&first, &key("cem")).unwrap(), together);
    assert!(cosign(&together, &key("cem")).is_err());
}

fn trust_document(revision: u64, people: &[&str], threshold: usize) -> String {
    let mut text = format!(
        "iia-config 1\n\nartifact trust 1.0.0 {{\n  revision {revision}\n  issued 2026-11-24T06:00:00Z\n  target seg01\n}}\n"
    );
    for name in people {
        text += &key_entry(name, name, &["trust"]);
    }
    text += &format!("\napproval_rule trust {{\n  class trust\n  threshold {threshold}\n}}\n");
    text
}

#[test]
fn c087_trust_changes_hands_only_when_the_old_and_the_new_agree() {
    let old = Trust::parse(trust_document(1, &["ann", "bob"], 2).as_bytes()).unwrap();
    let new = trust_document(2, &["bob", "cem"], 2);
    let signed = |names: &[&str]| {
        let keys: Vec<_> = names.iter().map(|name| key(name)).collect();
        let signers: Vec<&dyn Signer> = keys.iter().map(|key| key as &dyn Signer).collect();
        succeed(&old, &seal(Class::Trust, new.as_bytes(), &signers).unwrap())
    };
    assert_eq!(signed(&["ann", "bob", "cem"]).unwrap().revision, 2);
    assert!(matches!(
        signed(&["ann", "bob"]),
        Err(SuccessionError::New(_))
    ));
    assert!(matches!(
        signed(&["bob", "cem"]),
        Err(SuccessionError::Old(_))
    ));
    assert!(matches!(
        signed(&["ann", "bob", "cem", "mallory"]),
        Err(SuccessionError::Old(EnvelopeError::UnknownKey { .. }))
    ));
    let same = seal(
        Class::Trust,
        trust_document(1, &["ann", "bob"], 2).as_bytes(),
        &[&key("ann"), &key("bob")],
    );
    assert!(matches!(
        succeed(&old, &same.unwrap()),
        Err(SuccessionError::Older { .. })
    ));
}
