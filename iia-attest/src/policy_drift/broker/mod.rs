//! Brokers: what the files of mosquitto or nats-server let be said and heard, against what the contracts let be.
//!
//! The observer reads the files itself, as the broker reads them, and asks of every name and topic what would be let: what
//! is agreed must be, and nothing else may. What it asks is drawn from both sides, and it is enough: a topic that stands
//! for all of a filter is covered by those rules alone that cover all of it, so that two sets of rules which agree on all
//! such topics, and on those where filters meet, agree on every topic.

mod agreed;
mod ask;
mod filter;
mod read;
mod rules;

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt::{self, Display, Formatter};
use core::net::SocketAddr;

use iia_contract::catalog::Catalog;
use iia_contract::topology::Topology;
use iia_core::Timestamp;
use iia_core::finding::Finding;

pub use self::ask::QUESTIONS_MAX;

use self::agreed::Agreed;
use self::rules::{Loaded, verdict};
use super::file::{self, File, ReadError};
use super::told::{Difference, Found, Told, add};
use crate::correlator::Correlator;

/// Which broker.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Bus {
    /// Topics of MQTT, as mosquitto serves them; clients are known by the common names of their certificates.
    Topics,
    /// Subjects, as nats-server serves them; clients are known by the URIs of their certificates, and others by `CN=…`.
    Subjects,
}

/// What is done with a topic.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Act {
    /// Saying something.
    Publish,
    /// Hearing what is said.
    Subscribe,
}

impl Display for Act {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Publish => "publish",
            Self::Subscribe => "hear",
        })
    }
}

/// A client, as it comes to a broker.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Client {
    /// What the broker reads from its certificate, where it shows one.
    pub certificate: Option<String>,
    /// The user name that it gives.
    pub user: Option<String>,
    /// Whether it gives the password of that user.
    pub has_password: bool,
}

/// What is seen of a broker.
#[derive(Clone, Debug)]
pub enum Seen {
    /// Its files, the main one first, with all that it names.
    Files(Vec<File>),
    /// With which main file the broker runs, and when it last loaded it: at its start, or when it was told to.
    Running {
        /// The file, as its process was told.
        path: String,
        /// When.
        loaded: Timestamp,
    },
    /// Somebody changed its files, as the machine's own audit has it.
    Changed {
        /// Such as `vi (process 4711, root)`.
        by: String,
    },
    /// What the broker did: it let a client do something, or refused.
    Did {
        /// The client.
        client: Client,
        /// What it wanted.
        act: Act,
        /// The topic, or the subject.
        topic: String,
        /// Whether it was let.
        is_let: bool,
    },
    /// The files cannot be read.
    Unreadable {
        /// Why, in words.
        why: String,
    },
}

/// What a broker's files say.
#[derive(Clone, Debug)]
pub struct Rules {
    bus: Bus,
    loaded: Loaded,
}

impl Rules {
    /// Reads the files of a broker, the main one first.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn read(bus: Bus, files: &[File]) -> Result<Self, ReadError> {
        let loaded = Loaded::read(bus, files)?;
        Ok(Self { bus, loaded })
    }

    /// Whether some door lets the client in and do this, under a client id.
    pub fn lets(&self, client: &Client, id: &str, act: Act, topic: &str) -> bool {
        let topic = levels(self.bus, topic);
        self.loaded.doors.iter().any(|door| {
            let who = door.lets_in(client);
            who.is_some_and(|who| verdict(&door.rights.of(&who, id, act), &topic).0)
        })
    }

    /// Whether some door lets the client in.
    pub fn lets_in(&self, client: &Client) -> bool {
        let mut doors = self.loaded.doors.iter();
        doors.any(|door| door.lets_in(client).is_some())
    }
}

fn levels(bus: Bus, topic: &str) -> Vec<String> {
    let between = match bus {
        Bus::Topics => '/',
        Bus::Subjects => '.',
    };
    topic.split(between).map(String::from).collect()
}

/// The observer of one broker.
#[derive(Clone, Debug)]
pub struct BrokerDrift {
    bus: Bus,
    agreed: Agreed,
    told: Told,
    /// The main file, when any file was last written, and what they say.
    path: String,
    written: Option<(Timestamp, String)>,
    rules: Option<Rules>,
    running: Option<(String, Timestamp)>,
    /// What differs by the files alone, and what the broker did that they do not say.
    found: Found,
    did: Found,
}

impl BrokerDrift {
    /// An observer of a broker that serves all topics of the catalog.
    pub fn new(bus: Bus, catalog: &Catalog, topology: &Topology) -> Self {
        Self::at(bus, catalog, topology, &[])
    }

    /// An observer of a broker of the cell, which serves the devices whose contracts name one of these places.
    pub fn at(bus: Bus, catalog: &Catalog, topology: &Topology, places: &[SocketAddr]) -> Self {
        Self {
            bus,
            agreed: Agreed::read(bus, catalog, topology, places),
            told: Told::new("the broker's policy"),
            path: String::new(),
            written: None,
            rules: None,
            running: None,
            found: Found::new(),
            did: Found::new(),
        }
    }

    /// Whether the files were seen and said what is agreed when they were last seen.
    pub fn converges(&self) -> bool {
        self.told.converges()
    }

    fn files(&mut self, now: Timestamp, files: &[File]) {
        let loaded = match Loaded::read(self.bus, files) {
            Ok(loaded) => loaded,
            Err(error) => return self.told.blind(now, &error.to_string()),
        };
        self.told.seen(now);
        self.found = ask::differences(&self.agreed, &loaded, &file::fresh(files));
        self.path = files
            .first()
            .map_or_else(String::new, |file| file.path.clone());
        let written = files
            .iter()
            .filter_map(|file| Some((file.written?, file.path.clone())));
        self.written = written.max();
        let bus = self.bus;
        self.rules = Some(Rules { bus, loaded });
        self.did.clear();
        self.tell(now, file::last_written(files.iter()));
    }

    /// What the files say, and whether the broker enforces them at all.
    fn tell(&mut self, now: Timestamp, last_change: Option<String>) {
        let mut found = self.found.clone();
        for (key, difference) in &self.did {
            add(&mut found, key.clone(), difference.clone());
        }
        if let Some((path, loaded)) = self.running.as_ref().filter(|_| self.rules.is_some()) {
            if *path != self.path {
                let words = format!(
                    "the broker runs with {path}, and not with {}: what it enforces is not what was looked at",
                    self.path
                );
                note(&mut found, "running", words, path.clone());
            }
            if let Some((written, path)) = self.written.as_ref().filter(|(at, _)| at > loaded) {
                let words = format!(
                    "{path} was written at {written}, after the broker loaded its files at {loaded}: it enforces what \
                     stood there before"
                );
                note(&mut found, "reload", words, path.clone());
            }
        }
        self.told.tell(now, found, last_change);
    }

    /// What the broker did says which files it has loaded.
    fn did(&mut self, now: Timestamp, client: &Client, (act, topic): (Act, &str), is_let: bool) {
        let Some(rules) = &self.rules else {
            return;
        };
        if rules.lets(client, "", act, topic) == is_let {
            return;
        }
        let who = client.certificate.as_ref().or(client.user.as_ref());
        let who = who.map_or_else(|| "whoever comes without a name".to_string(), Clone::clone);
        let (did, says) = match is_let {
            true => ("let", "refuse"),
            false => ("refused", "let"),
        };
        let words = format!(
            "the broker {did} {who} {act} {topic}, which its files {says}: it enforces something else than what is on \
             the disk"
        );
        let difference = Difference {
            clause: "loaded",
            words,
            who,
            operation: format!("{act} {topic}"),
            evidence: Vec::from([self.path.clone()]),
            ..Difference::default()
        };
        add(
            &mut self.did,
            format!("did {}", difference.words),
            difference,
        );
        self.tell(now, None);
    }
}

fn note(found: &mut Found, key: &str, words: String, at: String) {
    let difference = Difference {
        clause: "loaded",
        words,
        evidence: Vec::from([at]),
        ..Difference::default()
    };
    add(found, key.into(), difference);
}

impl Correlator for BrokerDrift {
    type Observation = Seen;

    fn handle_observation(&mut self, now: Timestamp, seen: Seen) {
        match seen {
            Seen::Files(files) => self.files(now, &files),
            Seen::Running { path, loaded } => {
                self.running = Some((path, loaded));
                if self.rules.is_some() {
                    self.tell(now, None);
                }
            }
            Seen::Changed { by } => self.told.changed(by),
            Seen::Did {
                client,
                act,
                topic,
                is_let,
            } => self.did(now, &client, (act, &topic), is_let),
            Seen::Unreadable { why } => self.told.blind(now, &why),
        }
    }

    fn handle_timeout(&mut self, now: Timestamp) {
        self.told.handle_timeout(now);
    }

    fn poll_finding(&mut self) -> Option<Finding> {
        self.told.poll_finding()
    }

    fn poll_timeout(&self) -> Option<Timestamp> {
        self.told.poll_timeout()
    }
}
