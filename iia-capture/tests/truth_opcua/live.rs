//! What tshark on this machine says of every field that it has for OPC UA, on the ports that the captures use.

use std::path::Path;
use std::process::Command;

use iia_core::Timestamp;

use crate::truth::{Values, nanoseconds, plain};

/// Between the values of one field in one frame.
const BETWEEN: char = '\u{1f}';
/// Ports of captures that tshark does not know by itself.
const PORTS: [u16; 4] = [12_001, 48_010, 52_520, 53_530];
/// Fields that say in other words what another field says, or that are about tshark's own work.
const DERIVED: &[&str] = &[
    ".has_",
    "opcua.statuscode.",
    "opcua.returndiag.",
    "opcua.nodeclassmask.",
    "opcua.resultmask.",
    "opcua.fragment",
    "opcua.reassembled",
    "opcua.array.length",
    "opcua.nestingdepth",
];
/// Fields that look as if they were derived.
const SAME: [&str; 3] = [
    "opcua.variant.has_value",
    "opcua.nodeclassmask.all",
    "opcua.resultmask.all",
];
/// The version whose differences are explained.
const VERSION: &str = "TShark (Wireshark) 4.0.";

fn tshark(arguments: &[&str]) -> Option<String> {
    let output = Command::new("tshark").args(arguments).output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Every field of OPC UA with its type, where there is a tshark of the version that was explained.
pub fn fields() -> Option<Vec<(String, String)>> {
    tshark(&["-v"]).filter(|text| text.starts_with(VERSION))?;
    let text = tshark(&["-G", "fields"])?;
    let field = |line: &str| {
        let columns: Vec<&str> = line.split('\t').collect();
        let (name, kind) = (*columns.get(2)?, *columns.get(3)?);
        let own = SAME.contains(&name) || !DERIVED.iter().any(|part| name.contains(part));
        (name.starts_with("opcua.") && own).then(|| (name.to_owned(), kind.to_owned()))
    };
    let fields: Vec<_> = text.lines().filter_map(field).collect();
    assert!(fields.len() > 100, "tshark tells no fields of OPC UA");
    Some(fields)
}

/// Says that the test cannot run; fails where everything must, unless there is a tshark of another version.
pub fn skip(test: &str) {
    let all = std::env::var_os("IIA_REQUIRE_ALL").is_some_and(|value| value == "1");
    assert!(
        !all || tshark(&["-v"]).is_some(),
        "{test}: tshark is missing"
    );
    eprintln!("SKIPPED: {test}: tshark 4.0");
}

/// The values that tshark gives, by frame and field, and how many frames it calls OPC UA.
pub fn theirs(capture: &Path, fields: &[(String, String)]) -> (Values, usize) {
    let aggregator = format!("aggregator={BETWEEN}");
    let mut arguments = vec![
        "-n",
        "-r",
        capture.to_str().unwrap(),
        "-Y",
        "opcua",
        "-T",
        "fields",
    ];
    arguments.extend(["-E", &aggregator, "-e", "frame.time_epoch", "-e", "ip.src"]);
    for (name, _) in fields {
        arguments.extend(["-e", name]);
    }
    arguments.extend(["-o", "tcp.reassemble_out_of_order:TRUE"]);
    let ports = PORTS.map(|port| format!("tcp.port=={port},opcua"));
    for port in &ports {
        arguments.extend(["-d", port]);
    }
    let text = tshark(&arguments).unwrap();
    let (mut values, mut frames) = (Values::new(), 0);
    for line in text.lines() {
        let mut columns = line.split('\t');
        let moment = nanoseconds(columns.next().unwrap());
        let frame = (moment, columns.next().unwrap().to_owned());
        frames += 1;
        for ((name, kind), value) in fields.iter().zip(columns) {
            if !value.is_empty() {
                let all = value.split(BETWEEN).map(|one| spelled(one, kind));
                // A mask of everything is told under a name of its own.
                let name = name.strip_suffix(".all").unwrap_or(name);
                let place = (frame.clone(), name.to_owned());
                values.entry(place).or_default().extend(all);
            }
        }
    }
    (values, frames)
}

/// A value of tshark's in our spelling.
fn spelled(value: &str, kind: &str) -> String {
    match kind {
        "FT_ABSOLUTE_TIME" => moment(value).unwrap_or_else(|| value.to_owned()),
        "FT_FLOAT" | "FT_DOUBLE" => rounded(value),
        _ if value == "<MISSING>" || value == "[OpcUa Null ByteString]" => String::new(),
        _ if value == "[OpcUa Null String]" || value == "[OpcUa Empty String]" => String::new(),
        "FT_STRING" => value.to_owned(),
        _ => plain(value),
    }
}

/// Our values with floating-point numbers rounded as tshark rounds them.
pub fn same_spelling(values: Values, fields: &[(String, String)]) -> Values {
    let float = |name: &str| {
        let mut floats = fields
            .iter()
            .filter(|field| matches!(&*field.1, "FT_FLOAT" | "FT_DOUBLE"));
        floats.any(|field| field.0 == name)
    };
    let same = |(place, all): ((_, String), Vec<String>)| {
        let all = match float(&place.1) {
            true => all.iter().map(|value| rounded(value)).collect(),
            false => all,
        };
        (place, all)
    };
    values.into_iter().map(same).collect()
}

fn rounded(value: &str) -> String {
    value
        .parse::<f64>()
        .map_or_else(|_| value.to_owned(), |number| format!("{number:.5e}"))
}

/// `Oct  6, 2022 16:40:07.369603000 UTC` as we write moments.
fn moment(text: &str) -> Option<String> {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let words: Vec<&str> = text
        .split([' ', ','])
        .filter(|word| !word.is_empty())
        .collect();
    let [month, day, year, clock, ..] = words[..] else {
        return None;
    };
    let month = MONTHS.find(month)? / 3 + 1;
    let (clock, part) = clock.split_once('.')?;
    let day: u32 = day.parse().ok()?;
    let utc = format!("{year}-{month:02}-{day:02}T{clock}Z");
    let moment = iia_core::time::parse_utc(&utc)?;
    let ns = moment.as_ns().checked_add(part.parse().ok()?)?;
    // No moment at all is shown as 1970.
    match ns {
        0 => Some("0".into()),
        _ => Some(Timestamp::from_ns(ns).to_string()),
    }
}
