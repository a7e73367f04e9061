//! The links of the box: whether each that is there is heard, as the kernel lists sockets and who holds them.

use std::collections::BTreeMap;
use std::io;
use std::thread;
use std::time::Duration;

use iia_attest::live::Looks;
use iia_attest::network::links::{Coverage, Seen, of as links_of};
use iia_attest::network::passive::Holder;
use iia_core::stream::Stream;
use tokio::sync::mpsc;

use super::WITNESSED;
use super::listens::Listens;
use super::passive::is_to_hear;
use super::senses::{Heard, Sense, Source};
use crate::workload::Workload;

/// How often they are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The observer and whoever looks for it, where the box has a witness that is to hear them.
pub(super) fn of(workload: &Workload) -> Option<(Box<dyn Sense>, Source)> {
    if workload.args().iter().all(|arg| arg != WITNESSED) {
        return None;
    }
    let links = links_of(workload.topology());
    let place = workload.dir().path().file_name()?.to_str()?.to_owned();
    let takes = |heard: &Heard| match heard {
        Heard::Links(seen) => Some(vec![seen.clone()]),
        _ => None,
    };
    let observer = Coverage::new(links.clone());
    let observer = Listens::counting(Stream::ATTEST_NETWORK, observer, (takes, Coverage::lost));
    let looks = links.into_iter().map(move |name| {
        let place = place.clone();
        (
            name.clone(),
            Looks::new(name, move |pid| is_to_hear(pid, &place)),
        )
    });
    let looks = looks.collect();
    Some((observer, Box::new(move |heard| follow(looks, heard))))
}

/// Looks again and again, until nobody listens.
fn follow<F: Fn(u32) -> bool + Send + 'static>(
    mut looks: Vec<(String, Looks<F>)>,
    heard: mpsc::Sender<Heard>,
) {
    thread::spawn(move || {
        while !heard.is_closed() {
            let seen = match look(&mut looks) {
                Ok(there) => Seen::Look(there),
                Err(error) => Seen::Blind(error.to_string()),
            };
            if heard.blocking_send(Heard::Links(seen)).is_err() {
                return;
            }
            thread::sleep(LOOK_EVERY);
        }
    });
}

/// The links that are there, and whether somebody hears each who is to.
fn look<F: Fn(u32) -> bool>(
    looks: &mut [(String, Looks<F>)],
) -> io::Result<BTreeMap<String, bool>> {
    let mut there = BTreeMap::new();
    for (name, looks) in looks {
        let look = looks.look()?;
        let Some(link) = look.link else {
            continue;
        };
        let is_heard = look.packets.iter().any(|(packet, holder)| {
            packet.interface == link.index && packet.hears_by_ring && *holder == Holder::Collector
        });
        there.insert(name.clone(), is_heard);
    }
    Ok(there)
}
