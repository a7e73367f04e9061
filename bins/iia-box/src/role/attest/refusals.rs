//! What the kernel decided: packets that the firewall of the box refused, and its audit. Each is a record of the chain; what the
//! firewall refused is a finding as well, since no contract covers it.

use std::io;
use std::thread;
use std::time::Duration;

use iia_attest::network::alarm::{addr, refusal};
use iia_capture::live::Reader;
use iia_contract::compile::nft::{GROUP_CROSS_SIDE, GROUP_OBSERVE, GROUP_REJECTED};
use iia_core::event::{Event, EventKind, Field};
use iia_core::stream::Stream;
use iia_core::time::Clock as _;
use tokio::sync::mpsc;

use super::WITH_FIREWALL;
use super::senses::{Heard, Sense, Source};
use super::told::Told;
use crate::tally::{Tally, again};
use crate::workload::{Workload, clock};

/// Bytes of a packet that are read: its headers.
const PACKET_LEN_MAX: u32 = 128;
/// How long nothing may be there before it is looked again, and what is counted is told.
const IDLE: Duration = Duration::from_millis(20);
/// What the firewall logs, and what is told where it cannot be read.
const GROUPS: [(u16, &str); 3] = [
    (GROUP_REJECTED, "what the firewall refuses"),
    (
        GROUP_CROSS_SIDE,
        "what the firewall refuses between the two sides",
    ),
    (
        GROUP_OBSERVE,
        "what the firewall refuses to let out of what only sees",
    ),
];

/// Whoever reads it: the firewall's refusals where the box has one, and the kernel's audit where this process may.
pub(super) fn all(workload: &Workload) -> Vec<Source> {
    let mut all: Vec<Source> = Vec::new();
    if workload.args().iter().any(|arg| arg == WITH_FIREWALL) {
        for (group, what) in GROUPS {
            let open = move || Reader::packets(group, PACKET_LEN_MAX);
            all.push(Box::new(move |heard| follow(what, open, heard)));
        }
    }
    match Reader::audit() {
        Ok(reader) => {
            let mut first = Some(reader);
            let open = move || first.take().map_or_else(Reader::audit, Ok);
            all.push(Box::new(move |heard| {
                follow("the kernel's audit", open, heard)
            }));
        }
        Err(error) => workload.say(&format!("the kernel's audit cannot be read here: {error}")),
    }
    all
}

/// Reads again and again, until nobody listens.
fn follow(
    what: &'static str,
    mut open: impl FnMut() -> io::Result<Reader> + Send + 'static,
    heard: mpsc::Sender<Heard>,
) {
    thread::spawn(move || {
        let mut blind = false;
        while !heard.is_closed() {
            let error = match open() {
                Ok(reader) => {
                    if std::mem::take(&mut blind) {
                        let _nobody = heard.blocking_send(Heard::Seeing(what));
                    }
                    read(reader, &heard).err()
                }
                Err(error) => Some(error),
            };
            if let Some(error) = error.filter(|_| !blind) {
                blind = true;
                let _nobody = heard.blocking_send(Heard::Blind(what, error.to_string()));
            }
            thread::sleep(Duration::from_secs(1));
        }
    });
}

/// Tells the first of each kind at once, and how often it came again each minute.
fn read(mut reader: Reader, heard: &mpsc::Sender<Heard>) -> io::Result<()> {
    let mut tally = Tally::default();
    while !heard.is_closed() {
        let now = clock().read().wall;
        let mut told = Vec::new();
        let any = reader.read((now, false), |event| {
            // What the audit says is never the same.
            let is_packet = event.kind == EventKind::PacketLogged;
            let is_news = !is_packet || tally.take(kind_of(&event), now).is_some();
            told.extend(is_news.then_some(event));
        })?;
        let counted = tally.settle(now).into_iter();
        told.extend(
            counted.map(|(kind, count)| again(EventKind::PacketLogged, kind, (now, count))),
        );
        for event in told {
            let _nobody = heard.blocking_send(Heard::Sensed(Box::new(event)));
        }
        if !any {
            thread::sleep(IDLE);
        }
    }
    Ok(())
}

/// What makes packets the same: everything but the sender's port, which is another each time, and their length.
fn kind_of(event: &Event) -> Vec<(String, String)> {
    let fields = event.fields.iter().filter(|field| field.key != "bytes");
    let value = |field: &Field| match field.key.as_str() {
        "source" => addr(&field.value).to_owned(),
        _ => field.value.clone(),
    };
    fields
        .map(|field| (field.key.clone(), value(field)))
        .collect()
}

/// What the firewall refused, as findings.
pub(super) fn sense() -> Box<dyn Sense> {
    Told::on(Stream::VIOLATION, |heard| match heard {
        Heard::Sensed(event) => refusal(event),
        _ => None,
    })
}
