//! A log of many short segments, with heads, receipts and seals.

use std::fs;
use std::path::Path;

use iia_audit::log::{Log, Ratchet, Submission};
use iia_audit::note::{Purpose, VerifierKey};
use iia_audit::policy::Policy;
use iia_audit::segment::HEADER_ALIGN;
use iia_audit::witness::Witness;
use iia_core::Timestamp;
use iia_core::event::{Event, EventKind};
use iia_core::sign::{Signer as _, SoftwareKey};
use iia_core::time::{Clock as _, ManualClock};

pub(crate) fn keys() -> (SoftwareKey, SoftwareKey) {
    (
        SoftwareKey::from_seed(&[1; 32].into()),
        SoftwareKey::from_seed(&[2; 32].into()),
    )
}

pub(crate) fn policy() -> Policy {
    let (log, witness) = keys();
    let key = |name: &str, purpose, signer: &SoftwareKey| VerifierKey {
        name: name.into(),
        purpose,
        key: signer.public_key(),
    };
    Policy {
        log: key("seg01.example/audit", Purpose::Log, &log),
        witnesses: vec![key("site.example/witness", Purpose::Cosignature, &witness)],
        quorum: 1,
        mirrors: vec![key(MIRROR, Purpose::Cosignature, &mirror_key())],
    }
}

/// The mirror that the policy names.
pub(crate) const MIRROR: &str = "site.example/mirror";

pub(crate) fn mirror_key() -> SoftwareKey {
    SoftwareKey::from_seed(&[3; 32].into())
}

/// Writes `count` records in segments of one each into `dir/audit`, or behind those that are there; with a seal after
/// each and a receipt after every third. The first seal key is kept in `dir/../seal-key`.
pub(crate) fn write(dir: &Path, count: usize) {
    let audit = dir.join("audit");
    let clock = ManualClock::new(Timestamp::from_secs(1_795_000_000));
    let (signer, _) = keys();
    let ratchet = dir.with_extension("ratchet");
    let (mut log, mut ratchet) = if audit.exists() {
        let (log, _) = Log::open(&audit).unwrap();
        let ratchet = Ratchet::open(&ratchet, &log).unwrap();
        (log, ratchet)
    } else {
        let log = Log::create(&audit, &policy(), &signer, clock.read()).unwrap();
        let (ratchet, escrow) = Ratchet::begin(&ratchet).unwrap();
        super::servers::keep_secret(&dir.with_extension("seal-key"), &escrow.to_text());
        (log, ratchet)
    };
    log = log.with_segment_len(HEADER_ALIGN as u64);
    let source: iia_core::SpiffeId = "spiffe://iia.local/zone/collect/workload/c"
        .parse()
        .unwrap();
    for index in 0..count {
        clock.advance(1_000_000_000);
        let event = Event::new(EventKind::ContractViolation, clock.read().wall)
            .with("reason", index.to_string());
        log.append(
            &[Submission {
                source: source.clone(),
                event,
            }],
            clock.read(),
        )
        .unwrap();
        log.seal(&mut ratchet).unwrap();
        if index % 3 == 0 {
            witness(&mut log);
        }
    }
}

fn witness(log: &mut Log) {
    let (signer, cosigner) = keys();
    let head = log.publish_head(&signer).unwrap();
    let mut witness = Witness::default();
    witness.follow(policy().log).unwrap();
    let accepted = witness
        .accept(&head, 0, &log.consistency(0).unwrap())
        .unwrap();
    let line = accepted
        .cosign("site.example/witness", &cosigner, 1_795_000_060)
        .unwrap();
    log.keep_receipt(&format!("{head}{line}")).unwrap();
}

/// Every file below a directory with its bytes.
pub(crate) fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        found.push((name, fs::read(path).unwrap()));
    }
    found.sort();
    found
}
