//! One catalog, eleven targets and the matcher: whatever is tried, all that can tell it say the same.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail"
)]

mod agree;
#[path = "naive/dice.rs"]
mod dice;
mod made;

use std::collections::{BTreeMap, BTreeSet};

use agree::named::{self, MQTT, NATS, ZENOH, holds, spelled};
use agree::{Opening, SOURCE, THEIRS, World, network};
use dice::{Dice, HOSTS, IDS, NAMES};
use iia_contract::compile::{
    Policy, Target, admission, cilium, k8s, mqtt, nats, nft, ovn, spiffe, surface, suricata, zenoh,
};
use iia_contract::matcher::Matcher;
use iia_core::Timestamp;
use iia_core::observe::{Act, Address, Conn, Flow, Observation, Protocol, Session, Transport};

/// What is tried in all.
const TUPLES: usize = 100_000;
/// What is tried in one world.
const IN_ONE_WORLD: usize = 200;

/// What each target says that it can tell, from the page that is for people.
const PAGE: &str = include_str!("../../docs/targets.md");
const KINDS: [&str; 5] = ["devices", "places", "pulls", "topics", "identities"];

/// Everything that a catalog compiles to, written and read back by each target's own reader.
struct Loaded {
    nft: nft::Ruleset,
    ovn: Policy<ovn::Acl>,
    k8s: Policy<k8s::NetworkPolicy>,
    cilium: Policy<cilium::CiliumPolicy>,
    suricata: Policy<suricata::Passed>,
    surface: Policy<surface::Open>,
    mqtt: Policy<mqtt::Right>,
    nats: Policy<nats::Permission>,
    zenoh: Policy<zenoh::KeyRight>,
    spiffe: Policy<spiffe::Registration>,
    admission: Policy<admission::Admitted>,
    /// Whom the matcher would ever let speak or hear.
    known: BTreeSet<&'static str>,
}

impl Loaded {
    fn of(world: &World, matcher: &Matcher<'_>) -> Self {
        Self {
            known: named::known(world, matcher),
            nft: loaded(world),
            ovn: acls(world),
            k8s: loaded(world),
            cilium: loaded(world),
            suricata: loaded(world),
            surface: loaded(world),
            mqtt: loaded(world),
            nats: loaded(world),
            zenoh: loaded(world),
            spiffe: loaded(world),
            admission: loaded(world),
        }
    }
}

fn loaded<T: Target>(world: &World) -> T {
    let (target, _) = T::compile(&world.catalog, &world.topology);
    T::read(target.write().as_bytes()).unwrap()
}

/// What is written for OVN is a transaction, and what is read is the database's answer; a real one stands between
/// them in another test.
fn acls(world: &World) -> Policy<ovn::Acl> {
    Policy::compile(&world.catalog, &world.topology).0
}

/// What one target says, or the matcher, of one thing that was tried.
type Said = (&'static str, bool);

/// The targets that know addresses and ports.
fn at(loaded: &Loaded, world: &World, (source, opening): (&str, &Opening)) -> Vec<Said> {
    let (topology, to) = (&world.topology, opening.to.1);
    let k8s = loaded.k8s.allowed.keys().map(|one| &one.0);
    let cilium = loaded.cilium.allowed.keys().map(|one| &one.0);
    let passed = network::suricata(
        &loaded.suricata,
        opening.from.1,
        (to.ip(), to.port()),
        opening.l4.name(),
    );
    let mut said = vec![
        ("nft", network::nft(&loaded.nft, opening)),
        ("ovn", network::ovn(&loaded.ovn, topology, opening)),
        ("k8s", network::pods(k8s, topology, opening)),
        ("cilium", network::pods(cilium, topology, opening)),
        ("suricata", passed),
    ];
    // Who looks at live connections and knows their interfaces says what the chains say, in whosever name they come.
    let mut opened = nft::Opened {
        source: opening.from.1,
        destination: to.ip(),
        l4: opening.l4,
        port: to.port(),
        from: Some(&opening.from.0),
        to: Some(&opening.to.0),
    };
    said.push(("nft", loaded.nft.admits(&opened)));
    // Who sees no interface never cuts what may be opened, and from outside keeps nothing else.
    (opened.from, opened.to) = (None, None);
    let admits = loaded.nft.admits(&opened);
    assert!(admits || !said[0].1, "{opening:?} is cut");
    said.extend((source == THEIRS).then_some(("nft", admits)));
    // The list has the connections that the box opens, and of those who come in nobody's name.
    said.extend(
        (source != THEIRS).then(|| ("surface", network::surface(&loaded.surface, source, to))),
    );
    said
}

fn topics(loaded: &Loaded, world: &World, (client, act, topic): (&str, Act, &str)) -> Vec<Said> {
    let access = named::access(act);
    let name = named::common_name(world, client);
    let mut rights = loaded.mqtt.allowed.keys();
    let mut keys = loaded.zenoh.allowed.keys();
    let key = spelled(topic, ZENOH);
    vec![
        (
            "mqtt",
            rights.any(|one| {
                one.user == name && one.access == access && holds(one.filter.as_str(), topic, MQTT)
            }),
        ),
        (
            "zenoh",
            keys.any(|one| {
                one.who == name.trim_start_matches("spiffe://")
                    && one.access == access
                    && holds(&one.key, &key, ZENOH)
            }),
        ),
    ]
}

fn subjects(loaded: &Loaded, (client, act, subject): (&str, Act, &str)) -> Vec<Said> {
    let user = match NAMES.contains(&client) {
        true => format!("CN={client}"),
        false => client.to_owned(),
    };
    let mut all = loaded.nats.allowed.keys();
    let access = named::access(act);
    vec![(
        "nats",
        all.any(|one| {
            one.user == user && one.access == access && holds(&one.subject, subject, NATS)
        }),
    )]
}

fn identities(loaded: &Loaded, who: &str) -> Vec<Said> {
    vec![
        (
            "spiffe",
            loaded.spiffe.allowed.keys().any(|one| one.id == who),
        ),
        (
            "admission",
            loaded
                .admission
                .allowed
                .keys()
                .any(|one| one.workload == who),
        ),
    ]
}

/// How often each target said yes and no to each kind of thing.
#[derive(Default)]
struct Tally(BTreeMap<(&'static str, &'static str), [usize; 2]>);

impl Tally {
    /// Every target says what the matcher says.
    fn take(
        &mut self,
        (kind, due): (&'static str, bool),
        said: &[Said],
        tried: &dyn std::fmt::Debug,
        world: &World,
    ) {
        for (target, says) in said {
            assert_eq!(
                *says, due,
                "{target}, {kind}: {tried:?}\n{:#?}",
                world.catalog
            );
            self.0.entry((kind, target)).or_default()[usize::from(due)] += 1;
        }
        self.0.entry((kind, "matcher")).or_default()[usize::from(due)] += 1;
    }
}

/// Draws one thing, and asks everybody who can tell it.
fn ask(
    dice: &mut Dice<'_>,
    world: &World,
    loaded: &Loaded,
    matcher: &Matcher<'_>,
    tally: &mut Tally,
) {
    let covers = |seen: Observation<'_>| matcher.judge(&seen).is_covered();
    match dice.roll(8) {
        0..=2 => {
            let (source, destination) = world.pair(dice);
            let Some(opening) = world.opening(dice, source, destination) else {
                return;
            };
            let due = named::opens(matcher, (source, destination), &opening);
            tally.take(
                ("places", due),
                &at(loaded, world, (source, &opening)),
                &opening,
                world,
            );
        }
        3..=4 => {
            let clients = [IDS[0], IDS[1], IDS[2], IDS[3], NAMES[0], NAMES[1], "nobody"];
            let (client, act) = (dice.of(&clients), dice.of(&[Act::Publish, Act::Subscribe]));
            let topic = topic(dice, act);
            let due = covers(Observation::Message(named::message(
                client,
                act,
                Address::Topic(&topic),
            )));
            let tried = (client, act, topic.as_str());
            tally.take(
                ("topics", due),
                &topics(loaded, world, tried),
                &tried,
                world,
            );
            let subject = spelled(&topic, NATS);
            let due = covers(Observation::Message(named::message(
                client,
                act,
                Address::Subject(&subject),
            )));
            let tried = (client, act, subject.as_str());
            tally.take(("topics", due), &subjects(loaded, tried), &tried, world);
        }
        5 => {
            let flow = flow(dice);
            let due = talks(flow).any(|conn| covers(Observation::Conn(conn)));
            let l4 = if flow.transport == Transport::Tcp {
                "tcp"
            } else {
                "udp"
            };
            let says = network::suricata(
                &loaded.suricata,
                flow.orig_h,
                (flow.resp_h, flow.resp_p),
                l4,
            );
            tally.take(("devices", due), &[("suricata", says)], &flow, world);
        }
        6 => {
            let (puller, target) = (dice.of(&IDS[3..]), agree::target(dice));
            let pull = Session {
                listener: Some(target),
                ..named::session(puller, SOURCE, "PULL")
            };
            let says = network::surface(&loaded.surface, puller, target);
            tally.take(
                ("pulls", covers(Observation::Session(pull))),
                &[("surface", says)],
                &pull,
                world,
            );
        }
        _ => {
            // Whoever is not pinned does not run at all.
            let pins = &world.topology.pins;
            let Some(pin) = pins.get(usize::from(dice.roll(pins.len().max(1) as u8))) else {
                return;
            };
            let who = pin.workload.as_str();
            let due = loaded.known.contains(who);
            tally.take(("identities", due), &identities(loaded, who), &who, world);
        }
    }
}

fn topic(dice: &mut Dice<'_>, act: Act) -> String {
    let wild = act == Act::Subscribe;
    let names = |dice: &mut Dice<'_>| match wild && dice.once_in(5) {
        true => "+",
        false => dice.of(&["a", "b", "a", "b", "z"]),
    };
    let mut topic = names(dice).to_owned();
    for _ in 0..dice.roll(5) {
        topic = topic + "/" + names(dice);
    }
    if wild && dice.once_in(4) {
        topic + "/#"
    } else {
        topic
    }
}

fn flow(dice: &mut Dice<'_>) -> Flow {
    Flow {
        orig_h: dice.of(&HOSTS).parse().unwrap(),
        orig_p: 40_000,
        resp_h: dice.of(&["10.0.1.1", "10.0.1.2"]).parse().unwrap(),
        resp_p: dice.of(&[502, 503]),
        transport: dice.of(&[Transport::Tcp, Transport::Tcp, Transport::Udp]),
        vlan: 0,
    }
}

/// Every protocol and VLAN that a flow may turn out to have.
fn talks(flow: Flow) -> impl Iterator<Item = Conn> {
    let protocols = [Protocol::Unknown, Protocol::ModbusTcp, Protocol::OpcUa];
    let all = protocols
        .into_iter()
        .flat_map(|protocol| [0, 7, 8].map(|vlan| (protocol, vlan)));
    all.map(move |(protocol, vlan)| Conn {
        ts: Timestamp::default(),
        last: Timestamp::default(),
        flow: Flow { vlan, ..flow },
        protocol,
        orig_pkts: 1,
        resp_pkts: 1,
        orig_bytes: 0,
        resp_bytes: 0,
        missed_bytes: 0,
    })
}

#[test]
fn i7_every_target_says_what_the_matcher_says() {
    let (mut tally, mut tried, mut worlds) = (Tally::default(), 0, 0);
    while tried < TUPLES {
        worlds += 1;
        let bytes = dice::bytes(12_000, worlds);
        let mut dice = Dice(&bytes);
        let world = World::random(&mut dice);
        let matcher = Matcher::new(&world.catalog);
        let loaded = Loaded::of(&world, &matcher);
        let before = tally.0.values().flatten().sum::<usize>();
        for _ in 0..IN_ONE_WORLD {
            ask(&mut dice, &world, &loaded, &matcher, &mut tally);
        }
        assert!(!dice.0.is_empty(), "the dice ran out");
        let of_matcher = tally.0.iter().filter(|((_, who), _)| *who == "matcher");
        tried = of_matcher
            .map(|(_, counts)| counts.iter().sum::<usize>())
            .sum();
        assert!(tally.0.values().flatten().sum::<usize>() > before);
    }
    for ((kind, who), [no, yes]) in &tally.0 {
        eprintln!("{kind:10} {who:10} {yes:6} yes {no:6} no");
        assert!(
            *yes > 200 && *no > 200,
            "{who} is hardly asked about {kind}"
        );
    }
    eprintln!("{tried} tried in {worlds} worlds");
    let asked: BTreeSet<(&str, &str)> = tally
        .0
        .keys()
        .copied()
        .filter(|(_, who)| *who != "matcher")
        .collect();
    assert_eq!(asked, written(), "the page says who can tell what");
}

/// The table of the page: what each target can tell.
fn written() -> BTreeSet<(&'static str, &'static str)> {
    let rows = PAGE
        .lines()
        .skip_while(|line| !line.starts_with("| can tell |"))
        .skip(2);
    let rows = rows.take_while(|line| line.starts_with('|'));
    let cells = rows.flat_map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let target = cells[0].trim_matches('`');
        let marked = KINDS
            .into_iter()
            .zip(cells[1..].to_vec())
            .filter(|(_, cell)| *cell == "x");
        marked
            .map(move |(kind, _)| (kind, target))
            .collect::<Vec<_>>()
    });
    cells.collect()
}
