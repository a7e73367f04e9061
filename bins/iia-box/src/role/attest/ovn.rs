//! The virtual network that joins the zones: what the ACLs of its northbound database let through, as they are loaded, against
//! what the contracts open.

use std::fs;
use std::path::PathBuf;

use iia_attest::live::northbound;
use iia_attest::policy_drift::ovn::{OvnDrift, Seen};
use iia_core::stream::Stream;

use super::listens::{Listens, each_second};
use super::senses::{Heard, Sense, Source};
use crate::workload::Workload;

/// The observer and whoever looks for it, where the box was told of a database.
pub(super) fn of(workload: &Workload) -> Option<(Box<dyn Sense>, Source)> {
    let socket = fs::read_to_string(workload.dir().ovn()).ok()?;
    let socket = PathBuf::from(socket.trim_end());
    let observer = OvnDrift::new(workload.catalog(), workload.topology());
    let takes = |heard: &Heard| match heard {
        Heard::Virtual(seen) => Some(vec![Seen::clone(seen)]),
        _ => None,
    };
    let look = move || {
        let seen = match northbound(&socket) {
            Ok(tables) => Seen::Tables(tables),
            Err(error) => Seen::Unreadable {
                why: format!("{}: {error}", socket.display()),
            },
        };
        Heard::Virtual(Box::new(seen))
    };
    Some((
        Listens::on(Stream::ATTEST_POLICY_DRIFT, observer, takes),
        each_second(look),
    ))
}
