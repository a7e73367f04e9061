//! Any change is additive or breaking, and its version says which: every field of the table, both ways.
#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "made/text.rs"]
mod text;

use std::collections::BTreeSet;

use iia_contract::raw::{Entry, FieldSpec, Type, Version};
use iia_contract::schema::CONTRACT;
use iia_contract::tree::Tree;
use iia_contract::version::effect::{Binds, EFFECTS, Effect, effect};
use iia_contract::version::history::VERSIONS_MAX;
use iia_contract::version::{Change, Fault, History, Step, change};
use iia_core::Timestamp;

/// Every field of the schema table: block, whether the block has a name, row.
fn schema() -> Vec<(&'static str, bool, &'static FieldSpec)> {
    let own = CONTRACT.fields.iter().map(|field| ("", false, field));
    let inner = CONTRACT.blocks.iter().flat_map(|block| {
        block
            .fields
            .iter()
            .map(move |field| (block.key, block.named, field))
    });
    own.chain(inner).collect()
}

#[test]
fn every_field_of_the_schema_has_an_effect_and_no_other() {
    let table = EFFECTS.iter().flat_map(|(block, rows)| {
        rows.iter()
            .flat_map(move |(_, keys)| keys.split(' ').map(move |key| (*block, key)))
    });
    let table: Vec<(&str, &str)> = table.collect();
    let once: BTreeSet<_> = table.iter().copied().collect();
    assert_eq!(table.len(), once.len(), "a field stands twice");
    let wanted: BTreeSet<_> = schema()
        .iter()
        .map(|(block, _, row)| (*block, row.key))
        .collect();
    assert_eq!(once, wanted);
}

fn tree(lines: &str) -> Tree {
    let text = format!("contract iia.contract.device.x 1.0.0 {{\n{lines}\n}}\n");
    Tree::from(text::entries(&text).as_slice())
}

fn kind(before: &str, after: &str) -> Change {
    let (before, after) = (tree(before), tree(after));
    change(&before.entry(0).unwrap(), &after.entry(0).unwrap())
}

/// Two values of a type, the first one less than the second where that means something.
fn values(row: &FieldSpec) -> [&'static str; 2] {
    match row.values {
        [Type::Atom(["on", "off"])] => ["off", "on"],
        [Type::Atom(_), Type::Count, Type::Count] => ["coil 3 5", "coil 3 9"],
        [Type::Atom([one, .., other])] => [one, other],
        [Type::Net] => ["10.0.0.0/24", "10.0.0.0/16"],
        [Type::Pattern] => ["acs.modbus.*", "acs.*"],
        [Type::Port] => ["tls/7443", "tls/7444"],
        [Type::Spiffe] => ["spiffe://a.b/c", "spiffe://a.b/d"],
        [Type::Uri] => ["oncall://a/b", "oncall://a/c"],
        [Type::Time] => ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"],
        [Type::String] => ["\"a\"", "\"b\""],
        [Type::Duration | Type::Any] => ["5s", "1m"],
        [Type::Size] => ["900KiB", "1MiB"],
        [Type::Rate] => ["100/h", "2/s"],
        [Type::Ratio] => ["2000ppm", "1%"],
        [Type::Count | Type::Number] => ["3", "12"],
        _ => ["alpha", "beta"],
    }
}

/// Whether a change breaks: of nothing to the second value, of the first to the second, and both ways back.
fn expected(effect: Effect) -> [bool; 4] {
    match effect {
        Effect::Free => [false; 4],
        Effect::Until => [false, false, false, true],
        Effect::Told => [false, true, true, true],
        Effect::Fixed => [true; 4],
        Effect::Allows => [false, true, true, true],
        // The second value is the wider one.
        Effect::Nets | Effect::Runs | Effect::Patterns => [false, false, true, true],
        Effect::Withheld => [true, true, false, false],
        Effect::Narrows => [true, true, false, true],
        Effect::Upper(Binds::Other) => [true, false, false, true],
        Effect::Upper(Binds::Box) => [false, true, true, false],
        Effect::Lower(Binds::Other) => [true, true, false, false],
        Effect::Lower(Binds::Box) => [false, false, true, true],
        Effect::Switch(Binds::Other) => [true, true, false, false],
        Effect::Switch(Binds::Box) => [false, false, true, true],
    }
}

#[test]
fn every_field_is_judged_by_its_effect_both_ways() {
    for (block, named, row) in schema() {
        let [less, more] = values(row);
        let line = |value: &str| match (block, named) {
            ("", _) => format!("{} {value}", row.key),
            (block, false) => format!("{block} {{\n{} {value}\n}}", row.key),
            (block, true) => format!("{block} one {{\n{} {value}\n}}", row.key),
        };
        let (less, more) = (line(less), line(more));
        let steps = [
            ("", &*more),
            (&*less, &*more),
            (&*more, ""),
            (&*more, &*less),
        ];
        let got = steps.map(|(before, after)| matches!(kind(before, after), Change::Breaking(_)));
        let effect = effect(block, row.key);
        assert_eq!(
            got,
            expected(effect),
            "{block} {}: {effect:?}, {more:?}",
            row.key
        );
        assert_eq!(kind(&more, &more), Change::None, "{more:?}");
        let said = kind("", &more) != Change::None;
        assert_eq!(said, effect != Effect::Until, "{more:?}");
    }
}

#[test]
fn changes_are_what_a_party_would_say_they_are() {
    let quota = |lines: &str| format!("quota {{\n{lines}\n}}");
    for (before, after, breaks, why) in [
        (
            "read coil 0 9",
            "read coil 0 4\nread coil 5 20",
            false,
            "split, and wider",
        ),
        (
            "read coil 0 9",
            "read coil 0 4\nread coil 6 20",
            true,
            "coil 5 is gone",
        ),
        (
            "read coil 0 9",
            "read input_register 0 9",
            true,
            "another table",
        ),
        (
            "client 10.0.0.7",
            "client 10.0.0.0/28",
            false,
            "a network around it",
        ),
        (
            "client 10.0.0.7",
            "client 10.0.1.0/24",
            true,
            "a network beside it",
        ),
        ("", "unit 1", true, "every unit before"),
        ("unit 1", "unit 1\nunit 2", false, "one unit more"),
        ("unit 1", "", false, "every unit now"),
        (
            &quota("rows 100/h"),
            &quota("rows 2400/d"),
            false,
            "the same rate in other words",
        ),
        (
            "",
            &quota("rows 100/h"),
            true,
            "a limit where there was none",
        ),
        (&quota("rows 100/h"), "", false, "no limit any more"),
        (
            "inventory {\ninclude acs.*\n}",
            "inventory {\ninclude acs.*\nexclude acs.x\n}",
            true,
            "less",
        ),
        (
            "inventory {\ninclude acs.x\n}",
            "inventory {\ninclude acs.*\n}",
            false,
            "more",
        ),
        (
            "",
            "upstream audit {\nverify_every 1m\n}",
            true,
            "a new duty of the other side",
        ),
        (
            "upstream audit {\nverify_every 1m\n}",
            "",
            false,
            "a duty less",
        ),
        (
            "freshness {\nlag_max 10s\n}",
            "freshness {\nlag_max 5s\n}",
            false,
            "a better promise",
        ),
        (
            "use {\nadvisory_only off\n}",
            "",
            false,
            "off is as not said",
        ),
    ] {
        let got = matches!(kind(before, after), Change::Breaking(_));
        assert_eq!(got, breaks, "{why}: {before:?} to {after:?}");
    }
}

fn step(before: &str, after: &str, [from, to]: [&str; 2]) -> Step {
    let tree = |version: &str, lines: &str| {
        let text = format!("contract iia.contract.device.x {version} {{\n{lines}\n}}\n");
        Tree::from(text::entries(&text).as_slice())
    };
    let (before, after) = (tree(from, before), tree(to, after));
    Step::between(&before.entry(0).unwrap(), &after.entry(0).unwrap())
}

#[test]
fn a_version_says_what_kind_of_change_it_is() {
    let (some, more) = ("operation A", "operation A\noperation B");
    for (before, after, versions, want) in [
        (some, some, ["1.2.3", "1.2.3"], None),
        (some, some, ["1.2.3", "1.2.4"], None),
        (some, some, ["1.2.3", "1.2.2"], Some(Fault::Back)),
        (some, more, ["1.2.3", "1.2.3"], Some(Fault::Again)),
        (some, more, ["1.2.3", "1.2.4"], Some(Fault::HidesMore)),
        (some, more, ["1.2.3", "1.3.0"], None),
        (some, more, ["1.2.3", "2.0.0"], None),
        (more, some, ["1.2.3", "1.3.0"], Some(Fault::HidesBreak)),
        (more, some, ["1.2.3", "2.0.0"], None),
        (more, some, ["1.2.3", "1.2.3"], Some(Fault::Again)),
    ] {
        let step = step(before, after, versions);
        assert_eq!(step.fault(), want, "{step:?}");
    }
}

fn day(number: i64) -> Timestamp {
    Timestamp::from_secs(number * 86_400)
}

fn catalog(contracts: &[(&str, &str)]) -> Tree {
    let text: Vec<String> = contracts
        .iter()
        .map(|(version, lines)| {
            format!("contract iia.contract.device.x {version} {{\n{lines}\n}}\n")
        })
        .collect();
    let entries: Vec<Entry> = text.iter().flat_map(|text| text::entries(text)).collect();
    Tree::from(entries.as_slice())
}

fn in_force(history: &History, at: Timestamp) -> Vec<String> {
    let versions = history.in_force("iia.contract.device.x", at);
    versions.map(|record| record.version.to_string()).collect()
}

#[test]
fn history_knows_which_version_was_in_force_when() {
    let mut history = History::default();
    let more = "operation A\noperation B";
    history
        .take(&catalog(&[("1.0.0", "operation A")]), day(1))
        .unwrap();
    history.take(&catalog(&[("1.1.0", more)]), day(5)).unwrap();
    let old = format!("{more}\ndeprecated 1970-01-21T00:00:00Z");
    history
        .take(
            &catalog(&[("1.1.0", &old), ("2.0.0", "operation B")]),
            day(10),
        )
        .unwrap();
    history
        .take(&catalog(&[("2.0.0", "operation B")]), day(30))
        .unwrap();
    for (at, want) in [
        (day(0), vec![]),
        (day(1), vec!["1.0.0"]),
        (day(4), vec!["1.0.0"]),
        (day(5), vec!["1.1.0"]),
        (day(10), vec!["2.0.0", "1.1.0"]),
        (day(19), vec!["2.0.0", "1.1.0"]),
        (day(20), vec!["2.0.0"]),
        (day(99), vec!["2.0.0"]),
    ] {
        assert_eq!(in_force(&history, at), want, "{at}");
    }
    let kinds: Vec<_> = history
        .versions("iia.contract.device.x")
        .map(|one| &one.change)
        .collect();
    assert_eq!(kinds[..2], [&Change::None, &Change::Compatible]);
    assert_eq!(kinds[2], &Change::Breaking("`operation`".into()));
}

#[test]
fn a_catalog_with_an_illegal_step_is_not_taken() {
    let mut history = History::default();
    history
        .take(&catalog(&[("1.0.0", "operation A")]), day(1))
        .unwrap();
    let wrong = history
        .take(&catalog(&[("1.1.0", "operation B")]), day(2))
        .unwrap_err();
    assert_eq!(wrong[0].step.fault(), Some(Fault::HidesBreak));
    assert_eq!(
        wrong[0].step.due(),
        Version {
            major: 2,
            minor: 0,
            patch: 0
        }
    );
    assert_eq!(in_force(&history, day(3)), ["1.0.0"]);
    // What is gone for a day comes back as itself.
    history.take(&catalog(&[]), day(4)).unwrap();
    assert!(in_force(&history, day(4)).is_empty());
    history
        .take(&catalog(&[("1.0.0", "operation A")]), day(5))
        .unwrap();
    assert_eq!(in_force(&history, day(5)), ["1.0.0"]);
}

#[test]
fn versions_beyond_the_limit_are_forgotten_and_counted() {
    let mut history = History::default();
    for number in 0..VERSIONS_MAX + 3 {
        let lines: Vec<String> = (0..=number)
            .map(|one| format!("operation A{one}"))
            .collect();
        let version = format!("1.{number}.0");
        let at = Timestamp::from_secs(i64::try_from(number).unwrap());
        history
            .take(&catalog(&[(&version, &lines.join("\n"))]), at)
            .unwrap();
    }
    assert_eq!(
        history.versions("iia.contract.device.x").count(),
        VERSIONS_MAX
    );
    assert_eq!(history.forgotten(), 3);
}
