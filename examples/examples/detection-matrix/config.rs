//! `ot.attestation.config`: what the real compiler makes of an artifact, as data, and what an observer sees of it.
//!
//! Time is injected: somebody looks once after the act.

use std::error::Error;

use iia_core::finding::{Conclusion, Finding};
use machine::{Watched, example, next};

use super::{Outcome, clean};

#[expect(
    clippy::panic,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "shared with tests"
)]
#[allow(dead_code, reason = "shared with tests, which use all of it")]
#[path = "../../../iia-attest/tests/config/machine.rs"]
mod machine;

/// Seconds that are waited for a finding.
const WAIT_SECS: i64 = 3600;

/// Does it once; nothing where this is no fault of this stream.
pub(crate) fn run(done: &str) -> Result<Option<Outcome>, Box<dyn Error>> {
    let text = example();
    let second = next(&text, "  workload ", "  workload ");
    let mut watched = Watched::new(&text, "seg01");
    let acted = watched.now;
    match done {
        "a file is changed by hand" => {
            let mut files = watched.machine.files.iter_mut();
            let unit = files.find(|(path, _)| path.starts_with("systemd/"));
            unit.ok_or("no unit")?.1.push_str("Nice=-20\n");
            watched.look();
        }
        "a rule is added by hand" => {
            let rules = &mut watched.machine.firewall;
            *rules = rules.replacen("policy drop;\n", "policy drop;\ntcp dport 22 accept\n", 1);
            watched.look();
        }
        "an artifact is half applied" => {
            let calls = ["trust_roots", "idps", "bindings", "catalog"];
            watched.machine.make(&second, "seg01", &calls);
            watched.apply(&second);
            watched.look();
        }
        "an artifact is applied otherwise" => {
            watched.machine.make(&second, "seg01", &[]);
            let mut files = watched.machine.files.iter_mut();
            let unit = files.find(|(path, _)| path.starts_with("systemd/"));
            let text = unit.ok_or("no unit")?.1;
            *text = text.replace("ExecStart=/", "ExecStart=/wrong/");
            watched.apply(&second);
            watched.look();
        }
        "nobody looks" => {}
        _ => return Ok(None),
    }
    for _ in 0..WAIT_SECS {
        if let Some(finding) = wrong(&mut watched) {
            return Ok(Some(Outcome::told(acted, watched.now, finding)));
        }
        watched.wait(1);
    }
    Ok(Some(Outcome::silent()))
}

/// The first finding that is none of peace.
fn wrong(watched: &mut Watched) -> Option<Finding> {
    let mut found = watched.findings().into_iter();
    found.find(|one| one.conclusion != Conclusion::Converge)
}

/// A day of a box on which nothing changes, looked at each minute.
pub(crate) fn day() -> clean::Row {
    let mut watched = Watched::new(&example(), "seg01");
    let (mut seen, mut found) = (0, 0);
    for _ in 0..clean::DAY / 60 {
        watched.wait(60);
        seen += watched.machine.running().len() as u64;
        watched.look();
        found += clean::wrong(watched.findings());
    }
    let what =
        "a day of what runs on the box of the example, looked at each minute, element by element";
    (what, seen, found)
}
