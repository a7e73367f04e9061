//! The outside judge: tshark's field tables beside each capture, read back into units.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;

/// One request or response as one of the two sees it. A field that one of them does not tell is `None`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Unit {
    pub exception: Option<u32>,
    pub addr: Option<u32>,
    pub count: Option<u32>,
    pub write_addr: Option<u32>,
    pub write_count: Option<u32>,
    pub values: Option<Vec<u32>>,
}

/// Who said it, when, and which unit it is; what both sides must agree on before fields can be compared.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Key {
    pub us: i64,
    pub from: (IpAddr, u16),
    pub transaction: u32,
    pub unit: u32,
    pub func: u32,
}

/// Units by key; several units may share one.
pub type Units = BTreeMap<Key, Vec<(u64, Unit)>>;

/// Where the corpus lies, if it does.
pub fn corpus() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    let dir = std::env::var_os("IIA_CORPUS").map_or_else(beside, PathBuf::from);
    dir.join("MANIFEST.tsv").is_file().then_some(dir)
}

/// Says that a test cannot run; fails where everything must.
pub fn skip(test: &str) {
    let all = std::env::var_os("IIA_REQUIRE_ALL").is_some_and(|value| value == "1");
    assert!(!all, "{test}: the corpus is missing");
    eprintln!("SKIPPED: {test}: the corpus (../shared/corpus or $IIA_CORPUS)");
}

/// The captures of the manifest with their protocols.
pub fn manifest(corpus: &Path) -> Vec<(PathBuf, String)> {
    let text = std::fs::read_to_string(corpus.join("MANIFEST.tsv")).unwrap();
    let row = |line: &str| {
        let columns: Vec<&str> = line.split('\t').collect();
        (PathBuf::from(columns[0]), columns[6].to_owned())
    };
    text.lines().skip(1).map(row).collect()
}

/// What tshark saw in a capture: units, each with its frame.
pub fn tshark(corpus: &Path, capture: &Path) -> Units {
    let name = format!("{}.tsv.gz", capture.file_name().unwrap().to_str().unwrap());
    let table = corpus
        .join(capture.parent().unwrap())
        .join("expected/tshark")
        .join(name);
    let mut lines = BufReader::new(GzDecoder::new(File::open(table).unwrap())).lines();
    let names: Vec<String> = split(&lines.next().unwrap().unwrap());
    let mut units = Units::new();
    for line in lines {
        let mut frame = Frame {
            columns: names.iter().cloned().zip(split(&line.unwrap())).collect(),
        };
        frame.units(&mut units);
    }
    units
}

/// Takes out the first unit that equals `key` in all but the moment, which `same` decides on.
pub fn take(units: &mut Units, key: &Key, same: impl Fn(&Key) -> bool) -> Option<Unit> {
    let equal = |known: &Key| {
        (known.from, known.transaction, known.unit, known.func)
            == (key.from, key.transaction, key.unit, key.func)
    };
    let near = if units.contains_key(key) {
        Some(key.clone())
    } else {
        None
    };
    let found = near.filter(|_| same(key)).or_else(|| {
        let mut others = units.keys().filter(|known| known.us != key.us);
        others.find(|known| equal(known) && same(known)).cloned()
    })?;
    let list = units.get_mut(&found)?;
    let (_, unit) = list.remove(0);
    if list.is_empty() {
        units.remove(&found);
    }
    Some(unit)
}

fn split(line: &str) -> Vec<String> {
    line.split('\t').map(str::to_owned).collect()
}

/// One row of the table; lists are used up from the front, unit by unit.
struct Frame {
    columns: BTreeMap<String, String>,
}

impl Frame {
    fn units(&mut self, units: &mut Units) {
        let number = self.take("frame.number").unwrap();
        let (secs, nanos) = self.columns["frame.time_epoch"].split_once('.').unwrap();
        let us = secs.parse::<i64>().unwrap() * 1_000_000
            + nanos.get(..6).unwrap().parse::<i64>().unwrap();
        let address = self.columns["ip.src"].parse().unwrap();
        let port = u16::try_from(self.take("tcp.srcport").unwrap()).unwrap();
        while let Some(transaction) = self.take("mbtcp.trans_id") {
            let unit = self.take("mbtcp.unit_id").unwrap();
            let func = self.take("modbus.func_code").unwrap();
            let len = self.take("mbtcp.len").unwrap();
            let key = Key {
                us,
                from: (address, port),
                transaction,
                unit,
                func,
            };
            let body = self.body(func, port == 502, len);
            units
                .entry(key)
                .or_default()
                .push((u64::from(number), body));
        }
    }

    fn body(&mut self, func: u32, response: bool, len: u32) -> Unit {
        let mut unit = Unit::default();
        // tshark writes the exception code without saying of which unit; an exception is three bytes by `len`.
        if response && len == 3 && !self.columns[EXCEPTION].is_empty() {
            unit.exception = self.take(EXCEPTION);
            return unit;
        }
        match (func, response) {
            (1 | 2, false) => (unit.addr, unit.count) = (self.take(ADDR), self.take(BITS)),
            (3 | 4, false) => (unit.addr, unit.count) = (self.take(ADDR), self.take(WORDS)),
            (1 | 2, true) => {
                let bytes = self.take(BYTES).unwrap_or(0);
                unit.values = Some(self.run("modbus.bitnum", "modbus.bitval", bytes * 8));
            }
            (3 | 4, true) => {
                let bytes = self.take(BYTES).unwrap_or(0);
                unit.values = Some(self.run(REGNUM, REGVAL, bytes / 2));
            }
            (5 | 6, _) => unit.write_addr = self.take(ADDR),
            (15, _) => {
                (unit.write_addr, unit.write_count) = (self.take(ADDR), self.take(BITS));
                self.skip_bytes(response);
            }
            (16, _) => {
                (unit.write_addr, unit.write_count) = (self.take(ADDR), self.take(WORDS));
                self.skip_bytes(response);
                if !response {
                    let count = unit.write_count.unwrap_or(0);
                    unit.values = Some(self.run(REGNUM, REGVAL, count));
                }
            }
            (22, _) => unit.write_addr = self.take(ADDR),
            (23, false) => {
                unit.addr = self.take("modbus.read_reference_num");
                unit.count = self.take("modbus.read_word_cnt");
                unit.write_addr = self.take("modbus.write_reference_num");
                unit.write_count = self.take("modbus.write_word_cnt");
                self.skip_bytes(response);
            }
            (20 | 21, _) | (23, true) => drop(self.take(BYTES)),
            _ => {}
        }
        unit
    }

    fn skip_bytes(&mut self, response: bool) {
        if !response {
            self.take(BYTES);
        }
    }

    /// Values whose numbers follow one another, `max` of them at most.
    fn run(&mut self, numbers: &str, values: &str, max: u32) -> Vec<u32> {
        let mut found = Vec::new();
        let mut next = None;
        while found.len() < max as usize {
            let Some(number) = self.peek(numbers) else {
                break;
            };
            if next.is_some_and(|next| next != number) {
                break;
            }
            next = Some(number + 1);
            self.take(numbers);
            found.extend(self.take(values));
        }
        found
    }

    fn peek(&self, name: &str) -> Option<u32> {
        self.columns[name].split(',').next()?.parse().ok()
    }

    fn take(&mut self, name: &str) -> Option<u32> {
        let list = self.columns.get_mut(name).unwrap();
        let (first, rest) = match list.split_once(',') {
            Some((first, rest)) => (first.to_owned(), rest.to_owned()),
            None => (list.clone(), String::new()),
        };
        *list = rest;
        first.parse().ok()
    }
}

const EXCEPTION: &str = "modbus.exception_code";
const ADDR: &str = "modbus.reference_num";
const BITS: &str = "modbus.bit_cnt";
const WORDS: &str = "modbus.word_cnt";
const BYTES: &str = "modbus.byte_cnt";
const REGNUM: &str = "modbus.regnum16";
const REGVAL: &str = "modbus.regval_uint16";
