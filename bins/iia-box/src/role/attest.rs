//! `ot.dmz.attest`: the observer that compares what was seen with the catalog's meaning, on the source's own clock.

use iia_attest::correlator::Correlator as _;
use iia_attest::network::{Network, Seen as Observed};
use iia_attest::policy_drift::{PolicyDrift, Seen as Policy};
use iia_core::Timestamp;
use iia_core::event::{Event, EventKind};
use iia_core::finding::Finding;
use tokio::sync::mpsc;

use super::link::Link;
use crate::client::{AuditClient, LakeClient};
use crate::findings::Findings;
use crate::policy;
use crate::wire::{self, ANNOUNCE, Announce, SUBSCRIBE, Seen};
use crate::workload::Workload;

struct Attest<'a> {
    workload: &'a Workload,
    audit: AuditClient,
    network: Network,
    /// What the kernel says of its firewall, where this box has one of its own, and who compares it.
    policy: (Option<mpsc::Receiver<Policy>>, PolicyDrift),
    findings: Findings,
    bus: Link,
}

/// Under what the observer speaks with the bus.
const TO_BUS: &str = "iia.contract.internal.attest_to_bus";
/// Announcements that wait to be looked at; the bus drops what comes beyond it, and says so.
const WAITING_MAX: usize = 64;
/// How often the passing of time is told to the observer of the firewall at least.
const TICK: std::time::Duration = std::time::Duration::from_secs(1);
/// Says that the box has a firewall of its own.
pub(crate) const WITH_FIREWALL: &str = "firewall";

/// Runs the role.
pub(super) async fn run(workload: &Workload) -> anyhow::Result<()> {
    let lake = LakeClient::new(workload, "iia.contract.internal.attest_to_lake");
    let is_watched = workload.args().iter().any(|arg| arg == WITH_FIREWALL);
    let observer = PolicyDrift::new(workload.catalog(), workload.topology());
    let mut role = Attest {
        workload,
        audit: AuditClient::start(workload, "iia.contract.internal.attest_to_audit"),
        network: Network::new(workload.catalog()),
        policy: (is_watched.then(policy::watch), observer),
        findings: Findings::new(workload, lake),
        bus: Link::new(workload, "bus", TO_BUS, ANNOUNCE),
    };
    let (announced, mut bus) = mpsc::channel(WAITING_MAX);
    tokio::task::spawn_local(follow(workload.clone(), announced));
    workload.ready();
    // What one sense sees does not wait for the other: with the bus away, the firewall is still watched.
    loop {
        tokio::select! {
            Some(announce) = bus.recv() => role.hear(&announce)?,
            Some(seen) = next(&mut role.policy.0) => {
                role.policy.1.handle_observation(workload.now(), seen);
            }
            () = tokio::time::sleep(TICK), if is_watched => {}
            () = workload.stopped() => break,
        }
        // A watcher that is gone is told by its silence.
        if is_watched {
            role.policy.1.handle_timeout(workload.now());
        }
        role.publish().await?;
    }
    role.audit.flush().await;
    Ok(())
}

/// Follows the bus, however often it goes.
async fn follow(workload: Workload, announced: mpsc::Sender<Announce>) {
    while !announced.is_closed() {
        if let Err(error) = subscribe(&workload, &announced).await {
            tracing::warn!(error = format!("{error:#}"), "attest.follow");
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

async fn subscribe(workload: &Workload, announced: &mpsc::Sender<Announce>) -> anyhow::Result<()> {
    let mut feed = workload.connect("bus", TO_BUS, SUBSCRIBE).await?;
    while let Some(message) = feed.recv().await? {
        announced.send(wire::decode(&message.payload)?).await?;
    }
    Ok(())
}

impl Attest<'_> {
    fn hear(&mut self, announce: &Announce) -> anyhow::Result<()> {
        if announce.lost > 0 {
            self.lost(announce.lost);
        }
        match announce.source == "collect" {
            true => self.observe(announce),
            false => Ok(()),
        }
    }

    /// Losing sight is itself evidence.
    fn lost(&self, count: u64) {
        let event = Event::new(EventKind::RecordsLost, self.workload.now())
            .with("where", "bus to attest")
            .with("count", count.to_string());
        self.audit.submit(event);
    }

    fn observe(&mut self, announce: &Announce) -> anyhow::Result<()> {
        for seen in &announce.seen {
            let at = Timestamp::from_ns(seen.first_ns);
            self.network.handle_observation(at, observed(seen)?);
        }
        self.network
            .handle_timeout(Timestamp::from_ns(announce.now_ns));
        Ok(())
    }

    fn poll_finding(&mut self) -> Option<Finding> {
        let of_network = self.network.poll_finding();
        of_network.or_else(|| self.policy.1.poll_finding())
    }

    async fn publish(&mut self) -> anyhow::Result<()> {
        while let Some(finding) = self.poll_finding() {
            self.findings.store(std::slice::from_ref(&finding)).await?;
            self.audit.submit(finding_event(&finding));
            let announce = Announce {
                findings: vec![finding],
                ..Announce::default()
            };
            // The lake and the chain have it; nobody waits for the bus.
            let _transient = self.bus.push(wire::encode(&announce)).await;
        }
        Ok(())
    }
}

/// What is seen next; never, where nothing is watched.
async fn next(seen: &mut Option<mpsc::Receiver<Policy>>) -> Option<Policy> {
    match seen {
        Some(seen) => seen.recv().await,
        None => std::future::pending().await,
    }
}

/// A finding as an event of the chain.
pub(super) fn finding_event(finding: &Finding) -> Event {
    Event::new(EventKind::Finding, Timestamp::from_ns(finding.ts_ns))
        .with("stream", finding.stream.as_str())
        .with(
            "conclusion",
            format!("{:?}", finding.conclusion).to_lowercase(),
        )
        .with("contract", finding.contract.as_str())
        .with("clause", finding.clause.as_str())
        .with("reason", finding.reason.as_str())
}

fn observed(seen: &Seen) -> anyhow::Result<Observed> {
    Ok(Observed {
        client: seen.client.parse()?,
        server: seen.server.parse()?,
        port: seen.port,
        count: seen.count,
        until: Timestamp::from_ns(seen.last_ns),
    })
}
