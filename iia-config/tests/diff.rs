//! What changes, what that brings about, and that a diff is exactly the way from one document to the other.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests"
)]

mod diff_property;

use diff_property::{Random, bend, check};
use iia_config::diff::{Consequences, Model, Moved, consequences, diff};
use iia_config::parse::{Document, parse};

const BOX: &str = include_str!("../../examples/box-pi/box.icl");
const SITE: &str = include_str!("../../examples/site/site.icl");

fn document(text: &str) -> Document {
    parse(text.as_bytes(), 1 << 20).unwrap()
}

/// The example with one thing changed.
#[track_caller]
fn changed(pairs: &[(&str, &str)]) -> (String, Consequences) {
    let mut text = BOX.to_owned();
    for (from, to) in pairs {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    let (old, new) = (document(BOX), document(&text));
    (
        diff(&Model::of(&old), &Model::of(&new)).to_string(),
        consequences(&old, &new),
    )
}

/// The text of an entry of the example.
fn entry(start: &str) -> &'static str {
    let from = BOX.find(start).unwrap();
    let end = from + BOX[from..].find("\n}\n").unwrap() + 3;
    &BOX[from..end]
}

#[test]
fn nothing_changes_when_nothing_changes() {
    let (text, found) = changed(&[]);
    assert_eq!((text.as_str(), found), ("", Consequences::default()));
    // Order, blank lines and comments mean nothing.
    let (text, _) = changed(&[("zone api {", "# a remark\nzone api {")]);
    assert_eq!(text, "");
}

#[test]
fn a_contract_that_goes_closes_its_flows_and_cuts_its_sessions() {
    let contract = entry("contract iia.contract.device.historian_press_b");
    let (text, found) = changed(&[(contract, "")]);
    assert_eq!(text, "- contract iia.contract.device.historian_press_b\n");
    assert!(found.opened.is_empty());
    assert_eq!(found.closed.len(), 2);
    let cut: Vec<String> = found.cut.iter().map(ToString::to_string).collect();
    let want = "10.20.0.11 -> tcp/10.20.0.22:502 under iia.contract.device.historian_press_b";
    assert_eq!(cut, [want]);
}

#[test]
fn an_operation_that_goes_closes_a_flow_and_cuts_nothing() {
    let (_, found) = changed(&[(
        "  operation ADD_CHECKPOINT\n  operation ADD_ENTRIES\n",
        "  operation ADD_ENTRIES\n",
    )]);
    assert_eq!(
        found.closed.iter().next().unwrap().operation,
        "ADD_CHECKPOINT"
    );
    assert!(found.cut.is_empty());
    let due = &found.versions[0];
    assert_eq!(
        (due.due.to_string().as_str(), due.is_kept()),
        ("2.0.0", false)
    );
    assert!(due.breaks.contains("operation"));
}

#[test]
fn a_wider_write_opens_a_flow_and_asks_for_a_minor_version() {
    let contract = "contract iia.contract.device.scada_press_a 1.0.0";
    let raised = "contract iia.contract.device.scada_press_a 1.1.0";
    let write = "  write holding_register 100 101\n";
    let more = "  write holding_register 100 101\n  write holding_register 110 110\n";
    let (text, found) = changed(&[(contract, raised), (write, more)]);
    assert!(
        text.contains("scada_press_a 1.0.0 -> 1.1.0\n    + write holding_register 110 110\n"),
        "{text}"
    );
    let opened: Vec<&str> = found
        .opened
        .iter()
        .map(|flow| flow.operation.as_str())
        .collect();
    assert_eq!(opened, ["write holding_register 110 110"]);
    assert_eq!(found.versions.len(), 1);
    assert!(found.versions[0].is_kept());
}

#[test]
fn workloads_are_bound_and_unbound() {
    let (text, found) = changed(&[(
        "  workload relay 127.90.21.2\n",
        "  workload relay 127.90.21.9\n",
    )]);
    assert!(
        text.contains("~ workload relay 127.90.21.2 -> relay 127.90.21.9"),
        "{text}"
    );
    let binding = |set: &std::collections::BTreeSet<iia_config::diff::Binding>| {
        set.iter()
            .map(|binding| format!("{} {}", binding.id, binding.addr))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        binding(&found.bound),
        ["spiffe://iia.local/zone/bus/workload/relay 127.90.21.9"]
    );
    assert_eq!(
        binding(&found.unbound),
        ["spiffe://iia.local/zone/bus/workload/relay 127.90.21.2"]
    );
}

#[test]
fn inventories_gain_and_lose_streams() {
    let (_, found) = changed(&[("    exclude contract.auth\n", "")]);
    let gone: Vec<&str> = found
        .topics_gone
        .iter()
        .map(|topic| topic.line.as_str())
        .collect();
    assert_eq!(
        (gone, found.topics_new.len()),
        (vec!["exclude contract.auth"], 0)
    );
}

#[test]
fn obligations_are_loosened_and_tightened() {
    for (from, to, way) in [
        (
            "    on_box 30d\n",
            "    on_box 60d\n",
            Some(Moved::Tightened),
        ),
        (
            "    on_box 30d\n",
            "    on_box 15d\n",
            Some(Moved::Loosened),
        ),
        ("    on_box 30d\n", "    on_box 720h\n", None),
        (
            "    lag_max 10s\n",
            "    lag_max 20s\n",
            Some(Moved::Loosened),
        ),
        ("    lag_max 10s\n", "", Some(Moved::Loosened)),
        (
            "    rows 1000000/h\n",
            "    rows 10000/m\n",
            Some(Moved::Tightened),
        ),
        (
            "    watermark on\n",
            "    watermark off\n",
            Some(Moved::Loosened),
        ),
        (
            "    on_unreachable retry\n",
            "    on_unreachable fail_open_with_alarm\n",
            Some(Moved::Loosened),
        ),
        (
            "    on_unreachable retry\n",
            "    on_unreachable fail_closed\n",
            Some(Moved::Tightened),
        ),
        ("  silence 10s\n", "  silence 5s\n", Some(Moved::Tightened)),
        (
            "    aging oldest_first_after_acked\n",
            "    aging never\n",
            None,
        ),
    ] {
        let (_, found) = changed(&[(from, to)]);
        let moved: Vec<Moved> = found.obligations.iter().map(|one| one.moved).collect();
        assert_eq!(moved, way.into_iter().collect::<Vec<_>>(), "{from} {to}");
    }
}

#[test]
fn whoever_answers_or_must_be_told_is_named() {
    let contract = BOX
        .find("contract iia.contract.boundary.site.telemetry")
        .unwrap();
    let raci = contract + BOX[contract..].find("  raci contract_evolution {").unwrap();
    let line = raci + BOX[raci..].find("    informed ").unwrap();
    let end = line + BOX[line..].find('\n').unwrap() + 1;
    let text = format!("{}    informed site-auditor\n{}", &BOX[..line], &BOX[end..]);
    let (old, new) = (document(BOX), document(&text));
    let found = consequences(&old, &new);
    let change = found.raci.iter().next().unwrap();
    assert_eq!(
        (change.event.as_str(), change.new.as_slice()),
        (
            "contract_evolution",
            ["informed site-auditor".to_owned()].as_slice()
        )
    );
    // The one who comes and the one who goes are both told, and so is the other side.
    let told: Vec<&str> = found
        .notify
        .iter()
        .map(|notice| notice.who.as_str())
        .collect();
    let before = BOX[line..end].trim().strip_prefix("informed ").unwrap();
    for who in ["site-auditor", before, "site-operations"] {
        assert!(told.contains(&who), "{who}: {told:?}");
    }
    let site = found
        .notify
        .iter()
        .find(|notice| notice.who == "site-operations")
        .unwrap();
    assert_eq!(site.contact, "oncall://site/ops-manager");
}

#[test]
fn a_major_version_beside_the_old_one_is_an_addition() {
    let contract = entry("contract iia.contract.device.historian_press_b");
    let both = format!("{contract}\n{}", contract.replace("1.0.0", "2.0.0"));
    let (text, _) = changed(&[(contract, &both)]);
    assert_eq!(text, "+ contract iia.contract.device.historian_press_b\n");
}

#[test]
fn a_diff_is_the_way_from_one_document_to_the_other() {
    let mut random = Random::new(0xD1FF);
    let (mut changes, mut unlike) = (0, 0);
    for round in 0..400 {
        let base = if round % 2 == 0 { BOX } else { SITE };
        let (mut a, mut b) = (base.to_owned(), base.to_owned());
        for _ in 0..random.below(6) {
            a = bend(&a, &mut random);
        }
        for _ in 0..random.below(12) {
            b = bend(&b, &mut random);
        }
        if let Some(size) = check(a.as_bytes(), b.as_bytes()) {
            changes += size;
            unlike += usize::from(size > 0);
        }
    }
    assert!(unlike > 200 && changes > 1000, "{unlike} {changes}");
}

#[test]
fn a_diff_of_another_document_is_refused() {
    let contract = entry("contract iia.contract.device.historian_press_b");
    let (old, new) = (document(BOX), document(&BOX.replacen(contract, "", 1)));
    let gone = diff(&Model::of(&old), &Model::of(&new));
    assert!(gone.apply(&Model::of(&old)).is_ok());
    assert!(gone.apply(&Model::of(&new)).is_err());
    assert!(gone.apply(&Model::of(&document(SITE))).is_err());
}
