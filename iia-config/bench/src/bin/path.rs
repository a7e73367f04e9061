//! The whole way of an artifact, from a signed envelope to a compiled plan, stage by stage.
//!
//! `cargo run --release --bin path [contracts] [rounds]`. Each stage is told in processor time of this thread, so that
//! other programs on the machine count little; figures are in `docs/config-performance.md`.

#[path = "../site.rs"]
mod site;

use std::hint::black_box;

use iia_config::apply::Plan;
use iia_config::diff::{between, consequences};
use iia_config::envelope::{open, seal};
use iia_config::format::is_canonical;
use iia_config::parse::{Document, parse};
use iia_config::trust::{Class, Trust, key_text};
use iia_config::validate::{Checked, Facts, validate};
use iia_contract::compile::nft;
use iia_core::sign::{Signer as _, SoftwareKey};

/// Processor time of this thread so far, in nanoseconds.
fn cpu_ns() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    u64::try_from(time.tv_sec * 1_000_000_000 + time.tv_nsec).unwrap_or(0)
}

/// What each stage took, one row a stage, in the order in which they first came.
#[derive(Default)]
struct Stages {
    rows: Vec<(String, Vec<u64>)>,
}

impl Stages {
    fn run<T>(&mut self, name: &str, work: impl FnOnce() -> T) -> T {
        let before = cpu_ns();
        let result = black_box(work());
        let took = cpu_ns().saturating_sub(before);
        match self.rows.iter_mut().find(|row| row.0 == name) {
            Some(row) => row.1.push(took),
            None => self.rows.push((name.to_owned(), vec![took])),
        }
        result
    }

    fn print(mut self) {
        println!("| stage | fastest ms | median ms |\n|---|---|---|");
        let ms = |ns: u64| ns as f64 / 1e6;
        let (mut fastest, mut median) = (0, 0);
        for (name, times) in &mut self.rows {
            times.sort_unstable();
            let (low, mid) = (times.first().copied().unwrap_or(0), times.get(times.len() / 2).copied().unwrap_or(0));
            (fastest, median) = (fastest + low, median + mid);
            println!("| {name} | {:.2} | {:.2} |", ms(low), ms(mid));
        }
        println!("| sum | {:.2} | {:.2} |\n", ms(fastest), ms(median));
    }
}

/// The same site with every `nth` contract changed: its pace, or the size of what it carries.
fn changed(text: &str, nth: usize) -> String {
    let mut contracts = 0;
    let lines = text.split_inclusive('\n').map(|line| {
        contracts += usize::from(line.starts_with("contract "));
        match line {
            "  cadence 1s\n" if contracts % nth == 0 => "  cadence 2s\n",
            "    max_size 64KiB\n" if contracts % nth == 0 => "    max_size 32KiB\n",
            "  revision 1\n" => "  revision 2\n",
            _ => line,
        }
    });
    lines.collect()
}

struct Before {
    document: Document,
    firewall: nft::Ruleset,
}

fn way(name: &str, rounds: usize, text: &str, before: &Before) {
    let key = SoftwareKey::from_seed(&[7; 32].into());
    let public = key_text(&key.public_key());
    let trust = format!("iia-config 1\n\nkey ann {{\n  operator ann\n  public {public}\n  class config\n}}\n");
    let trust = Trust::parse(trust.as_bytes()).expect("a trust document");
    let envelope = seal(Class::Config, text.as_bytes(), &[&key]).expect("an envelope");
    let facts = Facts::of_box("seg01");
    let (mut stages, mut told) = (Stages::default(), String::new());
    for _ in 0..rounds {
        let opened = stages.run("verify", || open(&envelope, Class::Config, &trust)).expect("opened");
        let document = stages.run("parse", || parse(opened.body, usize::MAX)).expect("parsed");
        let canonical = stages.run("canonical check", || is_canonical(&document));
        assert!(canonical);
        let checked: Checked = stages.run("validate", || validate(&document, &facts)).expect("validated");
        let changes = stages.run("diff", || between(&before.document, &document));
        let brought = stages.run("consequences", || consequences(&before.document, &document));
        let plan = stages.run("plan: every gated call, nft text with them", || Plan::of(&checked));
        let delta = stages.run("plan: nft delta", || {
            let after = nft::ruleset(&checked.catalog, &checked.deploy.topology).0;
            nft::delta(&after, &before.firewall)
        });
        told = format!(
            "{} changes, {} flows closed, plan of {} bytes, delta of {} bytes",
            changes.changes.len(),
            brought.closed.len(),
            plan.calls().map(|(_, state)| state.len()).sum::<usize>(),
            delta.map_or(0, |delta| delta.len()),
        );
    }
    println!("{name}: {told}\n");
    stages.print();
}

fn main() {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse().expect("a number"));
    let (contracts, rounds) = (arguments.next().unwrap_or(10_000), arguments.next().unwrap_or(20));
    let text = site::document(contracts);
    let document = parse(text.as_bytes(), usize::MAX).expect("parsed");
    let checked = validate(&document, &Facts::of_box("seg01")).expect("validated");
    let firewall = nft::ruleset(&checked.catalog, &checked.deploy.topology).0;
    let before = Before { document, firewall };
    way("one contract changed", rounds, &changed(&text, contracts), &before);
    way("5 % changed", rounds, &changed(&text, 20), &before);
}
