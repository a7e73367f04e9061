//! The matcher against a second evaluator that is written as plainly as can be: address by address, clause by clause.
#![expect(clippy::unwrap_used, reason = "tests")]

mod made;

use iia_contract::Catalog;
use iia_contract::matcher::{Clause, Matcher, Verdict};
use iia_core::observe::Table;
use made::{Said, contract};
use proptest::prelude::*;

type Range = (Table, u32, u32);

/// A device contract as a person would note it down.
#[derive(Clone, Debug)]
struct Noted {
    client: u8,
    server: u8,
    port: u16,
    units: Vec<u8>,
    functions: Vec<u8>,
    reads: Vec<Range>,
    writes: Vec<Range>,
}

impl Noted {
    fn lines(&self) -> String {
        let mut lines = format!(
            "scope device\nprotocol modbus_tcp\nclient 10.0.0.{}\nserver tcp/10.0.1.{}:{}\n",
            self.client, self.server, self.port
        );
        let units = self.units.iter().map(|unit| format!("unit {unit}\n"));
        let functions = self
            .functions
            .iter()
            .map(|function| format!("function {function}\n"));
        let range = |verb: &str, (table, first, last): &Range| {
            format!("{verb} {} {first} {last}\n", table.name())
        };
        let reads = self.reads.iter().map(|one| range("read", one));
        let writes = self.writes.iter().map(|one| range("write", one));
        lines.extend(units.chain(functions).chain(reads).chain(writes));
        lines
    }

    /// The first clause that fails.
    fn judge(&self, said: &Said) -> Option<Clause> {
        let touches = |span: &Option<Range>| span.is_some();
        if said.server != ([10, 0, 1, self.server], self.port) {
            Some(Clause::Server)
        } else if said.client != [10, 0, 0, self.client] {
            Some(Clause::Client)
        } else if !self.units.is_empty() && !self.units.contains(&said.unit) {
            Some(Clause::Unit)
        } else if self.functions.contains(&said.func) {
            None
        } else if !touches(&said.read) && !touches(&said.write) {
            Some(Clause::Function)
        } else if touches(&said.write) && self.writes.is_empty() {
            Some(Clause::ReadOnly)
        } else if !all_within(said.write, &self.writes) {
            Some(Clause::Write)
        } else if !all_within(said.read, &self.reads) {
            Some(Clause::Read)
        } else {
            None
        }
    }
}

/// Whether every single address of a span lies in some range.
fn all_within(span: Option<Range>, ranges: &[Range]) -> bool {
    span.is_none_or(|(table, addr, count)| {
        (addr..addr + count).all(|one| {
            ranges
                .iter()
                .any(|(t, first, last)| *t == table && (*first..=*last).contains(&one))
        })
    })
}

fn table(write: bool) -> impl Strategy<Value = Table> {
    if write {
        prop_oneof![Just(Table::Coil), Just(Table::HoldingRegister)].boxed()
    } else {
        prop_oneof![
            Just(Table::Coil),
            Just(Table::HoldingRegister),
            Just(Table::InputRegister)
        ]
        .boxed()
    }
}

fn ranges(write: bool) -> impl Strategy<Value = Vec<Range>> {
    let range = (table(write), 0..20u32, 0..8u32)
        .prop_map(|(table, first, more)| (table, first, first + more));
    prop::collection::vec(range, 0..4)
}

fn noted() -> impl Strategy<Value = Noted> {
    let units = prop::collection::btree_set(1..4u8, 0..3).prop_map(Vec::from_iter);
    let functions = prop_oneof![Just(vec![]), Just(vec![43])];
    (
        1..3u8,
        1..3u8,
        502..504u16,
        units,
        functions,
        ranges(false),
        ranges(true),
    )
        .prop_map(
            |(client, server, port, units, functions, reads, writes)| Noted {
                client,
                server,
                port,
                units,
                functions,
                reads,
                writes,
            },
        )
}

fn said() -> impl Strategy<Value = Said> {
    let span = |write| prop::option::of((table(write), 0..24u32, 1..6u32));
    (1..4u8, 1..4u8, 502..504u16, 1..4u8, span(false), span(true)).prop_map(
        |(client, server, port, unit, read, write)| Said {
            client: [10, 0, 0, client],
            server: ([10, 0, 1, server], port),
            unit,
            func: if read.is_none() && write.is_none() {
                43
            } else {
                23
            },
            read,
            write,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6000))]

    #[test]
    fn i7_two_evaluators_agree(noted in prop::collection::vec(noted(), 0..4), said in prop::collection::vec(said(), 16)) {
        let name = |at: usize| format!("iia.contract.device.d{at}");
        let entries: Vec<_> = noted.iter().enumerate().map(|(at, one)| contract(&name(at), &one.lines())).collect();
        // A contract that allows nothing is no contract; those catalogs are refused and not judged by.
        prop_assume!(Catalog::check(&entries).is_ok());
        let (catalog, _) = Catalog::check(&entries).unwrap();
        let matcher = Matcher::new(&catalog);
        for said in said {
            let failing: Vec<_> = noted.iter().map(|one| one.judge(&said)).collect();
            match matcher.judge(&said.observation()) {
                Verdict::Covered { contract, .. } => {
                    prop_assert_eq!(failing[contract as usize], None);
                }
                Verdict::Violation { nearest, clause } => {
                    prop_assert!(failing.iter().all(Option::is_some));
                    // The one that came nearest is the one whose failing clause stands last.
                    let last = failing.iter().flatten().max().copied().unwrap_or(Clause::Server);
                    prop_assert_eq!(clause, last);
                    if let Some(nearest) = nearest {
                        prop_assert_eq!(failing[nearest as usize], Some(clause));
                    }
                }
            }
        }
    }
}
