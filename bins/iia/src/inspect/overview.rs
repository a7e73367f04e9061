//! Many captures, one line each, and what to do next.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use iia::captures::Outcome as Read;
use iia_core::observe::Protocol;

use super::duration;
use super::page::Page;
use crate::table::{Align, Table, count, counted};

/// The lines so far and their sum.
#[derive(Default)]
pub(super) struct Overview {
    rows: Vec<[String; 10]>,
    packets: u64,
    exchanges: u64,
    with_modbus: u64,
    records: BTreeMap<Protocol, u64>,
}

impl Overview {
    pub(super) fn add(&mut self, capture: &Path, read: &Read, page: &Page) {
        let stats = read.stats;
        for (protocol, number) in page.spoken.protocols() {
            *self.records.entry(protocol).or_default() += number;
        }
        self.packets += stats.packets;
        self.exchanges += stats.exchanges;
        self.with_modbus += u64::from(stats.exchanges > 0);
        self.rows.push([
            capture.display().to_string(),
            count(stats.packets),
            duration(read),
            count(stats.conns),
            count(stats.exchanges),
            protocols(&page.spoken.protocols()),
            count(page.refused),
            count(page.unanswered),
            count(page.malformed),
            if read.error.is_some() {
                "damaged".into()
            } else {
                String::new()
            },
        ]);
    }

    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let mut table = Table::new([
            ("capture", Align::Left),
            ("packets", Align::Right),
            ("length", Align::Right),
            ("flows", Align::Right),
            ("exchanges", Align::Right),
            ("records", Align::Left),
            ("refused", Align::Right),
            ("unanswered", Align::Right),
            ("malformed", Align::Right),
            ("", Align::Left),
        ]);
        self.rows.iter().for_each(|row| table.row(row.clone()));
        table.write(out, "")?;
        let captures = counted(self.rows.len() as u64, "capture");
        let (packets, exchanges) = (
            count(self.packets),
            counted(self.exchanges, "Modbus/TCP exchange"),
        );
        let with = count(self.with_modbus);
        writeln!(
            out,
            "\n{captures}, {packets} packets; {exchanges} in {with} of them"
        )?;
        if !self.records.is_empty() {
            writeln!(out, "records: {}", protocols(&self.records))?;
        }
        writeln!(
            out,
            "next: `iia inspect CAPTURE` for who spoke to whom, `iia decode CAPTURE` for every record,"
        )?;
        writeln!(
            out,
            "      `iia learn CAPTURE...` for a first catalog of contracts"
        )
    }
}

/// Such as `dns 12  tls 3`.
fn protocols(all: &BTreeMap<Protocol, u64>) -> String {
    let mut all: Vec<_> = all.iter().collect();
    all.sort_by_key(|(protocol, number)| (std::cmp::Reverse(**number), **protocol));
    let word =
        |(protocol, number): &(&Protocol, &u64)| format!("{} {}", protocol.name(), count(**number));
    all.iter().map(word).collect::<Vec<_>>().join("  ")
}
