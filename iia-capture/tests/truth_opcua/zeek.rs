//! What Zeek with ICSNPP logs of each request and its answer.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use flate2::read::GzDecoder;
use iia_core::observe::{Field, Said};

use crate::truth;

/// A request and its answer: number, then sequence number, message and handle of each.
pub type Row = [String; 7];
/// Zeek's names of these.
const COLUMNS: [&str; 7] = [
    "request_id",
    "req_seq_number",
    "req_identifier",
    "req_hdr_request_handle",
    "res_seq_number",
    "res_identifier",
    "res_hdr_request_handle",
];
const NONE: &str = "-";

/// The rows of a capture's log that have a request, where there is a log.
pub fn theirs(corpus: &Path, capture: &Path) -> Vec<Row> {
    let name = capture.file_name().unwrap().to_str().unwrap();
    let folder = corpus.join(capture.parent().unwrap());
    let log = folder.join(format!("expected/zeek822/{name}/opcua_binary.log.gz"));
    let Ok(file) = File::open(log) else {
        return Vec::new();
    };
    let lines: Vec<String> = BufReader::new(GzDecoder::new(file))
        .lines()
        .map(Result::unwrap)
        .collect();
    let names = lines
        .iter()
        .find_map(|line| line.strip_prefix("#fields\t"))
        .unwrap();
    let names = truth::columns(names);
    let places = COLUMNS.map(|name| names.iter().position(|known| known == name).unwrap());
    let rows = lines.iter().filter(|line| !line.starts_with('#'));
    let rows = rows.map(|line| {
        let row = truth::columns(line);
        places.map(|at| row[at].clone())
    });
    rows.filter(|row| row[2] != NONE).collect()
}

/// The same of what is said here.
pub fn ours(path: &Path) -> Vec<Row> {
    let mut rows = Vec::new();
    truth::read(path, &mut |said: &Said<'_>| {
        let of = |fields: &[Field<'_>], name| {
            let field = fields.iter().find(|field| field.name == name);
            field
                .and_then(|field| field.value.number())
                .map_or(NONE.into(), |number| number.to_string())
        };
        let names = [
            "opcua.security.seq",
            "opcua.servicenodeid.numeric",
            "opcua.RequestHandle",
        ];
        let [a, b, c] = names.map(|name| of(said.asked, name));
        let [d, e, f] = names.map(|name| of(said.answered, name));
        rows.push([of(said.asked, "opcua.security.rqid"), a, b, c, d, e, f]);
    });
    rows
}
