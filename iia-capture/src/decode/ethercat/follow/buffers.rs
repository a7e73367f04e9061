//! What the buffers of each slave are for, as the master has set them (ETG.1000.4, 6.7).

use hashbrown::HashMap;

use super::{Act, Place, Station};
use crate::decode::ethercat::register::{self, Manager};

/// Stations whose settings are remembered at most; of more, messages are known by their bytes.
pub const STATIONS_MAX: usize = 1024;
/// Managers of a slave.
const MANAGERS: usize = 16;

/// The settings of all slaves.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    stations: HashMap<Place, [Option<Manager>; MANAGERS]>,
}

impl Buffers {
    /// Learns from a write, or from a read of what another one wrote.
    pub(super) fn act(&mut self, act: &Act<'_>) {
        if act.offset >= register::END {
            return;
        }
        for manager in register::managers(act.offset, act.data) {
            match act.place.station {
                Station::All if act.effect.writes => self.set_all(act.place.ring, manager),
                Station::All => {}
                _ => self.set(act.place, manager),
            }
        }
    }

    fn set(&mut self, place: Place, manager: Manager) {
        if self.stations.len() >= STATIONS_MAX && !self.stations.contains_key(&place) {
            return;
        }
        let managers = self.stations.entry(place).or_default();
        if let Some(slot) = managers.get_mut(usize::from(manager.number)) {
            *slot = Some(manager);
        }
    }

    fn set_all(&mut self, ring: u64, manager: Manager) {
        let of_ring = self
            .stations
            .iter_mut()
            .filter(|(place, _)| place.ring == ring);
        for (_, managers) in of_ring {
            if let Some(slot) = managers.get_mut(usize::from(manager.number)) {
                *slot = Some(manager);
            }
        }
    }

    /// Whether a buffer that starts there is a mailbox; `None` where no such buffer is known.
    pub(super) fn mailbox(&self, place: Place, offset: u16) -> Option<bool> {
        let managers = self.stations.get(&place)?.iter().flatten();
        let mut starts = managers.filter(|one| one.enabled && one.len > 0 && one.start == offset);
        starts.next().map(|manager| manager.mailbox)
    }
}
