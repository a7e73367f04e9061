//! C089: the box pulls, over mutual TLS, what is signed.

use alloc::format;

use super::{Found, Rule, rule};
use crate::raw::{Kind, Scopes};
use crate::schema::HTTP_SCHEMES;
use crate::tree::Entry;

const N: Scopes = Scopes::INBOUND;

pub(super) const RULES: &[Rule] = &[rule(N, parts), rule(N, pull), rule(N, artifact)];

/// C033: who pulls, from where, what, and on whose leave.
fn parts(entry: &Entry<'_>, found: &mut Found) {
    found.need_fields("C033", entry, &["puller"]);
    found.need_blocks("C033", entry, &["pull", "artifact", "approval", "failure"]);
    if let Some(failure) = entry.block("failure") {
        found.need_in(
            "C033",
            &failure,
            &[
                "on_signature_invalid",
                "on_parse_failure",
                "on_validation_failure",
                "on_apply_failure",
            ],
        );
    }
}

/// C089: from a named place, over mutual TLS, at a pace.
fn pull(entry: &Entry<'_>, found: &mut Found) {
    let Some(pull) = entry.block("pull") else {
        return;
    };
    if let Some(field) = pull.field("security").filter(|f| f.text() != "mtls") {
        let message = format!("security `{}` is not mutual TLS", field.text());
        found.reject("C089", field.span(), message, "write security mtls");
    }
    let target = pull.field("target").and_then(|f| f.value(0));
    if let Some(value) = target {
        let scheme = value
            .text
            .split_once("://")
            .map_or("", |(scheme, _)| scheme);
        let sound = match value.kind {
            Kind::Port => value.text.contains(':'),
            Kind::Uri => !HTTP_SCHEMES.contains(&scheme),
            _ => false,
        };
        if !sound {
            let message = format!("`{}` is no place to pull from", value.text);
            found.reject(
                "C089",
                value.span,
                message,
                "write tls/192.0.2.1:7447; the box speaks no HTTP",
            );
        }
    }
    if pull
        .field("every")
        .is_some_and(|f| f.ns().is_none_or(|ns| ns <= 0))
    {
        found.reject("C089", pull.head(), "a pace of nothing", "more than 0");
    }
}

/// C082: what is pulled is signed, in the one language the box reads, and small.
fn artifact(entry: &Entry<'_>, found: &mut Found) {
    let Some(artifact) = entry.block("artifact") else {
        return;
    };
    if !artifact.is_on("signature_required") {
        found.reject(
            "C082",
            artifact.head(),
            "unsigned artifacts would be taken",
            "write signature_required on",
        );
    }
    if let Some(field) = artifact.field("grammar").filter(|f| f.text() != "icl") {
        let message = format!("the box does not read `{}`", field.text());
        found.reject(
            "C089",
            field.span(),
            message,
            "write grammar icl; others are converted off the box",
        );
    }
    let most = artifact
        .field("max_size")
        .and_then(|f| f.number(0)?.as_bytes());
    if most.is_some_and(|bytes| bytes == 0 || bytes > 16 << 20) {
        found.reject(
            "C089",
            artifact.head(),
            "a size that no artifact can have",
            "more than 0, 16MiB at most",
        );
    }
    let Some(approval) = entry.block("approval") else {
        return;
    };
    if !approval.is_on("required") {
        found.reject(
            "C083",
            approval.head(),
            "artifacts would be applied without leave",
            "write required on",
        );
    }
}
