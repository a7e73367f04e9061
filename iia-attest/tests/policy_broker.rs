//! The observer of brokers without a broker: compilers that err, files that are stale, and files that are none.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]
#![allow(dead_code, reason = "the plant has more than is needed here")]

#[path = "../../iia-contract/tests/bus/mod.rs"]
mod bus;
#[path = "../../iia-contract/tests/made/mod.rs"]
mod made;
#[path = "../../iia-contract/tests/net/world.rs"]
mod world;

use bus::Plant;
use iia_attest::correlator::Correlator as _;
use iia_attest::policy_drift::broker::{Act, BrokerDrift, Bus, Client, Seen};
use iia_attest::policy_drift::{DIFFERENCES_MAX, File, SILENCE_NS};
use iia_contract::compile::mqtt::Right;
use iia_contract::compile::nats::Permission;
use iia_contract::compile::{Permit as _, Policy};
use iia_core::Timestamp;
use iia_core::finding::{Conclusion, Finding, Severity};

const CONF: &str = "listener 8883\nallow_anonymous false\nacl_file /etc/acl\ncafile /ca\ncertfile /c\nkeyfile /k\n\
                    require_certificate true\nuse_identity_as_username true\n";
const SERVER: &str = "tls {\n verify_and_map: true\n}\ninclude auth.conf\n";

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_secs(seconds)
}

fn file(path: &str, text: &str) -> File {
    File {
        path: path.into(),
        bytes: text.as_bytes().to_vec(),
        owner: None,
        written: Some(at(100)),
    }
}

fn mosquitto(acl: &str) -> Vec<File> {
    vec![file("/etc/mosquitto.conf", CONF), file("/etc/acl", acl)]
}

fn nats(text: &str) -> Vec<File> {
    vec![file("/etc/nats.conf", SERVER), file("/etc/auth.conf", text)]
}

fn drain(observer: &mut BrokerDrift) -> Vec<Finding> {
    core::iter::from_fn(|| observer.poll_finding()).collect()
}

fn look(observer: &mut BrokerDrift, files: Vec<File>) -> Vec<Finding> {
    observer.handle_observation(at(1), Seen::Files(files));
    drain(observer)
}

fn of(bus: Bus, plant: &Plant) -> BrokerDrift {
    BrokerDrift::new(bus, &plant.catalog, &plant.topology)
}

#[test]
fn what_is_compiled_from_sound_catalogs_is_no_finding() {
    for seed in 1..40 {
        let plant = bus::random(seed);
        let acl = Right::write(&Right::compile(&plant.catalog, &plant.topology).0);
        let mut observer = of(Bus::Topics, &plant);
        assert_eq!(look(&mut observer, mosquitto(&acl)), [], "{acl}");
        assert!(observer.converges());
        let (policy, _) = Permission::compile(&plant.catalog, &plant.topology);
        let mut observer = of(Bus::Subjects, &plant);
        assert_eq!(look(&mut observer, nats(&Permission::write(&policy))), []);
        assert!(observer.converges());
    }
}

/// Each element is taken out, and each is put where it is not agreed: by what is then open or shut, it is found.
#[test]
fn i8_a_compiler_of_rules_that_errs_is_flagged() {
    for seed in [3, 17, 29] {
        let (plant, other) = (bus::random(seed), bus::random(seed + 100));
        let (rights, _) = Right::compile(&plant.catalog, &plant.topology);
        for right in rights.allowed.keys() {
            let mut fewer = rights.clone();
            let contracts = fewer.allowed.remove(right).unwrap();
            let found = look(
                &mut of(Bus::Topics, &plant),
                mosquitto(&Right::write(&fewer)),
            );
            let is_whole = is_covered(right, &fewer);
            assert_eq!(found.is_empty(), is_whole, "{right}: {found:#?}");
            let named = |one: &Finding| {
                contracts.contains(&one.contract) && one.severity == Severity::Critical
            };
            assert!(is_whole || found.iter().any(named), "{right}: {found:#?}");
        }
        let (others, _) = Right::compile(&other.catalog, &other.topology);
        let added = others
            .allowed
            .into_iter()
            .filter(|(right, _)| !is_covered(right, &rights));
        for (right, contracts) in added {
            let mut more = rights.clone();
            more.allowed.insert(right.clone(), contracts);
            let found = look(
                &mut of(Bus::Topics, &plant),
                mosquitto(&Right::write(&more)),
            );
            assert!(!found.is_empty(), "{right} is invented");
            assert!(
                found
                    .iter()
                    .all(|one| one.clause == "surplus" && one.source == right.user),
                "{found:#?}"
            );
        }
    }
}

/// Whether the other rights let all that one lets, by topics of every kind.
fn is_covered(one: &Right, policy: &Policy<Right>) -> bool {
    let others = || {
        policy
            .allowed
            .keys()
            .filter(|other| (&other.user, other.access) == (&one.user, one.access))
    };
    let stands = |more: usize| {
        let text = one.filter.as_str().replace('+', "anything");
        text.strip_suffix("/#").map_or(text.clone(), |text| {
            text.to_owned() + &"/anything".repeat(more)
        })
    };
    (0..8)
        .map(stands)
        .all(|topic| others().any(|other| other.filter.covers(&topic)))
}

#[test]
fn a_broker_that_enforces_other_files_is_told() {
    let plant = bus::random(17);
    let (rights, _) = Right::compile(&plant.catalog, &plant.topology);
    let acl = Right::write(&rights);
    let mut observer = of(Bus::Topics, &plant);
    assert_eq!(look(&mut observer, mosquitto(&acl)), []);
    let running = |path: &str, seconds| Seen::Running {
        path: path.into(),
        loaded: at(seconds),
    };
    observer.handle_observation(at(200), running("/etc/mosquitto.conf", 150));
    assert_eq!(drain(&mut observer), []);
    // Written and not loaded.
    observer.handle_observation(at(201), running("/etc/mosquitto.conf", 50));
    let found = drain(&mut observer);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(
        found[0]
            .reason
            .contains("after the broker loaded its files"),
        "{found:#?}"
    );
    observer.handle_observation(at(202), running("/etc/mosquitto.conf", 201));
    assert_eq!(drain(&mut observer)[0].conclusion, Conclusion::Converge);
    // Another file.
    observer.handle_observation(at(203), running("/tmp/mine.conf", 202));
    assert!(
        drain(&mut observer)[0]
            .reason
            .starts_with("the broker runs with /tmp/mine.conf, and not with")
    );
    observer.handle_observation(at(204), running("/etc/mosquitto.conf", 203));
    drain(&mut observer);
    // What it does is not what its files say.
    let right = rights.allowed.keys().next().unwrap();
    let did = |topic: &str, is_let| Seen::Did {
        client: Client {
            certificate: Some(right.user.clone()),
            ..Client::default()
        },
        act: Act::Publish,
        topic: topic.into(),
        is_let,
    };
    observer.handle_observation(at(205), did("nowhere/at/all", false));
    assert_eq!(drain(&mut observer), []);
    for _ in 0..3 {
        observer.handle_observation(at(206), did("nowhere/at/all", true));
    }
    let found = drain(&mut observer);
    assert_eq!(found.len(), 1, "told once: {found:#?}");
    assert!(
        found[0]
            .reason
            .contains("publish nowhere/at/all, which its files refuse"),
        "{found:#?}"
    );
    for number in 0..1000 {
        observer.handle_observation(at(207), did(&format!("nowhere/{number}"), true));
    }
    assert!(drain(&mut observer).len() <= DIFFERENCES_MAX + 1);
}

#[test]
fn files_cut_anywhere_are_one_finding_or_what_they_say() {
    let plant = bus::random(17);
    let acl = Right::write(&Right::compile(&plant.catalog, &plant.topology).0);
    let auth = Permission::write(&Permission::compile(&plant.catalog, &plant.topology).0);
    for (bus, text) in [(Bus::Topics, acl), (Bus::Subjects, auth)] {
        let (mut silent, mut cuts) = (0, 0);
        for cut in (0..text.len()).step_by(7) {
            let files = match bus {
                Bus::Topics => mosquitto(text.get(..cut).unwrap()),
                Bus::Subjects => nats(text.get(..cut).unwrap()),
            };
            let mut observer = of(bus, &plant);
            let found = look(&mut observer, files.clone());
            assert!(found.len() <= DIFFERENCES_MAX + 1, "{cut}: {found:#?}");
            // What another rule lets as well is not missed.
            silent += usize::from(found.is_empty());
            cuts += 1;
            assert_eq!(look(&mut observer, files), [], "{cut}: told once");
        }
        assert!(silent * 20 < cuts, "{silent} of {cuts}");
    }
    let mut observer = of(Bus::Subjects, &plant);
    let nonsense = vec![file("/etc/nats.conf", "a { b = [ \u{0}")];
    assert_eq!(look(&mut observer, nonsense).len(), 1);
    observer.handle_timeout(at(1) + SILENCE_NS);
    observer.handle_timeout(at(1) + 2 * SILENCE_NS);
    assert_eq!(drain(&mut observer), [], "what cannot be seen is told once");
}

/// A broker of the cell serves only the devices whose contracts name one of its places.
#[test]
fn a_broker_of_the_cell_has_the_rules_of_its_devices_alone() {
    let plant = bus::random(17);
    let places = ["10.20.0.20:8883".parse().unwrap()];
    let mut observer = BrokerDrift::at(Bus::Topics, &plant.catalog, &plant.topology, &places);
    let (mut rights, _) = Right::compile(&plant.catalog, &plant.topology);
    let whole = look(&mut observer, mosquitto(&Right::write(&rights)));
    assert!(
        whole.iter().any(|one| one.clause == "surplus"),
        "{whole:#?}"
    );
    rights
        .allowed
        .retain(|_, contracts| contracts.contains("iia.contract.device.d0"));
    let own = look(&mut observer, mosquitto(&Right::write(&rights)));
    assert!(
        own.iter().all(|one| one.conclusion == Conclusion::Converge),
        "{own:#?}"
    );
    assert!(observer.converges());
}
