//! What the keeper of a chain does for the boxes below: signs for heads that extend what it knows of their chains, holds
//! their logs, and says when a head is of another history.

use iia_audit::beat::HEAD_PERIOD_NS;
use iia_audit::witness::Witness;
use iia_core::event::{Event, EventKind};
use iia_core::finding::{Conclusion, Finding, Severity};
use iia_core::stream::Stream;
use iia_edge::wire::{ADD_CHECKPOINT, HeadAnswer, HeadOffer, MirrorAnswer, MirrorAsk};

use crate::chain;
use crate::mirror::Mirrors;
use crate::published::{self, Children, Published};
use crate::wire::{self, ChildAsk};
use crate::workload::Workload;

/// The boxes below.
pub(super) struct Below {
    workload: Workload,
    witness: Witness,
    mirrors: Mirrors,
    children: Children,
}

/// What came of a question.
pub(super) struct Done {
    /// For the box below.
    pub(super) answer: Vec<u8>,
    /// For the chain.
    pub(super) event: Option<Event>,
    /// For the stream of heads.
    pub(super) head: Option<Published>,
    /// For the stream of findings.
    pub(super) doubt: Option<Finding>,
}

impl Below {
    /// Those whose logs' keys are the workload's arguments.
    pub(super) fn new(workload: &Workload) -> anyhow::Result<Self> {
        let period_ns = published::period_ns(workload.catalog()).unwrap_or(HEAD_PERIOD_NS);
        Ok(Self {
            workload: workload.clone(),
            witness: chain::witness(workload.dir(), workload.args())?,
            mirrors: Mirrors::new(workload.place(), workload.args())?,
            children: Children::new(period_ns),
        })
    }

    /// Signs for a head, or says why not.
    pub(super) fn cosign(&mut self, ask: &ChildAsk) -> anyhow::Result<Done> {
        let offer: HeadOffer = wire::decode(&ask.payload)?;
        let now = self.workload.reading();
        let answer = chain::cosign(&mut self.witness, self.workload.place(), &offer, now);
        let (outcome, detail) = match &answer {
            HeadAnswer::Cosigned(_) => ("cosigned", String::new()),
            HeadAnswer::Stale(size) => ("stale", size.to_string()),
            HeadAnswer::Refused(code) => ("refused", code.clone()),
        };
        let mut event = self.witnessed(&offer.checkpoint, outcome);
        // A log that told two stories is convicted by its own signatures, whoever reads this record.
        if let Ok(fork) = self.witness.fork(&offer.checkpoint) {
            event = event.with("fork", fork.to_text());
        }
        let mut done = Done {
            answer: wire::encode(&answer),
            event: Some(event.with("detail", detail)),
            head: None,
            doubt: None,
        };
        match &answer {
            HeadAnswer::Cosigned(line) => {
                let head = Published::cosigned(&offer, line, now);
                done.head = self.children.take(head);
            }
            HeadAnswer::Refused(code) => done.doubt = Some(self.doubt(ask, &offer, code)),
            HeadAnswer::Stale(_) => {}
        }
        Ok(done)
    }

    /// Stores what a child's log has, and signs for it; signing and refusing are records of this box's own chain.
    pub(super) fn mirror(&mut self, ask: &ChildAsk) -> anyhow::Result<Done> {
        let ask: MirrorAsk = wire::decode(&ask.payload)?;
        let head = match &ask {
            MirrorAsk::Sign(_, head) => head.clone(),
            _ => String::new(),
        };
        let answer = self.mirrors.answer(ask, self.workload.reading());
        let told = match &answer {
            MirrorAnswer::Signed(_) => Some(("mirrored", String::new())),
            MirrorAnswer::Refused(code) => Some(("mirror refused", code.clone())),
            MirrorAnswer::Unknown | MirrorAnswer::At(_) => None,
        };
        let event =
            told.map(|(outcome, detail)| self.witnessed(&head, outcome).with("detail", detail));
        Ok(Done {
            answer: wire::encode(&answer),
            event,
            head: None,
            doubt: None,
        })
    }

    /// When the intake goes: the newest heads that were not published.
    pub(super) fn close(&mut self) -> Vec<Published> {
        self.children.close()
    }

    /// A checkpoint is origin, size, root, a line each.
    fn witnessed(&self, checkpoint: &str, outcome: &str) -> Event {
        let head: Vec<&str> = checkpoint.lines().take(3).collect();
        Event::new(EventKind::HeadWitnessed, self.workload.now())
            .with("head", head.join(" "))
            .with("outcome", outcome)
    }

    /// A head that this box does not sign is not the log's, or of another history than it has seen: a finding (001:345).
    fn doubt(&self, ask: &ChildAsk, offer: &HeadOffer, code: &str) -> Finding {
        let head: Vec<&str> = offer.checkpoint.lines().take(2).collect();
        Finding {
            ts_ns: self.workload.now().as_ns(),
            stream: Stream::ATTEST_AUDIT_CHAIN.as_str().into(),
            conclusion: Conclusion::Diverge,
            severity: Severity::Critical,
            contract: ask.contract.clone(),
            clause: "audit".into(),
            source: ask.peer.clone(),
            destination: self.workload.id().to_string(),
            operation: ADD_CHECKPOINT.into(),
            reason: format!("head {} is not signed for: {code}", head.join(" ")),
            evidence: Vec::new(),
        }
    }
}
