//! `ot.acs.lake`: the only place where raw data rests.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use anyhow::Context as _;
use arrow_array::cast::AsArray as _;
use arrow_array::types::Int32Type;
use iia_core::SpiffeId;
use iia_core::code::Coded as _;
use iia_core::event::{Event, EventKind};
use iia_core::gate::Refusal;
use iia_core::record::ServiceId;
use iia_core::store::{Append as _, Batch, Cursor, Query as _, Siphon as _};
use iia_core::stream::Stream;
use iia_core::zone::Zone;
use iia_edge::wire::{QUERY, QueryAnswer, QueryAsk};
use iia_lake::Lake;
use iia_link::rt::{Message, Session};

use super::serve::{Serve, serve};
use crate::boxdir::{BoxDir, write_durably};
use crate::client::AuditClient;
use crate::wire::{
    self, LakeAsk, SIPHON, SiphonAnswer, SiphonAsk, WRITE_BATCH, WRITE_CHILD, Watermark,
};
use crate::workload::Workload;

const SEAL_EVERY: Duration = Duration::from_secs(30);

/// The segments that the chain knows.
const TOLD: &str = "segments-told";

/// Below this lies what is said of the audit chain.
const EVIDENCE: &str = "ot.security.";

struct Keeper {
    workload: Workload,
    lake: RefCell<Lake>,
    audit: AuditClient,
    told: PathBuf,
}

/// Runs the role.
pub(super) async fn run(workload: &Workload) -> anyhow::Result<()> {
    let (lake, recovery) = Lake::open(
        &workload.dir().lake(),
        &workload.dir().state().join("wal"),
        iia_lake::Options::default(),
    )?;
    let audit = AuditClient::start(workload, "iia.contract.internal.lake_to_audit");
    tracing::info!(?recovery, "lake.open");
    let told = told(workload.dir())?;
    let role = Rc::new(Keeper {
        workload: workload.clone(),
        lake: RefCell::new(lake),
        audit,
        told,
    });
    role.tell_untold().await?;
    let sealer = Rc::clone(&role);
    tokio::task::spawn_local(async move {
        loop {
            tokio::time::sleep(SEAL_EVERY).await;
            if let Err(error) = sealer.seal().await {
                tracing::error!(error = format!("{error:#}"), "lake.seal");
            }
        }
    });
    serve(workload, &role).await?;
    role.seal().await?;
    role.audit.flush().await;
    Ok(())
}

/// Where the lake notes what it has told, in its own directory; where it was before it comes from.
fn told(dir: &BoxDir) -> std::io::Result<PathBuf> {
    let (own, before) = (dir.state().join("lake"), dir.state().join(TOLD));
    fs::create_dir_all(&own)?;
    let told = own.join(TOLD);
    if !told.exists() && before.exists() {
        fs::copy(before, &told)?;
    }
    Ok(told)
}

impl Serve for Keeper {
    fn note(&self, event: Event) {
        self.audit.submit(event);
    }

    async fn session(self: Rc<Self>, mut session: Session) -> anyhow::Result<()> {
        let (peer, operation) = (session.peer().clone(), session.operation().to_owned());
        let contract = session.contract().to_owned();
        while let Some(message) = session.recv().await? {
            let answer = match operation.as_str() {
                WRITE_BATCH | WRITE_CHILD => {
                    let ask = wire::decode(&message.payload)?;
                    let admitted = match operation == WRITE_CHILD {
                        true => self.admit_child(&peer, &ask)?,
                        false => self.admit(&peer, &ask)?,
                    };
                    match admitted {
                        Ok(()) => Message::answer(&message, self.write(ask)?),
                        Err(refused) => self.refuse((&peer, &contract), &message, &refused),
                    }
                }
                SIPHON => Message::answer(&message, self.siphon(&message.payload)?),
                QUERY => Message::answer(&message, self.query(&message.payload)?),
                _ => anyhow::bail!("operation {operation} is not served here"),
            };
            session.send(answer).await?;
        }
        Ok(())
    }
}

impl Keeper {
    /// A workload writes its own rows and nobody else's; what is said of the chain only its keeper says.
    fn admit(&self, peer: &SpiffeId, ask: &LakeAsk) -> anyhow::Result<Result<(), Refusal>> {
        let other = |claimed: String| {
            let source_id = peer.to_string();
            Ok(Err(Refusal::OtherSource { source_id, claimed }))
        };
        let (stream, service) = match ask {
            LakeAsk::Watermark(stream, service) => (stream, service),
            LakeAsk::Write(batch) => (&batch.stream, &batch.service),
        };
        let (service, own) = (ServiceId::from_bytes(**service), ServiceId::of(peer));
        if service != own {
            return other(service.to_string());
        }
        let keepers = || self.workload.workloads(Zone::DmzAudit);
        if stream.starts_with(EVIDENCE) && !keepers().contains(peer) {
            return other(stream.clone());
        }
        match ask {
            LakeAsk::Write(batch) => match stranger(&batch.ipc, own)? {
                Some(claimed) => other(claimed),
                None => Ok(Ok(())),
            },
            LakeAsk::Watermark(..) => Ok(Ok(())),
        }
    }

    /// A box below speaks for itself and for those below it, and for nobody of this box.
    fn admit_child(&self, peer: &SpiffeId, ask: &LakeAsk) -> anyhow::Result<Result<(), Refusal>> {
        let own = self.workload.everybody();
        let own: BTreeSet<String> = own.iter().map(|id| ServiceId::of(id).to_string()).collect();
        let named = match ask {
            LakeAsk::Watermark(_, service) => vec![ServiceId::from_bytes(**service).to_string()],
            LakeAsk::Write(batch) => {
                let mut named = services(&batch.ipc)?;
                named.push(ServiceId::from_bytes(*batch.service).to_string());
                named
            }
        };
        let claimed = named.into_iter().find(|named| own.contains(named));
        Ok(claimed.map_or(Ok(()), |claimed| {
            let source_id = peer.to_string();
            Err(Refusal::OtherSource { source_id, claimed })
        }))
    }

    /// The refusal is a record, and the peer gets its code.
    fn refuse(
        &self,
        (peer, contract): (&SpiffeId, &str),
        message: &Message,
        refused: &Refusal,
    ) -> Message {
        let event = Event::new(EventKind::Authorisation, self.workload.now())
            .with("outcome", "refused")
            .with("consumer", peer.as_str())
            .with("contract", contract)
            .with("code", refused.code().to_string());
        self.audit.submit(event.with("reason", refused.to_string()));
        Message::error(message, refused.code())
    }

    fn write(&self, ask: LakeAsk) -> anyhow::Result<Vec<u8>> {
        let durable = match ask {
            LakeAsk::Watermark(stream, service) => {
                let stream: Stream = stream.parse()?;
                self.lake
                    .borrow()
                    .watermark(&stream, ServiceId::from_bytes(service.into()))
            }
            LakeAsk::Write(batch) => self.lake.borrow_mut().append(&Batch::try_from(batch)?)?,
        };
        Ok(wire::encode(&Watermark {
            durable: durable.as_u64(),
        }))
    }

    fn siphon(&self, payload: &[u8]) -> anyhow::Result<Vec<u8>> {
        let ask: SiphonAsk = wire::decode(payload)?;
        let drawn =
            self.lake
                .borrow()
                .siphon(&ask.stream.parse()?, Cursor(ask.cursor), ask.rows_max)?;
        let answer = SiphonAnswer {
            rows: drawn.rows,
            next: drawn.next.0,
            ipc: drawn.ipc.into(),
        };
        Ok(wire::encode(&answer))
    }

    fn query(&self, payload: &[u8]) -> anyhow::Result<Vec<u8>> {
        let ask: QueryAsk = wire::decode(payload)?;
        let drawn = self.lake.borrow().query(&ask.to_range()?)?;
        let answer = QueryAnswer {
            rows: drawn.rows,
            ipc: drawn.ipc.into(),
            watermark: drawn.next.0,
        };
        Ok(wire::encode(&answer))
    }

    /// Seals what is open into Parquet and tells the chain each segment's digest.
    async fn seal(&self) -> anyhow::Result<()> {
        self.lake.borrow_mut().seal()?;
        self.tell_untold().await
    }

    /// Every sealed segment becomes an event; what was told is noted only once the chain has it.
    async fn tell_untold(&self) -> anyhow::Result<()> {
        let told: BTreeSet<String> = fs::read_to_string(&self.told)
            .unwrap_or_default()
            .lines()
            .map(str::to_owned)
            .collect();
        let untold = self.untold(&told)?;
        if untold.is_empty() {
            return Ok(());
        }
        let mut all = told;
        for (path, event) in untold {
            self.audit.submit(event);
            all.insert(path);
        }
        self.audit.flush().await;
        let lines: String = all.iter().map(|path| format!("{path}\n")).collect();
        Ok(write_durably(&self.told, lines.as_bytes())?)
    }

    /// The sealed segments that the chain does not know yet, each with its event.
    fn untold(&self, told: &BTreeSet<String>) -> anyhow::Result<Vec<(String, Event)>> {
        let lake = self.lake.borrow();
        let untold = lake
            .segments()
            .filter(|segment| !told.contains(&segment.path));
        untold
            .map(|segment| {
                let digest = segment.digest(lake.dir())?;
                let event = Event::new(EventKind::SegmentSealed, self.workload.now())
                    .with("path", format!("lake/{}", segment.path))
                    .with("digest", digest.to_string())
                    .with("rows", segment.rows.to_string())
                    .with("stream", segment.stream.as_str());
                Ok((segment.path.clone(), event))
            })
            .collect()
    }
}

/// The first source that rows name and that is not `own`.
fn stranger(ipc: &[u8], own: ServiceId) -> anyhow::Result<Option<String>> {
    let own = own.to_string();
    Ok(services(ipc)?.into_iter().find(|named| *named != own))
}

/// The sources that rows name.
fn services(ipc: &[u8]) -> anyhow::Result<Vec<String>> {
    let mut named = Vec::new();
    for batch in iia_lake::ipc::decode(ipc)?.1 {
        let column = batch.column_by_name("service");
        let words = column.and_then(|column| column.as_dictionary_opt::<Int32Type>());
        let words = words.and_then(|column| column.values().as_string_opt::<i32>());
        let words = words.context("rows name their source")?;
        named.extend(words.iter().flatten().map(str::to_owned));
    }
    Ok(named)
}
