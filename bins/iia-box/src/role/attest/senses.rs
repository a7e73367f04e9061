//! The observers of the box, one row each: what it hears, and what it finds.

use iia_attest::audit_chain::Seen as Logged;
use iia_attest::config::Seen as Running;
use iia_attest::correlator::Correlator as _;
use iia_attest::identity::{Identity, Seen as Identified};
use iia_attest::network::links::Seen as Covered;
use iia_attest::network::passive::Seen as Sent;
use iia_attest::network::{Network, Seen as Observed};
use iia_attest::policy_drift::PolicyDrift;
pub(super) use iia_attest::policy_drift::Seen as Policy;
use iia_attest::policy_drift::admission::Seen as Admitted;
use iia_attest::policy_drift::broker::Seen as Served;
use iia_attest::policy_drift::ovn::Seen as Switched;
use iia_audit::frame::Record;
use iia_core::digest::{Context, Digest};
use iia_core::event::{Event, EventKind};
use iia_core::finding::Finding;
use iia_core::issuance::Issuance;
use iia_core::stream::Stream;
use iia_core::{SpiffeId, Timestamp};
use tokio::sync::mpsc;

use super::disk::ISSUANCE;
use super::image::{self, Quoted};
use super::io::Plant;
use super::listens::Listens;
use super::sessions::Links;
use super::{
    WITH_FIREWALL, WITNESSED, admission, broker, links, log, ovn, passive, refusals, running,
    witness,
};
use crate::wire::{Announce, Seen};
use crate::workload::Workload;

/// Something that was seen, by whoever saw it.
pub(super) enum Heard {
    /// The bus announces what the collector saw.
    Announced(Box<Announce>),
    /// The kernel says something of its firewall.
    Policy(Box<Policy>),
    /// The next record of the issuance log.
    Issued(Box<Issuance>),
    /// The next record of the audit chain.
    Recorded(Box<Record>),
    /// What runs, as kernel and disk have it.
    Running(Vec<Running>),
    /// What the kernel says of the interface that is taken over.
    Passive(Box<Sent>),
    /// Which links are there, and which are heard.
    Links(Covered),
    /// What the files of a broker say: which, and what.
    Broker(String, Box<Served>),
    /// By which policy images of containers are taken.
    Admission(Box<Admitted>),
    /// What a virtual network lets through.
    Virtual(Box<Switched>),
    /// What the machine's TPM says of its image.
    Image(Box<Quoted>),
    /// What the audit log shows, and what others hold of it.
    Log(Vec<Logged>),
    /// What the kernel decided, as a record for the chain.
    Sensed(Box<Event>),
    /// A file of the box cannot be read: which, and why.
    Blind(&'static str, String),
    /// It can be read again.
    Seeing(&'static str),
}

/// An observer, and what it takes of what is heard.
pub(super) trait Sense {
    /// The stream of its findings.
    fn stream(&self) -> Stream;
    /// Takes what concerns it; tells whether anything did.
    fn hear(&mut self, now: Timestamp, heard: &Heard) -> anyhow::Result<bool>;
    /// Takes the passing of time, where its clock is that of the machine.
    fn tick(&mut self, now: Timestamp);
    /// The next finding.
    fn poll(&mut self) -> Option<Finding>;
    /// The next thing for the chain that is no finding.
    fn poll_event(&mut self) -> Option<Event> {
        None
    }
    /// Whether anything feeds it; what nothing feeds is not observed.
    fn observes(&self) -> bool {
        true
    }
    /// What found no room in it.
    fn unseen(&self) -> u64;
}

/// Whoever looks for an observer, until nobody listens.
pub(super) type Source = Box<dyn FnOnce(mpsc::Sender<Heard>)>;

/// Observers, and those who look for one of them alone.
pub(super) type Observers = (Vec<Box<dyn Sense>>, Vec<Source>);

/// Every observer of this box.
pub(super) fn all(workload: &Workload) -> anyhow::Result<Observers> {
    let catalog = workload.catalog();
    let (chain, reader) = log::of(workload)?;
    let looks = running::Looks::new(workload);
    let mut all: Vec<Box<dyn Sense>> = vec![
        match workload.args().iter().any(|arg| arg == WITNESSED) {
            true => witness::sense(workload),
            false => Box::new(OnTheWire(Network::new(catalog))),
        },
        Box::new(Links::new(workload)),
        Box::new(Identities::new(workload)),
        running::sense(workload),
        Box::new(chain),
    ];
    if workload.args().iter().any(|arg| arg == WITH_FIREWALL) {
        let observer = PolicyDrift::new(catalog, workload.topology());
        let takes = |heard: &Heard| match heard {
            Heard::Policy(seen) => Some(vec![Policy::clone(seen)]),
            _ => None,
        };
        all.push(Listens::on(Stream::ATTEST_POLICY_DRIFT, observer, takes));
        all.push(refusals::sense());
    }
    if let Some(plant) = Plant::of(workload) {
        all.push(Box::new(plant));
    }
    let mut sources: Vec<Source> = vec![
        Box::new(|heard| looks.follow(heard)),
        Box::new(|heard| reader.follow(heard)),
    ];
    sources.extend(refusals::all(workload));
    let (image, asks) = image::of(workload);
    all.push(image);
    sources.push(asks);
    let others = [
        passive::of(workload),
        links::of(workload),
        admission::of(workload),
        ovn::of(workload),
    ];
    for (observer, source) in others.into_iter().flatten().chain(broker::all(workload)) {
        all.push(observer);
        sources.push(source);
    }
    Ok((all, sources))
}

/// What is on the wire, on the source's own clock.
struct OnTheWire(Network);

impl Sense for OnTheWire {
    fn stream(&self) -> Stream {
        Stream::ATTEST_NETWORK
    }

    fn hear(&mut self, _: Timestamp, heard: &Heard) -> anyhow::Result<bool> {
        let Heard::Announced(announce) = heard else {
            return Ok(false);
        };
        if announce.source != "collect" {
            return Ok(false);
        }
        for seen in &announce.seen {
            let at = Timestamp::from_ns(seen.first_ns);
            self.0.handle_observation(at, observed(seen)?);
        }
        self.0.handle_timeout(Timestamp::from_ns(announce.now_ns));
        Ok(true)
    }

    /// Its clock is that of the packets.
    fn tick(&mut self, _: Timestamp) {}

    fn poll(&mut self) -> Option<Finding> {
        self.0.poll_finding()
    }

    fn unseen(&self) -> u64 {
        self.0.lost().saturating_add(self.0.others())
    }
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

/// What the issuer gave out, who is seen with what, and who was revoked.
struct Identities {
    observer: Identity,
    me: SpiffeId,
    /// Whether the log of issuance cannot be read: then nobody is accused of a certificate that it may have.
    blind: bool,
}

impl Identities {
    fn new(workload: &Workload) -> Self {
        let me = workload.id().clone();
        let mut observer = Identity::new(workload.catalog());
        let own = me.trust_domain().to_string();
        for root in workload.roots().iter().filter(|root| root.domain == own) {
            let digest = Digest::of(Context::File, &root.der);
            observer.handle_observation(workload.now(), Identified::Published(digest));
        }
        Self {
            observer,
            me,
            blind: false,
        }
    }

    /// What a record of the chain says of an identity.
    fn seen(&self, event: &Event) -> Option<Identified> {
        let field = |key| event.field(key).unwrap_or_default();
        match event.kind {
            EventKind::SessionOpened => {
                let id: SpiffeId = field("peer").parse().ok()?;
                if self.blind || id.trust_domain() != self.me.trust_domain() {
                    return Some(Identified::Guest(id.to_string()));
                }
                Some(Identified::Session {
                    id: id.to_string(),
                    serial: field("serial").into(),
                    certificate: field("certificate").parse().ok()?,
                })
            }
            EventKind::SessionClosed => Some(Identified::Ended(field("peer").into())),
            EventKind::WorkloadStopped if field("outcome") == "finished" => {
                Some(Identified::Stopped(field("id").into()))
            }
            EventKind::Authorisation if field("outcome") == "revoked" => {
                Some(Identified::Revoked(field("id").into()))
            }
            _ => None,
        }
    }
}

impl Sense for Identities {
    fn stream(&self) -> Stream {
        Stream::ATTEST_IDENTITY
    }

    fn hear(&mut self, _: Timestamp, heard: &Heard) -> anyhow::Result<bool> {
        let (at, seen) = match heard {
            Heard::Issued(record) => (
                record.ts_ns,
                Some(Identified::Issued(record.as_ref().clone())),
            ),
            Heard::Recorded(record) => {
                let event = &record.body.event;
                (event.ts_ns, self.seen(event))
            }
            Heard::Blind(what, _) | Heard::Seeing(what) => {
                if *what == ISSUANCE {
                    self.blind = matches!(heard, Heard::Blind(..));
                }
                return Ok(false);
            }
            _ => return Ok(false),
        };
        let Some(seen) = seen else {
            return Ok(false);
        };
        self.observer
            .handle_observation(Timestamp::from_ns(at), seen);
        Ok(true)
    }

    fn tick(&mut self, now: Timestamp) {
        self.observer.handle_timeout(now);
    }

    fn poll(&mut self) -> Option<Finding> {
        self.observer.poll_finding()
    }

    fn unseen(&self) -> u64 {
        self.observer.lost().saturating_add(self.observer.others())
    }
}
