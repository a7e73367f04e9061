//! The links of the box: each that is there is heard, or that is told; and whoever opens on one what no contract joins.

use std::path::Path;

use iia_core::event::EventKind;

use super::{OBSERVER, Told, told, until};
use crate::demo::{Demo, signal};
use crate::falls::process_of;

/// A link of the box as its bridge would be.
pub(super) fn link(demo: &Demo, name: &str) {
    let script = format!(
        "ip link add {name} type veth peer name {name}1 && ip link set {name} up && ip link set {name}1 up"
    );
    let made = demo.inside("sh").args(["-c", &script]).status().unwrap();
    assert!(made.success());
}

/// On a link of the box one opens what a contract says, and another what none does.
pub(super) fn within(demo: &Demo) {
    let script = "import socket, wire
out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
out.bind(('iz-lake1', 0))
for source in '127.90.11.2', '127.90.33.2':
    wire.Connection(out, source, '127.90.14.2', 40000, 7443).segment(0, 2)";
    let python = std::env::var("IIA_PYTHON").unwrap_or_else(|_| "python3".into());
    let at = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/walk/intrusion");
    let sent = demo
        .inside(&python)
        .args(["-c", script])
        .env("PYTHONPATH", at)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .status()
        .unwrap();
    assert!(sent.success());
}

/// A link comes while whoever is to hear it is held up: that is told, and when it is over.
pub(super) fn deaf(demo: &Demo, audit: &Path) {
    let witness = process_of(demo.pid(), ("seg01", "witness")).unwrap();
    signal("STOP", witness);
    link(demo, "iz-bus");
    let said = |words: &str| {
        let is_it = |one: &Told| one.kind == EventKind::Finding && one.field("reason") == words;
        told(audit).iter().any(is_it)
    };
    until("the link is not told", || {
        said("link iz-bus is there, and nobody hears what is said on it")
    });
    signal("CONT", witness);
    until("the link is not heard", || said("link iz-bus is heard"));
}

/// The list of links that are heard is that of the catalog's links that are there, and a stranger on one of them is told.
pub(super) fn covered(all: &[Told]) {
    let lists = all.iter().filter(|one| {
        one.source == OBSERVER && one.field("reason").starts_with("every link that is there")
    });
    let lists: Vec<&str> = lists.map(|one| one.field("reason")).collect();
    assert!(
        lists[0].contains("1 of 12: iz-lake; not there: "),
        "{lists:?}"
    );
    let last = lists.last().unwrap();
    assert!(
        last.contains("2 of 12: iz-bus, iz-lake; not there: "),
        "{lists:?}"
    );
    let on_links: Vec<&str> = all
        .iter()
        .filter(|one| one.is_stated("contract") && one.field("operation").contains(" on iz-"))
        .map(|one| one.field("reason"))
        .collect();
    assert_eq!(
        on_links,
        ["127.90.33.2 opens tcp to 127.90.14.2:7443 on link iz-lake, and no contract joins them"]
    );
}
