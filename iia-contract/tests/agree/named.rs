//! What each broker says of a topic, and who is known at all.

use std::collections::BTreeSet;

use iia_contract::compile::Access;
use iia_contract::matcher::Matcher;
use iia_contract::scope::Terms;
use iia_core::Timestamp;
use iia_core::observe::{Act, Address, Message, Observation, Session};

use super::{ALIAS, Opening, SOURCE, THEIRS, World};
use crate::dice::IDS;

/// The words of a broker: between levels, for one level, for the rest, and how many levels the rest has at least.
pub(crate) type Words = (char, &'static str, &'static str, usize);
pub(crate) const MQTT: Words = ('/', "+", "#", 0);
pub(crate) const NATS: Words = ('.', "*", ">", 1);
pub(crate) const ZENOH: Words = ('/', "*", "**", 0);

/// Whether whatever `wish` matches is matched by `filter` too.
pub(crate) fn holds(filter: &str, wish: &str, words: Words) -> bool {
    let parts = |text: &str| text.split(words.0).map(String::from).collect::<Vec<_>>();
    covers(&parts(filter), &parts(wish), words)
}

fn covers(filter: &[String], wish: &[String], words: Words) -> bool {
    let (_, one, rest, least) = words;
    match (filter, wish) {
        ([last], wish) if last == rest => wish.len() >= least,
        ([], []) => true,
        ([level, filter @ ..], [name, wish @ ..]) => {
            let same = name != rest && (level == one || level == name && name != one);
            same && covers(filter, wish, words)
        }
        _ => false,
    }
}

/// A topic in the words of another broker.
pub(crate) fn spelled(topic: &str, words: Words) -> String {
    let levels = topic.split('/').map(|level| match level {
        "+" => words.1,
        "#" => words.2,
        level => level,
    });
    levels.collect::<Vec<_>>().join(&words.0.to_string())
}

pub(crate) const fn access(act: Act) -> Access {
    match act {
        Act::Publish => Access::Publish,
        Act::Subscribe => Access::Subscribe,
    }
}

/// The name by which a broker that matches common names knows a client.
pub(crate) fn common_name<'c>(world: &World, client: &'c str) -> &'c str {
    if world.aliased && client == THEIRS {
        ALIAS
    } else {
        client
    }
}

/// The other ends and operations that some contract of the world could mean.
pub(crate) fn session<'a>(
    source: &'a str,
    destination: &'a str,
    operation: &'a str,
) -> Session<'a> {
    Session {
        ts: Timestamp::default(),
        source,
        destination,
        source_zone: "",
        protocol: "",
        listener: None,
        operation,
        stream: "",
        payload_len: 0,
    }
}

/// Whether some operation may use a connection: a network does not see which. Where nobody answers nothing is opened,
/// whatever a contract that names no place leaves open.
pub(crate) fn opens(
    matcher: &Matcher<'_>,
    (source, destination): (&str, &str),
    opening: &Opening,
) -> bool {
    let mut operations = OPERATIONS.into_iter().filter(|_| opening.answered);
    operations.any(|operation| {
        let seen = Session {
            listener: Some(opening.to.1),
            ..session(source, destination, operation)
        };
        matcher.judge(&Observation::Session(seen)).is_covered()
    })
}

pub(crate) const OPERATIONS: [&str; 4] = ["APPEND", "QUERY", "HEAD", "PULL"];

/// Whom the matcher would ever let speak, be spoken to, publish or hear.
pub(crate) fn known(world: &World, matcher: &Matcher<'_>) -> BTreeSet<&'static str> {
    let mut known = BTreeSet::new();
    let covers = |seen: Observation<'_>| matcher.judge(&seen).is_covered();
    let others = IDS.into_iter().chain([SOURCE]);
    for (one, other) in IDS
        .into_iter()
        .flat_map(|one| others.clone().map(move |other| (one, other)))
    {
        for operation in OPERATIONS {
            if covers(Observation::Session(session(one, other, operation))) {
                // Where is pulled from is nobody's matter; who pulls is.
                known.insert(one);
                known.extend((operation != "PULL").then_some(other));
            }
        }
    }
    for filter in filters(world) {
        for (client, act) in IDS
            .into_iter()
            .flat_map(|one| [(one, Act::Publish), (one, Act::Subscribe)])
        {
            let topic = match act {
                Act::Publish => filter.replace(['+', '#'], "a"),
                Act::Subscribe => filter.clone(),
            };
            if covers(Observation::Message(message(
                client,
                act,
                Address::Topic(&topic),
            ))) {
                known.insert(client);
            }
        }
    }
    known
}

pub(crate) fn message<'a>(client: &'a str, act: Act, address: Address<'a>) -> Message<'a> {
    Message {
        ts: Timestamp::default(),
        client,
        act,
        address,
        payload_len: 0,
    }
}

/// Every filter of the catalog.
fn filters(world: &World) -> BTreeSet<String> {
    let contracts = world.catalog.contracts().iter();
    let of = contracts.flat_map(|contract| -> Vec<String> {
        match &contract.terms {
            Terms::Internal(terms) => terms
                .transport
                .topics
                .iter()
                .map(ToString::to_string)
                .collect(),
            Terms::Boundary(terms) => terms
                .obligations
                .profile
                .topics
                .iter()
                .map(ToString::to_string)
                .collect(),
            Terms::Device(terms) => {
                let observed = terms.observed.iter();
                observed
                    .filter_map(|observed| observed.topic.as_deref().map(String::from))
                    .collect()
            }
            Terms::Inbound(_) => Vec::new(),
        }
    });
    of.collect()
}
