//! `ot.attestation.identity`: the issuer and its log on disk, and an observer that reads the log and sees certificates.
//!
//! Time is injected: what the observer waits for is part of what is measured, and nobody sleeps.

use std::error::Error;

use iia_attest::correlator::Correlator as _;
use iia_attest::identity::{Identity, Seen};
use iia_core::digest::Context;
use iia_core::finding::{Conclusion, Finding};
use iia_core::gate::{Ask, Gate, Refusal};
use iia_core::issuance::Issuance;
use iia_core::time::{Clock as _, ManualClock, SECOND_NS};
use iia_core::{Digest, SpiffeId, Timestamp};
use iia_identity::issue::{Issued, Issuer, request};
use iia_identity::journal::{Journal, read_all};

use super::{Outcome, catalog, clean};

const LAKE: &str = "spiffe://iia.local/zone/lake/workload/l";
const STRANGER: &str = "spiffe://iia.local/zone/lake/workload/stranger";
const CONTRACTS: &str = "
contract iia.contract.internal.collect_to_lake 1.0.0 {
  scope internal
  source spiffe://iia.local/zone/collect/workload/c
  destination spiffe://iia.local/zone/lake/workload/l
  operation APPEND
  cardinality one_to_one
  transport {
    protocol iia_link
    security mtls
    port tls/7443
  }
  failure {
    on_unreachable retry
    backoff_max 5m
  }
}
";

/// A gate that was bent: it knows everybody.
struct Everybody;

impl Gate for Everybody {
    fn permits(&self, _: &Ask<'_>) -> Result<(), Refusal> {
        Ok(())
    }
    fn knows(&self, _: &SpiffeId) -> bool {
        true
    }
}

fn issuer(clock: &ManualClock) -> Result<Issuer, Box<dyn Error>> {
    Ok(Issuer::create("iia.local".parse()?, 3600, 1, clock.read())?)
}

fn issue(issuer: &Issuer, id: &str, clock: &ManualClock) -> Result<Issued, Box<dyn Error>> {
    let id: SpiffeId = id.parse()?;
    let (csr, _) = request(&id)?;
    Ok(issuer.issue(&csr, &id, &Everybody, clock.read())?)
}

fn session(issued: &Issued) -> Seen {
    Seen::Session {
        id: issued.issuance.id.clone(),
        serial: issued.issuance.serial.clone(),
        certificate: issued.issuance.certificate,
    }
}

/// Does it once; nothing where this is no fault of this stream.
pub(crate) fn run(done: &str) -> Result<Option<Outcome>, Box<dyn Error>> {
    let clock = ManualClock::new(Timestamp::from_secs(1_800_000_000));
    let good = issuer(&clock)?;
    let dir = tempfile::tempdir()?;
    let mut journal = Journal::open(dir.path())?;
    let mut observer = Identity::new(&catalog(CONTRACTS)?);
    let root = Digest::of(Context::File, good.root());
    observer.handle_observation(clock.read().wall, Seen::Published(root));
    let mut last = None;
    for _ in 0..3 {
        clock.advance(u64::try_from(SECOND_NS)?);
        let issued = issue(&good, LAKE, &clock)?;
        journal.append([issued.issuance.clone()])?;
        observer.handle_observation(clock.read().wall, session(&issued));
        last = Some(issued);
    }
    let last = last.ok_or("nothing was issued")?;
    let mut read = 0;
    let early = follow(&mut observer, (&records(dir.path())?, &mut read), &clock);
    if let Some(early) = early {
        return Err(format!("told before anything was done: {}", early.reason).into());
    }
    let acted = clock.read().wall;
    let mut records_now = None;
    match done {
        "an SVID is minted aside with the issuer's key" => {
            let aside = issue(&good, LAKE, &clock)?;
            observer.handle_observation(clock.read().wall, session(&aside));
        }
        "an SVID for a workload that no contract names" => {
            journal.append([issue(&good, STRANGER, &clock)?.issuance])?;
        }
        "a record is taken out of the issuance log" => {
            journal.append([issue(&good, LAKE, &clock)?.issuance])?;
            journal.append([issue(&good, LAKE, &clock)?.issuance])?;
            let mut all = records(dir.path())?;
            all.remove(3);
            records_now = Some(all);
        }
        "a record of the issuance log is edited" => {
            journal.append([issue(&good, LAKE, &clock)?.issuance])?;
            journal.append([issue(&good, LAKE, &clock)?.issuance])?;
            let mut all = records(dir.path())?;
            if let Some(record) = all.get_mut(3) {
                record.admitted = String::new();
                record.ts_ns += 1;
            }
            records_now = Some(all);
        }
        "another root signs" => {
            journal.append([issue(&issuer(&clock)?, LAKE, &clock)?.issuance])?;
        }
        // Nothing is issued any more.
        "an identity is not renewed" => {}
        _ => return Ok(None),
    }
    let renewed = done != "an identity is not renewed";
    let until = last.not_after + 3600 * SECOND_NS;
    while clock.read().wall < until {
        let all = match &records_now {
            Some(all) => all.clone(),
            None => records(dir.path())?,
        };
        if let Some(finding) = follow(&mut observer, (&all, &mut read), &clock) {
            return Ok(Some(Outcome::told(acted, clock.read().wall, finding)));
        }
        let step_ns = if renewed { SECOND_NS / 10 } else { SECOND_NS };
        clock.advance(u64::try_from(step_ns)?);
        if renewed && clock.read().wall.since_ns(acted) > 600 * SECOND_NS {
            return Ok(Some(Outcome::silent()));
        }
    }
    Ok(Some(Outcome::silent()))
}

fn records(dir: &std::path::Path) -> Result<Vec<Issuance>, Box<dyn Error>> {
    let mut all = Vec::new();
    read_all(dir, &mut |record| all.push(record))?;
    Ok(all)
}

/// Hands over what is new of the log; gives the first finding that is none of peace.
fn follow(
    observer: &mut Identity,
    (all, read): (&[Issuance], &mut usize),
    clock: &ManualClock,
) -> Option<Finding> {
    let now = clock.read().wall;
    for record in all.iter().skip(*read) {
        observer.handle_observation(now, Seen::Issued(record.clone()));
    }
    *read = all.len().max(*read);
    observer.handle_timeout(now);
    std::iter::from_fn(|| observer.poll_finding())
        .find(|one| one.conclusion != Conclusion::Converge)
}

/// A day of workloads that get a certificate each half hour, by the real issuer, and are seen with it.
pub(crate) fn day() -> Result<clean::Row, Box<dyn Error>> {
    let clock = ManualClock::new(Timestamp::from_secs(1_800_000_000));
    let (good, dir) = (issuer(&clock)?, tempfile::tempdir()?);
    let mut journal = Journal::open(dir.path())?;
    let mut observer = Identity::new(&catalog(CONTRACTS)?);
    let root = Digest::of(Context::File, good.root());
    observer.handle_observation(clock.read().wall, Seen::Published(root));
    let (mut read, mut seen, mut found) = (0, 0, 0);
    for _ in 0..clean::DAY / 1800 {
        for id in [LAKE, "spiffe://iia.local/zone/collect/workload/c"] {
            let issued = issue(&good, id, &clock)?;
            journal.append([issued.issuance.clone()])?;
            // Whoever serves is a moment faster than the log is read.
            observer.handle_observation(clock.read().wall, session(&issued));
            let ended = Seen::Ended(id.into());
            observer.handle_observation(clock.read().wall, ended);
            seen += 3;
        }
        for _ in 0..180 {
            let all = records(dir.path())?;
            found += u64::from(follow(&mut observer, (&all, &mut read), &clock).is_some());
            clock.advance(u64::try_from(10 * SECOND_NS)?);
            seen += 1;
        }
    }
    let what = "a day of certificates of the real issuer that are renewed each half hour, their sessions, and looks at its log";
    Ok((what, seen, found))
}
