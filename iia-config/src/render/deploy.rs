//! What a box runs, read from its configuration. What cannot be read is left out; the rules say so beforehand.

use std::net::IpAddr;

use iia_contract::compile::Topology;
use iia_contract::raw::{Number, Unit as Measure};
use iia_contract::scope::Net;
use iia_contract::tree::{Entry, Field, Tree};
use iia_core::SpiffeId;

/// What a configuration says about the machine beside its contracts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Deploy {
    /// Zones, interfaces and places, for the compilers.
    pub topology: Topology,
    /// Services of the cell, by name.
    pub services: Vec<Service>,
    /// How workloads run, by name.
    pub units: Vec<Unit>,
    /// Identity providers and credentials, a line each; references, never secrets.
    pub references: Vec<String>,
}

/// What a service serves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[allow(missing_docs, reason = "the services' own names")]
pub enum Serves {
    Dhcp,
    Dns,
    Files,
    Mqtt,
    Ntp,
}

/// A service of the cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// What it serves.
    pub serves: Serves,
    /// The interface.
    pub interface: String,
    /// The cell.
    pub network: Net,
    /// The addresses at which it answers.
    pub listens: Vec<(IpAddr, u16)>,
    /// How long an address is lent, in seconds.
    pub lease: Option<i64>,
    /// What belongs to one kind only: key and texts, in the order of the document.
    pub more: Vec<(String, Vec<String>)>,
}

/// How a workload runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    /// Its name.
    pub name: String,
    /// Who runs.
    pub workload: SpiffeId,
    /// The program and its arguments.
    pub program: Option<(String, Vec<String>)>,
    /// The image: repository and digest.
    pub image: Option<(String, String)>,
    /// The user id.
    pub user: u32,
    /// Memory at most, in bytes.
    pub memory_max: Option<u64>,
    /// Whether it keeps something on disk.
    pub state: bool,
}

impl Deploy {
    /// Reads the entries of a configuration.
    pub fn read(tree: &Tree) -> Self {
        let mut deploy = Self {
            topology: Topology::read(tree),
            services: tree
                .of_kind("service")
                .filter_map(|entry| service(&entry))
                .collect(),
            units: tree
                .of_kind("unit")
                .filter_map(|entry| unit(&entry))
                .collect(),
            references: tree
                .of_kind("idp")
                .chain(tree.of_kind("credential"))
                .map(|entry| line(&entry))
                .collect(),
        };
        deploy
            .services
            .sort_by(|left, right| left.name.cmp(&right.name));
        deploy
            .units
            .sort_by(|left, right| left.name.cmp(&right.name));
        deploy.references.sort();
        deploy
    }
}

impl Service {
    /// The texts of every field with this key.
    pub fn fields<'s>(&'s self, key: &'s str) -> impl Iterator<Item = &'s [String]> {
        let same = self.more.iter().filter(move |(known, _)| known == key);
        same.map(|(_, texts)| texts.as_slice())
    }

    /// The first text of every field with this key.
    pub fn texts<'s>(&'s self, key: &'s str) -> impl Iterator<Item = &'s str> {
        self.fields(key)
            .filter_map(|texts| texts.first())
            .map(String::as_str)
    }

    /// The first text with this key; empty when there is none.
    pub fn text<'s>(&'s self, key: &'s str) -> &'s str {
        self.fields(key)
            .next()
            .and_then(|texts| texts.first())
            .map_or("", String::as_str)
    }
}

fn service(entry: &Entry<'_>) -> Option<Service> {
    let serves = match entry.text("kind") {
        "dhcp" => Serves::Dhcp,
        "dns" => Serves::Dns,
        "files" => Serves::Files,
        "mqtt" => Serves::Mqtt,
        "ntp" => Serves::Ntp,
        _ => return None,
    };
    let socket = |field: Field<'_>| {
        let (_, socket) = field.text().split_once('/')?;
        let socket: std::net::SocketAddr = socket.parse().ok()?;
        Some((socket.ip(), socket.port()))
    };
    let texts = |field: Field<'_>| {
        let values = field.values().map(|value| value.text.to_owned());
        (field.key.to_owned(), values.collect())
    };
    let seconds = |field: Field<'_>| Some(field.ns()? / iia_core::time::SECOND_NS);
    Some(Service {
        name: entry.name.to_owned(),
        serves,
        interface: entry.text("interface").to_owned(),
        network: Net::parse(entry.text("network"))?,
        listens: entry.fields("listen").filter_map(socket).collect(),
        lease: entry.field("lease").and_then(seconds),
        more: entry.all().map(texts).collect(),
    })
}

fn unit(entry: &Entry<'_>) -> Option<Unit> {
    let text = |key: &str| entry.field(key).map(|field| field.text().to_owned());
    let mut arguments: Vec<Field<'_>> = entry.fields("argument").collect();
    arguments.sort_by_key(|field| field.count());
    let argument = |field: &Field<'_>| Some(field.value(1)?.text.to_owned());
    let arguments = arguments.iter().filter_map(argument);
    Some(Unit {
        name: entry.name.to_owned(),
        workload: entry.text("workload").parse().ok()?,
        program: text("program").map(|program| (program, arguments.collect())),
        image: text("repository").zip(text("image")),
        user: u32::try_from(entry.field("user")?.count()?).ok()?,
        memory_max: entry
            .field("memory")
            .and_then(|field| bytes(field.number(0)?)),
        state: entry.text("state") == "on",
    })
}

fn bytes(number: Number) -> Option<u64> {
    let size = matches!(
        number.unit,
        Measure::B | Measure::KiB | Measure::MiB | Measure::GiB | Measure::TiB
    );
    let bytes = number.micros.checked_mul(number.unit.factor())? / 1_000_000;
    u64::try_from(bytes).ok().filter(|_| size)
}

/// An entry in one line: kind, name, then its fields as they stand.
fn line(entry: &Entry<'_>) -> String {
    let mut line = format!("{} {}", entry.kind, entry.name);
    for field in entry.all() {
        line += &format!("; {}", field.line());
    }
    line
}
