//! The sense of `ot.attestation.io`: what the IO masters state in the chain against what the collector announces.

use std::net::IpAddr;

use iia_attest::io::point::{SKEW_NS, agreed};
use iia_attest::io::wire::{Area, Chunk, Data, Owner, Part, Way};
use iia_attest::io::{Master, Observer, Terms};
use iia_core::Timestamp;
use iia_core::finding::Finding;
use iia_core::observe::Table;
use iia_core::stream::Stream;

use super::senses::{Heard, Sense};
use crate::wire::{Announce, Values};
use crate::workload::Workload;

/// Tables that a point can lie in.
const TABLES: [Table; 4] = [
    Table::Coil,
    Table::DiscreteInput,
    Table::HoldingRegister,
    Table::InputRegister,
];

/// The plant, read twice.
pub(super) struct Plant {
    observer: Observer,
    /// Packets that the collector had heard when it announced last.
    packets: u64,
}

impl Plant {
    /// The observer of the IO masters that the artifact names; nothing where it names none.
    pub(super) fn of(workload: &Workload) -> Option<Self> {
        let masters = workload.io_masters();
        let of_master = |master: &iia_config::io_master::IoMaster| {
            let terms = Terms {
                ppm: master.tolerance_ppm,
                skew_ns: master.skew_ns.unwrap_or(SKEW_NS),
            };
            let points = agreed(workload.catalog(), &master.name, terms);
            let (id, key) = (master.observer.clone(), master.key);
            (Master { id, key }, points)
        };
        (!masters.is_empty()).then(|| Self {
            observer: Observer::new(masters.iter().map(of_master), workload.now()),
            packets: 0,
        })
    }

    /// What the collector says was on the wire.
    fn announced(&mut self, now: Timestamp, announce: &Announce) -> anyhow::Result<()> {
        if announce.packets > std::mem::replace(&mut self.packets, announce.packets) {
            self.observer.handle_box_alive(now);
        }
        let lost = announce.lost.saturating_add(announce.unsaid);
        if lost > 0 {
            self.observer.handle_box_lost(now, lost);
        }
        announce
            .values
            .iter()
            .try_for_each(|values| self.values(now, values))
    }

    fn values(&mut self, now: Timestamp, values: &Values) -> anyhow::Result<()> {
        let server: IpAddr = values.server.parse()?;
        let Some(table) = TABLES
            .into_iter()
            .find(|table| table.name() == values.table)
        else {
            return Ok(());
        };
        let words: Vec<u8> = values
            .values
            .iter()
            .flat_map(|word| word.to_be_bytes())
            .collect();
        let bits = values.values.chunks(8).map(|bits| {
            let each = bits.iter().rev();
            each.fold(0, |byte: u8, bit| byte << 1 | u8::from(*bit != 0))
        });
        let bits: Vec<u8> = bits.collect();
        let data = match table {
            Table::Coil | Table::DiscreteInput => {
                Data::Bits(&bits, u16::try_from(values.values.len())?)
            }
            _ => Data::Bytes(&words),
        };
        let part = Part::Modbus {
            unit: values.unit,
            table,
        };
        let chunk = Chunk {
            area: Area {
                owner: Owner::Ip(server),
                part,
            },
            first: values.first,
            data,
            way: values.took_ns.map_or(Way::Told, |_| Way::Said),
            took_ns: values.took_ns,
        };
        let at = Timestamp::from_ns(values.at_ns);
        self.observer.handle_box(now, at, &chunk);
        Ok(())
    }
}

impl Sense for Plant {
    fn stream(&self) -> Stream {
        Stream::ATTEST_IO
    }

    fn hear(&mut self, now: Timestamp, heard: &Heard) -> anyhow::Result<bool> {
        match heard {
            Heard::Announced(announce) if announce.source == "collect" => {
                self.announced(now, announce)?;
                Ok(true)
            }
            Heard::Recorded(record) => Ok(self.observer.handle_record(now, &record.body)),
            _ => Ok(false),
        }
    }

    fn tick(&mut self, now: Timestamp) {
        self.observer.handle_timeout(now);
    }

    fn poll(&mut self) -> Option<Finding> {
        self.observer.poll_finding()
    }

    fn unseen(&self) -> u64 {
        let counts = self.observer.counts();
        counts.unseen.saturating_add(counts.lost)
    }
}
