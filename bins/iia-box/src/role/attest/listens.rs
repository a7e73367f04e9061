//! An observer on the clock of the machine, which takes what it is shown as it is, and whoever shows it each second.

use std::thread;
use std::time::Duration;

use iia_attest::correlator::Correlator;
use iia_core::Timestamp;
use iia_core::finding::Finding;
use iia_core::stream::Stream;
use tokio::sync::mpsc;

use super::senses::{Heard, Sense, Source};

/// How often what lies on the disk, or in a database, is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Looks again and again, until nobody listens.
pub(super) fn each_second(look: impl Fn() -> Heard + Send + 'static) -> Source {
    Box::new(move |heard: mpsc::Sender<Heard>| {
        thread::spawn(move || {
            while !heard.is_closed() {
                if heard.blocking_send(look()).is_err() {
                    return;
                }
                thread::sleep(LOOK_EVERY);
            }
        });
    })
}

/// The observer, and what of all that is heard concerns it.
pub(super) struct Listens<C, T> {
    stream: Stream,
    observer: C,
    takes: T,
    unseen: fn(&C) -> u64,
}

impl<C, T> Listens<C, T>
where
    C: Correlator + 'static,
    T: Fn(&Heard) -> Option<Vec<C::Observation>> + 'static,
{
    /// The observer of a stream; what finds no room in it is a finding of its own.
    pub(super) fn on(stream: Stream, observer: C, takes: T) -> Box<dyn Sense> {
        Self::counting(stream, observer, (takes, |_| 0))
    }

    /// The same, of an observer that counts what finds no room.
    pub(super) fn counting(
        stream: Stream,
        observer: C,
        (takes, unseen): (T, fn(&C) -> u64),
    ) -> Box<dyn Sense> {
        Box::new(Self {
            stream,
            observer,
            takes,
            unseen,
        })
    }
}

impl<C, T> Sense for Listens<C, T>
where
    C: Correlator,
    T: Fn(&Heard) -> Option<Vec<C::Observation>>,
{
    fn stream(&self) -> Stream {
        self.stream.clone()
    }

    fn hear(&mut self, now: Timestamp, heard: &Heard) -> anyhow::Result<bool> {
        let Some(seen) = (self.takes)(heard) else {
            return Ok(false);
        };
        for one in seen {
            self.observer.handle_observation(now, one);
        }
        Ok(true)
    }

    /// That nobody looks is told by its silence.
    fn tick(&mut self, now: Timestamp) {
        self.observer.handle_timeout(now);
    }

    fn poll(&mut self) -> Option<Finding> {
        self.observer.poll_finding()
    }

    fn unseen(&self) -> u64 {
        (self.unseen)(&self.observer)
    }
}
