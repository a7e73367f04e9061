//! Real captures: what was learnt from one is no finding when the same comes again, and whatever is put among it is.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "tests"
)]

#[path = "network_captures/ear.rs"]
mod ear;
#[path = "network_captures/kept.rs"]
mod kept;
#[path = "network_captures/learnt.rs"]
mod learnt;
#[path = "network_captures/wire.rs"]
mod wire;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use iia_core::finding::{Conclusion, Finding};
use iia_core::observe::{Exchange, Observation, Outcome, Protocol};
use kept::Kept;
use learnt::{captures, decode, learn, observe, packets};

fn corpus() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    let dir = std::env::var_os("IIA_CORPUS").map_or_else(beside, PathBuf::from);
    let found = dir.join("MANIFEST.tsv").is_file().then_some(dir);
    let all = std::env::var_os("IIA_REQUIRE_ALL").is_some_and(|value| value == "1");
    assert!(!all || found.is_some(), "the corpus is missing");
    if found.is_none() {
        eprintln!("SKIPPED: the corpus (../shared/corpus or $IIA_CORPUS)");
    }
    found
}

/// Of every capture of the corpus: the learnt catalog, and what it was learnt from, observed.
#[test]
fn what_a_catalog_was_learnt_from_is_no_finding() {
    let Some(corpus) = corpus() else { return };
    let (mut judged, mut wrong) = (0, BTreeMap::<PathBuf, Vec<String>>::new());
    for (path, _) in captures(&corpus) {
        let packets = packets(&path);
        let (catalog, taken) = learn(&packets);
        judged += taken.iter().filter(|one| **one).count();
        let found = observe(&catalog, (&packets, &taken), &[]);
        if !found.is_empty() {
            let said = found
                .iter()
                .take(3)
                .map(|one| format!("{} {}", one.clause, one.reason));
            wrong.insert(path, said.collect());
        }
    }
    eprintln!("{judged} observations");
    assert!(judged > 30_000, "{judged}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The first exchange that was answered, as whoever injects something beside it would know it.
struct Base {
    client: [u8; 4],
    server: [u8; 4],
    port: u16,
    unit: u8,
    func: u8,
    addr: u16,
}

fn base(packets: &[Kept]) -> Option<Base> {
    let mut found = None;
    decode(packets, &mut |_, observation| {
        if let Observation::Exchange(exchange) = observation
            && found.is_none()
        {
            found = known(exchange);
        }
    });
    found
}

fn known(exchange: &Exchange<'_>) -> Option<Base> {
    let (flow, read) = (&exchange.flow, exchange.read.as_ref()?);
    let (std::net::IpAddr::V4(client), std::net::IpAddr::V4(server)) = (flow.orig_h, flow.resp_h)
    else {
        return None;
    };
    let is_plain = exchange.protocol == Protocol::ModbusTcp
        && exchange.outcome == Outcome::Answered
        && [3, 4].contains(&exchange.func);
    is_plain.then(|| Base {
        client: client.octets(),
        server: server.octets(),
        port: flow.resp_p,
        unit: exchange.unit,
        func: exchange.func,
        addr: u16::try_from(read.addr).unwrap_or_default(),
    })
}

/// What is put on the wire behind the clean capture, the clause that it breaks, and words of what is said of it.
fn injected(base: &Base) -> Vec<(&'static str, Vec<Vec<u8>>, &'static str, &'static str)> {
    let Base {
        client,
        server,
        port,
        unit,
        func,
        addr,
    } = *base;
    let [high, low] = addr.to_be_bytes();
    let read = [func, high, low, 0, 1];
    let of = |client, port, unit, request: &[u8], answer: &[u8]| {
        wire::exchange((client, server, port), unit, request, answer)
    };
    let word = [func, 2, 0, 0];
    let write = [6, 0xfe, 0xdc, 0, 1];
    let more = [16, 0xfe, 0xdc, 0, 1, 2, 0, 1];
    vec![
        (
            "a stranger polls",
            of([10, 66, 6, 6], port, unit, &read, &word),
            "parties",
            "10.66.6.6",
        ),
        (
            "the known client, at another port",
            of(client, 5020, unit, &read, &word),
            "parties",
            ":5020",
        ),
        (
            "a register far off is read",
            of(client, port, unit, &[func, 0xfe, 0xdc, 0, 1], &word),
            "read",
            "65244",
        ),
        (
            "a register is written",
            of(client, port, unit, &write, &write),
            "write",
            "write holding_register 65244",
        ),
        (
            "registers are written",
            of(client, port, unit, &more, &more[..5]),
            "write",
            "write holding_register 65244",
        ),
        (
            "a coil is forced",
            of(
                client,
                port,
                unit,
                &[5, 0xfe, 0xdc, 0xff, 0],
                &[5, 0xfe, 0xdc, 0xff, 0],
            ),
            "write",
            "write coil 65244",
        ),
        (
            "another unit is asked",
            of(client, port, 0xf7, &read, &word),
            "unit",
            "for unit 247",
        ),
        (
            "the device is told to be silent",
            of(client, port, unit, &[8, 0, 4, 0, 0], &[8, 0, 4, 0, 0]),
            "function",
            "function 8",
        ),
        (
            "a datagram to everybody",
            vec![wire::datagram([10, 66, 6, 6], [255; 4], 47_808)],
            "parties",
            "255.255.255.255:47808",
        ),
        (
            "PROFINET: a device is given another name",
            vec![wire::raw([1, 0x0e, 0xcf, 0, 0, 0], 0x8892, &wire::DCP_SET)],
            "parties",
            "profinet_dcp",
        ),
        (
            "GOOSE: a breaker is told to trip",
            vec![wire::raw([1, 0x0c, 0xcd, 1, 0, 1], 0x88b8, &wire::GOOSE)],
            "parties",
            "goose",
        ),
        (
            "EtherCAT: every device is written",
            vec![wire::raw([0xff; 6], 0x88a4, &wire::ETHERCAT)],
            "parties",
            "ethercat",
        ),
        (
            "a type that nobody knows, to everybody",
            vec![wire::raw([0xff; 6], 0x88b5, &[0; 46])],
            "parties",
            "everybody",
        ),
    ]
}

/// Every frame that is put behind a real capture is found, and says what it is; what was there before is no finding.
#[test]
fn whatever_is_put_among_the_learnt_is_found() {
    let Some(corpus) = corpus() else { return };
    let mut bases = 0;
    for (path, protocol) in captures(&corpus) {
        if protocol != "modbus" {
            continue;
        }
        let clean = packets(&path);
        let Some(base) = base(&clean) else { continue };
        bases += 1;
        let (catalog, taken) = learn(&clean);
        for (label, frames, clause, words) in injected(&base) {
            let behind = wire::behind(&clean, &frames);
            let found = observe(&catalog, (&clean, &taken), &behind);
            let named = found.iter().any(|one| {
                let is_said = one.reason.contains(words) || one.destination.contains(words);
                one.conclusion == Conclusion::Diverge && is_said && says(one, clause)
            });
            assert!(named, "{}: {label}: {found:#?}", path.display());
        }
    }
    assert!(bases >= 5, "{bases}");
}

/// Where nothing may be written at all, that is what is said of a write.
fn says(found: &Finding, clause: &str) -> bool {
    found.clause == clause || (clause == "write" && found.clause == "read_only")
}
