//! `ot.attestation.policy_drift`: what the kernel's firewall really does, against what the contracts let be opened.
//!
//! The observer compares meaning and not text. It reads the catalog itself, reads the listing of the kernel itself, and
//! asks for thousands of packets what the loaded rules would do with each: what is agreed must pass, and nothing else
//! may. So it does not matter whether a person flushed the rules, an element is gone, a rule stands before another, or
//! the compiler was wrong; and a ruleset that is written otherwise and means the same is no finding. It shares no code
//! with the compilers.

pub mod admission;
mod agreed;
pub mod broker;
mod file;
mod odd;
pub mod ovn;
mod packet;
mod probes;
mod read;
mod told;
mod verdict;

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use iia_contract::catalog::Catalog;
use iia_contract::topology::Topology;
use iia_core::Timestamp;
use iia_core::finding::Finding;

pub use self::file::{DEPTH_MAX, FILE_LEN_MAX, FILES_MAX, File, RULES_MAX, ReadError};
pub use self::packet::{Hook, Packet};
pub use self::probes::PROBES_MAX;
pub use self::read::{LISTING_LEN_MAX, Unreadable};
pub use self::told::{DIFFERENCES_MAX, SILENCE_NS, WAITING_MAX};

pub(crate) use self::agreed::Agreed;
use self::probes::Ground;
use self::read::Loaded;
use self::told::{Difference, Found, Told, add};
use self::verdict::{Verdict, verdict};
use crate::correlator::Correlator;

/// What is seen of the policy.
#[derive(Clone, Debug)]
pub enum Seen {
    /// What is loaded, twice, because old versions of nft leave out of their JSON which tables sleep and which device a
    /// chain is for; and the interfaces that there are.
    Listing {
        /// What `nft -j list ruleset` writes.
        listing: Vec<u8>,
        /// What `nft -t list ruleset` writes.
        outline: String,
        /// Names, such as `acs0`.
        interfaces: Vec<String>,
    },
    /// The kernel says that its rules were changed, and by which process.
    Changed {
        /// Such as `nft (process 4711)`.
        by: String,
    },
    /// The policy cannot be read.
    Unreadable {
        /// Why, in words.
        why: String,
    },
}

/// A policy as it is loaded.
#[derive(Clone, Debug)]
pub struct Policy(Loaded);

impl Policy {
    /// Reads what `nft -j list ruleset` and `nft -t list ruleset` list.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub fn read(listing: &[u8], outline: &str) -> Result<Self, Unreadable> {
        Loaded::read(listing, outline).map(Self)
    }

    /// Whether the first packet of a connection passes; nothing where it is in the hands of a statement that is not
    /// known here.
    pub fn passes(&self, packet: &Packet) -> Option<bool> {
        match verdict(&self.0, packet) {
            Verdict::Passes(_) => Some(true),
            Verdict::Dropped(_) => Some(false),
            Verdict::Unclear(_) => None,
        }
    }
}

/// The observer.
#[derive(Clone, Debug)]
pub struct PolicyDrift {
    agreed: Agreed,
    ground: Ground,
    told: Told,
}

impl PolicyDrift {
    /// An observer of what the contracts open on a box.
    pub fn new(catalog: &Catalog, topology: &Topology) -> Self {
        let agreed = Agreed::read(catalog, topology);
        Self {
            ground: Ground::new(topology, &agreed),
            agreed,
            told: Told::new("the policy"),
        }
    }

    /// Whether the policy was seen and was what is agreed when it was last seen.
    pub fn converges(&self) -> bool {
        self.told.converges()
    }

    fn look(&mut self, now: Timestamp, loaded: &Loaded, interfaces: &[String]) {
        let mut found = Found::new();
        let filtered: Vec<Hook> = Hook::ALL
            .into_iter()
            .filter(|hook| !loaded.at(*hook).is_empty())
            .collect();
        for hook in Hook::ALL {
            if !filtered.contains(&hook) {
                let words = format!(
                    "nothing filters what passes {}: no chain is there",
                    hook.name()
                );
                note(&mut found, hook.name().into(), ("", "default_deny", words));
            }
        }
        self.blocked(loaded, &mut found);
        self.open(loaded, &filtered, &mut found);
        self.egress(loaded, interfaces, &mut found);
        // Where a box only sees, its host may be deaf: whoever observes hears before the chain does.
        let deaf = loaded.deaf.iter();
        let deaf = deaf.filter(|(device, _)| !self.agreed.silent.contains(*device));
        for what in loaded.unread.iter().chain(deaf.map(|(_, chain)| chain)) {
            let words = format!("{what} is loaded, and no contract asks for it");
            note(&mut found, what.clone(), ("", "surplus", words));
        }
        self.told.tell(now, found, None);
    }

    /// What is agreed and does not pass.
    fn blocked(&self, loaded: &Loaded, found: &mut Found) {
        for (way, packet) in self.ground.agreed(&self.agreed) {
            let by = match verdict(loaded, &packet) {
                Verdict::Passes(_) => continue,
                Verdict::Dropped(by) => format!("dropped by {by}"),
                Verdict::Unclear(by) => format!("in the hands of {by}, which no contract asks for"),
            };
            let words = format!("contract {} is agreed, and {packet} is {by}", way.by);
            note(
                found,
                format!("blocked {}", way.by),
                (&way.by, "parties", words),
            );
        }
    }

    /// What passes and is not agreed: one difference for whatever lets it pass.
    fn open(&self, loaded: &Loaded, hooks: &[Hook], found: &mut Found) {
        let (packets, is_full) = self.ground.others(&self.agreed, loaded);
        let mut open: BTreeMap<String, (Packet, u64)> = BTreeMap::new();
        for packet in packets {
            if !hooks.contains(&packet.hook) || self.agreed.allows(&packet) {
                continue;
            }
            let by = match verdict(loaded, &packet) {
                Verdict::Dropped(_) => continue,
                Verdict::Passes(by) | Verdict::Unclear(by) => by,
            };
            open.entry(by).or_insert((packet, 0)).1 += 1;
        }
        for (by, (packet, count)) in open {
            let more = match count - 1 {
                0 => String::new(),
                more => format!(" (and {more} more of those asked about)"),
            };
            let words = format!("{packet} passes by {by}, and no contract allows it{more}");
            note(found, format!("open {by}"), ("", "surplus", words));
        }
        if is_full {
            let words =
                format!("more than {PROBES_MAX} packets to ask about: the rest was not asked");
            note(found, "probes".into(), ("", "limit", words));
        }
    }

    /// Interfaces that see and never send, of those that are there.
    fn egress(&self, loaded: &Loaded, interfaces: &[String], found: &mut Found) {
        let seen = self.agreed.silent.iter();
        let seen = seen.filter(|name| interfaces.contains(name) && !loaded.silent.contains(*name));
        for name in seen {
            let words = format!("{name} only sees, and nothing keeps it from sending");
            note(found, format!("egress {name}"), ("", "passive", words));
        }
    }
}

/// Adds a difference in words.
fn note(found: &mut Found, key: String, (contract, clause, words): (&str, &'static str, String)) {
    let difference = Difference {
        contract: contract.to_string(),
        clause,
        words,
        ..Difference::default()
    };
    add(found, key, difference);
}

impl Correlator for PolicyDrift {
    type Observation = Seen;

    fn handle_observation(&mut self, now: Timestamp, seen: Seen) {
        match seen {
            Seen::Changed { by } => self.told.changed(by),
            Seen::Unreadable { why } => self.told.blind(now, &why),
            Seen::Listing {
                listing,
                outline,
                interfaces,
            } => match Loaded::read(&listing, &outline) {
                Ok(loaded) => {
                    self.told.seen(now);
                    self.look(now, &loaded, &interfaces);
                }
                Err(error) => self.told.blind(now, &error.to_string()),
            },
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
