//! The interface that the box has taken over: whether it sends, as the kernel counts it, and who could.

use std::thread;

use iia_attest::correlator::Correlator as _;
use iia_attest::live::{LOOK_EVERY, Looks};
use iia_attest::network::Passive;
use iia_attest::network::passive::Seen;
use iia_core::Timestamp;
use iia_core::finding::Finding;
use iia_core::stream::Stream;
use tokio::sync::mpsc;

use super::SEES;
use super::running::plays;
use super::senses::{Heard, Sense, Source};
use crate::workload::Workload;

/// The observer of the interface.
pub(super) struct Silence(Passive);

/// The observer and whoever looks for it, where the box has taken an interface over.
pub(super) fn of(workload: &Workload) -> Option<(Silence, Source)> {
    let mut args = workload.args().iter();
    let name = args.find_map(|arg| arg.strip_prefix(SEES))?.to_owned();
    let place = workload.dir().path().file_name()?.to_str()?.to_owned();
    let observer = Silence(Passive::new(&name));
    Some((observer, Box::new(move |heard| follow(name, place, heard))))
}

/// Looks again and again, until nobody listens.
fn follow(name: String, place: String, heard: mpsc::Sender<Heard>) {
    thread::spawn(move || {
        let mut looks = Looks::new(name, move |pid| {
            plays(pid, &place).as_deref() == Some("collect")
        });
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

impl Sense for Silence {
    fn stream(&self) -> Stream {
        Stream::ATTEST_NETWORK
    }

    fn hear(&mut self, now: Timestamp, heard: &Heard) -> anyhow::Result<bool> {
        let Heard::Passive(seen) = heard else {
            return Ok(false);
        };
        self.0.handle_observation(now, Seen::clone(seen));
        Ok(true)
    }

    /// That nobody looks is told by its silence.
    fn tick(&mut self, now: Timestamp) {
        self.0.handle_timeout(now);
    }

    fn poll(&mut self) -> Option<Finding> {
        self.0.poll_finding()
    }

    fn unseen(&self) -> u64 {
        self.0.lost()
    }
}
