//! Configuration artifacts, approvals and trust documents. Each target does one thing, so that it does it often.

pub mod approval;
pub mod change;
pub mod revocation;
pub mod rules;
pub mod signed;
pub mod text;

#[allow(dead_code, reason = "drawing both at once is for its test")]
#[path = "../../../../iia-config/tests/approval_model/mod.rs"]
mod approval_model;
#[allow(dead_code, reason = "the ways to bend a document are for its test")]
#[path = "../../../../iia-config/tests/diff_property/mod.rs"]
mod diff_property;
#[path = "../../../../iia-config/tests/judge/mod.rs"]
mod judge;

use iia_config::limits::DIAGNOSTICS_MAX;
use iia_config::trust::Trust;
use iia_config::validate::{self, Facts};

/// Whatever stands in a document, validation answers within its limits; so does the reading of a trust document.
pub fn validate(data: &[u8]) {
    if let Err(found) = Trust::parse(data) {
        assert!(!found.is_empty());
    }
    let Ok(document) = text::read(data) else {
        return;
    };
    match validate::validate(&document, &Facts::of_box("seg01")) {
        Ok(checked) => assert!(checked.warnings.len() <= DIAGNOSTICS_MAX),
        Err(found) => assert!((1..=DIAGNOSTICS_MAX).contains(&found.len())),
    }
    let _catalog = validate::catalog(&document);
}
