//! The links of a box, inside and out: that each of them is heard (001:310), and that nobody opens on them what no contract joins.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::net::IpAddr;

use iia_contract::catalog::Catalog;
use iia_contract::topology::{L4, Topology};
use iia_core::Timestamp;
use iia_core::finding::{Conclusion, Finding};
use iia_core::observe::{Flow, Transport};
use iia_core::time::SECOND_NS;

use super::deed::Deed;
use super::known::{Known, News};
use super::outbox::{Outbox, finding, sight};
use crate::correlator::Correlator;
use crate::policy_drift::Agreed;

/// Kinds of connection that no contract joins and that are told apart at most, of an hour; beyond it they are counted together.
pub const STRANGERS_MAX: usize = 1024;
/// How long a link may be there unheard before that is told, in nanoseconds.
pub const DEAF_MAX_NS: i64 = 2 * SECOND_NS;
/// How long nobody may look before that is told, in nanoseconds.
pub const UNSEEN_MAX_NS: i64 = 10 * SECOND_NS;

/// The number of SCTP.
const SCTP: u8 = 132;

/// The links that a configuration gives a box: the bridge of each zone, and each interface.
pub fn of(topology: &Topology) -> BTreeSet<String> {
    let bridges = topology.zones.iter().map(|zone| &zone.bridge);
    let interfaces = topology.interfaces.iter().map(|one| &one.name);
    let named = bridges.chain(interfaces).filter(|name| !name.is_empty());
    named.cloned().collect()
}

/// What the kernel says of the links at one time.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Seen {
    /// The links that are there, and whether each is heard.
    Look(BTreeMap<String, bool>),
    /// It was asked and did not say.
    Blind(String),
}

/// The observer of what is heard.
#[derive(Clone, Debug)]
pub struct Coverage {
    links: BTreeSet<String>,
    /// Since when a link is there unheard, and whether that is told.
    deaf: BTreeMap<String, (Timestamp, bool)>,
    said: String,
    looked: Option<Timestamp>,
    blind: bool,
    out: Outbox,
}

impl Coverage {
    /// An observer of these links.
    pub fn new(links: BTreeSet<String>) -> Self {
        Self {
            links,
            deaf: BTreeMap::new(),
            said: String::new(),
            looked: None,
            blind: false,
            out: Outbox::default(),
        }
    }

    /// Findings that nobody took in time.
    pub const fn lost(&self) -> u64 {
        self.out.lost()
    }

    fn look(&mut self, now: Timestamp, there: &BTreeMap<String, bool>) {
        self.looked = Some(now);
        if core::mem::take(&mut self.blind) {
            self.tell(
                now,
                Conclusion::Converge,
                "",
                "links are looked at again".into(),
            );
        }
        for link in self.links.clone() {
            match there.get(&link) {
                Some(false) => self.unheard(now, &link),
                heard => self.heard(now, &link, heard.is_some()),
            }
        }
        self.list(now, there);
    }

    fn unheard(&mut self, now: Timestamp, link: &str) {
        let (since, told) = self.deaf.entry(link.into()).or_insert((now, false));
        if !*told && now.since_ns(*since) >= DEAF_MAX_NS {
            *told = true;
            let words = format!("link {link} is there, and nobody hears what is said on it");
            self.tell(now, Conclusion::Missing, link, words);
        }
    }

    fn heard(&mut self, now: Timestamp, link: &str, there: bool) {
        if let Some((_, true)) = self.deaf.remove(link) {
            let words = match there {
                true => format!("link {link} is heard"),
                false => format!("link {link} is not there any more"),
            };
            self.tell(now, Conclusion::Converge, link, words);
        }
    }

    /// Says which links are heard, each time that is another list.
    fn list(&mut self, now: Timestamp, there: &BTreeMap<String, bool>) {
        let of = |what: Option<bool>| -> Vec<&str> {
            let links = self.links.iter().map(String::as_str);
            links
                .filter(|link| there.get(*link).copied() == what)
                .collect()
        };
        let (heard, deaf, gone) = (of(Some(true)), of(Some(false)), of(None));
        if !deaf.is_empty() {
            return;
        }
        let words = format!(
            "every link that is there is heard, {} of {}: {}; not there: {}",
            heard.len(),
            self.links.len(),
            heard.join(", "),
            gone.join(", ")
        );
        if words != self.said {
            self.said.clone_from(&words);
            self.tell(now, Conclusion::Converge, "every link", words);
        }
    }

    fn tell(&mut self, now: Timestamp, conclusion: Conclusion, link: &str, words: String) {
        self.out.say(Finding {
            source: link.into(),
            ..finding(now, conclusion, ("", "links"), words)
        });
    }
}

impl Correlator for Coverage {
    type Observation = Seen;

    fn handle_observation(&mut self, now: Timestamp, seen: Seen) {
        match seen {
            Seen::Look(there) => self.look(now, &there),
            Seen::Blind(why) if !self.blind => {
                self.blind = true;
                let words = format!("the kernel does not say which links are heard: {why}");
                self.tell(now, Conclusion::Missing, "", words);
            }
            Seen::Blind(_) => {}
        }
    }

    fn handle_timeout(&mut self, now: Timestamp) {
        let looked = *self.looked.get_or_insert(now);
        if now.since_ns(looked) >= UNSEEN_MAX_NS && !self.blind {
            self.blind = true;
            let words = "nobody has looked whether the links are heard".into();
            self.tell(now, Conclusion::Missing, "", words);
        }
    }

    fn poll_finding(&mut self) -> Option<Finding> {
        self.out.poll()
    }

    fn poll_timeout(&self) -> Option<Timestamp> {
        let looked = self.looked.filter(|_| !self.blind);
        looked.map(|at| at + UNSEEN_MAX_NS)
    }
}

/// The observer of what is opened between the zones of a box, and between them and others.
#[derive(Clone, Debug)]
pub struct Inside {
    agreed: Agreed,
    strangers: Known<(IpAddr, IpAddr, L4, u16)>,
    out: Outbox,
}

impl Inside {
    /// An observer of what the catalog lets be opened.
    pub fn new(catalog: &Catalog, topology: &Topology) -> Self {
        Self {
            agreed: Agreed::read(catalog, topology),
            strangers: Known::new(STRANGERS_MAX),
            out: Outbox::default(),
        }
    }

    /// Takes what was done on a link.
    pub fn handle_deed(&mut self, now: Timestamp, link: &str, deed: &Deed) {
        match deed {
            Deed::Flow { flow, .. } => self.flow(now, link, flow),
            Deed::Lost(count) => {
                let words = format!("{count} frames of link {link} were lost or could not be read");
                self.out.say(sight(now, words));
            }
            // What is said within a connection is TLS; frames without IP are how a link is kept.
            _ => {}
        }
    }

    fn flow(&mut self, now: Timestamp, link: &str, flow: &Flow) {
        let l4 = match flow.transport {
            Transport::Tcp => L4::Tcp,
            Transport::Udp => L4::Udp,
            Transport::Ip(SCTP) => L4::Sctp,
            Transport::Ip(_) => return,
        };
        let (source, destination, port) = (flow.orig_h, flow.resp_h, flow.resp_p);
        if self.agreed.joins((source, destination), (l4, port)) {
            return;
        }
        match self.strangers.meet(now, (source, destination, l4, port), 1) {
            News::Told => {}
            News::NoRoom => {
                if let Some(count) = self.strangers.overflow(now) {
                    let words = format!(
                        "more than {STRANGERS_MAX} kinds of connection on the links of the box that no contract joins, in an \
                         hour: {count} since are counted"
                    );
                    self.out.say(sight(now, words));
                }
            }
            News::New => {
                let place = core::net::SocketAddr::new(destination, port);
                let name = l4.name();
                let words = format!(
                    "{source} opens {name} to {place} on link {link}, and no contract joins them"
                );
                self.out.say(Finding {
                    source: source.to_string(),
                    destination: place.to_string(),
                    operation: format!("{name} on {link}"),
                    ..finding(now, Conclusion::Diverge, ("", "parties"), words)
                });
            }
        }
    }

    /// The next finding.
    pub fn poll_finding(&mut self) -> Option<Finding> {
        self.out.poll()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(secs)
    }

    fn look(there: &[(&str, bool)]) -> Seen {
        let each = there.iter().map(|(link, heard)| ((*link).into(), *heard));
        Seen::Look(each.collect())
    }

    fn told(coverage: &mut Coverage) -> Vec<(Conclusion, String)> {
        let found = core::iter::from_fn(|| coverage.poll_finding());
        found.map(|one| (one.conclusion, one.reason)).collect()
    }

    #[test]
    fn a_link_that_nobody_hears_is_told_once_and_when_it_is_over() {
        let links = ["acs0", "iz-lake"].map(String::from);
        let mut coverage = Coverage::new(links.into_iter().collect());
        coverage.handle_observation(at(0), look(&[("acs0", true)]));
        let said = told(&mut coverage);
        assert_eq!(
            said,
            [(
                Conclusion::Converge,
                "every link that is there is heard, 1 of 2: acs0; not there: iz-lake".into()
            )]
        );
        for second in 1..6 {
            let deaf = look(&[("acs0", true), ("iz-lake", false), ("other", false)]);
            coverage.handle_observation(at(second), deaf);
            let said = told(&mut coverage);
            let is_due = second == 3;
            assert_eq!(said.len(), usize::from(is_due), "{second} {said:?}");
        }
        coverage.handle_observation(at(6), look(&[("acs0", true), ("iz-lake", true)]));
        let said = told(&mut coverage);
        assert_eq!(said[0].1, "link iz-lake is heard");
        assert!(said[1].1.contains("2 of 2: acs0, iz-lake; not there: "));
        coverage.handle_timeout(at(15));
        assert!(told(&mut coverage).is_empty());
        coverage.handle_timeout(at(16));
        assert_eq!(told(&mut coverage)[0].0, Conclusion::Missing);
    }
}
