//! The audit chain of a box as its roles use it: where the log and its keys lie, and how heads become messages.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use iia_audit::AuditError;
use iia_audit::log::{Log, Ratchet, Submission};
use iia_audit::note::{Purpose, VerifierKey};
use iia_audit::policy::Policy;
use iia_audit::verify::records;
use iia_audit::witness::Witness;
use iia_config::desk::{Desk, DeskError, Site};
use iia_config::stage::{StageError, Store};
use iia_core::SpiffeId;
use iia_core::Timestamp;
use iia_core::code::Coded as _;
use iia_core::digest::{Context, Digest};
use iia_core::event::{Event, EventKind};
use iia_core::sign::Signer as _;
use iia_core::time::Reading;
use iia_edge::wire::{HeadAnswer, HeadOffer};

use crate::boxdir::BoxDir;
use crate::keys;
use crate::wire::{self, AuditAsk, Watermark};
use crate::workload::Workload;

pub(crate) const LOG_KEY: &str = "audit-log";
pub(crate) const WITNESS_KEY: &str = "witness";
const MEMORY: &str = "memory";
const RATCHET: &str = "next";

/// The names under which a box signs.
pub(crate) fn log_name(box_name: &str) -> String {
    format!("{box_name}/audit")
}

/// The name under which a box cosigns.
pub(crate) fn witness_name(box_name: &str) -> String {
    format!("{box_name}/witness")
}

/// Makes the box's signing keys; gives the log's and the witness's public names.
pub(crate) fn make_keys(
    dir: &BoxDir,
    box_name: &str,
) -> anyhow::Result<(VerifierKey, VerifierKey)> {
    let log = keys::create(&dir.keys().join(LOG_KEY))?.public_key();
    let witness = keys::create(&dir.keys().join(WITNESS_KEY))?.public_key();
    Ok((
        VerifierKey {
            name: log_name(box_name),
            purpose: Purpose::Log,
            key: log,
        },
        VerifierKey {
            name: witness_name(box_name),
            purpose: Purpose::Cosignature,
            key: witness,
        },
    ))
}

/// Begins the box's log. The key of its first seal leaves the box: it is written to `escrow` and stays nowhere else.
pub(crate) fn create(
    dir: &BoxDir,
    policy: &Policy,
    escrow: &Path,
    now: Reading,
) -> anyhow::Result<Log> {
    let key = keys::load(&dir.keys().join(LOG_KEY))?;
    fs::create_dir_all(dir.ratchet())?;
    let (_, first) = Ratchet::begin(&dir.ratchet().join(RATCHET))?;
    if let Some(folder) = escrow.parent() {
        fs::create_dir_all(folder)?;
    }
    keys::keep(escrow, first.to_text().as_bytes())?;
    Ok(Log::create(&dir.audit(), policy, &key, now)?)
}

/// The seal key of the box's log as it stands.
pub(crate) fn ratchet(dir: &BoxDir, log: &Log) -> anyhow::Result<Ratchet> {
    Ok(Ratchet::open(&dir.ratchet().join(RATCHET), log)?)
}

/// Opens the box's log; whatever a crash left torn lies in quarantine, and that is a record of the log.
pub(crate) fn open(dir: &BoxDir, me: &SpiffeId, now: Reading) -> anyhow::Result<Log> {
    let (log, recovery) = Log::open(&dir.audit()).context("open the audit log")?;
    let mut log = log.with_keeper(me.clone());
    tracing::info!(?recovery, "audit.open");
    let events = untold(&dir.evidence(), now.wall)?;
    append(&mut log, me, events, now)?;
    Ok(log)
}

/// Files in quarantine that no record of the log refers to yet.
fn untold(evidence: &Path, now: Timestamp) -> anyhow::Result<Vec<Event>> {
    let aside = evidence.join("quarantine");
    if !aside.exists() {
        return Ok(Vec::new());
    }
    let mut told = BTreeSet::new();
    records(&evidence.join("audit"), |record| {
        let event = &record.body.event;
        if event.kind == EventKind::LogRecovered {
            told.extend(event.field("path").map(str::to_owned));
        }
    })?;
    let mut events = Vec::new();
    for entry in fs::read_dir(&aside)? {
        let entry = entry?;
        let path = format!("quarantine/{}", entry.file_name().to_string_lossy());
        if path.ends_with(".new") {
            fs::remove_file(entry.path())?;
        } else if !told.contains(&path) {
            let bytes = fs::read(entry.path())?;
            let event = Event::new(EventKind::LogRecovered, now)
                .with("path", path)
                .with("bytes", bytes.len().to_string());
            events.push(event.with("digest", Digest::of(Context::File, &bytes).to_string()));
        }
    }
    Ok(events)
}

/// Stores events under the identity of the peer's certificate; answers with what is durable of that peer.
pub(crate) fn submit(
    log: &mut Log,
    peer: &SpiffeId,
    payload: &[u8],
    now: Reading,
) -> anyhow::Result<Vec<u8>> {
    if let AuditAsk::Submit(events) = wire::decode(payload)? {
        append(log, peer, events, now)?;
    }
    Ok(wire::encode(&Watermark {
        durable: log.watermark(peer),
    }))
}

/// Appends events of one source.
pub(crate) fn append(
    log: &mut Log,
    source: &SpiffeId,
    events: Vec<Event>,
    now: Reading,
) -> anyhow::Result<()> {
    let submission = |event| Submission {
        source: source.clone(),
        event,
    };
    let submissions: Vec<Submission> = events.into_iter().map(submission).collect();
    log.append(&submissions, now)?;
    Ok(())
}

/// How often the desk's outbox is looked at.
const DRAIN_EVERY: Duration = Duration::from_millis(500);

/// Takes the desk's events into the log, as long as the keeper of the log serves. The desk numbers its events and the
/// log passes over numbers that it has, so that a crash between the two halves tells nothing twice.
pub(crate) async fn drain(log: &RefCell<Log>, workload: &Workload) {
    loop {
        if let Err(error) = drain_once(&mut log.borrow_mut(), workload) {
            tracing::warn!(error = format!("{error:#}"), "audit.drain");
        }
        tokio::time::sleep(DRAIN_EVERY).await;
    }
}

fn drain_once(log: &mut Log, workload: &Workload) -> anyhow::Result<()> {
    let desk = desk(workload.id())?;
    let store = Store::at(workload.dir().path());
    let state = store.load()?.context("the box was never begun")?;
    let Some(last) = state.outbox().last().map(|event| event.source_seq) else {
        return Ok(());
    };
    let durable = log.watermark(&desk);
    let new = state
        .outbox()
        .iter()
        .filter(|event| event.source_seq > durable);
    append(log, &desk, new.cloned().collect(), workload.reading())?;
    // What the desk has is the supervisor's, and not to be written to from here.
    workload.taken(last);
    Ok(())
}

/// What the desk told up to this number is in the log, and need not be told again.
pub(crate) fn acknowledge(dir: &BoxDir, last: u64) -> anyhow::Result<()> {
    let site = Site {
        box_name: String::new(),
        trial_ns: 0,
    };
    match Desk::open(Store::at(dir.path()), site) {
        // The applier has it open: what it told is forgotten when it has finished.
        Err(DeskError::Storage(StageError::Locked)) => Ok(()),
        desk => Ok(desk?.acknowledge(last)?),
    }
}

/// The source of the desk's events on the box of a workload.
pub(crate) fn desk(id: &SpiffeId) -> anyhow::Result<SpiffeId> {
    Ok(SpiffeId::workload(&id.trust_domain(), "cfg", "desk")?)
}

/// Signs the head as it is and keeps it.
pub(crate) fn publish_head(log: &mut Log, dir: &BoxDir) -> anyhow::Result<String> {
    let key = keys::load(&dir.keys().join(LOG_KEY))?;
    Ok(log.publish_head(&key)?)
}

/// A fresh head with the proof that it extends `old_size`.
pub(crate) fn offer(log: &mut Log, dir: &BoxDir, old_size: u64) -> anyhow::Result<HeadOffer> {
    let checkpoint = publish_head(log, dir)?;
    let proof = log
        .consistency(old_size)?
        .into_iter()
        .map(|hash| hash.to_vec().into())
        .collect();
    Ok(HeadOffer {
        checkpoint,
        old_size,
        proof,
    })
}

/// Keeps a receipt that is found good.
pub(crate) fn keep_receipt(log: &mut Log, note: &str) -> anyhow::Result<u64> {
    Ok(log.keep_receipt(note)?)
}

/// The witness of a box, which follows the logs whose keys are given, with what it remembers.
pub(crate) fn witness(dir: &BoxDir, logs: &[String]) -> anyhow::Result<Witness> {
    let mut witness = Witness::default();
    for key in logs {
        witness.follow(VerifierKey::parse(key)?)?;
    }
    match fs::read_to_string(dir.witness().join(MEMORY)) {
        Ok(memory) => witness.remember(&memory)?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => {
            return Err(error).context("the witness has lost its memory and does not sign");
        }
    }
    Ok(witness)
}

/// Cosigns a head that extends what is known; what is known is durable before the answer.
pub(crate) fn cosign(
    witness: &mut Witness,
    (dir, box_name): (&BoxDir, &str),
    offer: &HeadOffer,
    now: Reading,
) -> HeadAnswer {
    match try_cosign(witness, (dir, box_name), offer, now) {
        Ok(line) => HeadAnswer::Cosigned(line),
        Err(error) => match error.downcast_ref::<AuditError>() {
            Some(AuditError::Stale { size }) => HeadAnswer::Stale(*size),
            Some(known) => HeadAnswer::Refused(known.code().to_string()),
            None => HeadAnswer::Refused("IIA-AUD-0501".into()),
        },
    }
}

fn try_cosign(
    witness: &mut Witness,
    (dir, box_name): (&BoxDir, &str),
    offer: &HeadOffer,
    now: Reading,
) -> anyhow::Result<String> {
    let proof: Option<Vec<[u8; 32]>> = offer
        .proof
        .iter()
        .map(|hash| hash.as_slice().try_into().ok())
        .collect();
    let proof = proof.ok_or(AuditError::Malformed {
        what: "consistency proof",
    })?;
    let accepted = witness.accept(&offer.checkpoint, offer.old_size, &proof)?;
    fs::create_dir_all(dir.witness())?;
    crate::boxdir::write_durably(&dir.witness().join(MEMORY), witness.memory().as_bytes())?;
    let key = keys::load(&dir.keys().join(WITNESS_KEY))?;
    let seconds = u64::try_from(now.wall.as_secs()).unwrap_or(0);
    Ok(accepted.cosign(&witness_name(box_name), &key, seconds)?)
}

/// Ends a log that its own box cosigns: the box at the top has nobody above it but itself.
pub(crate) fn close(
    log: &mut Log,
    (dir, box_name): (&BoxDir, &str),
    now: Reading,
) -> anyhow::Result<()> {
    let offer = offer(log, dir, 0)?;
    let key = keys::load(&dir.keys().join(WITNESS_KEY))?;
    let text = offer.checkpoint.split("\n\n").next().unwrap_or_default();
    let seconds = u64::try_from(now.wall.as_secs()).unwrap_or(0);
    let line =
        iia_audit::note::cosign(&format!("{text}\n"), &witness_name(box_name), &key, seconds)?;
    keep_receipt(log, &format!("{}{line}", offer.checkpoint))?;
    Ok(())
}
