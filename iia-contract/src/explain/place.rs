//! Where in the text of a contract the clause stands that covers or fails.

use iia_core::observe::{Exchange, Observation, Span as Addresses};

use crate::matcher::Clause;
use crate::raw::Span;
use crate::scope::{Net, TopicFilter};
use crate::tree::{Block, Entry, Field};

/// The line of a contract that a clause is about: the one that covers what was done, else the first that says what
/// is covered, else the contract's own first line.
pub fn place(entry: &Entry<'_>, observation: &Observation<'_>, clause: Clause) -> Span {
    if let (Clause::Tag | Clause::Value, Observation::Access(access)) = (clause, observation)
        && let Some(tag) = entry.named("tag", access.tag)
    {
        return tag.head();
    }
    let mut first = None;
    for (block, key) in keys(clause) {
        for field in fields(entry, block, key) {
            first = first.or(Some(field));
            if says(&field, observation, clause) {
                return field.span();
            }
        }
    }
    first.map_or_else(|| entry.head(), |field| field.span())
}

/// The blocks and keys of a clause; no block means the contract itself.
const fn keys(clause: Clause) -> &'static [(&'static str, &'static str)] {
    match clause {
        Clause::Server => &[("", "server"), ("", "receiver")],
        Clause::Source | Clause::Zone => &[
            ("", "source"),
            ("", "publisher"),
            ("", "consumer"),
            ("", "puller"),
            ("", "collector"),
            ("", "identity"),
        ],
        Clause::Direction => &[("", "puller"), ("transport", "topic"), ("profile", "topic")],
        Clause::Destination => &[("", "destination"), ("", "consumer"), ("", "publisher")],
        Clause::Protocol => &[
            ("transport", "protocol"),
            ("profile", "protocol"),
            ("", "protocol"),
        ],
        Clause::Listener => &[
            ("transport", "port"),
            ("profile", "endpoint"),
            ("pull", "target"),
        ],
        Clause::Client => &[("", "client"), ("", "sender")],
        Clause::Vlan => &[("", "vlan")],
        Clause::Unit => &[("", "unit")],
        Clause::Operation => &[("", "operation"), ("pull", "target")],
        Clause::Function => &[("", "function"), ("", "read"), ("", "write")],
        Clause::Tag | Clause::Value | Clause::Malformed => &[],
        Clause::ReadOnly => &[("", "read"), ("pull", "target")],
        Clause::Write => &[("", "write")],
        Clause::Read => &[("", "read")],
        Clause::Stream => &[("inventory", "exclude"), ("inventory", "include")],
        Clause::Topic => &[
            ("transport", "topic"),
            ("profile", "topic"),
            ("observation", "topic"),
        ],
        Clause::Payload => &[
            ("payload", "max_size"),
            ("quota", "payload_max"),
            ("artifact", "max_size"),
        ],
        Clause::Rate => &[("payload", "rate"), ("quota", "queries"), ("", "rate")],
    }
}

fn fields<'t>(
    entry: &Entry<'t>,
    block: &'static str,
    key: &'static str,
) -> impl Iterator<Item = Field<'t>> {
    let own = block.is_empty().then(|| entry.fields(key));
    let inner = entry.block(block);
    let inner = inner.map(|block: Block<'t>| block.fields(key));
    own.into_iter().flatten().chain(inner.into_iter().flatten())
}

/// Whether a line says what was done.
fn says(field: &Field<'_>, observation: &Observation<'_>, clause: Clause) -> bool {
    match (clause, observation) {
        (Clause::Client, Observation::Frame(frame)) => is(field, &frame.source),
        (Clause::Client, _) => observation.flow().is_some_and(|flow| {
            Net::parse(field.text()).is_some_and(|net| net.contains(flow.orig_h))
        }),
        (Clause::Function, Observation::Exchange(exchange)) => {
            field.count() == Some(u64::from(exchange.func))
        }
        (Clause::Function, Observation::Frame(frame)) => frame
            .func
            .is_some_and(|func| field.count() == Some(u64::from(func))),
        (Clause::Read | Clause::Write, Observation::Exchange(exchange)) => {
            span(exchange, clause).is_some_and(|span| holds(field, span))
        }
        (Clause::Operation, Observation::Session(session)) => field.text() == session.operation,
        (Clause::Topic, Observation::Message(message)) => TopicFilter::parse(field.text())
            .is_some_and(|filter| filter.covers(message.address.text())),
        _ => false,
    }
}

fn is(field: &Field<'_>, mac: &iia_core::observe::Mac) -> bool {
    iia_core::observe::Mac::parse(field.text()) == Some(*mac)
}

const fn span<'a>(exchange: &'a Exchange<'a>, clause: Clause) -> Option<&'a Addresses<'a>> {
    match clause {
        Clause::Write => exchange.write.as_ref(),
        _ => exchange.read.as_ref(),
    }
}

/// Whether a line such as `read holding_register 0 9` holds the first address of a span.
fn holds(field: &Field<'_>, span: &Addresses<'_>) -> bool {
    let count = |index| field.number(index).and_then(|number| number.as_count());
    let (first, last) = (count(1), count(2));
    field.text() == span.table.name()
        && first.is_some_and(|first| first <= u64::from(span.addr))
        && last.is_some_and(|last| u64::from(span.addr) <= last)
}
