//! `ot.attestation.policy_drift`: what the kernel's firewall really does, against what the contracts let be opened.
//!
//! The observer compares meaning and not text. It reads the catalog itself, reads the listing of the kernel itself, and
//! asks for thousands of packets what the loaded rules would do with each: what is agreed must pass, and nothing else
//! may. So it does not matter whether a person flushed the rules, an element is gone, a rule stands before another, or
//! the compiler was wrong; and a ruleset that is written otherwise and means the same is no finding. It shares no code
//! with the compilers.

mod agreed;
mod odd;
mod packet;
mod probes;
mod read;
mod verdict;

use alloc::collections::{BTreeMap, VecDeque};
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use iia_contract::catalog::Catalog;
use iia_contract::topology::Topology;
use iia_core::Timestamp;
use iia_core::finding::{Conclusion, Finding, Severity};
use iia_core::stream::Stream;

pub use self::packet::{Hook, Packet};
pub use self::probes::PROBES_MAX;
pub use self::read::{LISTING_LEN_MAX, Unreadable};

use self::agreed::Agreed;
use self::probes::Ground;
use self::read::Loaded;
use self::verdict::{Verdict, verdict};
use crate::correlator::Correlator;

/// Differences that one look tells; the last one says how many more there are.
pub const DIFFERENCES_MAX: usize = 64;
/// How long nothing may be seen of the policy before that is a finding, in nanoseconds.
pub const SILENCE_NS: i64 = 30 * iia_core::time::SECOND_NS;

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
    /// What differs now, by what it is about, with its clause and contract.
    differs: BTreeMap<String, Difference>,
    changed_by: Option<String>,
    /// When something was last seen of the policy, and whether its absence is told.
    last: Option<Timestamp>,
    silent: bool,
    /// Whether it was seen at all.
    is_seen: bool,
    findings: VecDeque<Finding>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
struct Difference {
    contract: String,
    clause: &'static str,
    words: String,
}

impl PolicyDrift {
    /// An observer of what the contracts open on a box.
    pub fn new(catalog: &Catalog, topology: &Topology) -> Self {
        let agreed = Agreed::read(catalog, topology);
        Self {
            ground: Ground::new(topology, &agreed),
            agreed,
            differs: BTreeMap::new(),
            changed_by: None,
            last: None,
            silent: false,
            is_seen: false,
            findings: VecDeque::new(),
        }
    }

    /// Whether the policy was seen and was what is agreed when it was last seen.
    pub fn converges(&self) -> bool {
        self.is_seen && !self.silent && self.differs.is_empty()
    }

    fn look(&mut self, now: Timestamp, loaded: &Loaded, interfaces: &[String]) {
        let mut found = BTreeMap::new();
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
                add(&mut found, hook.name().into(), ("", "default_deny", words));
            }
        }
        self.blocked(loaded, &mut found);
        self.open(loaded, &filtered, &mut found);
        self.egress(loaded, interfaces, &mut found);
        for what in &loaded.unread {
            let words = format!("{what} is loaded, and no contract asks for it");
            add(&mut found, what.clone(), ("", "surplus", words));
        }
        self.tell(now, found);
    }

    /// What is agreed and does not pass.
    fn blocked(&self, loaded: &Loaded, found: &mut BTreeMap<String, Difference>) {
        for (way, packet) in self.ground.agreed(&self.agreed) {
            let by = match verdict(loaded, &packet) {
                Verdict::Passes(_) => continue,
                Verdict::Dropped(by) => format!("dropped by {by}"),
                Verdict::Unclear(by) => format!("in the hands of {by}, which no contract asks for"),
            };
            let words = format!("contract {} is agreed, and {packet} is {by}", way.by);
            add(
                found,
                format!("blocked {}", way.by),
                (&way.by, "parties", words),
            );
        }
    }

    /// What passes and is not agreed: one difference for whatever lets it pass.
    fn open(&self, loaded: &Loaded, hooks: &[Hook], found: &mut BTreeMap<String, Difference>) {
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
            add(found, format!("open {by}"), ("", "surplus", words));
        }
        if is_full {
            let words =
                format!("more than {PROBES_MAX} packets to ask about: the rest was not asked");
            add(found, "probes".into(), ("", "limit", words));
        }
    }

    /// Interfaces that see and never send, of those that are there.
    fn egress(
        &self,
        loaded: &Loaded,
        interfaces: &[String],
        found: &mut BTreeMap<String, Difference>,
    ) {
        let seen = self.agreed.silent.iter();
        let seen = seen.filter(|name| interfaces.contains(name) && !loaded.silent.contains(*name));
        for name in seen {
            let words = format!("{name} only sees, and nothing keeps it from sending");
            add(found, format!("egress {name}"), ("", "passive", words));
        }
    }

    /// What is new diverges, what is gone converges; both name who changed the policy last.
    fn tell(&mut self, now: Timestamp, found: BTreeMap<String, Difference>) {
        let by = self.changed_by.take();
        let by = by.map_or_else(String::new, |by| format!("; changed by {by}"));
        let was = core::mem::replace(&mut self.differs, found);
        let mut told = Vec::new();
        for (key, difference) in &self.differs {
            if was.get(key).is_none_or(|was| was.words != difference.words) {
                told.push((Conclusion::Diverge, key.clone(), difference.clone()));
            }
        }
        for (key, difference) in was {
            if !self.differs.contains_key(&key) {
                let words = format!("as agreed again: {}", difference.words);
                told.push((
                    Conclusion::Converge,
                    key,
                    Difference {
                        words,
                        ..difference
                    },
                ));
            }
        }
        for (conclusion, about, difference) in told {
            let words = format!("{}{by}", difference.words);
            self.report(
                now,
                conclusion,
                Difference {
                    words,
                    ..difference
                },
            );
            // Its return ends this and nothing else.
            if let Some(last) = self.findings.back_mut() {
                last.destination = about;
            }
        }
    }

    fn report(&mut self, now: Timestamp, conclusion: Conclusion, difference: Difference) {
        let finding = Finding {
            ts_ns: now.as_ns(),
            stream: Stream::ATTEST_POLICY_DRIFT.as_str().into(),
            conclusion,
            severity: match conclusion {
                Conclusion::Converge => Severity::High,
                // What should prevent does not.
                _ => Severity::Critical,
            },
            contract: difference.contract,
            clause: difference.clause.into(),
            source: String::new(),
            destination: String::new(),
            operation: String::new(),
            reason: difference.words,
            evidence: Vec::new(),
        };
        self.findings.push_back(finding);
    }

    fn blind(&mut self, now: Timestamp, why: &str) {
        if !core::mem::replace(&mut self.silent, true) {
            let difference = Difference {
                contract: String::new(),
                clause: "sight",
                words: format!("the policy cannot be seen: {why}"),
            };
            self.report(now, Conclusion::Missing, difference);
        }
    }
}

/// Adds a difference; the last one there is room for says how many there are beside it.
fn add(found: &mut BTreeMap<String, Difference>, key: String, what: (&str, &'static str, String)) {
    let (contract, clause, words) = what;
    if found.len() < DIFFERENCES_MAX {
        let contract = contract.to_string();
        let difference = Difference {
            contract,
            clause,
            words,
        };
        found.entry(key).or_insert(difference);
        return;
    }
    let more = Difference {
        contract: String::new(),
        clause: "limit",
        words: format!("there is more than these {DIFFERENCES_MAX} differences"),
    };
    found.insert("\u{10ffff}".into(), more);
}

impl Correlator for PolicyDrift {
    type Observation = Seen;

    fn handle_observation(&mut self, now: Timestamp, seen: Seen) {
        match seen {
            Seen::Changed { by } => self.changed_by = Some(by),
            Seen::Unreadable { why } => self.blind(now, &why),
            Seen::Listing {
                listing,
                outline,
                interfaces,
            } => match Loaded::read(&listing, &outline) {
                Ok(loaded) => {
                    self.last = Some(now);
                    self.is_seen = true;
                    if core::mem::take(&mut self.silent) {
                        let difference = Difference {
                            contract: String::new(),
                            clause: "sight",
                            words: "the policy is seen again".into(),
                        };
                        self.report(now, Conclusion::Converge, difference);
                    }
                    self.look(now, &loaded, &interfaces);
                }
                Err(error) => self.blind(now, &error.to_string()),
            },
        }
    }

    fn handle_timeout(&mut self, now: Timestamp) {
        let started = *self.last.get_or_insert(now);
        if now >= started + SILENCE_NS {
            let seconds = SILENCE_NS / iia_core::time::SECOND_NS;
            self.blind(now, &format!("nothing was told of it for {seconds} s"));
        }
    }

    fn poll_finding(&mut self) -> Option<Finding> {
        self.findings.pop_front()
    }

    fn poll_timeout(&self) -> Option<Timestamp> {
        self.last.map(|last| last + SILENCE_NS)
    }
}
