//! Two documents, drawn line by line from a short list so that they have much in common, and the way between them.

use iia_config::parse::{Document, Magic};

use super::{diff_property, text};
use crate::input::Input;

const HEADS: [&str; 8] = [
    "contract a 1.0.0",
    "contract a 1.1.0",
    "contract b 2.0.0",
    "party ops",
    "zone api",
    "zone bus",
    "artifact iia",
    "sink a",
];

const BLOCKS: [&str; 8] = [
    "raci contract_evolution",
    "raci breach",
    "transport",
    "profile",
    "pull",
    "inventory",
    "failure",
    "retention",
];

/// What consequences look at, with neighbours that differ in one value; some stand where they mean nothing.
const LINES: [&str; 64] = [
    "scope internal",
    "scope boundary",
    "scope inbound",
    "scope device",
    "source spiffe://d/zone/a/workload/x",
    "source spiffe://d/zone/a/workload/y",
    "source spiffe://d/zone/b/workload/x",
    "source tcp/1.2.3.4:1",
    "destination spiffe://d/zone/b/workload/x",
    "destination spiffe://d/zone/b/workload/z",
    "publisher spiffe://d/zone/a/workload/x",
    "publisher p",
    "consumer spiffe://e/zone/a/workload/x",
    "consumer c",
    "puller spiffe://d/zone/a/workload/x",
    "puller q",
    "client 10.0.0.1",
    "client 10.0.0.2",
    "server tcp/10.0.0.3:502",
    "server tcp/10.0.0.3:503",
    "operation QUERY",
    "operation SUBMIT",
    "unit 1",
    "unit 2",
    "read coil 0 7",
    "read coil 0 9",
    "read holding_register 0 9",
    "write coil 0 7",
    "write coil 1 7",
    "function 43",
    "port tls/1",
    "port tls/2",
    "endpoint tls/1.2.3.4:1",
    "endpoint tls/[::1]:1",
    "include ot.*",
    "include ot.acs.*",
    "exclude ot.acs.*",
    "exclude ot.b",
    "accountable ops",
    "accountable dev",
    "responsible ops",
    "responsible dev",
    "consulted ops",
    "informed ops",
    "contact \"a\"",
    "contact \"e\u{301}\"",
    "contact \"\u{e9}\"",
    "organization o",
    "workload x 10.0.0.1",
    "workload x 10.0.0.2",
    "workload y",
    "trust_domain d",
    "trust_domain e",
    "on_unreachable retry",
    "on_unreachable buffer",
    "backoff_max 5s",
    "backoff_max 5000ms",
    "silence 10s",
    "silence 1m",
    "silence 60s",
    "age 7d",
    "size 1024KiB",
    "size 1MiB",
    "rate 5/s",
];

/// `apply(diff(a, b), a) == b`, there and back.
pub fn diff(data: &[u8]) {
    let (a, b) = pair(data);
    diff_property::there_and_back(&a, &b);
}

/// What the change brings about one way is what it takes back the other way.
pub fn consequences(data: &[u8]) {
    let (a, b) = pair(data);
    diff_property::says_the_same(&a);
    diff_property::mirror(&a, &b);
}

fn pair(data: &[u8]) -> (Document, Document) {
    let mut input = Input(data);
    let first = usize::from(input.byte()) % data.len().max(1);
    let drawn = |bytes| {
        let text = drawn(bytes);
        text::read(text.as_bytes()).unwrap_or_else(|found| panic!("{found:?}\n{text}"))
    };
    (drawn(input.take(first)), drawn(input.0))
}

/// A line for each byte; what is open is closed in time.
fn drawn(bytes: &[u8]) -> String {
    let (kind, bytes) = bytes.split_first().unwrap_or((&0, &[]));
    let magic = Magic::ALL
        .get(usize::from(*kind))
        .copied()
        .unwrap_or_default();
    let mut text = format!("{}\n", magic.line());
    let mut depth = 0;
    for byte in bytes {
        let of = usize::from(byte & 0x3f);
        let (most, line, opens) = match byte >> 6 {
            0 => (0, HEADS[of % HEADS.len()], true),
            1 => (1, BLOCKS[of % BLOCKS.len()], true),
            _ => (2, LINES[of], false),
        };
        if most > 0 && depth == 0 {
            continue;
        }
        while depth > most {
            text.push_str("}\n");
            depth -= 1;
        }
        text.push_str(line);
        text.push_str(if opens { " {\n" } else { "\n" });
        depth += usize::from(opens);
    }
    text + &"}\n".repeat(depth)
}
