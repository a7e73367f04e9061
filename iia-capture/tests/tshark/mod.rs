//! The tshark of this machine, asked for every field of some protocols: a second opinion beyond the tables of the corpus.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use crate::truth::Values;

/// Columns of one call at most, so that the command line stays short.
const FIELDS_MAX: usize = 400;

/// Whether there is one.
pub fn present() -> bool {
    let version = Command::new("tshark").arg("--version").output();
    version.is_ok_and(|output| output.status.success())
}

/// Says that a test cannot run; fails where everything must.
pub fn skip(test: &str) {
    let all = std::env::var_os("IIA_REQUIRE_ALL").is_some_and(|value| value == "1");
    assert!(!all, "{test}: tshark is missing");
    eprintln!("SKIPPED: {test}: tshark");
}

fn run(arguments: &[String]) -> String {
    let output = Command::new("tshark").args(arguments).output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Every field of these protocols that has a value.
pub fn fields(protocols: &[&str]) -> Vec<String> {
    let ours = all().filter(|row| protocols.contains(&row[4]));
    ours.map(|row| row[2].to_owned()).collect()
}

/// Those of these fields that it has.
pub fn known(names: &BTreeSet<String>) -> Vec<String> {
    let there = all().filter(|row| names.contains(row[2]));
    let there: BTreeSet<String> = there.map(|row| row[2].to_owned()).collect();
    there.into_iter().collect()
}

/// Every field that can have a value, in columns; asked for once.
fn all() -> impl Iterator<Item = Vec<&'static str>> {
    static FIELDS: LazyLock<String> = LazyLock::new(|| run(&["-G".into(), "fields".into()]));
    let rows = FIELDS.lines().map(|row| row.split('\t').collect());
    rows.filter(|row: &Vec<_>| row[0] == "F" && row[3] != "FT_NONE")
}

/// The values of these fields, by frame and field, as the tables have them.
pub fn read(path: &Path, filter: &str, fields: &[String]) -> Values {
    let mut values = Values::new();
    for some in fields.chunks(FIELDS_MAX) {
        let fixed = ["-r", path.to_str().unwrap(), "-Y", filter, "-T", "fields"];
        let fixed = fixed
            .into_iter()
            .chain(["-E", "aggregator=|", "-E", "occurrence=a"]);
        let mut arguments: Vec<String> = fixed.map(str::to_owned).collect();
        for name in ["frame.time_epoch"]
            .into_iter()
            .chain(some.iter().map(String::as_str))
        {
            arguments.extend(["-e".to_owned(), name.to_owned()]);
        }
        for line in run(&arguments).lines() {
            let mut columns = line.split('\t');
            let frame = (nanoseconds(columns.next().unwrap()), String::new());
            for (name, column) in some.iter().zip(columns).filter(|row| !row.1.is_empty()) {
                let all = column.split('|').map(plain);
                let place = (frame.clone(), name.clone());
                values.entry(place).or_default().extend(all);
            }
        }
    }
    values
}

fn nanoseconds(epoch: &str) -> i64 {
    let (seconds, rest) = epoch.split_once('.').unwrap();
    seconds.parse::<i64>().unwrap() * 1_000_000_000 + rest.parse::<i64>().unwrap()
}

/// Numbers in decimal, flags as 0 and 1, bytes without colons.
fn plain(text: &str) -> String {
    let hex = text.strip_prefix("0x");
    match hex.and_then(|digits| u64::from_str_radix(digits, 16).ok()) {
        Some(number) => number.to_string(),
        None if text == "True" => "1".into(),
        None if text == "False" => "0".into(),
        None => text.to_owned(),
    }
}

/// Counts equal values, and names the fields that differ, with the number of frames and an example.
pub fn compare(
    ours: &Values,
    theirs: &Values,
    different: &mut BTreeMap<String, (usize, String)>,
) -> usize {
    let mut same = 0;
    let known: BTreeSet<&str> = theirs.keys().map(|place| place.1.as_str()).collect();
    let places = ours.keys().filter(|place| known.contains(place.1.as_str()));
    let places: BTreeSet<_> = theirs.keys().chain(places).collect();
    for place in places {
        let (mine, their) = (
            ours.get(place).map(|all| sorted(all)),
            theirs.get(place).map(|all| sorted(all)),
        );
        if mine == their {
            same += mine.map_or(0, |all| all.len());
            continue;
        }
        let example = format!("{:?}: {mine:?}, tshark {their:?}", place.0);
        different.entry(place.1.clone()).or_insert((0, example)).0 += 1;
    }
    same
}

/// Takes out what differs by design, each of which has to differ somewhere; a name that ends with a point stands for all that
/// begin with it. Whether nothing is left, which is shown.
pub fn hold(mut different: BTreeMap<String, (usize, String)>, by_design: &[(&str, &str)]) -> bool {
    let mut holds = true;
    for (name, reason) in by_design {
        let before = different.len();
        different.retain(|field, _| match name.ends_with('.') {
            true => !field.starts_with(name),
            false => field != name,
        });
        if different.len() == before {
            eprintln!("{name} does not differ: {reason}");
            holds = false;
        }
    }
    for (name, (count, example)) in &different {
        eprintln!("{name}, {count} times: {example}");
    }
    holds && different.is_empty()
}

/// The fields that have the same values in some frame.
pub fn equal(ours: &Values, theirs: &Values) -> BTreeSet<String> {
    let same = ours.iter().filter(|(place, mine)| {
        theirs
            .get(*place)
            .is_some_and(|their| sorted(their) == sorted(mine))
    });
    same.map(|(place, _)| place.1.clone()).collect()
}

/// Values in order, whatever stands between the bytes of one.
fn sorted(all: &[String]) -> Vec<String> {
    let mut all: Vec<String> = all.iter().map(|text| text.replace(':', "")).collect();
    all.sort();
    all
}
