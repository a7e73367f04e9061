//! Prevention is what stands when nothing is said, and no word of the language turns it off: whatever general value is put
//! wherever the language takes one, the document is refused or a stranger still reaches nobody.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};

use iia_config::parse::parse;
use iia_config::schema::TABLE;
use iia_config::validate::{Facts, validate};
use iia_contract::Catalog;
use iia_contract::compile::{Source, flows};
use iia_contract::matcher::{Matcher, Verdict};
use iia_contract::raw::{FieldSpec, Scopes, Type};
use iia_contract::scope::Net;
use iia_contract::topology::Topology;
use iia_core::Timestamp;
use iia_core::gate::{Ask, Gate as _};
use iia_core::observe::{
    Act, Address, Exchange, Flow, Frame, Mac, Message, Observation, Outcome, Protocol, Session,
    Transport,
};
use iia_core::time::parse_utc;

const MODEL: &str = include_str!("data/model.icl");
const CELL: &str = concat!(
    include_str!("../../examples/box-pi/box.icl"),
    include_str!("data/cell.icl")
);
const LEN_MAX: usize = 1 << 20;
/// Who has no contract.
const STRANGER: &str = "spiffe://elsewhere.example/zone/collect/workload/stranger";
const LAKE: &str = "spiffe://iia.local/zone/lake/workload/lake_writer";
const COLLECTOR: &str = "spiffe://iia.local/zone/collect/workload/protocol_collector";

/// What would mean everybody, everything or everywhere if it meant anything, and of words every one that may stand.
fn general(of: Type) -> Vec<&'static str> {
    match of {
        Type::Atom(words) => [&["*", "any", "all"], words].concat(),
        Type::Count | Type::Number => vec!["0", "65535"],
        Type::Spiffe => vec![
            "spiffe://iia.local",
            "spiffe://*/zone/lake/workload/lake_writer",
            "spiffe://iia.local/zone/*/workload/*",
        ],
        Type::Port => vec!["tcp/0.0.0.0:502", "tls/[::]:7443", "tls/0", "tcp/65535"],
        Type::Net => vec![
            "0.0.0.0",
            "0.0.0.0/0",
            "0.0.0.0/1",
            "128.0.0.0/1",
            "::/0",
            "2000::/3",
        ],
        Type::String | Type::Pattern | Type::Any => {
            vec![
                "*",
                "any",
                "\"*\"",
                "\"#\"",
                "\"+/#\"",
                "\"**\"",
                "\"ff:ff:ff:ff:ff:ff\"",
            ]
        }
        _ => vec!["any", "*"],
    }
}

/// A document as lines, and where things stand in it: `contract device/tag/type` without names.
struct Text {
    lines: Vec<&'static str>,
    /// Of entries and blocks the line that opens them, of fields the first.
    places: BTreeMap<String, usize>,
}

impl Text {
    fn of(text: &'static str) -> Self {
        let lines: Vec<&str> = text.lines().collect();
        let (mut places, mut entry, mut block) = (BTreeMap::new(), String::new(), String::new());
        for (at, line) in lines.iter().enumerate() {
            let words: Vec<&str> = line.split_whitespace().collect();
            let place = match (line.starts_with(' '), words.as_slice()) {
                (false, ["contract", ..]) => {
                    let scope = lines.get(at + 1).unwrap().trim_start();
                    entry = format!("contract {}", scope.trim_start_matches("scope "));
                    entry.clone()
                }
                (false, [kind, _, .., "{"]) => {
                    entry = (*kind).into();
                    entry.clone()
                }
                (true, [key, .., "{"]) => {
                    block = format!("/{key}");
                    format!("{entry}{block}")
                }
                (true, ["}"]) => {
                    block.clear();
                    continue;
                }
                (true, [key, ..]) if !key.starts_with('#') => format!("{entry}{block}/{key}"),
                _ => continue,
            };
            places.entry(place).or_insert(at);
        }
        Self { lines, places }
    }

    /// The document with a line replaced, or with another below it.
    fn with(&self, at: usize, line: &str, is_new: bool) -> String {
        let mut lines = self.lines.clone();
        lines.splice(at + usize::from(is_new)..=at, [line]);
        lines.join("\n") + "\n"
    }

    /// Every way to put a general value into a field: into the line that has it, or into a new one where its entry is.
    fn ways(&self, place: &str, field: &FieldSpec) -> Vec<String> {
        let own = self.places.get(&format!("{place}/{}", field.key));
        let Some(at) = own.or_else(|| self.places.get(place)) else {
            return Vec::new();
        };
        let line = own.map_or("", |at| self.lines[*at]);
        let indent = if place.contains('/') { "    " } else { "  " };
        let said: Vec<&str> = line.split_whitespace().skip(1).collect();
        let mut ways = Vec::new();
        for (index, of) in field.values.iter().enumerate() {
            for value in general(*of) {
                let plain = field.values.iter().map(|of| general(*of)[0]);
                let mut words: Vec<&str> = match own {
                    Some(_) => said.clone(),
                    None => plain.collect(),
                };
                if let Some(word) = words.get_mut(index) {
                    *word = value;
                    let line = format!("{indent}{} {}", field.key, words.join(" "));
                    ways.push(self.with(*at, &line, own.is_none()));
                }
            }
        }
        ways
    }
}

fn flow(client: [u8; 4], server: [u8; 4], port: u16) -> Flow {
    Flow {
        orig_h: client.into(),
        orig_p: 40_000,
        resp_h: server.into(),
        resp_p: port,
        transport: Transport::Tcp,
        vlan: 0,
    }
}

/// What a stranger does, and what those who are known do where nobody agreed to it.
fn strange() -> Vec<Observation<'static>> {
    let exchange = |client, server| {
        Observation::Exchange(Exchange {
            ts: Timestamp::default(),
            flow: flow(client, server, 502),
            protocol: Protocol::ModbusTcp,
            outcome: Outcome::Answered,
            transaction: 1,
            unit: 1,
            func: 90,
            read: None,
            write: None,
            latency_ns: None,
        })
    };
    let session = |source, destination, operation| {
        Observation::Session(Session {
            ts: Timestamp::default(),
            source,
            destination,
            source_zone: "",
            protocol: "iia_link",
            listener: None,
            operation,
            stream: "",
            payload_len: 1,
        })
    };
    let message = |client, act| {
        Observation::Message(Message {
            ts: Timestamp::default(),
            client,
            act,
            address: Address::Topic("elsewhere/a"),
            payload_len: 1,
        })
    };
    let frame = Observation::Frame(Frame {
        ts: Timestamp::default(),
        source: Mac::parse("02:00:00:00:00:99").unwrap(),
        destination: Mac::parse("ff:ff:ff:ff:ff:ff").unwrap(),
        vlan: 0,
        ethertype: 0x88b5,
        protocol: Protocol::Unknown,
        func: None,
        payload_len: 46,
    });
    let (client, server, far) = ([10, 20, 0, 10], [10, 20, 0, 21], [203, 0, 113, 99]);
    vec![
        exchange(far, server),
        exchange([9, 9, 9, 9], server),
        exchange(client, far),
        exchange(client, server),
        session(STRANGER, LAKE, "WRITE_BATCH"),
        session(COLLECTOR, STRANGER, "WRITE_BATCH"),
        session(COLLECTOR, LAKE, "DROP_EVERYTHING"),
        message("stranger", Act::Publish),
        message(STRANGER, Act::Subscribe),
        frame,
    ]
}

/// What stands open: whatever a stranger may do, and flows of the firewall from or to nobody in particular.
fn open(catalog: &Catalog, topology: &Topology) -> Vec<String> {
    let (mut found, matcher) = (Vec::new(), Matcher::new(catalog));
    for observation in strange() {
        if let Verdict::Covered { contract, clause } = matcher.judge(&observation) {
            found.push(format!("{observation:?} by {contract} {clause:?}"));
        }
    }
    let [stranger, lake] = [STRANGER, LAKE].map(|id| id.parse().unwrap());
    for contract in catalog.contracts() {
        for (source, destination) in [(&stranger, &lake), (&lake, &stranger)] {
            let ask = Ask {
                source,
                destination,
                contract: &contract.id,
                operation: "QUERY",
            };
            if catalog.permits(&ask).is_ok() {
                found.push(format!("{} lets a stranger in", contract.id));
            }
        }
    }
    if catalog.knows(&stranger) {
        found.push("a stranger gets an identity".into());
    }
    for flow in flows(catalog, topology).allowed.keys() {
        let is_wide = match flow.source {
            Source::Network(addr, prefix) => !Net { addr, prefix }.is_specific(),
            Source::Workload(addr) => addr.is_unspecified(),
            // Over the IT interface only the certificate says who it is.
            Source::Anybody => flow.from != "it0",
        };
        if is_wide || flow.destination.is_unspecified() || flow.port == 0 {
            found.push(format!("{flow:?}"));
        }
    }
    found
}

/// Whether a document is refused; else nothing may stand open under it.
fn is_refused(text: &str, facts: &Facts) -> bool {
    let Ok(document) = parse(text.as_bytes(), LEN_MAX) else {
        return true;
    };
    let Ok(checked) = validate(&document, facts) else {
        return true;
    };
    let found = open(&checked.catalog, &Topology::read(document.tree()));
    assert!(found.is_empty(), "{found:#?}\n{text}");
    false
}

/// Every field of the language, with the path to it in each scope that it may stand in.
fn fields() -> Vec<(String, &'static FieldSpec)> {
    let mut found = Vec::new();
    for spec in TABLE {
        let heads: &[&str] = match spec.kind {
            "contract" => &[
                "contract internal",
                "contract boundary",
                "contract device",
                "contract inbound",
            ],
            kind => &[kind],
        };
        for head in heads {
            let scopes = Scopes::named(head.trim_start_matches("contract "));
            let is_here = |field: &&FieldSpec| field.scopes.meet(scopes);
            let own = spec.fields.iter().filter(is_here);
            found.extend(own.map(|field| ((*head).to_owned(), field)));
            for block in spec.blocks.iter().filter(|block| block.scopes.meet(scopes)) {
                let within = block.fields.iter().filter(is_here);
                found.extend(within.map(|field| (format!("{head}/{}", block.key), field)));
            }
        }
    }
    found
}

/// The documents and the facts under which each is sound.
fn documents() -> [(Text, Facts); 2] {
    let of = |text: &'static str| {
        let document = parse(text.as_bytes(), LEN_MAX).unwrap();
        let artifact = document.of_kind("artifact").next().unwrap();
        let previous = artifact.text("previous").parse().ok();
        let revision: u64 = artifact.text("revision").parse().unwrap();
        let facts = Facts {
            fleets: vec!["packout".into()],
            applied: previous.map(|previous| (revision - 1, previous)),
            now: parse_utc("2026-11-24T07:00:00Z"),
            ..Facts::of_box(artifact.text("target"))
        };
        assert!(!is_refused(text, &facts), "{}", artifact.name);
        (Text::of(text), facts)
    };
    [of(MODEL), of(CELL)]
}

/// Entries that open nothing: those of artifacts that are no configuration, and a waiver, which sets no error aside (C095).
const APART: [&str; 7] = [
    "approval",
    "confirmation",
    "fleet",
    "image",
    "manifest",
    "revocation",
    "waiver",
];

#[test]
fn no_value_of_any_field_opens_what_is_closed() {
    let documents = documents();
    let (mut refused, mut taken, mut apart) = (0, 0, BTreeSet::new());
    for (place, field) in fields() {
        let ways = documents
            .iter()
            .map(|(text, facts)| (text.ways(&place, field), facts));
        let Some((ways, facts)) = ways.into_iter().find(|(ways, _)| !ways.is_empty()) else {
            apart.insert(place.split('/').next().unwrap().to_owned());
            continue;
        };
        for way in ways {
            match is_refused(&way, facts) {
                true => refused += 1,
                false => taken += 1,
            }
        }
    }
    assert!(apart.iter().eq(APART.iter()), "{apart:?}");
    assert!(
        refused > 800 && taken > 200,
        "{refused} refused, {taken} taken"
    );
}
