//! Who held up which side: a consumer that is slow, and the receipt that says so. Run it with
//! `cargo run -p iia-examples --example receipt`.
#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    reason = "an example speaks on its standard output"
)]

use std::error::Error;

use iia_config::{limits, parse::parse, validate};
use iia_contract::adherence::{Adherence, Event};
use iia_core::Timestamp;

const CONTRACT: &str = "iia.contract.boundary.bi_lake.batch";
const CATALOG: &str = include_str!("../contracts/boundary_bi_lake_batch.icl");
const SLA: &str = "  sla ack_latency {
    metric delivery.ack_latency_p99
    max 500ms
    window 1m
    breach ot.contract.sla_breach
  }
}
";

fn main() -> Result<(), Box<dyn Error>> {
    let before = CATALOG.trim_end().trim_end_matches('}');
    let text = format!("{before}{SLA}");
    let document =
        parse(text.as_bytes(), limits::DOCUMENT_LEN_MAX).map_err(|found| format!("{found:?}"))?;
    let catalog = validate::catalog(&document).map_err(|found| format!("{found:?}"))?;

    // Time comes in: here it is made.
    let at = |ms: i64| Timestamp::from_secs(1_764_320_400) + ms * 1_000_000;
    let mut adherence = Adherence::new(&catalog, at(0));
    for ticket in 0..20u64 {
        let sent = Event::Sent {
            ticket,
            records: 500,
            len: 64_000,
        };
        let now = 100 * i64::try_from(ticket)?;
        adherence.handle_event(at(now), CONTRACT, &sent);
        if ticket < 17 {
            let acked = Event::Acked {
                ticket,
                records: 500,
            };
            adherence.handle_event(at(now + 40), CONTRACT, &acked);
        }
    }
    let late = Event::Acked {
        ticket: 17,
        records: 500,
    };
    adherence.handle_event(at(1_700 + 4_200), CONTRACT, &late);
    adherence.handle_timeout(at(60_000));
    while let Some(finding) = adherence.poll_finding() {
        let at = Timestamp::from_ns(finding.ts_ns);
        println!("{at}  {:<28} {}", finding.stream, finding.reason);
    }
    let receipt = adherence.statement(CONTRACT, at(0), at(60_000));
    println!("\n{}", receipt.ok_or("no such contract")?);
    Ok(())
}
