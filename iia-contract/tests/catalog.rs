//! What a catalog refuses: everything that is not specific, and all of it at once.
#![expect(clippy::unwrap_used, reason = "tests")]

mod made;

use iia_contract::Catalog;
use iia_contract::raw::Entry;
use made::{DEVICE, INTERNAL, contract, internal};

fn messages(entries: &[Entry]) -> Vec<String> {
    match Catalog::check(entries) {
        Ok(_) => Vec::new(),
        Err(defects) => defects.into_iter().map(|defect| defect.message).collect(),
    }
}

#[test]
fn sound_contracts_are_taken_in_order_of_name() {
    let other = DEVICE.replace("10.0.0.2:502", "10.0.0.3:502");
    let entries = [
        contract("iia.contract.device.b", DEVICE),
        contract("iia.contract.device.a", &other),
    ];
    let (catalog, _) = Catalog::check(&entries).unwrap();
    let names: Vec<_> = catalog
        .contracts()
        .iter()
        .map(|contract| contract.id.as_str())
        .collect();
    assert_eq!(names, ["iia.contract.device.a", "iia.contract.device.b"]);
    assert!(Catalog::check(&[internal("iia.contract.internal.c_to_l", INTERNAL)]).is_ok());
}

#[test]
fn what_is_not_specific_is_refused() {
    let device = "iia.contract.device.a";
    for (name, lines, want) in [
        (
            "iia.contract.internal.x",
            INTERNAL.replace("APPEND", "ANY"),
            "operation `ANY` says nothing",
        ),
        (
            "iia.contract.internal.x",
            INTERNAL.replace("operation APPEND", ""),
            "no operation is named",
        ),
        (
            "iia.contract.internal.x",
            INTERNAL.replace("/workload/l", "//workload"),
            "empty segment",
        ),
        ("iia.contract.device", DEVICE.into(), "does not name scope"),
        (
            "iia.contract.internal.a",
            DEVICE.into(),
            "does not name scope",
        ),
        (
            device,
            DEVICE.replace("client 10.0.0.1", "client 10.0.0.1/8"),
            "10.0.0.1/8",
        ),
        (device, DEVICE.replace("client 10.0.0.1", ""), "client"),
        (
            device,
            DEVICE.replace("read coil 0 9", "read coil 9 0"),
            "a table, a first and a last address",
        ),
        (
            device,
            DEVICE.replace("read coil 0 9", "read coil 0 65536"),
            "a table, a first and a last address",
        ),
        (
            device,
            DEVICE.replace("read coil", "raed coil"),
            "unknown key `raed`",
        ),
        // Its mark is that of `destination`: the same beginning, end and length.
        (
            "iia.contract.internal.x",
            INTERNAL.replace("destination", "destabction"),
            "unknown key `destabction`",
        ),
        (
            device,
            format!("{DEVICE}\nprotocol modbus_tcp"),
            "stands twice",
        ),
    ] {
        let made = if lines.contains("scope internal") {
            internal(name, &lines)
        } else {
            contract(name, &lines)
        };
        let found = messages(&[made]);
        assert!(
            found.iter().any(|message| message.contains(want)),
            "{want}: {found:?}\n{lines}"
        );
    }
}

#[test]
fn every_defect_is_told_at_once() {
    let lines = DEVICE
        .replace("client 10.0.0.1", "client 10.0.0.1/8")
        .replace("coil 0 9", "coil 9 0");
    let entries = [
        contract("iia.contract.device.a", &lines),
        internal(
            "iia.contract.internal.b",
            &INTERNAL.replace("APPEND", "all"),
        ),
    ];
    let found = messages(&entries);
    assert!(found.len() >= 3, "{found:?}");
}

#[test]
fn a_name_stands_for_one_contract() {
    let twice = [
        contract("iia.contract.device.a", DEVICE),
        contract("iia.contract.device.a", DEVICE),
    ];
    assert_eq!(messages(&twice).len(), 1);
}
