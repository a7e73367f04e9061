//! C046, C049, C084, C089: whose word counts, and until when.

use hashbrown::{HashMap, HashSet};

use iia_contract::tree::Entry;
use iia_core::Timestamp;
use iia_core::time::{SECOND_NS, parse_utc};

use super::{Ground, domain_of};

/// How long a box may be alone.
const OFFLINE_NS: i64 = 30 * 86_400 * SECOND_NS;

impl Ground<'_> {
    /// The time, or when the document was written.
    fn moment(&self) -> Option<Timestamp> {
        let issued = self
            .of_kind("artifact")
            .next()
            .and_then(|entry| parse_utc(entry.text("issued")));
        self.facts.now.or(issued)
    }
}

/// C046: nobody else vouches for the box's own trust domain.
pub(super) fn roots(ground: &mut Ground<'_>) {
    for entry in ground.of_kind("trust_root") {
        if entry.text("trust_domain") == ground.domain {
            let message = "the box's own trust domain is named as a foreign one";
            ground.tell("C046", entry.head(), message, "take the trust_root out");
        }
    }
}

/// C046: whoever is on the other side is vouched for by a root that is there for that, and still holds.
pub(super) fn profiles(ground: &mut Ground<'_>) {
    let roots: HashMap<&str, Entry<'_>> = ground
        .of_kind("trust_root")
        .map(|entry| (entry.name, entry))
        .collect();
    for contract in ground.scope("boundary") {
        let Some(field) = contract
            .block("profile")
            .and_then(|block| block.field("trust_root"))
        else {
            let message = format!(
                "nothing says who vouches for the other side of {}",
                contract.name
            );
            ground.tell(
                "C046",
                contract.head(),
                message,
                "add trust_root to block profile",
            );
            continue;
        };
        let Some(root) = roots.get(field.text()) else {
            continue;
        };
        let ends = [contract.text("publisher"), contract.text("consumer")];
        let foreign = ends.into_iter().find(|id| domain_of(id) != ground.domain);
        if let Some(id) = foreign.filter(|id| domain_of(id) != root.text("trust_domain")) {
            let message = format!("trust root {} does not vouch for {id}", root.name);
            ground.tell(
                "C046",
                field.span(),
                message,
                "name the root of its trust domain",
            );
        }
        if root.text("use") == "artifact_source" {
            let message = format!("trust root {} is not there for SVIDs", root.name);
            ground.tell(
                "C046",
                field.span(),
                message,
                "a root with use consumer_svid or peer_svid",
            );
        }
        let gone = parse_utc(root.text("expires"))
            .zip(ground.facts.now)
            .is_some_and(|(end, now)| end <= now);
        if gone {
            let message = format!("trust root {} has expired", root.name);
            ground.tell("C046", field.span(), message, "replace it");
        }
    }
}

/// C049: a root that ends while the box may be alone.
pub(super) fn expiry(ground: &mut Ground<'_>) {
    let Some(moment) = ground.moment() else {
        return;
    };
    for entry in ground.of_kind("trust_root") {
        let Some(field) = entry.field("expires") else {
            continue;
        };
        let left = parse_utc(field.text()).map(|end| end.since_ns(moment));
        if left.is_some_and(|left| left < OFFLINE_NS) {
            let message = format!(
                "trust root {} ends while the box may be alone for 30 days",
                entry.name
            );
            ground.warn("C049", field.span(), message, "renew it before");
        }
    }
}

/// C089: artifacts come from a source of the same root as images.
pub(super) fn pulls(ground: &mut Ground<'_>) {
    let roots: HashMap<&str, Entry<'_>> = ground
        .of_kind("trust_root")
        .map(|entry| (entry.name, entry))
        .collect();
    let images = ground
        .of_kind("policy")
        .find_map(|entry| entry.field("image_trust_root"));
    for contract in ground.scope("inbound") {
        let Some(field) = contract
            .block("pull")
            .and_then(|block| block.field("trust_root"))
        else {
            continue;
        };
        let source = roots.get(field.text()).map(|root| root.text("use"));
        if source.is_some_and(|purpose| purpose != "artifact_source") {
            let message = format!("trust root {} is not there for artifacts", field.text());
            ground.tell(
                "C089",
                field.span(),
                message,
                "a root with use artifact_source",
            );
        }
        if let Some(other) = images.filter(|other| other.text() != field.text()) {
            let message = format!("images are vouched for by {}", other.text());
            ground.tell(
                "C089",
                field.span(),
                message,
                "artifacts and images have the same root",
            );
        }
    }
}

/// C084: two operators are two, with a key each.
pub(super) fn keys(ground: &mut Ground<'_>) {
    let operators: HashMap<&str, &str> = ground
        .of_kind("key")
        .map(|entry| (entry.name, entry.text("operator")))
        .collect();
    for contract in ground.scope("inbound") {
        let Some(approval) = contract
            .block("approval")
            .filter(|block| block.is_on("two_person"))
        else {
            continue;
        };
        let named = approval
            .fields("key")
            .filter_map(|field| operators.get(field.text()));
        let people: HashSet<&&str> = named.collect();
        if people.len() < 2 {
            let message = format!("two must agree, and {} can", people.len());
            ground.tell(
                "C084",
                approval.head(),
                message,
                "keys of two operators at least",
            );
        }
    }
}
