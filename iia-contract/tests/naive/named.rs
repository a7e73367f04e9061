//! Contracts between workloads and about topics, word by word.

use iia_contract::matcher::Clause;
use iia_contract::tree::Entry;
use iia_core::observe::{Act, Address, Message, Session};

use super::{Says, bytes, words};

/// The zone in `spiffe://domain/zone/<zone>/workload/<name>`; empty in every other shape.
fn zone(id: &str) -> &str {
    let parts: Vec<&str> = id.trim_start_matches("spiffe://").split('/').collect();
    match parts.as_slice() {
        [_, "zone", zone, "workload", _] => zone,
        _ => "",
    }
}

fn zone_holds(session: &Session<'_>) -> bool {
    session.source_zone.is_empty() || session.source_zone == zone(session.source)
}

/// `tls/7443` is answered everywhere, `tls/192.0.2.1:7443` there.
fn answered(places: &[&str], session: &Session<'_>) -> bool {
    let Some(socket) = session.listener else {
        return true;
    };
    places.is_empty()
        || places.iter().any(|place| {
            let place = place.split_once('/').unwrap().1;
            place == socket.to_string() || place == socket.port().to_string()
        })
}

pub(super) fn session(entry: &Entry<'_>, session: &Session<'_>) -> Says {
    let text = |key| entry.text(key);
    let (from, to) = (session.source, session.destination);
    let internal = text("scope") == "internal";
    let (speaks, meant) = match internal {
        true => (text("source") == from, text("destination") == to),
        false => {
            let out = text("publisher") == from;
            let back = text("consumer") == from;
            let meant = out && text("consumer") == to || back && text("publisher") == to;
            (out || back, meant)
        }
    };
    let place = match internal {
        true => ("transport", "port"),
        false => ("profile", "endpoint"),
    };
    let protocol = words(entry, place.0, "protocol");
    let size = match internal {
        true => words(entry, "payload", "max_size"),
        false => words(entry, "quota", "payload_max"),
    };
    let operations = words(entry, "", "operation");
    for (holds, clause) in [
        (speaks, Clause::Source),
        (meant, Clause::Destination),
        (zone_holds(session), Clause::Zone),
        (
            session.protocol.is_empty() || protocol == [session.protocol],
            Clause::Protocol,
        ),
        (
            answered(&words(entry, place.0, place.1), session),
            Clause::Listener,
        ),
        (operations.contains(&session.operation), Clause::Operation),
        (internal || exposes(entry, session.stream), Clause::Stream),
        (session.payload_len <= bytes(&size), Clause::Payload),
    ] {
        if !holds {
            return Err(clause);
        }
    }
    Ok(Clause::Operation)
}

fn exposes(entry: &Entry<'_>, stream: &str) -> bool {
    let stream = stream.strip_prefix("ot.").unwrap_or(stream);
    let listed = |key| {
        words(entry, "inventory", key).iter().any(|pattern| {
            let parts: Vec<&str> = pattern.split('.').collect();
            let said: Vec<&str> = stream.split('.').collect();
            match parts.as_slice() {
                [head @ .., "*"] => said.len() > head.len() && said[..head.len()] == *head,
                whole => said == whole,
            }
        })
    };
    stream.is_empty() || listed("include") && !listed("exclude")
}

pub(super) fn pulled(entry: &Entry<'_>, session: &Session<'_>) -> Says {
    let puller = entry.text("puller");
    if session.source != puller {
        return match session.destination == puller {
            true => Err(Clause::Direction),
            false => Err(Clause::Source),
        };
    }
    let target = words(entry, "pull", "target");
    let size = words(entry, "artifact", "max_size");
    for (holds, clause) in [
        (zone_holds(session), Clause::Zone),
        (answered(&target, session), Clause::Listener),
        (session.operation == "PULL", Clause::ReadOnly),
        (session.payload_len <= bytes(&size), Clause::Payload),
    ] {
        if !holds {
            return Err(clause);
        }
    }
    Ok(Clause::Operation)
}

pub(super) fn message(entry: &Entry<'_>, message: &Message<'_>) -> Says {
    let (publish, subscribe, filters, size) = match entry.text("scope") {
        "internal" => (
            words(entry, "", "source"),
            words(entry, "", "destination"),
            words(entry, "transport", "topic"),
            words(entry, "payload", "max_size"),
        ),
        "boundary" => (
            words(entry, "", "publisher"),
            words(entry, "", "consumer"),
            words(entry, "profile", "topic"),
            words(entry, "quota", "payload_max"),
        ),
        "device" => (
            words(entry, "", "identity"),
            words(entry, "", "collector"),
            words(entry, "observation", "topic"),
            vec![],
        ),
        _ => return Err(Clause::Source),
    };
    let (may, others) = match message.act {
        Act::Publish => (publish, subscribe),
        Act::Subscribe => (subscribe, publish),
    };
    if filters.is_empty() || !may.contains(&message.client) && !others.contains(&message.client) {
        return Err(Clause::Source);
    }
    if !may.contains(&message.client) {
        return Err(Clause::Direction);
    }
    let mut clause = Clause::Topic;
    for filter in filters {
        if covers(filter, message) {
            if message.payload_len <= bytes(&size) {
                return Ok(Clause::Topic);
            }
            clause = Clause::Payload;
        }
    }
    Err(clause)
}

/// A filter covers a message when it matches its topic; it covers a subscription when it matches every topic that
/// the subscription matches. The topics are written out: three names, five levels.
fn covers(filter: &str, message: &Message<'_>) -> bool {
    let (text, one, rest) = match message.address {
        Address::Topic(text) => (text.to_owned(), "+", "#"),
        Address::Subject(text) => (text.replace('.', "/"), "*", ">"),
    };
    let text = match text.strip_prefix("$share/") {
        Some(shared) if rest == "#" => shared
            .split_once('/')
            .map_or("", |(_, filter)| filter)
            .to_owned(),
        _ => text,
    };
    if message.act == Act::Publish {
        let wild = text.split('/').any(|level| level == one || level == rest);
        return !wild && matches(filter, &text, false);
    }
    let mut topics: Vec<String> = vec![];
    let mut last = vec![String::new()];
    for _ in 0..5 {
        let longer = |head: &String| {
            let slash = if head.is_empty() { "" } else { "/" };
            ["a", "b", "z"].map(|name| format!("{head}{slash}{name}"))
        };
        last = last.iter().flat_map(longer).collect();
        topics.extend(last.clone());
    }
    let wish: Vec<&str> = text.split('/').collect();
    let wish: Vec<&str> = wish
        .iter()
        .map(|level| match *level {
            level if level == one => "+",
            level if level == rest => "#",
            level => level,
        })
        .collect();
    let wish = wish.join("/");
    let wished = topics
        .iter()
        .filter(|topic| matches(&wish, topic, rest == ">"));
    let mut some = false;
    wished.into_iter().all(|topic| {
        some = true;
        matches(filter, topic, false)
    }) && some
}

/// Whether a filter matches one topic; `more` when its last wildcard stands for one level at least.
fn matches(filter: &str, topic: &str, more: bool) -> bool {
    let filter: Vec<&str> = filter.split('/').collect();
    let topic: Vec<&str> = topic.split('/').collect();
    match filter.as_slice() {
        [head @ .., "#"] => {
            topic.len() >= head.len() + usize::from(more)
                && head
                    .iter()
                    .zip(&topic)
                    .all(|(level, name)| *level == "+" || level == name)
        }
        all => {
            all.len() == topic.len()
                && all
                    .iter()
                    .zip(&topic)
                    .all(|(level, name)| *level == "+" || level == name)
        }
    }
}
