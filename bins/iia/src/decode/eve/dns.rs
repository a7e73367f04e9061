//! Questions and answers of DNS, an event each as Suricata 7 has them (version 2 of its form). What a message says besides stands
//! under `iia`, in Wireshark's names.

use iia_core::observe::{Field, Value};
use serde_json::{Map, Value as Json, json};

use super::super::json;
use super::{Object, first, plain};

/// The question.
pub(super) fn query(fields: &[Field<'_>]) -> Object {
    let mut body = named(fields, "query");
    question(&mut body, fields);
    body
}

/// The answer, with each of its records.
pub(super) fn answer(fields: &[Field<'_>]) -> Object {
    let mut body = named(fields, "answer");
    let mut bits = 0;
    for (name, bit, said) in FLAGS {
        if first(fields, name).and_then(Value::number) == Some(1) {
            bits |= bit;
            if let Some(said) = said {
                body.insert(said.into(), true.into());
            }
        }
    }
    let number = |name| first(fields, name).and_then(Value::number).unwrap_or(0);
    bits |= number("dns.flags.opcode") << 11 | number("dns.flags.rcode");
    body.insert("flags".into(), format!("{bits:x}").into());
    question(&mut body, fields);
    let rcode = rcode(number("dns.flags.rcode"));
    body.insert("rcode".into(), rcode.into());
    let mut records = fields.split(|field| field.name == "dns.resp.name");
    let names = fields.iter().filter(|field| field.name == "dns.resp.name");
    let _questions = records.next();
    let mut records = names.zip(records).filter(|(_, rest)| !is_option(rest));
    for (count, place) in [
        ("dns.count.answers", "answers"),
        ("dns.count.auth_rr", "authorities"),
    ] {
        let count = usize::try_from(number(count)).unwrap_or(0);
        let these = records.by_ref().take(count);
        let all: Vec<Json> = these.flat_map(|(name, rest)| record(name, rest)).collect();
        if place == "answers" && !all.is_empty() {
            body.insert("grouped".into(), grouped(&all));
        }
        if !all.is_empty() {
            body.insert(place.into(), all.into());
        }
    }
    body
}

/// Flags of an answer: their bits (RFC 1035, 4.1.1), and by which name Suricata tells those that are set.
const FLAGS: [(&str, u64, Option<&str>); 8] = [
    ("dns.flags.response", 0x8000, Some("qr")),
    ("dns.flags.authoritative", 0x0400, Some("aa")),
    ("dns.flags.truncated", 0x0200, Some("tc")),
    ("dns.flags.recdesired", 0x0100, Some("rd")),
    ("dns.flags.recavail", 0x0080, Some("ra")),
    ("dns.flags.z", 0x0040, Some("z")),
    ("dns.flags.authenticated", 0x0020, None),
    ("dns.flags.checkdisable", 0x0010, None),
];

fn named(fields: &[Field<'_>], kind: &str) -> Object {
    let mut body = Object::new();
    body.insert("version".into(), 2.into());
    body.insert("type".into(), kind.into());
    for (name, said) in [("dns.id", "id"), ("dns.flags.opcode", "opcode")] {
        if let Some(value) = first(fields, name) {
            body.insert(said.into(), plain(value));
        }
    }
    body.insert("iia".into(), json::fields(fields));
    body
}

fn question(body: &mut Map<String, Json>, fields: &[Field<'_>]) {
    if let Some(value) = first(fields, "dns.qry.name") {
        body.insert("rrname".into(), name(value));
    }
    if let Some(value) = first(fields, "dns.qry.type") {
        body.insert("rrtype".into(), kind(value));
    }
}

/// The root has no name there.
fn name(value: &Value<'_>) -> Json {
    match value {
        Value::Text("<Root>") => "".into(),
        value => plain(value),
    }
}

/// A type by its name, or else by its number.
fn kind(value: &Value<'_>) -> Json {
    match value {
        Value::Code(_, name) => (*name).into(),
        value => value.to_string().into(),
    }
}

fn rcode(number: u64) -> String {
    let known = [
        "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET",
        "NXRRSET", "NOTAUTH", "NOTZONE",
    ];
    let known = usize::try_from(number).ok().and_then(|at| known.get(at));
    known.map_or_else(|| number.to_string(), |known| (*known).to_owned())
}

/// What EDNS says is no record of anybody (RFC 6891).
fn is_option(record: &[Field<'_>]) -> bool {
    first(record, "dns.resp.type").and_then(Value::number) == Some(41)
}

/// Fields that hold what a record says, where it is one value.
const DATA: [&str; 8] = [
    "dns.a",
    "dns.aaaa",
    "dns.cname",
    "dns.dname",
    "dns.ns",
    "dns.ptr.domain_name",
    "dns.mx.mail_exchange",
    "dns.txt",
];
/// What records of several values say, and by which names Suricata tells it.
const SEVERAL: [(&str, &[(&str, &str)]); 2] = [
    (
        "srv",
        &[
            ("dns.srv.priority", "priority"),
            ("dns.srv.weight", "weight"),
            ("dns.srv.port", "port"),
            ("dns.srv.target", "name"),
        ],
    ),
    (
        "soa",
        &[
            ("dns.soa.mname", "mname"),
            ("dns.soa.rname", "rname"),
            ("dns.soa.serial_number", "serial"),
            ("dns.soa.refresh_interval", "refresh"),
            ("dns.soa.retry_interval", "retry"),
            ("dns.soa.expire_limit", "expire"),
            ("dns.soa.minimum_ttl", "minimum"),
        ],
    ),
];

/// A record; one for each text where it has several.
fn record(owner: &Field<'_>, fields: &[Field<'_>]) -> Vec<Json> {
    let mut record = Object::new();
    record.insert("rrname".into(), name(&owner.value));
    if let Some(value) = first(fields, "dns.resp.type") {
        record.insert("rrtype".into(), kind(value));
    }
    if let Some(value) = first(fields, "dns.resp.ttl") {
        record.insert("ttl".into(), plain(value));
    }
    for (place, names) in SEVERAL {
        let found = super::some(fields, names);
        if !found.is_empty() {
            record.insert(place.into(), found.into());
            return vec![record.into()];
        }
    }
    let data = fields.iter().filter(|field| DATA.contains(&field.name));
    let with = |field: &Field<'_>| {
        let mut record = record.clone();
        let data = match field.value {
            Value::Ip(address) => super::address(address),
            value => name(&value),
        };
        record.insert("rdata".into(), data);
        Json::from(record)
    };
    let all: Vec<Json> = data.map(with).collect();
    match all.is_empty() {
        true => vec![record.into()],
        false => all,
    }
}

/// What the answers say, by type.
fn grouped(answers: &[Json]) -> Json {
    let mut groups: Map<String, Json> = Map::new();
    for answer in answers {
        let Some(kind) = answer.get("rrtype").and_then(Json::as_str) else {
            continue;
        };
        let said = ["rdata", "srv"]
            .into_iter()
            .find_map(|name| answer.get(name));
        let group = groups.entry(kind).or_insert_with(|| json!([]));
        if let (Some(said), Some(group)) = (said, group.as_array_mut()) {
            group.push(said.clone());
        }
    }
    groups.retain(|_, group| group.as_array().is_some_and(|all| !all.is_empty()));
    groups.into()
}
