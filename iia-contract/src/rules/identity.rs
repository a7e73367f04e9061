//! C013, C030, C070 of addresses and topics: what every contract is called, and that it names what it means.

use alloc::format;

use super::{Found, Rule, at, rule};
use crate::raw::{Kind, Scopes};
use crate::schema::HTTP_SCHEMES;
use crate::scope::{Net, TopicFilter};
use crate::tree::{Entry, Kinds};

pub(super) const RULES: &[Rule] = &[
    rule(Scopes::ALL, id),
    rule(Scopes::INTERNAL.or(Scopes::BOUNDARY), operations),
    rule(Scopes::DEVICE, hosts),
    rule(Scopes::ALL, uris),
    rule(Scopes::ALL, topics),
    rule(Scopes::BOUNDARY, endpoint),
];

/// Keys whose URI a person opens, not the box.
const FOR_PEOPLE: [&str; 3] = ["contact", "on_call", "escalation"];

/// C004: no HTTP address, but where a person is reached.
// IIA 1: no HTTP at the boundary.
fn uris(entry: &Entry<'_>, found: &mut Found) {
    for value in entry
        .values_of(Kinds::Uris)
        .filter(|value| is_http(value.text))
    {
        let key = entry.holder(&value).map_or("", |field| field.key);
        if !FOR_PEOPLE.contains(&key) {
            let message = format!("`{}` leads to HTTP", value.text);
            found.reject(
                "C004",
                value.span,
                message,
                "the box speaks no HTTP at its boundary",
            );
        }
    }
}

/// Whether a URI leads to HTTP in whatever dress.
pub(crate) fn is_http(uri: &str) -> bool {
    let scheme = uri.split("://").next().unwrap_or_default();
    let scheme = scheme.split('+').next().unwrap_or_default();
    HTTP_SCHEMES.contains(&scheme)
}

/// C031: an endpoint is an address and a port; what leads to HTTP has been told already.
fn endpoint(entry: &Entry<'_>, found: &mut Found) {
    let field = at(entry, "profile", "endpoint");
    let value = field.and_then(|field| field.value(0));
    if let Some(value) = value.filter(|value| value.kind != Kind::Port && !is_http(value.text)) {
        let message = format!("`{}` is no address and port", value.text);
        found.reject("C031", value.span, message, "write tls/192.0.2.1:7447");
    }
}

/// C030: the id says the scope.
fn id(entry: &Entry<'_>, found: &mut Found) {
    let scope = entry.text("scope");
    let purpose = entry
        .name
        .strip_prefix("iia.contract.")
        .and_then(|rest| rest.strip_prefix(scope))
        .and_then(|rest| rest.strip_prefix('.'));
    let sound = |purpose: &str| purpose.split('.').all(|part| !part.is_empty());
    if !purpose.is_some_and(sound) {
        let message = format!("id `{}` does not name scope `{scope}`", entry.name);
        let help = format!("an id is iia.contract.{scope}.<purpose>");
        found.reject("C030", entry.name_span(), message, &help);
    }
}

/// C013: operations are named one by one.
fn operations(entry: &Entry<'_>, found: &mut Found) {
    let help = "name each message type or method";
    if entry.field("operation").is_none() {
        return found.reject("C013", entry.head(), "no operation is named", help);
    }
    for field in entry.fields("operation") {
        let vague = ["any", "all", "every", "wildcard"]
            .iter()
            .any(|word| field.text().eq_ignore_ascii_case(word));
        if vague {
            let message = format!("operation `{}` says nothing", field.text());
            found.reject("C013", field.span(), message, help);
        }
    }
}

/// C013: hosts are addresses or networks, ports are numbers.
fn hosts(entry: &Entry<'_>, found: &mut Found) {
    for field in entry.fields("client") {
        if Net::parse(field.text()).is_none_or(|net| !net.is_specific()) {
            let message = format!("`{}` is no address and no specific network", field.text());
            let help = "bits beyond the prefix are zero, and less than /8 (of version 6 /32) is not specific";
            found.reject("C013", field.span(), message, help);
        }
    }
    for field in entry.fields("server") {
        let whole = field.value(0).is_some_and(|value| {
            value.kind == Kind::Port
                && value
                    .text
                    .split_once('/')
                    .and_then(|(_, socket)| socket.parse::<core::net::SocketAddr>().ok())
                    .is_some_and(|socket| !socket.ip().is_unspecified() && socket.port() > 0)
        });
        if !whole {
            let message = format!("`{}` does not name one address and port", field.text());
            found.reject("C013", field.span(), message, "write tcp/192.0.2.1:502");
        }
    }
}

/// C013: a topic filter names its first level, and is one that every bus reads alike.
fn topics(entry: &Entry<'_>, found: &mut Found) {
    for block in ["transport", "profile", "observation"] {
        let Some(block) = entry.block(block) else {
            continue;
        };
        for field in block.fields("topic") {
            if TopicFilter::parse(field.text()).is_none() {
                let message = format!("`{}` is no specific topic filter", field.text());
                let help = "levels are names, `+`, or `#` at the end; the first is a name";
                found.reject("C013", field.span(), message, help);
            }
        }
    }
}
