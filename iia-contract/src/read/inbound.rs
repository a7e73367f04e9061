//! Inbound contracts.

use super::{Ids, part};
use crate::scope::{Approval, Artifact, Inbound, Pull, Refusals};
use crate::tree::Entry;

pub(super) fn read<'t>(entry: &Entry<'t>, ids: &mut Ids<'t>) -> Option<Inbound> {
    let (pull, artifact) = (part(entry, "pull"), part(entry, "artifact"));
    let (approval, failure) = (part(entry, "approval"), part(entry, "failure"));
    let attestation = part(entry, "attestation");
    Some(Inbound {
        puller: ids.of(entry, "puller")?,
        pull: Pull {
            target: pull.word("target"),
            every_ns: pull.ns("every").unwrap_or(0),
            on_restore: pull.is_on("on_restore"),
            trust_root: pull.word("trust_root"),
        },
        artifact: Artifact {
            keys: artifact.words("key"),
            grammar: artifact.word("grammar"),
            grammar_version: artifact.maybe("grammar_version"),
            len_max: artifact.bytes("max_size").unwrap_or(0),
        },
        approval: Approval {
            target: approval.maybe("target"),
            grammar: approval.maybe("grammar"),
            keys: approval.words("key"),
            two_person: approval.is_on("two_person"),
            age_max_ns: approval.ns("max_age").unwrap_or(0),
        },
        refusals: Refusals {
            on_signature_invalid: failure.word("on_signature_invalid"),
            on_parse_failure: failure.word("on_parse_failure"),
            on_validation_failure: failure.word("on_validation_failure"),
            on_apply_failure: failure.word("on_apply_failure"),
        },
        check_period_ns: attestation.ns("check_period"),
        on_divergence: attestation.maybe("on_divergence"),
    })
}
