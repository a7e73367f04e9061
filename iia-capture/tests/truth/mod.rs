//! The outside judge for every decoder that speaks in Wireshark's names: the tables that tshark made of each capture, held
//! against what is said here, frame by frame and field by field.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::read::GzDecoder;
use iia_capture::pipeline::{Options, Pipeline, Stats};
use iia_capture::source::pcap::PcapSource;
use iia_core::observe::{Between, Field, Observation, Said, Value};

use crate::oracle;

/// A frame: its moment in nanoseconds, and who sent it (nobody where there is no IP).
type Frame = (i64, String);
/// Values by frame and field name, in the order of the wire.
pub type Values = BTreeMap<(Frame, String), Vec<String>>;

/// Differences that are known: capture, field, how many frames, and why.
pub type Explained = (&'static str, &'static str, usize, &'static str);

/// Fields that tshark shows in a frame though they stand in another, of a message and of its answer.
pub type Again = fn(&Said<'_>) -> (Vec<Field<'static>>, Vec<Field<'static>>);

/// Reads a capture and gives all that was said in it.
pub fn read(path: &Path, sink: &mut impl FnMut(&Said<'_>)) -> Stats {
    let mut source = PcapSource::open(File::open(path).unwrap()).unwrap();
    let mut pipeline = Pipeline::new(Options::default());
    let mut take = |seen: &Observation<'_>| {
        if let Observation::Said(said) = seen {
            sink(said);
        }
    };
    while let Ok(Some(packet)) = source.next_packet() {
        pipeline.handle_packet(&packet, &mut take);
    }
    pipeline.finish(&mut take);
    pipeline.stats()
}

/// The values that are said here, by frame and field.
pub fn ours(path: &Path) -> Values {
    ours_again(path, |_| (Vec::new(), Vec::new()))
}

/// As [`ours`], by frame and field. `again` gives what tshark shows beside that: in the message's frame,
/// and in the frame of an answer that says something.
pub fn ours_again(path: &Path, again: Again) -> Values {
    let mut values = Values::new();
    read(path, &mut |said| {
        let (asker, answerer) = match said.between {
            Between::Link(_) => (String::new(), String::new()),
            Between::Flow(flow) => {
                let ends = (host(flow.orig_h), host(flow.resp_h));
                if said.from_orig {
                    ends
                } else {
                    (ends.1, ends.0)
                }
            }
        };
        let alone = said.asked.is_empty();
        let answerer = if alone && said.latency_ns.is_none() {
            asker.clone()
        } else {
            answerer
        };
        let (with, behind) = again(said);
        let frame = (said.ts.as_ns(), asker);
        add(&mut values, frame.clone(), &with);
        add(&mut values, frame, said.asked);
        if let Some(ts) = said.answered_ts() {
            let frame = (ts.as_ns(), answerer);
            if !said.answered.is_empty() {
                add(&mut values, frame.clone(), &behind);
            }
            add(&mut values, frame, said.answered);
        }
    });
    values
}

/// A host as the tables have it: they have no column for IPv6.
fn host(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(_) => String::new(),
    }
}

fn add(values: &mut Values, frame: Frame, fields: &[Field<'_>]) {
    for field in fields {
        let place = (frame.clone(), field.name.to_owned());
        values.entry(place).or_default().push(spelled(&field.value));
    }
}

/// A value as the table spells it, once its own spelling is made plain.
fn spelled(value: &Value<'_>) -> String {
    match value {
        Value::Code(number, _) => number.to_string(),
        Value::Bool(flag) => u8::from(*flag).to_string(),
        value => value.to_string(),
    }
}

/// A value of the table made plain: numbers in decimal, flags as 0 and 1.
pub fn plain(text: &str) -> String {
    let hex = text.strip_prefix("0x");
    match hex.and_then(|digits| u64::from_str_radix(digits, 16).ok()) {
        Some(number) => number.to_string(),
        None if text == "True" => "1".into(),
        None if text == "False" => "0".into(),
        None => text.to_owned(),
    }
}

/// Where tshark's table of a capture lies.
fn table_of(corpus: &Path, capture: &Path) -> PathBuf {
    let name = format!("{}.tsv.gz", capture.file_name().unwrap().to_str().unwrap());
    let folder = corpus.join(capture.parent().unwrap());
    folder.join("expected/tshark").join(name)
}

/// Whether tshark made a table of a capture.
pub fn has_table(corpus: &Path, capture: &Path) -> bool {
    table_of(corpus, capture).is_file()
}

/// The values of tshark's table, by frame and field, and how many frames it has.
pub fn theirs(corpus: &Path, capture: &Path) -> (Values, usize) {
    let file = File::open(table_of(corpus, capture)).unwrap();
    let lines = BufReader::new(GzDecoder::new(file)).lines();
    table(lines.map(Result::unwrap))
}

/// The values of a table, whose first line names its columns.
fn table(mut lines: impl Iterator<Item = String>) -> (Values, usize) {
    let names: Vec<String> = columns(&lines.next().unwrap());
    let (mut values, mut frames) = (Values::new(), 0);
    for line in lines {
        let row = columns(&line);
        frames += 1;
        let column = |name: &str| names.iter().position(|known| known == name);
        let of = |name: &str| column(name).and_then(|at| row.get(at).cloned());
        let source = of("ip.src").unwrap_or_default();
        let source = source.rsplit(',').next().unwrap_or_default().to_owned();
        let frame = (nanoseconds(&of("frame.time_epoch").unwrap()), source);
        for (name, value) in names.iter().zip(&row).skip(6) {
            // What tshark has without a value is an empty one.
            if !value.is_empty() && value != "<MISSING>" {
                let place = (frame.clone(), name.clone());
                let all = value.split(',').map(plain);
                values.entry(place).or_default().extend(all);
            }
        }
    }
    (values, frames)
}

/// A moment as it is written here, in nanoseconds.
pub fn ns(text: &str) -> String {
    let (start, fraction) = text
        .trim_end_matches('Z')
        .split_once('.')
        .unwrap_or((text, "0"));
    let start = start.trim_end_matches('Z');
    let whole = iia_core::time::parse_utc(&format!("{start}Z")).unwrap();
    let fraction = format!("{fraction:0<9}");
    (whole.as_ns() + fraction.parse::<i64>().unwrap()).to_string()
}

pub fn columns(line: &str) -> Vec<String> {
    line.split('\t').map(str::to_owned).collect()
}

pub fn nanoseconds(epoch: &str) -> i64 {
    let (seconds, rest) = epoch.split_once('.').unwrap_or((epoch, "0"));
    let rest = format!("{rest:0<9}");
    seconds.parse::<i64>().unwrap() * 1_000_000_000 + rest.parse::<i64>().unwrap()
}

/// What comparing the captures of one protocol gave.
#[derive(Default)]
pub struct Agreement {
    /// A row a capture, as the docs have it.
    pub table: String,
    /// Values that are equal.
    pub same: usize,
    /// Frames whose field differs, by capture and field, with one example each.
    pub different: BTreeMap<(String, String), (usize, String)>,
}

impl Agreement {
    /// Compares one capture in these fields; text that is empty is not in a table of tshark's.
    pub fn compare(
        &mut self,
        name: &str,
        ours: &Values,
        (theirs, frames): &(Values, usize),
        fields: &[&str],
    ) {
        let (mut same, mut differs) = (0, 0);
        let mut places: Vec<_> = theirs.keys().chain(ours.keys()).collect();
        places.sort();
        places.dedup();
        for place in places {
            if !fields.contains(&place.1.as_str()) {
                continue;
            }
            let (mine, their) = (said(ours.get(place)), said(theirs.get(place)));
            if equal(mine, their) {
                same += mine.map_or(0, Vec::len);
                continue;
            }
            differs += 1;
            let example = format!("{place:?}: {mine:?}, tshark {their:?}");
            let key = (name.to_owned(), place.1.clone());
            self.different.entry(key).or_insert((0, example)).0 += 1;
        }
        writeln!(self.table, "| {name} | {frames} | {same} | {differs} |").unwrap();
        self.same += same;
    }
}

/// Values, unless all of them are empty.
fn said(values: Option<&Vec<String>>) -> Option<&Vec<String>> {
    values.filter(|all| all.iter().any(|value| !value.is_empty()))
}

/// Compares every capture that the manifest calls `protocol` in these fields.
pub fn agree(corpus: &Path, protocol: &str, fields: &[&str]) -> Agreement {
    agree_also(corpus, protocol, fields, |_| {})
}

/// As [`agree`], where tshark shows some fields again in other frames.
pub fn agree_again(corpus: &Path, protocol: &str, fields: &[&str], again: Again) -> Agreement {
    let mut agreement = Agreement::default();
    let rows = oracle::manifest(corpus);
    for (path, _) in rows.iter().filter(|row| row.1 == protocol) {
        let name = path.file_name().unwrap().to_str().unwrap();
        let theirs = theirs(corpus, path);
        let ours = ours_again(&corpus.join(path), again);
        agreement.compare(name, &ours, &theirs, fields);
    }
    agreement
}

/// As [`agree`]; `also` adds columns of tshark's that say again what other fields have said.
pub fn agree_also(
    corpus: &Path,
    protocol: &str,
    fields: &[&str],
    also: impl Fn(&mut Values),
) -> Agreement {
    let mut agreement = Agreement::default();
    let rows = oracle::manifest(corpus);
    for (path, _) in rows.iter().filter(|row| row.1 == protocol) {
        let name = path.file_name().unwrap().to_str().unwrap();
        let theirs = theirs(corpus, path);
        let mut ours = ours(&corpus.join(path));
        also(&mut ours);
        agreement.compare(name, &ours, &theirs, fields);
    }
    agreement
}

/// What the tshark of this machine says in these fields of a capture; `None` where there is none.
pub fn live(capture: &Path, options: &[&str], fields: &[&str]) -> Option<(Values, usize)> {
    let mut command = Command::new("tshark");
    command.arg("-r").arg(capture).args(options);
    command.args(["-T", "fields", "-E", "header=y"]);
    // As in the tables: six columns in front, of which two say which frame it is.
    let front = [
        "frame.number",
        "frame.time_epoch",
        "ip.src",
        "tcp.srcport",
        "udp.srcport",
    ];
    for name in front.iter().chain(&["_ws.malformed"]).chain(fields) {
        command.args(["-e", name]);
    }
    let output = command.output().ok()?;
    assert!(output.status.success(), "tshark {}", capture.display());
    let text = String::from_utf8(output.stdout).unwrap();
    Some(table(text.lines().map(str::to_owned)))
}

/// Lets tshark read a capture in these fields; how many values are equal to what is told here, and what is not.
pub fn live_differences(capture: &Path, fields: &[&str]) -> (usize, Vec<String>) {
    let (theirs, _) = live(capture, &[], fields).unwrap();
    let ours = ours(capture);
    let (mut same, mut different) = (0, Vec::new());
    let mut places: Vec<_> = theirs.keys().chain(ours.keys()).collect();
    places.sort();
    places.dedup();
    for place in places
        .into_iter()
        .filter(|place| fields.contains(&place.1.as_str()))
    {
        let (mine, their) = (ours.get(place), theirs.get(place));
        match equal(mine, their) {
            true => same += mine.map_or(0, Vec::len),
            false => different.push(format!("{place:?}: {mine:?}, tshark {their:?}")),
        }
    }
    (same, different)
}

/// The fields of which some frame has the same values in both.
pub fn equal_fields(ours: &Values, theirs: &Values) -> BTreeSet<String> {
    let same = ours
        .iter()
        .filter(|(place, mine)| equal(Some(mine), theirs.get(*place)));
    same.map(|(place, _)| place.1.clone()).collect()
}

/// Holds a list of fields that a judge reads too (`judges/…`): it may only grow.
pub fn hold_list(name: &str, equal: &BTreeSet<String>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/judges");
    let path = folder.join(name);
    if std::env::var_os("IIA_WRITE").is_some_and(|value| value == "1") {
        let text: String = equal.iter().map(|name| format!("{name}\n")).collect();
        std::fs::write(&path, text).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap();
    let gone = written.lines().filter(|name| !equal.contains(*name));
    assert_eq!(gone.collect::<Vec<_>>(), [""; 0], "no value of it is equal");
}

/// The same values in any order; text with commas in it is torn by the table, and joined again here.
pub fn equal(mine: Option<&Vec<String>>, their: Option<&Vec<String>>) -> bool {
    let (Some(mine), Some(their)) = (mine, their) else {
        return mine.is_none() && their.is_none();
    };
    let sorted = |all: &[String]| {
        let mut all = all.to_vec();
        all.sort();
        all
    };
    sorted(mine) == sorted(their) || mine.join(",") == their.join(",")
}

/// Fails when a difference is not explained, an explanation has no difference, or the page is not what was found.
pub fn hold(agreement: &Agreement, explained: &[Explained], page: &str) {
    let count = |capture: &str, field: &str| {
        let rows = explained.iter();
        rows.filter(|row| (row.0, row.1) == (capture, field))
            .map(|row| row.2)
            .sum::<usize>()
    };
    let mut wrong: Vec<String> = Vec::new();
    for ((capture, field), (number, example)) in &agreement.different {
        if count(capture, field) != *number {
            wrong.push(format!(
                "{capture} {field} differs in {number} frames: {example}"
            ));
        }
    }
    for row in explained {
        let key = (row.0.to_owned(), row.1.to_owned());
        if !agreement.different.contains_key(&key) {
            wrong.push(format!("{} {}: explained, and equal", row.0, row.1));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../docs/agreement")
        .join(page);
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        text.contains(&agreement.table),
        "docs/agreement/{page} is out of date:\n{}",
        agreement.table
    );
    for row in explained {
        assert!(
            text.contains(row.3),
            "docs/agreement/{page} does not say: {}",
            row.3
        );
    }
}
