//! C031, C080, C081: one artifact, for this box, after what is applied.

use super::Ground;
use crate::parse::Magic;
use iia_contract::raw::Span;

/// C031: a configuration has one artifact entry.
pub(super) fn one(ground: &mut Ground<'_>) {
    let mut artifacts = ground.of_kind("artifact");
    let help = "a configuration has one `artifact`";
    match (artifacts.next(), artifacts.next()) {
        (Some(_), None) if ground.document.magic == Magic::Config => {}
        (Some(_), Some(second)) => {
            ground.tell("C031", second.head(), "more than one artifact entry", help)
        }
        (first, _) => {
            let span = first.map_or_else(Span::default, |entry| entry.head());
            ground.tell(
                "C031",
                span,
                "no configuration: there is no artifact entry",
                help,
            );
        }
    }
}

/// C081: it is for this box.
pub(super) fn target(ground: &mut Ground<'_>) {
    let Some(entry) = ground.of_kind("artifact").next() else {
        return;
    };
    let facts = ground.facts;
    let box_named = entry
        .fields("target")
        .any(|field| field.text() == facts.box_name);
    let fleet_named = entry
        .fields("fleet")
        .any(|field| facts.fleets.iter().any(|fleet| fleet == field.text()));
    if !box_named && !fleet_named {
        let message = format!("this artifact is not for box {}", facts.box_name);
        let span = entry
            .field("target")
            .map_or_else(|| entry.head(), |field| field.span());
        ground.tell(
            "C081",
            span,
            message,
            "name the box as target, or a fleet that it belongs to",
        );
    }
}

/// C080: revisions count up, and the one before is the one that is applied.
pub(super) fn follows(ground: &mut Ground<'_>) {
    let Some(entry) = ground.of_kind("artifact").next() else {
        return;
    };
    let previous = entry.field("previous");
    let Some((applied, digest)) = &ground.facts.applied else {
        // What is not known is not judged: a box without anything applied says so by `previous` being absent.
        return;
    };
    let revision = entry
        .field("revision")
        .and_then(|field| field.count())
        .unwrap_or(0);
    if revision <= *applied {
        let message = format!("revision {revision} does not follow {applied}");
        let span = entry
            .field("revision")
            .map_or_else(|| entry.head(), |field| field.span());
        ground.tell("C080", span, message, "going back needs a revert approval");
    }
    let digest = digest.to_string();
    if previous.is_none_or(|field| field.text() != digest) {
        let help = format!("write previous {digest}");
        let span = previous.map_or_else(|| entry.head(), |field| field.span());
        ground.tell("C080", span, "previous is not what is applied", &help);
    }
}
