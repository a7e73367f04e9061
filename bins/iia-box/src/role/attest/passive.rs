//! The interface that the box has taken over: whether it sends, as the kernel counts it, and who could.

use std::fs;
use std::thread;

use iia_attest::live::{LOOK_EVERY, Looks};
use iia_attest::network::Passive;
use iia_attest::network::passive::Seen;
use iia_config::engine::Engine;
use iia_config::render::SIGNATURE_ENGINE;
use iia_core::stream::Stream;
use tokio::sync::mpsc;

use super::listens::Listens;
use super::running::plays;
use super::senses::{Heard, Sense, Source};
use super::{SEES, WITNESSED};
use crate::workload::Workload;

/// The observer and whoever looks for it, where the box has taken an interface over.
pub(super) fn of(workload: &Workload) -> Option<(Box<dyn Sense>, Source)> {
    let mut args = workload.args().iter();
    let name = args.find_map(|arg| arg.strip_prefix(SEES))?.to_owned();
    let place = workload.dir().path().file_name()?.to_str()?.to_owned();
    let takes = |heard: &Heard| match heard {
        Heard::Passive(seen) => Some(vec![Seen::clone(seen)]),
        _ => None,
    };
    let observer = Passive::new(&name).heard_by(ears(workload));
    let observer = Listens::counting(Stream::ATTEST_NETWORK, observer, (takes, Passive::lost));
    Some((observer, Box::new(move |heard| follow(name, place, heard))))
}

/// How many are to hear: the collector, the witness and its engine.
fn ears(workload: &Workload) -> usize {
    let witnesses = workload.witnesses();
    let is_theirs = |engine: &&Engine| witnesses.iter().any(|id| engine.observer == id.as_str());
    let engines = workload.engines().iter().filter(is_theirs);
    let engines = engines
        .filter(|engine| engine.engine == SIGNATURE_ENGINE)
        .count();
    match workload.args().iter().any(|arg| arg == WITNESSED) {
        true => 2 + engines.min(1),
        false => 1,
    }
}

/// Looks again and again, until nobody listens.
fn follow(name: String, place: String, heard: mpsc::Sender<Heard>) {
    thread::spawn(move || {
        let mut looks = Looks::new(name, move |pid| is_to_hear(pid, &place));
        while !heard.is_closed() {
            let seen = match looks.look() {
                Ok(look) => Seen::Look(look),
                Err(error) => Seen::Blind(error.to_string()),
            };
            if heard.blocking_send(Heard::Passive(Box::new(seen))).is_err() {
                return;
            }
            thread::sleep(LOOK_EVERY);
        }
    });
}

/// Whether a process is one that is to hear: the collector, the witness, and the engine that this one has started.
pub(super) fn is_to_hear(pid: u32, place: &str) -> bool {
    let role = plays(pid, place);
    let started_by = || plays(parent(pid)?, place);
    role.as_deref() == Some("collect") || role.or_else(started_by).as_deref() == Some("witness")
}

fn parent(pid: u32) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("PPid:"))?;
    line.trim().parse().ok()
}
