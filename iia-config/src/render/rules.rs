//! Rules of services and units: scoped to the cell, pinned by digest, nobody's root.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use iia_contract::compile::{InterfaceKind, Topology};
use iia_contract::scope::Net;
use iia_contract::tree::Entry;

use crate::diagnostic::Diagnostic;
use crate::parse::Document;

/// The lowest user id of a unit (000:334: above 1000).
const USER_MIN: u64 = 1001;
/// Ports on which nobody logs in over the network.
const LOGIN_PORTS: [u16; 2] = [22, 23];

/// Checks every service and unit.
pub(crate) fn check(document: &Document, found: &mut Vec<Diagnostic>) {
    let topology = Topology::read(document.tree());
    let mut tell = |code, entry: &Entry<'_>, message: String, help: &str| {
        found.push(Diagnostic::error(code, entry.head(), message, help));
    };
    for entry in document.of_kind("service") {
        service(&entry, &topology, &mut tell);
        kind(&entry, &mut tell);
        broker(&entry, document, &mut tell);
    }
    let mut users = BTreeMap::new();
    for entry in document.of_kind("unit") {
        unit(&entry, &topology, &mut tell);
        let user = entry.text("user");
        if let Some(other) = users.insert(user, entry.name) {
            let message = format!(
                "units {other} and {} run as the same user {user}",
                entry.name
            );
            tell(
                "C038",
                &entry,
                message,
                "identity belongs to the workload: one user a unit",
            );
        }
    }
    let mut names = BTreeSet::new();
    for entry in document.of_kind("service").chain(document.of_kind("unit")) {
        if !names.insert(entry.name) {
            let message = format!("`{}` is the name of a service and of a unit", entry.name);
            tell(
                "C030",
                &entry,
                message,
                "both become a service of the system",
            );
        }
    }
}

type Tell<'a> = dyn FnMut(&'static str, &Entry<'_>, String, &str) + 'a;

/// C007, C010: on a services interface, within the cell, and no way to log in.
fn service(entry: &Entry<'_>, topology: &Topology, tell: &mut Tell<'_>) {
    let text = |key: &str| entry.text(key);
    let mut interfaces = topology.interfaces_of(InterfaceKind::Services);
    if !interfaces.any(|name| name == text("interface")) {
        let message = format!("`{}` is no services interface", text("interface"));
        tell(
            "C007",
            entry,
            message,
            "a service of the cell answers on an interface of kind services",
        );
    }
    let network = Net::parse(text("network")).filter(Net::is_specific);
    let Some(network) = network else {
        let message = format!("`{}` is no network of a cell", text("network"));
        return tell("C007", entry, message, "bits beyond the prefix are zero");
    };
    for field in entry.fields("listen") {
        let socket = field
            .text()
            .split_once('/')
            .and_then(|(_, socket)| socket.parse().ok());
        let socket: Option<SocketAddr> = socket;
        match socket {
            Some(socket) if LOGIN_PORTS.contains(&socket.port()) => {
                let message = format!("`{}` is a port on which people log in", field.text());
                tell(
                    "C010",
                    entry,
                    message,
                    "the last resort is a serial console",
                );
            }
            Some(socket) if network.contains(socket.ip()) => {}
            _ => {
                let message = format!(
                    "`{}` lies outside the cell {}",
                    field.text(),
                    text("network")
                );
                tell(
                    "C007",
                    entry,
                    message,
                    "name an address of the services interface",
                );
            }
        }
    }
}

/// What each kind needs, so that its program starts.
fn kind(entry: &Entry<'_>, tell: &mut Tell<'_>) {
    let has = |key: &str| entry.field(key).is_some();
    let needs: &[&str] = match entry.text("kind") {
        "dhcp" => &["range"],
        "dns" => &["domain"],
        "files" => &["share", "account"],
        _ => &[],
    };
    for key in needs.iter().filter(|key| !has(key)) {
        tell(
            "C031",
            entry,
            format!("service {} states no `{key}`", entry.name),
            "",
        );
    }
    let network = Net::parse(entry.text("network"));
    for value in entry.fields("range").flat_map(|field| field.values()) {
        let inside = value
            .text
            .parse()
            .ok()
            .zip(network)
            .is_some_and(|(addr, net)| net.contains(addr));
        if !inside {
            let message = format!("`{}` is no address of the cell", value.text);
            tell(
                "C007",
                entry,
                message,
                "addresses are lent within the cell only",
            );
        }
    }
}

/// C025: a broker is there for the devices that a contract lets speak to it.
fn broker(entry: &Entry<'_>, document: &Document, tell: &mut Tell<'_>) {
    let place = |text: &str| text.split_once('/').map(|(_, place)| place.to_owned());
    let listens: BTreeSet<_> = entry
        .fields("listen")
        .map(|field| place(field.text()))
        .collect();
    let contracts = document.of_kind("contract");
    let mut servers = contracts.flat_map(|contract| {
        let servers = contract.fields("server").map(|field| place(field.text()));
        servers.collect::<Vec<_>>()
    });
    if entry.text("kind") == "mqtt" && !servers.any(|server| listens.contains(&server)) {
        let message = format!("no device contract has service {} as server", entry.name);
        let help = "whoever publishes and hears there is said by contracts";
        tell("C025", entry, message, help);
    }
}

/// C032, C037, C038: a workload of this box, pinned by digest, a user of its own that is nobody's root.
fn unit(entry: &Entry<'_>, topology: &Topology, tell: &mut Tell<'_>) {
    let text = |key: &str| entry.text(key);
    let own = text("workload").parse().ok();
    let own = own.and_then(|id| topology.workload(&id));
    if own.is_none() {
        let message = format!("`{}` is no workload of a zone", text("workload"));
        tell("C032", entry, message, "declare it in its zone");
    }
    let user = entry.field("user").and_then(|field| field.count());
    if user.is_none_or(|user| !(USER_MIN..u64::from(u32::MAX)).contains(&user)) {
        let message = format!("user {} of unit {}", text("user"), entry.name);
        tell(
            "C038",
            entry,
            message,
            "user ids of workloads are above 1000",
        );
    }
    let (repository, image, program) = (text("repository"), text("image"), text("program"));
    if !image.is_empty() && !image.starts_with("sha256:")
        || image.is_empty() != repository.is_empty()
    {
        let help = "write `repository \"localhost/name\"` and `image sha256:…`";
        tell(
            "C037",
            entry,
            format!("the image of unit {} is not pinned", entry.name),
            help,
        );
    }
    let tag = repository
        .rsplit('/')
        .next()
        .is_some_and(|last| last.contains(':'));
    if tag || repository.contains('@') || !repository.bytes().all(is_plain) {
        let message = format!("`{repository}` is no plain repository");
        tell(
            "C037",
            entry,
            message,
            "no tag: the digest says which image",
        );
    }
    if program.is_empty() && image.is_empty() {
        tell(
            "C031",
            entry,
            format!("unit {} runs nothing", entry.name),
            "name a program or an image",
        );
    }
    let absolute = program.starts_with('/') && program.bytes().all(is_plain);
    if !(program.is_empty() || absolute) {
        tell(
            "C031",
            entry,
            format!("`{program}` is no absolute path"),
            "such as /usr/lib/iia/iia-box",
        );
    }
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'_' | b'-' | b':')
}
