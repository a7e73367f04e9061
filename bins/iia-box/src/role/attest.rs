//! `ot.dmz.attest`: the observer that compares what was seen with the catalog's meaning, on the source's own clock.

use iia_attest::correlator::Correlator as _;
use iia_attest::network::{Network, Seen as Observed};
use iia_core::Timestamp;
use iia_core::event::{Event, EventKind};
use iia_core::finding::Finding;

use crate::client::{AuditClient, LakeClient};
use crate::findings::Findings;
use crate::wire::{self, ANNOUNCE, Announce, SUBSCRIBE, Seen};
use crate::workload::Workload;

struct Attest<'a> {
    workload: &'a Workload,
    audit: AuditClient,
    network: Network,
    findings: Findings,
}

/// Runs the role.
pub(super) async fn run(workload: &Workload) -> anyhow::Result<()> {
    let lake = LakeClient::new(workload, "iia.contract.internal.attest_to_lake");
    let mut role = Attest {
        workload,
        audit: AuditClient::start(workload, "iia.contract.internal.attest_to_audit"),
        network: Network::new(workload.catalog()),
        findings: Findings::new(workload, lake),
    };
    workload.ready();
    while !workload.is_stopping() {
        if let Err(error) = role.follow().await {
            tracing::warn!(error = format!("{error:#}"), "attest.follow");
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    }
    role.audit.flush().await;
    Ok(())
}

impl Attest<'_> {
    async fn follow(&mut self) -> anyhow::Result<()> {
        let contract = "iia.contract.internal.attest_to_bus";
        let mut feed = self.workload.connect("bus", contract, SUBSCRIBE).await?;
        loop {
            let message = tokio::select! {
                message = feed.recv() => message?,
                () = self.workload.stopped() => return Ok(()),
            };
            let Some(message) = message else {
                return Ok(());
            };
            let announce: Announce = wire::decode(&message.payload)?;
            if announce.lost > 0 {
                self.lost(announce.lost);
            }
            if announce.source == "collect" {
                self.observe(&announce)?;
            }
            self.publish().await?;
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

    async fn publish(&mut self) -> anyhow::Result<()> {
        while let Some(finding) = self.network.poll_finding() {
            self.findings.store(std::slice::from_ref(&finding)).await?;
            self.audit.submit(finding_event(&finding));
            let announce = Announce {
                findings: vec![finding],
                ..Announce::default()
            };
            let contract = "iia.contract.internal.attest_to_bus";
            let mut bus = self.workload.connect("bus", contract, ANNOUNCE).await?;
            bus.send(iia_link::rt::Message::push(wire::encode(&announce)))
                .await?;
        }
        Ok(())
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
