//! How much of what no contract covers is flagged, and how much of what is flagged no contract covers: real captures, in
//! which tshark says what was asked and a reading of its own says whether the contract has it.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "tests"
)]

#[path = "network_captures/kept.rs"]
mod kept;
#[path = "network_captures/learnt.rs"]
#[expect(dead_code, reason = "the decoder alone is asked here")]
mod learnt;
#[path = "../../iia-capture/tests/oracle/mod.rs"]
#[expect(dead_code, unreachable_pub, reason = "requests alone are asked here")]
mod oracle;
#[path = "labelled/terms.rs"]
mod terms;

use std::collections::BTreeMap;
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use iia_contract::matcher::{Matcher, Verdict};
use iia_core::observe::{Exchange, Observation, Outcome, Protocol};
use oracle::{Key, Unit};
use terms::Terms;

const PAGE: &str = "docs/flagging.md";
const MODBUS_PORT: u16 = 502;

/// What was asked by whom, as tshark sees it.
type Asked = Vec<(Key, Unit)>;

/// Requests by what they should have been called and by what they were called.
#[derive(Clone, Copy, Default)]
struct Count {
    /// Uncontracted and flagged.
    hit: u64,
    /// Uncontracted and not flagged.
    missed: u64,
    /// Contracted and flagged.
    wrong: u64,
    /// Contracted and not flagged.
    quiet: u64,
    /// Not in tshark's table, so that nobody says what they should be called.
    beside: u64,
}

impl Count {
    const fn add(&mut self, other: Self) {
        self.hit += other.hit;
        self.missed += other.missed;
        self.wrong += other.wrong;
        self.quiet += other.quiet;
        self.beside += other.beside;
    }

    fn row(&self, name: &str) -> String {
        let share = |part: u64, whole: u64| match whole {
            0 => String::new(),
            whole => format!("{:.2} %", part as f64 * 100.0 / whole as f64),
        };
        let (uncontracted, flagged) = (self.hit + self.missed, self.hit + self.wrong);
        format!(
            "| {name} | {} | {uncontracted} | {flagged} | {} | {} | {} | {} | {} |\n",
            uncontracted + self.wrong + self.quiet,
            self.missed,
            self.wrong,
            share(self.hit, flagged),
            share(self.hit, uncontracted),
            self.beside,
        )
    }
}

/// How an exchange is known to both.
fn key(exchange: &Exchange<'_>) -> Key {
    Key {
        us: exchange.ts.as_ns() / 1000,
        from: (exchange.flow.orig_h, exchange.flow.orig_p),
        transaction: exchange.transaction.into(),
        unit: exchange.unit.into(),
        func: exchange.func.into(),
    }
}

/// Which requests the catalog flags, each as often as it does: by key, whether it was flagged.
fn flagged(path: &Path, catalog: &iia_contract::Catalog) -> BTreeMap<Key, Vec<bool>> {
    let (matcher, packets) = (Matcher::new(catalog), learnt::packets(path));
    let mut found = BTreeMap::<Key, Vec<bool>>::new();
    learnt::decode(&packets, &mut |_, observation| {
        let Observation::Exchange(exchange) = observation else {
            return;
        };
        // An answer whose question nobody saw is no request.
        if exchange.protocol == Protocol::ModbusTcp && exchange.outcome != Outcome::Orphan {
            let is_flagged = matches!(matcher.judge(observation), Verdict::Violation { .. });
            found.entry(key(exchange)).or_default().push(is_flagged);
        }
    });
    found
}

/// Holds what was flagged against the labels; what is not seen at all is not flagged.
fn count(asked: &Asked, terms: &Terms, mut flagged: BTreeMap<Key, Vec<bool>>) -> Count {
    let mut count = Count::default();
    for (key, unit) in asked {
        let is_flagged = take(&mut flagged, key).unwrap_or_default();
        *match (terms.cover(key, unit), is_flagged) {
            (false, true) => &mut count.hit,
            (false, false) => &mut count.missed,
            (true, true) => &mut count.wrong,
            (true, false) => &mut count.quiet,
        } += 1;
    }
    count.beside = flagged.values().map(|all| all.len() as u64).sum();
    count
}

/// Takes out what was said of a request; the two may round its moment otherwise.
fn take(flagged: &mut BTreeMap<Key, Vec<bool>>, key: &Key) -> Option<bool> {
    let near = [0, -1, 1].map(|us| Key {
        us: key.us + us,
        ..key.clone()
    });
    near.iter().find_map(|key| flagged.get_mut(key)?.pop())
}

/// The captures of Modbus, each with what was asked in it and who answered.
fn captures(corpus: &Path) -> Vec<(String, PathBuf, Asked, Vec<IpAddr>)> {
    let rows = oracle::manifest(corpus).into_iter();
    let modbus = rows.filter(|(_, protocol)| protocol == "modbus");
    let read = |(path, _): (PathBuf, String)| {
        let (mut asked, mut servers) = (Asked::new(), Vec::new());
        for (key, units) in oracle::tshark(corpus, &path) {
            match key.from.1 == MODBUS_PORT {
                true => servers.push(key.from.0),
                false => asked.extend(units.into_iter().map(|(_, unit)| (key.clone(), unit))),
            }
        }
        servers.sort_unstable();
        servers.dedup();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, corpus.join(path), asked, servers)
    };
    modbus.map(read).collect()
}

/// The tables of the page: by what is contracted, and by capture.
fn tables(corpus: &Path) -> (String, Count) {
    let (mut by_terms, mut sum) = (BTreeMap::<&str, Count>::new(), Count::default());
    let mut captures_rows = String::new();
    for (name, path, asked, servers) in captures(corpus) {
        let mut of_capture = Count::default();
        for (word, terms) in Terms::all(&asked) {
            let found = count(&asked, &terms, flagged(&path, &terms.catalog(&servers)));
            by_terms.entry(word).or_default().add(found);
            of_capture.add(found);
        }
        captures_rows += &of_capture.row(&name);
        sum.add(of_capture);
    }
    let head = |first: &str| {
        format!(
            "| {first} | requests | uncontracted | flagged | missed | wrongly flagged | precision | recall | unlabelled |\n\
             |---|--:|--:|--:|--:|--:|--:|--:|--:|\n"
        )
    };
    let mut page = head("contracted");
    by_terms
        .iter()
        .for_each(|(word, count)| page += &count.row(word));
    page += &sum.row("**all**");
    page += "\n";
    page += &head("capture");
    page += &captures_rows;
    (page, sum)
}

#[test]
fn what_no_contract_covers_is_flagged_and_nothing_else() {
    let Some(corpus) = oracle::corpus() else {
        return oracle::skip("what_no_contract_covers_is_flagged_and_nothing_else");
    };
    let (measured, sum) = tables(&corpus);
    assert!(
        sum.missed * 1000 < sum.hit && sum.wrong * 1000 < sum.hit,
        "{measured}"
    );
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(PAGE);
    let page = fs::read_to_string(&path).unwrap();
    let start = page.find("| contracted |").unwrap();
    if std::env::var_os("IIA_WRITE").is_some_and(|value| value == "1") {
        return fs::write(&path, format!("{}{measured}", &page[..start])).unwrap();
    }
    assert_eq!(
        &page[start..],
        measured,
        "{PAGE} is not what was measured; IIA_WRITE=1 writes it anew"
    );
}
