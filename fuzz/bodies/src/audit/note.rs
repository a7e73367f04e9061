//! Signed notes, checkpoints, receipts, keys and policies: texts that have one reading.

use iia_audit::checkpoint::Checkpoint;
use iia_audit::log::Genesis;
use iia_audit::note::{self, Note, Purpose, SIGNATURES_MAX, VerifierKey};
use iia_audit::policy::{Policy, WITNESSES_MAX};

use super::{ORIGIN, key, verifier};
use crate::input::{Input, bend};

/// The first byte says which text it is; texts that parse print back as they were.
pub fn note(data: &[u8]) {
    let mut input = Input(data);
    let kind = input.byte();
    if kind % 3 == 2 {
        return signed(input);
    }
    let Ok(text) = std::str::from_utf8(input.0) else {
        return;
    };
    if kind % 3 == 1 {
        if let Ok(key) = VerifierKey::parse(text) {
            assert_eq!(key.to_text(), text);
        }
        return;
    }
    any_note(text);
}

fn any_note(text: &str) {
    if let Ok(checkpoint) = Checkpoint::parse(text) {
        assert_eq!(checkpoint.to_text(), text);
    }
    let Ok(parsed) = Note::parse(text) else {
        return;
    };
    assert!((1..=SIGNATURES_MAX).contains(&parsed.signatures()));
    assert!(text.starts_with(parsed.text) && parsed.text.ends_with('\n'));
    let lines = text[parsed.text.len() + 1..].lines().count();
    assert_eq!(
        (lines, &text[parsed.text.len()..][..1]),
        (parsed.signatures(), "\n")
    );
    let log = verifier(ORIGIN, Purpose::Log, 1);
    if let Ok((checkpoint, _)) = Checkpoint::open(text, &log) {
        assert_eq!(
            (checkpoint.origin.as_str(), checkpoint.to_text().as_str()),
            (ORIGIN, parsed.text)
        );
    }
    let witness = verifier("fuzz.example/witness", Purpose::Cosignature, 2);
    let _unsigned = parsed.verify(&witness);
}

/// A head signed here opens; with any one bit turned it does not.
fn signed(mut input: Input<'_>) {
    let at = input.u64();
    let checkpoint = Checkpoint {
        origin: ORIGIN.into(),
        size: input.u64(),
        root: input.array(),
    };
    let text = checkpoint.to_text();
    let Ok(head) = checkpoint.sign(&key(1)) else {
        return;
    };
    let log = verifier(ORIGIN, Purpose::Log, 1);
    assert_eq!(
        Checkpoint::open(&head, &log).map(|(got, _)| got),
        Ok(checkpoint)
    );
    let bent = bend(head.as_bytes(), at);
    if let Ok(bent) = std::str::from_utf8(&bent) {
        assert!(Checkpoint::open(bent, &log).is_err(), "{bent:?}");
    }
    let time = input.u64();
    let Ok(line) = note::cosign(&text, "fuzz.example/witness", &key(2), time) else {
        return;
    };
    let witness = verifier("fuzz.example/witness", Purpose::Cosignature, 2);
    let receipt = format!("{head}{line}");
    let parsed = Note::parse(&receipt);
    assert_eq!(
        parsed.map(|note| (note.verify(&witness), note.verify(&log))),
        Ok((Ok(time), Ok(0)))
    );
}

/// Policies print back as they were and are bounded; genesis and policy together are believed or not.
pub fn policy(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let (policy, genesis) = text.split_once('\0').unwrap_or((text, ""));
    let _unbelieved = Genesis::check(genesis, policy);
    if let Ok(parsed) = Policy::parse(policy) {
        assert_eq!(parsed.to_text(), policy);
        assert!(parsed.witnesses.len() <= WITNESSES_MAX);
        assert!((1..=parsed.witnesses.len()).contains(&parsed.quorum));
    }
}
