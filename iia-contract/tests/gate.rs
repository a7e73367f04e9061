//! Who may open a link, and who may have an identity: only those whom a contract names, in its roles.
#![expect(clippy::unwrap_used, reason = "tests")]

mod made;

use iia_contract::Catalog;
use iia_core::SpiffeId;
use iia_core::gate::{Ask, Gate as _, Refusal};
use made::{DEVICE, INTERNAL, contract, internal};

fn catalog() -> Catalog {
    let entries = [
        internal("iia.contract.internal.c_to_l", INTERNAL),
        contract("iia.contract.device.press", DEVICE),
    ];
    Catalog::check(&entries).unwrap().0
}

fn id(path: &str) -> SpiffeId {
    format!("spiffe://iia.local/zone/{path}").parse().unwrap()
}

#[test]
fn i7_only_the_named_parties_and_operations_pass() {
    let (c, l) = (id("collect/workload/c"), id("lake/workload/l"));
    let stranger = "spiffe://other.local/zone/collect/workload/c"
        .parse()
        .unwrap();
    let (known, device) = ("iia.contract.internal.c_to_l", "iia.contract.device.press");
    let rows: [(&SpiffeId, &SpiffeId, &str, &str, &str); 8] = [
        (&c, &l, known, "APPEND", "passes"),
        (&l, &c, known, "APPEND", "parties"),
        (&stranger, &l, known, "APPEND", "parties"),
        (&c, &stranger, known, "APPEND", "parties"),
        (&c, &l, known, "QUERY", "operation"),
        (&c, &l, known, "append", "operation"),
        (&c, &l, "iia.contract.internal.other", "APPEND", "contract"),
        (&c, &l, device, "APPEND", "contract"),
    ];
    for (source, destination, contract, operation, want) in rows {
        let ask = Ask {
            source,
            destination,
            contract,
            operation,
        };
        let got = match catalog().permits(&ask) {
            Ok(()) => "passes",
            Err(Refusal::OtherParties { .. }) => "parties",
            Err(Refusal::NoOperation { .. }) => "operation",
            Err(_) => "contract",
        };
        assert_eq!(got, want, "{source} {destination} {contract} {operation}");
    }
}

#[test]
fn only_workloads_of_a_contract_are_known() {
    assert!(catalog().knows(&id("collect/workload/c")));
    assert!(catalog().knows(&id("lake/workload/l")));
    assert!(!catalog().knows(&id("lake/workload/other")));
    assert!(!Catalog::default().knows(&id("lake/workload/l")));
}

#[test]
fn a_minor_version_is_the_same_contract_and_another_major_one_is_not() {
    let catalog = catalog();
    let (source, destination) = (id("collect/workload/c"), id("lake/workload/l"));
    let ask = Ask {
        source: &source,
        destination: &destination,
        contract: "iia.contract.internal.c_to_l",
        operation: "APPEND",
    };
    let held = catalog.standing(&ask).version;
    let (major, _) = held.split_once('.').unwrap();
    let other = major.parse::<u32>().unwrap() + 1;
    assert_eq!(catalog.permits_version(&ask, &held), Ok(()));
    assert_eq!(
        catalog.permits_version(&ask, &format!("{major}.99.7")),
        Ok(())
    );
    for wrong in [
        format!("{other}.0.0"),
        String::new(),
        "latest".into(),
        "1".into(),
    ] {
        let refused = catalog.permits_version(&ask, &wrong);
        assert!(
            matches!(refused, Err(Refusal::OtherVersion { .. })),
            "{wrong}: {refused:?}"
        );
    }
    let unknown = Ask {
        contract: "iia.contract.internal.other",
        ..ask
    };
    assert!(matches!(
        catalog.permits_version(&unknown, &held),
        Err(Refusal::NoContract { .. })
    ));
    assert_eq!(catalog.standing(&unknown).version, "");
    let forbidden = Ask {
        operation: "QUERY",
        ..ask
    };
    assert!(matches!(
        catalog.permits_version(&forbidden, &held),
        Err(Refusal::NoOperation { .. })
    ));
}
