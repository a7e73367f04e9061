//! EtherNet/IP and CIP held against the logs of Zeek with ICSNPP.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    unreachable_pub,
    dead_code,
    reason = "tests"
)]

mod oracle;
mod truth;
mod zeek;

use std::fmt::Write as _;
use std::path::Path;

/// What Zeek's logs with ICSNPP have, each as the columns that make a row and our field: log, column, field.
const LOGS: &[(&str, &str, &str)] = &[
    ("enip", "enip_command_code", "enip.command"),
    ("enip", "session_handle", "enip.session"),
    ("cip", "cip_service_code", "cip.sc"),
    ("cip", "class_id", "cip.class"),
    ("cip", "cip_status_code", "cip.genstat"),
    ("cip_identity", "serial_number", "enip.lir.serial"),
    ("cip_identity", "product_name", "enip.lir.name"),
    ("cip_io", "connection_id", "enip.cpf.sai.connid"),
    ("cip_io", "io_data", "cipio.data"),
];

#[test]
fn every_value_of_zeek_is_ours() {
    let Some(corpus) = oracle::corpus() else {
        return oracle::skip("every_value_of_zeek_is_ours");
    };
    let (mut table, mut missing) = (String::new(), Vec::new());
    for (path, _) in oracle::manifest(&corpus)
        .iter()
        .filter(|row| row.1 == "enip_cip")
    {
        let name = path.file_name().unwrap().to_str().unwrap();
        let ours = truth::ours(&corpus.join(path));
        for (log, column, field) in LOGS {
            let Some(theirs) = zeek::column(&corpus, path, log, column) else {
                continue;
            };
            let (both, mine, their) = zeek::compare(&ours, field, &theirs);
            writeln!(table, "| {name} | {column} | {both} | {mine} |").unwrap();
            if their > 0 {
                missing.push(format!("{name} {column}: {their} values"));
            }
        }
    }
    eprintln!("{table}");
    assert_eq!(missing, Vec::<String>::new());
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/agreement/enip.md");
    let page = std::fs::read_to_string(page).unwrap();
    assert!(
        page.contains(&table),
        "docs/agreement/enip.md is out of date:\n{table}"
    );
}
