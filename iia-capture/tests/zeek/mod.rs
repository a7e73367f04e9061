//! A further judge: the logs that Zeek with ICSNPP made of each capture, value by value.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use flate2::read::GzDecoder;

use crate::truth::Values;

/// Who said it, and what. When is tshark's to judge: a row here has the time of one of its packets.
pub type Cell = (String, String);

/// The values of one column of one log; none where the capture has no such log.
pub fn column(corpus: &Path, capture: &Path, log: &str, column: &str) -> Option<Vec<Cell>> {
    let folder = corpus
        .join(capture.parent().unwrap())
        .join("expected/zeek822");
    let folder = folder.join(capture.file_name().unwrap());
    let file = File::open(folder.join(format!("{log}.log.gz"))).ok()?;
    let (mut names, mut cells) = (Vec::new(), Vec::new());
    for line in BufReader::new(GzDecoder::new(file))
        .lines()
        .map(Result::unwrap)
    {
        if let Some(fields) = line.strip_prefix("#fields\t") {
            names = fields.split('\t').map(str::to_owned).collect();
        }
        if line.starts_with('#') {
            continue;
        }
        let row: Vec<&str> = line.split('\t').collect();
        let of = |name: &str| row[names.iter().position(|known| known == name).unwrap()];
        let value = of(column);
        if value != "-" {
            cells.push((of("source_h").to_owned(), plain(value)));
        }
    }
    Some(cells)
}

/// Numbers in decimal, lists as their values.
fn plain(text: &str) -> String {
    let hex = text.strip_prefix("0x");
    let number = hex.and_then(|digits| u64::from_str_radix(digits, 16).ok());
    number.map_or_else(|| text.to_owned(), |number| number.to_string())
}

/// How many values both have, only we, only they.
pub fn compare(ours: &Values, field: &str, theirs: &[Cell]) -> (usize, usize, usize) {
    let mut counts = BTreeMap::<Cell, (usize, usize)>::new();
    for ((frame, _), values) in ours.iter().filter(|place| place.0.1 == field) {
        for value in values {
            let cell = (frame.1.clone(), value.clone());
            counts.entry(cell).or_default().0 += 1;
        }
    }
    for cell in theirs {
        counts.entry(cell.clone()).or_default().1 += 1;
    }
    let sum = |of: fn(&(usize, usize)) -> usize| counts.values().map(of).sum();
    (
        sum(|(mine, their)| *mine.min(their)),
        sum(|(mine, their)| mine.saturating_sub(*their)),
        sum(|(mine, their)| their.saturating_sub(*mine)),
    )
}
