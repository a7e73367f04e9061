//! Bundles: a sound one with anything in it changed and packed again, bytes that are none, and proofs as text.

use std::path::Path;
use std::sync::LazyLock;

use iia_audit::bundle::{Known, Outcome, Report, Show, make, tar, verify};
use iia_audit::log::{Log, Submission};
use iia_audit::note::{self, Purpose};
use iia_audit::policy::Policy;
use iia_audit::proof::Proof;
use iia_core::Timestamp;
use iia_core::event::{Event, EventKind};
use iia_core::time::{Clock as _, ManualClock};

use super::{ORIGIN, key, verifier};
use crate::input::Input;

const WITNESS: &str = "fuzz.example/witness";
const RECORDS: u64 = 9;
const EDITS_MAX: usize = 6;

/// The entries of a sound bundle, and what it says.
type Sound = (Vec<(String, Vec<u8>)>, Report);

static SOUND: LazyLock<Sound> = LazyLock::new(|| {
    let bytes = made().expect("a log in a temporary directory");
    let entries = tar::read(&bytes).expect("an archive");
    let owned = |entry: &tar::Entry<'_>| (entry.name.to_owned(), entry.bytes.to_vec());
    let report = verify(&bytes, &known());
    assert_eq!(report.outcome(), Outcome::ProvenAndWitnessed);
    (entries.iter().map(owned).collect(), report)
});

/// The keys obtained elsewhere.
pub(super) fn known() -> Known {
    Known {
        log: Some(verifier(ORIGIN, Purpose::Log, 1)),
        witnesses: vec![verifier(WITNESS, Purpose::Cosignature, 2)],
    }
}

/// Some records are shown, one of them redacted.
fn made() -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let dir = tempfile::tempdir()?;
    log_in(dir.path())?;
    let made = make(dir.path(), &[], |record| match record.seq {
        1 | 2 | 6 => Show::Whole,
        3 => Show::Bare,
        _ => Show::Nothing,
    })?;
    Ok(made.bytes)
}

/// Makes a log of nine records with three witnessed heads.
pub(super) fn log_in(dir: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let known = known();
    let policy = Policy {
        log: verifier(ORIGIN, Purpose::Log, 1),
        witnesses: known.witnesses,
        quorum: 1,
        mirrors: Vec::new(),
    };
    let now = ManualClock::new(Timestamp::from_secs(1_800_000_000)).read();
    let mut log = Log::create(&dir.join("audit"), &policy, &key(1), now)?;
    let source: iia_core::SpiffeId = "spiffe://iia.local/zone/a/workload/b".parse()?;
    for number in 0..RECORDS {
        let event = Event::new(EventKind::Finding, now.wall).with("number", number.to_string());
        let source = source.clone();
        log.append(&[Submission { source, event }], now)?;
        if number % 4 == 0 {
            let head = log.publish_head(&key(1))?;
            let line = note::cosign(&log.head().to_text(), WITNESS, &key(2), 1_800_000_060)?;
            log.keep_receipt(&format!("{head}{line}"))?;
        }
    }
    Ok(())
}

/// Whatever still verifies after a change says nothing that the sound bundle did not say.
pub fn bundle(data: &[u8]) {
    let mut input = Input(data);
    if input.byte() & 1 == 0 {
        let _none = verify(input.0, &known());
        return;
    }
    let (sound, said) = &*SOUND;
    let mut entries = sound.clone();
    for _ in 0..usize::from(input.byte()) % EDITS_MAX {
        edit(&mut entries, &mut input);
    }
    let mut bytes = Vec::new();
    for (name, content) in &entries {
        if tar::push(&mut bytes, name, content).is_none() {
            return;
        }
    }
    tar::finish(&mut bytes);
    let report = verify(&bytes, &known());
    assert!(entries != *sound || report.bad.is_none());
    if report.outcome() != Outcome::Failed {
        assert!(report.shown.iter().all(|one| said.shown.contains(one)));
        assert!(report.heads.iter().all(|head| {
            let same = said.heads.iter().find(|known| known.size == head.size);
            same.is_some_and(|known| head.cosigned.is_none() || head.cosigned == known.cosigned)
        }));
    }
}

fn edit(entries: &mut Vec<(String, Vec<u8>)>, input: &mut Input<'_>) {
    let (which, what, value) = (input.byte(), input.byte(), input.byte());
    let place = u16::from_le_bytes(input.array());
    let at = usize::from(which) % entries.len().max(1);
    let other = usize::from(value) % entries.len().max(1);
    let Some((name, content)) = entries.get_mut(at) else {
        return;
    };
    let here = usize::from(place) % content.len().max(1);
    match what % 7 {
        0 => content
            .iter_mut()
            .skip(here)
            .take(1)
            .for_each(|byte| *byte ^= value),
        1 => content.insert(here.min(content.len()), value),
        2 => content.truncate(here),
        3 => drop(content.drain(here..(here + usize::from(value)).min(content.len()))),
        4 => name.push(char::from(value & 0x7f)),
        5 => entries.swap(at, other),
        _ => drop(entries.remove(at)),
    }
}

/// A proof that reads prints back as it was.
pub fn proof(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else {
        return;
    };
    if let Ok(proof) = Proof::parse(text) {
        assert_eq!(proof.to_text(), text);
        let log = verifier(ORIGIN, Purpose::Log, 1);
        let _held = proof.verify(&log, &known().witnesses);
    }
}
