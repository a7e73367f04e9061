//! Small worlds from bytes: contracts as text and observations that often meet them.
#![allow(dead_code, reason = "every test file uses some of it")]

use std::fmt::Write as _;

/// Bytes that decide; when they run out, the first choice is taken.
pub(crate) struct Dice<'a>(pub(crate) &'a [u8]);

impl Dice<'_> {
    pub(crate) fn roll(&mut self, sides: u8) -> u8 {
        let Some((byte, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        byte % sides.max(1)
    }

    pub(crate) fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::from(self.roll(all.len() as u8))]
    }

    /// One time in `times`.
    pub(crate) fn once_in(&mut self, times: u8) -> bool {
        self.roll(times) == times - 1
    }

    /// Lines of one key, some or none of its values.
    fn lines(&mut self, key: &str, values: &[&str]) -> String {
        let mut lines = String::new();
        for value in values {
            if self.once_in(2) {
                let _ = writeln!(lines, "{key} {value}");
            }
        }
        lines
    }

    /// At least one line.
    fn some(&mut self, key: &str, values: &[&str]) -> String {
        let first = format!("{key} {}\n", self.of(values));
        let more = self.lines(key, values);
        match more.contains(&first) {
            true => more,
            false => first + &more,
        }
    }
}

/// As many bytes as one seed gives, the same each time.
pub(crate) fn bytes(count: usize, seed: u64) -> Vec<u8> {
    let mut state = seed;
    let next = |_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..count).map(next).collect()
}

pub(crate) const HOSTS: [&str; 5] = ["10.0.0.1", "10.0.0.2", "10.0.0.5", "10.0.0.9", "fd00::1"];
const NETS: [&str; 7] = [
    "10.0.0.1",
    "10.0.0.2",
    "10.0.0.0/30",
    "10.0.0.0/29",
    "10.0.0.0/8",
    "fd00::1",
    "fd00::/16",
];
const SERVERS: [&str; 4] = [
    "tcp/10.0.1.1:502",
    "tcp/10.0.1.2:502",
    "udp/10.0.1.1:502",
    "tcp/10.0.1.1:503",
];
pub(crate) const TAGS: [&str; 3] = ["press.force", "press.speed", "press.nothing"];
pub(crate) const MACS: [&str; 4] = [
    "02:00:00:00:00:01",
    "02:00:00:00:00:02",
    "01:0e:cf:00:00:00",
    "01:0c:cd:01:00:01",
];
pub(crate) const IDS: [&str; 5] = [
    "spiffe://iia.local/zone/collect/workload/c",
    "spiffe://iia.local/zone/lake/workload/l",
    "spiffe://iia.local/zone/publish/workload/p",
    "spiffe://other.example/consumer/bi",
    "spiffe://iia.local/zone/cfg/workload/puller",
];
pub(crate) const NAMES: [&str; 2] = ["device-1", "device-2"];

/// One contract.
pub(crate) fn contract(dice: &mut Dice<'_>, number: usize) -> String {
    match dice.roll(9) {
        0..=2 => device(dice, number),
        3 => frames(dice, number),
        4 => opcua(dice, number),
        5 => radio(dice, number),
        6 => internal(dice, number),
        7 => boundary(dice, number),
        _ => inbound(dice, number),
    }
}

fn ends(dice: &mut Dice<'_>) -> String {
    dice.some("client", &NETS) + &dice.some("server", &SERVERS) + &vlans(dice)
}

fn vlans(dice: &mut Dice<'_>) -> String {
    match dice.once_in(3) {
        true => dice.lines("vlan", &["0", "7"]),
        false => String::new(),
    }
}

fn device(dice: &mut Dice<'_>, number: usize) -> String {
    let mut text = format!("contract iia.contract.device.d{number} 1.0.0 {{\nscope device\n");
    let protocol = dice.of(&["modbus_tcp", "modbus_tcp", "modbus_tcp", "other"]);
    let _ = writeln!(text, "protocol {protocol}");
    text += &ends(dice);
    text += &dice.lines("unit", &["1", "2"]);
    text += &dice.lines("function", &["43"]);
    for verb in ["read", "write"] {
        for _ in 0..dice.roll(3) {
            let table = dice.of(&["coil", "holding_register"]);
            let first = dice.roll(12);
            let last = first + dice.roll(6);
            let _ = writeln!(text, "{verb} {table} {first} {last}");
        }
    }
    for tag in &TAGS[..usize::from(dice.roll(3))] {
        let kind = dice.of(&["int16", "uint16", "uint32", "int32", "float32"]);
        let (low, address) = (dice.of(&["-3", "0", "1"]), dice.roll(12));
        let _ = writeln!(
            text,
            "tag {tag} {{\ntype {kind}\nunit n\nrate 1s\ntable holding_register\naddress {address}\nlow {low}\nhigh 500\n}}"
        );
    }
    text + "}\n"
}

fn frames(dice: &mut Dice<'_>, number: usize) -> String {
    let mut text = format!("contract iia.contract.device.f{number} 1.0.0 {{\nscope device\n");
    let protocol = dice.of(&["profinet_dcp", "profinet_rt", "goose", "mrp", "other"]);
    let _ = writeln!(text, "protocol {protocol}");
    text += &dice.some(
        "sender",
        &MACS[..2]
            .iter()
            .map(|mac| quoted(mac))
            .collect::<Vec<_>>()
            .each(),
    );
    text += &dice.some(
        "receiver",
        &MACS[2..]
            .iter()
            .map(|mac| quoted(mac))
            .collect::<Vec<_>>()
            .each(),
    );
    if protocol == "other" {
        text += &dice.some("ethertype", &["\"0x88f7\"", "\"0x88b5\""]);
    }
    text += &vlans(dice);
    text += &dice.lines("function", &["4", "5"]);
    text + "}\n"
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

trait Each {
    fn each(&self) -> Vec<&str>;
}

impl Each for Vec<String> {
    fn each(&self) -> Vec<&str> {
        self.iter().map(String::as_str).collect()
    }
}

fn opcua(dice: &mut Dice<'_>, number: usize) -> String {
    let mut text =
        format!("contract iia.contract.device.o{number} 1.0.0 {{\nscope device\nprotocol opcua\n");
    text += &ends(dice);
    for tag in &TAGS[..usize::from(dice.roll(3))] {
        let write = dice.of(&["on", "off"]);
        let _ = writeln!(
            text,
            "tag {tag} {{\ntype float32\nunit n\nrate 1s\nlow -2.5\nhigh 9\nwrite {write}\n}}"
        );
    }
    text + "}\n"
}

fn radio(dice: &mut Dice<'_>, number: usize) -> String {
    let (collector, topic) = (dice.of(&IDS[..2]), filter(dice));
    let identities = dice.lines("identity", &NAMES);
    format!(
        "contract iia.contract.device.r{number} 1.0.0 {{\nscope device\nclassification io_only_never_control\n\
         collector {collector}\nprotocol lorawan\n{identities}gateway {{\nkind lorawan_gateway\n}}\n\
         observation {{\nmode mqtt_subscription\ntopic {topic}\n}}\nuse {{\nnot_for_control on\n}}\n}}\n"
    )
}

fn filter(dice: &mut Dice<'_>) -> String {
    let mut filter = dice.of(&["a", "b"]).to_owned();
    for _ in 0..dice.roll(4) {
        filter = filter + "/" + dice.of(&["a", "b", "+"]);
    }
    if dice.once_in(3) {
        filter += "/#";
    }
    quoted(&filter)
}

fn filters(dice: &mut Dice<'_>) -> String {
    let count = dice.roll(3);
    (0..count)
        .map(|_| format!("topic {}\n", filter(dice)))
        .collect()
}

fn internal(dice: &mut Dice<'_>, number: usize) -> String {
    let (source, destination) = (dice.of(&IDS[..3]), dice.of(&IDS[..3]));
    let operations = dice.some("operation", &["APPEND", "QUERY", "HEAD"]);
    let ports = dice.some("port", &["tls/7443", "tls/10.0.2.1:7444"]);
    let size = dice.lines("max_size", &["64B"]);
    format!(
        "contract iia.contract.internal.i{number} 1.0.0 {{\nscope internal\nsource {source}\n\
         destination {destination}\n{operations}cardinality one_to_one\ntransport {{\nprotocol iia_link\n\
         security mtls\n{ports}{}}}\nfailure {{\non_unreachable drop\n}}\npayload {{\n{size}}}\n}}\n",
        filters(dice)
    )
}

const BOUNDARY: &str = include_str!("../../../examples/contracts/boundary_bi_lake_batch.icl");
const INBOUND: &str = include_str!("../../../examples/contracts/inbound_configuration_pull.icl");

/// Lines whose key is one of these become others.
fn changed(text: &str, changes: &[(&str, String)]) -> String {
    let mut changes: Vec<(&str, Option<&String>)> = changes
        .iter()
        .map(|(key, lines)| (*key, Some(lines)))
        .collect();
    let mut changed = String::new();
    for line in text.lines().map(str::trim) {
        let mut same = changes.iter_mut();
        let key = line.split(' ').next().unwrap_or_default();
        match same.find(|(changed, _)| *changed == key) {
            Some((_, lines)) => changed += lines.take().map_or("", String::as_str),
            None => changed = changed + line + "\n",
        }
    }
    changed
}

fn boundary(dice: &mut Dice<'_>, number: usize) -> String {
    let (publisher, consumer) = (dice.of(&IDS[..3]), dice.of(&IDS[2..4]));
    let endpoint = dice.lines("endpoint", &["tls/10.0.2.1:7444"]);
    changed(
        BOUNDARY,
        &[
            (
                "contract",
                format!("contract iia.contract.boundary.b{number} 2.0.0 {{\n"),
            ),
            ("publisher", format!("publisher {publisher}\n")),
            ("consumer", format!("consumer {consumer}\n")),
            ("operation", dice.some("operation", &["APPEND", "QUERY"])),
            ("endpoint", endpoint + &filters(dice)),
            ("include", dice.some("include", &["process.*", "health.a"])),
            (
                "exclude",
                "exclude audit.*\nexclude process.b.*\nexclude security.*\n".into(),
            ),
            ("payload_max", "payload_max 128B\n".into()),
        ],
    )
}

fn inbound(dice: &mut Dice<'_>, number: usize) -> String {
    let puller = dice.of(&IDS[3..]);
    let target = dice.of(&["tls/10.0.2.1:7444", "tls/10.0.2.1:7445"]);
    changed(
        INBOUND,
        &[
            (
                "contract",
                format!("contract iia.contract.inbound.n{number} 1.0.0 {{\n"),
            ),
            ("puller", format!("puller {puller}\n")),
            ("target", format!("target {target}\n")),
            ("max_size", "max_size 96B\n".into()),
        ],
    )
}
