//! Exchanges and what is told beside them, held against the logs of Zeek with ICSNPP's Modbus, row by row.
#![cfg(feature = "generate")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    unreachable_pub,
    dead_code,
    reason = "tests"
)]

mod oracle;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use flate2::read::GzDecoder;
use iia_capture::pipeline::{Options, Pipeline};
use iia_capture::source::pcap::PcapSource;
use iia_core::observe::{Between, Exchange, Field, Flow, Observation, Outcome, Said, Span};

/// Which message: microsecond, client's port, server, transaction, unit, function.
type Key = (i64, u16, String, u64, u64, u64);
/// Columns as the log spells them.
type Row = Vec<(&'static str, String)>;
/// What is ours: rows of each log by message.
type Ours = BTreeMap<(&'static str, Key), Vec<Row>>;

const DETAILED: &str = "modbus_detailed";
const MASK: &str = "modbus_mask_write_register";
const BOTH: &str = "modbus_read_write_multiple_registers";
const DEVICE: &str = "modbus_read_device_identification";

/// Rows that differ in a column, or are missing: capture, log, column, how many, and why.
const EXPLAINED: &[(&str, &str, &str, usize, &str)] = &[
    ("ModbusTCP.pcap", DETAILED, "quantity", 3, ORPHAN),
    ("ModbusTCP.pcap", DETAILED, "response_values", 3, ORPHAN),
    ("mb2.pcap", DETAILED, "response_values", 5, BEHIND),
    ("modbus_test.pcap", DETAILED, "quantity", 1, ORPHAN),
    ("modbus_test.pcap", DETAILED, "response_values", 1, ORPHAN),
    ("modbus_test.pcap", DETAILED, "response_values", 1, ORDER),
    ("modbus_test_2.pcap", DETAILED, "quantity", 1, ORPHAN),
    ("modbus_test_2.pcap", DETAILED, "response_values", 1, ORPHAN),
    ("modbus_test_data_part1.pcap", DETAILED, "row", 1, LONG),
    ("modbus__modbus.pcap", DETAILED, "row", 1, LONG),
    ("modbus_test_data_part2.pcap", DETAILED, "address", 1, TOLD),
    ("modbus_test_data_part2.pcap", DETAILED, "quantity", 2, TOLD),
    (
        "modbus_test_data_part2.pcap",
        DETAILED,
        "exception_code",
        7,
        BROKEN,
    ),
    ("modbus_example.pcap", DETAILED, "address", 1, TOLD),
    ("modbus_example.pcap", DETAILED, "quantity", 3, TOLD),
    ("Advantech.pcap", DETAILED, "quantity", 9, ORPHAN),
    ("Advantech.pcap", DETAILED, "response_values", 9, ORPHAN),
    ("Advantech.pcap", DETAILED, "row", 4, DATE),
    ("Modicon.pcap", DETAILED, "address", 1, BEHIND),
    ("Modicon.pcap", DETAILED, "quantity", 1, BEHIND),
    ("Modicon.pcap", DETAILED, "response_values", 1, BEHIND),
    ("Modicon.pcap", DETAILED, "row", 2, DATE),
    ("fuzz-1011.pcap", DETAILED, "quantity", 2, ORPHAN),
    ("fuzz-1011.pcap", DETAILED, "response_values", 2, ORPHAN),
    ("fuzz-1011.pcap", DETAILED, "row", 1, UNPROVEN),
    ("modbusBig.pcap", DETAILED, "quantity", 1, ORPHAN),
    ("modbusBig.pcap", DETAILED, "response_values", 1, ORPHAN),
];
const ORPHAN: &str = "a response whose request nobody saw: Zeek counts its values; here no address is known, and no values are told";
const BEHIND: &str = "a request that the capture has only behind its response: Zeek joins the two; here the response answers nothing that was seen";
const ORDER: &str = "two writes wait under one number: Zeek joins the responses in their order; here a response answers the write that it repeats (V1.1b3, 6.6)";
const LONG: &str = "a length of 34,820 bytes, which no unit has";
const TOLD: &str = "no exchange has addresses of queues or lengths of file requests: they are told beside it, as `modbus.reference_num` and `modbus.byte_cnt`";
const BROKEN: &str =
    "a request that breaks the rules of its function is malformed, whatever the device says to it";
const DATE: &str = "Zeek dates what waited for a lost segment by the end of the wait; here it keeps the time of its own segment";
const UNPROVEN: &str =
    "a lone request that breaks the rules of its function, in a flow where nothing else was Modbus";

fn key(us: i64, flow: &Flow, of: [u64; 3]) -> Key {
    let [transaction, unit, func] = of;
    (
        us,
        flow.orig_p,
        flow.resp_h.to_string(),
        transaction,
        unit,
        func,
    )
}

fn ours(path: &Path) -> Ours {
    let mut ours = Ours::new();
    let mut source = PcapSource::open(File::open(path).unwrap()).unwrap();
    let mut pipeline = Pipeline::new(Options::default());
    let mut take = |seen: &Observation<'_>| match seen {
        Observation::Exchange(exchange) => exchanged(&mut ours, exchange),
        Observation::Said(said) => told(&mut ours, said),
        _ => {}
    };
    while let Ok(Some(packet)) = source.next_packet() {
        pipeline.handle_packet(&packet, &mut take);
    }
    pipeline.finish(&mut take);
    ours
}

fn list(span: Option<&Span<'_>>) -> String {
    let values: Vec<String> = span.map_or_else(Vec::new, |span| {
        span.iter().map(|v| v.to_string()).collect()
    });
    match values.is_empty() {
        true => "-".into(),
        false => values.join(","),
    }
}

fn exchanged(ours: &mut Ours, exchange: &Exchange<'_>) {
    let of = [
        exchange.transaction.into(),
        exchange.unit.into(),
        exchange.func.into(),
    ];
    let us = exchange.ts.as_ns() / 1000;
    let (read, write) = (exchange.read.as_ref(), exchange.write.as_ref());
    let exception = match exchange.outcome {
        Outcome::Exception(code) => exception(code).into(),
        _ => String::from("-"),
    };
    let number = |span: Option<&Span<'_>>, of: fn(&Span<'_>) -> u32| {
        span.map_or_else(|| "-".into(), |span| of(span).to_string())
    };
    let single = matches!(exchange.func, 5 | 6);
    let answered = exchange.outcome == Outcome::Answered;
    let row: Row = vec![
        ("address", number(read.or(write), |span| span.addr)),
        ("quantity", number(read.or(write), |span| span.count)),
        ("request_values", list(write)),
        (
            "response_values",
            list(if single && answered { write } else { read }),
        ),
        ("exception_code", exception),
    ];
    ours.entry((DETAILED, key(us, &exchange.flow, of)))
        .or_default()
        .push(row);
    let end = exchange
        .latency_ns
        .map(|ns| (exchange.ts.as_ns() + ns) / 1000);
    if let Some(end) = end {
        ours.entry((DETAILED, key(end, &exchange.flow, of)))
            .or_default()
            .push(Row::new());
    }
    if exchange.func == 23 {
        let request: Row = vec![
            ("write_start_address", number(write, |span| span.addr)),
            ("write_registers", list(write)),
            ("read_start_address", number(read, |span| span.addr)),
            ("read_quantity", number(read, |span| span.count)),
        ];
        ours.entry((BOTH, key(us, &exchange.flow, of)))
            .or_default()
            .push(request);
        if let Some(end) = end {
            let response = vec![("read_registers", list(read))];
            ours.entry((BOTH, key(end, &exchange.flow, of)))
                .or_default()
                .push(response);
        }
    }
}

fn told(ours: &mut Ours, said: &Said<'_>) {
    let Between::Flow(flow) = said.between else {
        return;
    };
    let sides = [
        (Some(said.ts), said.asked),
        (said.answered_ts(), said.answered),
    ];
    for (ts, fields) in sides {
        let number = |name: &str| {
            let field = fields.iter().find(|field| field.name == name);
            field.and_then(|field| field.value.number())
        };
        let (Some(ts), Some(func)) = (ts, number("modbus.func_code")) else {
            continue;
        };
        if number("modbus.exception_code").is_some() {
            continue;
        }
        let of = [
            number("mbtcp.trans_id").unwrap(),
            number("mbtcp.unit_id").unwrap(),
            func,
        ];
        let key = key(ts.as_ns() / 1000, &flow, of);
        let text = |name: &str| number(name).map_or_else(|| "-".into(), |n| n.to_string());
        if func == 22 {
            let row = vec![
                ("address", text("modbus.reference_num")),
                ("and_mask", text("modbus.and_mask")),
                ("or_mask", text("modbus.or_mask")),
            ];
            ours.entry((MASK, key)).or_default().push(row);
        } else if number("modbus.mei") == Some(14) {
            objects(ours, &key, fields);
        }
    }
}

/// A row an object; a request has one.
fn objects(ours: &mut Ours, key: &Key, fields: &[Field<'_>]) {
    let hex = |name: &str| {
        let field = fields.iter().find(|field| field.name == name)?;
        Some(format!("{:#04x}", field.value.number()?))
    };
    let mut row = Row::new();
    let device = fields
        .iter()
        .find(|field| field.name == "modbus.read_device_id")
        .unwrap();
    let device = device.value.number().unwrap().to_string();
    let level = hex("modbus.conformity_level").unwrap_or_else(|| "-".into());
    let rows = ours.entry((DEVICE, key.clone())).or_default();
    for field in fields {
        if field.name == "modbus.object_id" {
            row = vec![
                ("device_id_code", device.clone()),
                ("conformity_level_code", level.clone()),
                (
                    "object_id_code",
                    format!("{:#04x}", field.value.number().unwrap()),
                ),
            ];
            if level == "-" {
                rows.push(row.clone());
            }
        } else if field.name.starts_with("modbus.object_") {
            row.push(("object_value", field.value.to_string()));
            rows.push(row.clone());
        }
    }
}

const fn exception(code: u8) -> &'static str {
    match code {
        1 => "ILLEGAL_FUNCTION",
        2 => "ILLEGAL_DATA_ADDRESS",
        3 => "ILLEGAL_DATA_VALUE",
        4 => "SLAVE_DEVICE_FAILURE",
        5 => "ACKNOWLEDGE",
        6 => "SLAVE_DEVICE_BUSY",
        8 => "MEMORY_PARITY_ERROR",
        10 => "GATEWAY_PATH_UNAVAILABLE",
        11 => "GATEWAY_TARGET_DEVICE_FAILED_TO_RESPOND",
        _ => "?",
    }
}

/// The number of a function that Zeek names.
fn function(name: &str) -> u64 {
    let name = name.strip_suffix("_EXCEPTION").unwrap_or(name);
    if let Some(number) = name.strip_prefix("unknown-") {
        return number.parse::<u64>().unwrap() & 0x7f;
    }
    const NAMES: [(&str, u64); 32] = [
        ("READ_COILS", 1),
        ("READ_DISCRETE_INPUTS", 2),
        ("READ_HOLDING_REGISTERS", 3),
        ("READ_INPUT_REGISTERS", 4),
        ("WRITE_SINGLE_COIL", 5),
        ("WRITE_SINGLE_REGISTER", 6),
        ("READ_EXCEPTION_STATUS", 7),
        ("DIAGNOSTICS", 8),
        ("PROGRAM_484", 9),
        ("POLL_484", 10),
        ("GET_COMM_EVENT_COUNTER", 11),
        ("GET_COMM_EVENT_LOG", 12),
        ("PROGRAM_584_984", 13),
        ("POLL_584_984", 14),
        ("WRITE_MULTIPLE_COILS", 15),
        ("WRITE_MULTIPLE_REGISTERS", 16),
        ("REPORT_SLAVE_ID", 17),
        ("PROGRAM_884_U84", 18),
        ("RESET_COMM_LINK_884_U84", 19),
        ("READ_FILE_RECORD", 20),
        ("WRITE_FILE_RECORD", 21),
        ("MASK_WRITE_REGISTER", 22),
        ("READ_WRITE_MULTIPLE_REGISTERS", 23),
        ("READ_FIFO_QUEUE", 24),
        ("PROGRAM_CONCEPT", 40),
        ("MULTIPLE_FUNCTION_CODES", 41),
        ("ENCAP_INTERFACE_TRANSPORT", 43),
        ("PROGRAM_UNITY", 90),
        ("OBJECT_MESSAGING", 91),
        ("PROGRAM_584_984_2", 126),
        ("REPORT_LOCAL_ADDRESS", 127),
        ("FIRMWARE_REPLACEMENT", 125),
    ];
    let found = NAMES.iter().find(|row| row.0 == name);
    assert!(found.is_some(), "{name}");
    found.unwrap().1
}

/// One row of a log by its columns.
fn rows(log: &Path) -> Vec<BTreeMap<String, String>> {
    let (mut names, mut rows) = (Vec::new(), Vec::new());
    let Ok(file) = File::open(log) else {
        return rows;
    };
    for line in BufReader::new(GzDecoder::new(file)).lines() {
        let line = line.unwrap();
        let split = |text: &str| text.split('\t').map(str::to_owned).collect::<Vec<_>>();
        match line.strip_prefix("#fields\t") {
            Some(fields) => names = split(fields),
            None if line.starts_with('#') => {}
            None => rows.push(names.iter().cloned().zip(split(&line)).collect()),
        }
    }
    rows
}

/// Zeek writes the first hundred elements of a list and leaves out the rest.
fn same(their: &str, mine: &str) -> bool {
    let cut = || mine.split(',').take(100).collect::<Vec<_>>().join(",");
    their == mine || their.split(',').count() == 100 && their == cut()
}

#[derive(Default)]
struct Agreement {
    rows: usize,
    values: usize,
    different: BTreeMap<(String, &'static str, &'static str), (usize, String)>,
}

impl Agreement {
    fn log(&mut self, capture: &str, log: &'static str, path: &Path, ours: &mut Ours) {
        for theirs in rows(path) {
            let us: i64 = theirs["ts"].replace('.', "").parse().unwrap();
            let number = |name: &str| theirs[name].parse::<u64>().unwrap();
            let port = theirs["id.orig_p"].parse().unwrap();
            let of = (number("tid"), number("unit"), function(&theirs["func"]));
            let key = (us, port, theirs["id.resp_h"].clone(), of.0, of.1, of.2);
            self.rows += 1;
            let found = ours.get_mut(&(log, key)).and_then(|rows| {
                // Of several under one number, the one that fits best.
                let fits = |row: &Row| {
                    row.iter()
                        .filter(|one| same(&theirs[one.0], &one.1))
                        .count()
                };
                let best = (0..rows.len()).max_by_key(|at| (fits(&rows[*at]), usize::MAX - at))?;
                Some(rows.remove(best))
            });
            let mut differs = |column: &'static str, text: String| {
                let place = (capture.to_owned(), log, column);
                self.different.entry(place).or_insert((0, text)).0 += 1;
            };
            let Some(row) = found else {
                differs("row", format!("{theirs:?}"));
                continue;
            };
            for (column, mine) in row {
                match theirs[column].as_str() {
                    "-" | "(empty)" => {}
                    their if same(their, &mine) => self.values += 1,
                    their => differs(column, format!("{us} {mine}, Zeek {their}")),
                }
            }
        }
    }
}

#[test]
fn every_row_of_zeek_is_ours_or_explained() {
    let Some(corpus) = oracle::corpus() else {
        return oracle::skip("every_row_of_zeek_is_ours_or_explained");
    };
    let mut agreement = Agreement::default();
    let mut table = String::new();
    let captures = oracle::manifest(&corpus);
    for (path, _) in captures.iter().filter(|row| row.1 == "modbus") {
        let name = path.file_name().unwrap().to_str().unwrap();
        let logs = corpus
            .join(path.parent().unwrap())
            .join("expected/zeek822")
            .join(name);
        let mut ours = ours(&corpus.join(path));
        let before = (agreement.rows, agreement.values);
        for log in [DETAILED, MASK, BOTH, DEVICE] {
            let path = logs.join(format!("{log}.log.gz"));
            agreement.log(name, log, &path, &mut ours);
        }
        let differ: usize = agreement
            .different
            .iter()
            .filter(|one| one.0.0 == name)
            .map(|one| one.1.0)
            .sum();
        let (rows, values) = (agreement.rows - before.0, agreement.values - before.1);
        table += &format!("| {name} | {rows} | {values} | {differ} |\n");
    }
    let mut wrong: Vec<String> = Vec::new();
    for ((capture, log, column), (count, example)) in &agreement.different {
        let of = EXPLAINED
            .iter()
            .filter(|row| (row.0, row.1, row.2) == (capture, log, column));
        if of.map(|row| row.3).sum::<usize>() != *count {
            wrong.push(format!("{capture} {log} {column} {count}: {example}"));
        }
    }
    for row in EXPLAINED {
        if !agreement
            .different
            .contains_key(&(row.0.to_owned(), row.1, row.2))
        {
            wrong.push(format!(
                "{} {} {}: explained, and equal",
                row.0, row.1, row.2
            ));
        }
    }
    eprintln!("{table}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/agreement/modbus_zeek.md");
    let page = std::fs::read_to_string(page).unwrap_or_default();
    assert!(
        page.contains(&table),
        "docs/agreement/modbus_zeek.md is out of date:\n{table}"
    );
    for row in EXPLAINED {
        assert!(
            page.contains(row.4),
            "docs/agreement/modbus_zeek.md does not say: {}",
            row.4
        );
    }
}
