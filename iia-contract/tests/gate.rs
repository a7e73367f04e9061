//! Who may open a link, and who may have an identity: only those whom a contract names, in its roles.
#![expect(clippy::unwrap_used, reason = "tests")]

mod made;

use iia_contract::Catalog;
use iia_contract::scope::Terms;
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

/// R-BCA-09: the shortest term of any contract of which somebody is party, whichever side it is.
#[test]
fn how_long_an_identity_lives_is_what_its_contracts_say() {
    const BATCH: &str = include_str!("../../examples/contracts/boundary_bi_lake_batch.icl");
    const MINUTE_NS: i64 = 60_000_000_000;
    let catalog = |terms: [&str; 3]| {
        let of = ["publisher_ttl", "consumer_rotation", "    rotation"];
        let text = BATCH.lines().map(|line| {
            let at = of.iter().position(|key| {
                line.trim_end()
                    .rsplit_once(' ')
                    .is_some_and(|(left, _)| left.ends_with(key))
            });
            match at {
                Some(at) => format!("{} {}", of[at], terms[at]),
                None => line.to_owned(),
            }
        });
        let text = text.collect::<Vec<_>>().join("\n");
        Catalog::check(&made::text::entries(&text)).unwrap().0
    };
    let lives = |terms: [&str; 3]| {
        let catalog = catalog(terms);
        let Terms::Boundary(terms) = &catalog.contracts()[0].terms else {
            unreachable!("a boundary contract");
        };
        [&terms.publisher, &terms.consumer]
            .map(|id| catalog.life_max_ns(id).map(|ns| ns / MINUTE_NS))
    };
    assert_eq!(lives(["30m", "20m", "10m"]), [Some(30), Some(10)]);
    assert_eq!(lives(["7m", "20m", "40m"]), [Some(7), Some(20)]);
    let (one, two) = (catalog(["30m", "20m", "10m"]), self::catalog());
    assert_eq!(one.life_max_ns(&id("lake/workload/other")), None);
    assert_eq!(two.life_max_ns(&id("lake/workload/l")), None);
}
