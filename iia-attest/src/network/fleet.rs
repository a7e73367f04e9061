//! Several devices under one contract: each that falls silent is named where fewer are left than are expected.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;

use iia_contract::scope::{Device, Text};
use iia_core::Timestamp;
use iia_core::finding::{Conclusion, Finding};

use super::deed::Who;
use super::outbox::{Outbox, finding, sight};
use super::presence::Heard;

/// Devices of one contract that are told apart at most.
pub const FLEET_MAX: usize = 4096;
/// Devices beside those expected that are followed at most: one is enough to say that there are too many.
const SURPLUS_MAX: usize = 16;

/// The devices of a contract.
#[derive(Clone, Debug)]
pub(super) struct Fleet {
    expected: usize,
    silence_ns: i64,
    /// Whether whoever answers is the device; else it is whoever speaks.
    answers: bool,
    /// Those heard within their window.
    heard: BTreeMap<Who, Timestamp>,
    /// Those that fell silent and were told.
    gone: BTreeSet<Who>,
    /// Nobody is missed before the first window ends.
    first_end: Option<Timestamp>,
    /// That too few were heard at all is told.
    short: bool,
    surplus: bool,
    blind: bool,
}

impl Fleet {
    /// Several devices, where the contract expects several and says how long each may be silent.
    pub(super) fn of(device: &Device) -> Option<Self> {
        let expected = device.observed.as_ref()?.expected.filter(|one| *one > 1)?;
        let expected = usize::try_from(expected).ok()?.min(FLEET_MAX);
        Some(Self {
            expected,
            silence_ns: device.silence_ns?,
            answers: device.servers.len() >= expected,
            heard: BTreeMap::new(),
            gone: BTreeSet::new(),
            first_end: None,
            short: false,
            surplus: false,
            blind: false,
        })
    }

    /// Who of the two is the device.
    pub(super) fn device(&self, heard: &Heard) -> Who {
        match self.answers {
            true => heard.server.clone(),
            false => heard.client.clone(),
        }
    }

    /// Begins anew; gives when the first window ends.
    pub(super) fn begin(&mut self, now: Timestamp) -> Timestamp {
        self.heard.clear();
        let end = now + self.silence_ns;
        self.first_end = Some(end);
        end
    }

    /// Nothing can have been heard after now.
    pub(super) fn cut(&mut self, now: Timestamp) {
        self.heard.values_mut().for_each(|at| *at = now.min(*at));
    }

    /// A device was heard; gives an end where none was waited for.
    pub(super) fn heard(
        &mut self,
        contract: &Text,
        device: Who,
        until: Timestamp,
        out: &mut Outbox,
    ) -> Option<Timestamp> {
        if let Some(last) = self.heard.get_mut(&device) {
            *last = until.max(*last);
            return None;
        }
        if self.heard.len() >= self.expected + SURPLUS_MAX {
            if !core::mem::replace(&mut self.blind, true) {
                let reason = format!(
                    "more than {} devices beyond the {} of contract {contract}: further ones are not told apart",
                    SURPLUS_MAX, self.expected
                );
                out.say(sight(until, reason));
            }
            return None;
        }
        let was_empty = self.heard.is_empty() && self.first_end.is_none();
        self.heard.insert(device.clone(), until);
        self.appeared(contract, &device, until, out);
        was_empty.then(|| until + self.silence_ns)
    }

    fn appeared(&mut self, contract: &Text, device: &Who, at: Timestamp, out: &mut Outbox) {
        let (count, expected) = (self.heard.len(), self.expected);
        if self.gone.remove(device) {
            let reason = format!(
                "{device} of contract {contract} is heard again: {count} of {expected} are"
            );
            out.say(about((at, Conclusion::Converge), contract, device, reason));
        }
        if count >= expected {
            // Whoever is still gone was replaced.
            self.gone.clear();
            if core::mem::take(&mut self.short) {
                let reason = format!("all {expected} devices of contract {contract} are heard now");
                let about = (contract.as_str(), "expected");
                out.say(finding(at, Conclusion::Converge, about, reason));
            }
        }
        if count > expected && !core::mem::replace(&mut self.surplus, true) {
            let reason = format!(
                "{device} speaks under contract {contract} as one too many: {expected} devices are expected"
            );
            out.say(about((at, Conclusion::Diverge), contract, device, reason));
        }
    }

    /// Tells whoever has fallen silent by now; gives the next end.
    pub(super) fn pass(
        &mut self,
        contract: &Text,
        now: Timestamp,
        out: &mut Outbox,
    ) -> Option<Timestamp> {
        let (silence_ns, expected) = (self.silence_ns, self.expected);
        let mut ended: alloc::vec::Vec<(Timestamp, Who)> = self
            .heard
            .iter()
            .map(|(device, last)| (*last + silence_ns, device.clone()))
            .filter(|(end, _)| *end <= now)
            .collect();
        ended.sort_unstable();
        for (end, device) in ended {
            self.heard.remove(&device);
            let count = self.heard.len();
            self.surplus &= count > expected;
            if count >= expected {
                continue;
            }
            let seconds = silence_ns as f64 / 1e9;
            let reason = format!(
                "{device} of contract {contract} was not heard for {seconds} s: {count} of {expected} are"
            );
            out.say(about((end, Conclusion::Missing), contract, &device, reason));
            if self.gone.len() < FLEET_MAX {
                self.gone.insert(device);
            }
        }
        if let Some(end) = self.first_end.filter(|end| *end <= now) {
            self.first_end = None;
            self.never_heard(contract, end, out);
        }
        self.end()
    }

    /// At the first window's end: those that are expected and were never heard have no name.
    fn never_heard(&mut self, contract: &Text, end: Timestamp, out: &mut Outbox) {
        let (count, expected) = (self.heard.len() + self.gone.len(), self.expected);
        if count >= expected {
            return;
        }
        self.short = true;
        let seconds = self.silence_ns as f64 / 1e9;
        let reason = format!(
            "contract {contract} expects {expected} devices, and {count} were heard in {seconds} s"
        );
        let about = (contract.as_str(), "expected");
        out.say(finding(end, Conclusion::Missing, about, reason));
    }

    /// When the next window ends.
    pub(super) fn end(&self) -> Option<Timestamp> {
        let first = self
            .heard
            .values()
            .min()
            .map(|last| *last + self.silence_ns);
        match (first, self.first_end) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }
}

fn about(
    (at, conclusion): (Timestamp, Conclusion),
    contract: &Text,
    device: &Who,
    reason: alloc::string::String,
) -> Finding {
    Finding {
        source: format!("{device}"),
        ..finding(at, conclusion, (contract, "expected"), reason)
    }
}
