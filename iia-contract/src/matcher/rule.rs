//! One device contract with what is asked most laid beside it, so that a verdict touches little memory.

use alloc::vec::Vec;

use iia_core::observe::Protocol;

use super::place::{Place, Prefix};
use super::range::Ranges;
use super::runs::Runs;
use super::set::Set;
use crate::scope::{Device, Ethernet};

/// A device contract.
#[derive(Clone, Debug)]
pub(super) struct Rule<'a> {
    pub(super) contract: u32,
    pub(super) protocol: Protocol,
    pub(super) every_unit: bool,
    pub(super) vlans: &'a [u16],
    pub(super) units: Set,
    pub(super) functions: Set,
    pub(super) reads: Runs,
    pub(super) writes: Runs,
    pub(super) device: &'a Device,
    pub(super) ranges: Ranges,
}

impl<'a> Rule<'a> {
    pub(super) fn new(contract: u32, device: &'a Device) -> Self {
        Self {
            contract,
            device,
            protocol: device.protocol,
            vlans: &device.vlans,
            reads: Runs::of(&device.reads),
            writes: Runs::of(&device.writes),
            every_unit: device.units.is_empty(),
            units: Set::of(&device.units),
            functions: Set::of(&device.functions),
            ranges: Ranges::new(device),
        }
    }

    fn ethernet(&self) -> Option<&'a Ethernet> {
        self.device.ethernet.as_deref()
    }

    /// Everywhere that it is answered.
    pub(super) fn places(&self) -> Vec<Place> {
        let servers = self.device.servers.iter().map(Place::of_server);
        let frames = self.ethernet().into_iter().flat_map(|ethernet| {
            let receivers = ethernet.receivers.iter();
            receivers.flat_map(|receiver| {
                let types = ethernet.ethertypes.iter();
                types.map(|ethertype| Place::of_mac(*receiver, *ethertype))
            })
        });
        servers.chain(frames).collect()
    }

    /// Everybody who may ask.
    pub(super) fn prefixes(&self) -> Vec<Prefix> {
        let nets = self.device.clients.iter().map(Prefix::of_net);
        let senders = self.ethernet().into_iter();
        let senders = senders.flat_map(|ethernet| &ethernet.senders);
        nets.chain(senders.map(|sender| Prefix::of_mac(*sender)))
            .collect()
    }
}
