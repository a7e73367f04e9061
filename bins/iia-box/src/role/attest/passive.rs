//! The interface that the box has taken over: whether it sends, as the kernel counts it, and who could.

use std::thread;

use iia_attest::live::{LOOK_EVERY, Looks};
use iia_attest::network::Passive;
use iia_attest::network::passive::Seen;
use iia_core::stream::Stream;
use tokio::sync::mpsc;

use super::SEES;
use super::listens::Listens;
use super::running::plays;
use super::senses::{Heard, Sense, Source};
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
    let observer = Passive::new(&name);
    let observer = Listens::counting(Stream::ATTEST_NETWORK, observer, (takes, Passive::lost));
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
