//! From the tree to the meaning of one contract that keeps every rule.

mod boundary;
pub(crate) mod device;
mod inbound;

pub(crate) use device::run as run_of;

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use hashbrown::HashMap;
use iia_core::SpiffeId;
use iia_core::time::parse_utc;

use crate::raw::{Number, Version};
use crate::scope::{
    Contract, Failure, Internal, Payload, Terms, Text, Told, TopicFilter, Transport,
};
use crate::tree::{Block, Entry, Field};

/// Reads a contract; `None` when a part is missing that a rule has complained about.
pub(crate) fn contract<'t>(entry: &Entry<'t>, ids: &mut Ids<'t>) -> Option<Contract> {
    let terms = match entry.text("scope") {
        "internal" => Terms::Internal(internal(entry, ids)?),
        "boundary" => Terms::Boundary(boundary::read(entry, ids)?),
        "device" => Terms::Device(device::read(entry, ids)?),
        "inbound" => Terms::Inbound(Box::new(inbound::read(entry, ids)?)),
        _ => return None,
    };
    let none = Version {
        major: 0,
        minor: 0,
        patch: 0,
    };
    Some(Contract {
        id: entry.name.into(),
        version: entry.version.unwrap_or(none),
        deprecated: parse_utc(entry.text("deprecated")),
        terms,
    })
}

fn internal<'t>(entry: &Entry<'t>, ids: &mut Ids<'t>) -> Option<Internal> {
    let (transport, failure) = (part(entry, "transport"), part(entry, "failure"));
    let (payload, audit) = (part(entry, "payload"), part(entry, "audit"));
    Some(Internal {
        source: ids.of(entry, "source")?,
        destination: ids.of(entry, "destination")?,
        operations: operations(entry),
        cardinality: entry.text("cardinality").into(),
        transport: Transport {
            protocol: transport.word("protocol"),
            ports: transport.words("port"),
            topics: transport.topics(),
        },
        failure: Box::new(Failure {
            on_unreachable: failure.word("on_unreachable"),
            buffer_records: failure.count("buffer_records"),
            buffer_age_ns: failure.ns("buffer_age"),
            backoff_max_ns: failure.ns("backoff_max"),
            alarm: failure.maybe("alarm"),
            on_buffer_full: failure.maybe("on_buffer_full"),
        }),
        payload: Box::new(Payload {
            schemas: payload.words("schema"),
            max_len: payload.bytes("max_size"),
            rate: payload.number("rate"),
        }),
        told: told(&audit),
    })
}

fn told(audit: &Part<'_>) -> Told {
    Told {
        attempts: audit.is_on("attempts"),
        failures: audit.is_on("failures"),
        buffer_events: audit.is_on("buffer_events"),
    }
}

/// Identities by their text: a catalog has few, and its contracts share them.
#[derive(Default)]
pub(crate) struct Ids<'t>(HashMap<&'t str, SpiffeId>);

impl<'t> Ids<'t> {
    /// The identity that a field names.
    fn of(&mut self, entry: &Entry<'t>, key: &str) -> Option<SpiffeId> {
        let text = entry.field(key)?.text();
        if let Some(id) = self.0.get(text) {
            return Some(id.clone());
        }
        let id: SpiffeId = text.parse().ok()?;
        self.0.insert(text, id.clone());
        Some(id)
    }
}

fn operations(entry: &Entry<'_>) -> BTreeSet<Text> {
    let names = entry.fields("operation");
    names.map(|field| field.text().into()).collect()
}

/// A block that may be missing; what is not there reads as nothing.
#[derive(Clone, Copy)]
struct Part<'t>(Option<Block<'t>>);

fn part<'t>(entry: &Entry<'t>, key: &str) -> Part<'t> {
    Part(entry.block(key))
}

impl<'t> Part<'t> {
    fn field(&self, key: &str) -> Option<Field<'t>> {
        self.0.and_then(|block| block.field(key))
    }

    fn word(&self, key: &str) -> Text {
        self.field(key)
            .map_or_else(Text::default, |field| field.text().into())
    }

    fn maybe(&self, key: &str) -> Option<Text> {
        self.field(key).map(|field| field.text().into())
    }

    /// Exactly as much room as is needed: most lists have one word.
    fn words(&self, key: &str) -> Vec<Text> {
        let Some(block) = self.0 else {
            return Vec::new();
        };
        let mut words = Vec::with_capacity(block.fields(key).count());
        words.extend(block.fields(key).map(|field| field.text().into()));
        words
    }

    fn topics(&self) -> Vec<TopicFilter> {
        let Some(block) = self.0 else {
            return Vec::new();
        };
        let filters = block.fields("topic");
        filters
            .filter_map(|field| TopicFilter::parse(field.text()))
            .collect()
    }

    fn ns(&self, key: &str) -> Option<i64> {
        self.field(key)?.ns()
    }

    fn count(&self, key: &str) -> Option<u64> {
        self.field(key)?.count()
    }

    fn number(&self, key: &str) -> Option<Number> {
        self.field(key)?.number(0)
    }

    fn bytes(&self, key: &str) -> Option<u64> {
        self.number(key).and_then(Number::as_bytes)
    }

    fn is_on(&self, key: &str) -> bool {
        self.0.is_some_and(|block| block.is_on(key))
    }
}
