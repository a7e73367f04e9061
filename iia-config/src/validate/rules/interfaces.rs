//! C005 to C010: what may be reached through which interface (001:86-95).

use hashbrown::HashMap;

use iia_contract::raw::Span;
use iia_contract::scope::Net;
use iia_contract::tree::{Entry, Field};
use iia_core::zone::Zone as Role;

use super::Ground;

/// Observation, services, IT and management; the console is none.
const INTERFACES_MAX: usize = 4;
const NAME_LEN_MAX: usize = 15;

impl<'d> Ground<'d> {
    /// Endpoints with the interface that they are reached through, when they name one.
    fn placed(&self) -> Vec<(Entry<'d>, Option<Entry<'d>>)> {
        let by_name: HashMap<&str, Entry<'d>> = self
            .of_kind("interface")
            .map(|entry| (entry.name, entry))
            .collect();
        let endpoints = self.of_kind("endpoint");
        endpoints
            .map(|entry| (entry, by_name.get(entry.text("interface")).copied()))
            .collect()
    }
}

/// C016, C031: few interfaces, with names that the kernel takes.
pub(super) fn count(ground: &mut Ground<'_>) {
    let interfaces: Vec<Entry<'_>> = ground.of_kind("interface").collect();
    let tap = |entry: &&Entry<'_>| {
        let mut captures = entry.fields("capture");
        captures.any(|field| ground.role(field.text()) == Some(Role::AcsIoMaster))
    };
    let faces = interfaces.iter().filter(|entry| !tap(entry)).count();
    if faces > INTERFACES_MAX {
        let message = format!("{faces} interfaces");
        let help = "observation, services, it and management, beside the taps of an IO master";
        ground.tell("C031", Span::default(), message, help);
    }
    for entry in interfaces
        .iter()
        .filter(|entry| entry.name.len() > NAME_LEN_MAX)
    {
        let message = format!("interface `{}` has {} bytes", entry.name, entry.name.len());
        ground.tell("C016", entry.name_span(), message, "15 bytes at most");
    }
}

/// C005, C006: the observation interface listens for nobody and sends nothing.
// IIA 3: the ACS side is passive.
pub(super) fn observation(ground: &mut Ground<'_>) {
    for entry in ground
        .of_kind("interface")
        .filter(|entry| entry.text("kind") == "observation")
    {
        if entry.text("side") != "inbound" {
            let message = "the observation interface faces the inbound side only";
            ground.tell("C006", entry.head(), message, "write side inbound");
        }
    }
    for (endpoint, interface) in ground.placed() {
        if interface.is_none_or(|interface| interface.text("kind") != "observation") {
            continue;
        }
        for (code, key, what) in [
            ("C005", "listen", "listens on"),
            ("C006", "connect", "sends through"),
        ] {
            if let Some(field) = endpoint.field(key) {
                let message = format!(
                    "endpoint {} {what} the observation interface",
                    endpoint.name
                );
                ground.tell(
                    code,
                    field.span(),
                    message,
                    "observation is passive, always",
                );
            }
        }
    }
}

/// The networks of `allow` that do not lie within a network.
fn outside<'d>(endpoint: &Entry<'d>, net: Option<Net>) -> Vec<Field<'d>> {
    let within = |field: &Field<'_>| {
        let allowed = Net::parse(field.text());
        allowed.zip(net).is_some_and(|(allowed, net)| {
            net.contains(allowed.addr) && allowed.prefix >= net.prefix
        })
    };
    endpoint
        .fields("allow")
        .filter(|field| !within(field))
        .collect()
}

/// C007: services of a cell stay in the cell.
pub(super) fn services(ground: &mut Ground<'_>) {
    for (endpoint, interface) in ground.placed() {
        let serves = ground.role(endpoint.text("workload")) == Some(Role::AcsNetservices);
        if !serves || endpoint.field("listen").is_none() {
            continue;
        }
        let help = "interface of kind services with its network, routed off, and allow within that network";
        let Some(interface) = interface.filter(|interface| interface.text("kind") == "services")
        else {
            let message = format!("endpoint {} is not on a services interface", endpoint.name);
            ground.tell("C007", endpoint.head(), message, help);
            continue;
        };
        let net = interface
            .field("network")
            .and_then(|field| Net::parse(field.text()));
        let scoped = net.is_some()
            && endpoint.field("allow").is_some()
            && outside(&endpoint, net).is_empty();
        if !scoped || interface.text("routed") == "on" {
            let message = format!(
                "endpoint {} can be reached from beyond its cell",
                endpoint.name
            );
            ground.tell("C007", endpoint.head(), message, help);
        }
    }
}

/// C008: the tunnel dials out and listens for nobody.
pub(super) fn tunnel(ground: &mut Ground<'_>) {
    for entry in ground.of_kind("endpoint") {
        let Some(listen) = entry.field("listen") else {
            continue;
        };
        if ground.role(entry.text("workload")) == Some(Role::ItTunnel) {
            let message = format!("tunnel {} listens", entry.name);
            ground.tell(
                "C008",
                listen.span(),
                message,
                "the tunnel is dialled out from the box; write connect",
            );
        }
    }
}

/// C009: the local UI is local.
pub(super) fn management(ground: &mut Ground<'_>) {
    for (endpoint, interface) in ground.placed() {
        let ui = ground.role(endpoint.text("workload")) == Some(Role::MgmtUi);
        if !ui || endpoint.field("listen").is_none() {
            continue;
        }
        let kind = interface.map(|interface| interface.text("kind"));
        let routed = interface.is_some_and(|interface| interface.text("routed") == "on");
        let open = endpoint
            .fields("allow")
            .any(|field| Net::parse(field.text()).is_none_or(|net| !net.is_specific()));
        if kind != Some("management") || routed || open || endpoint.field("allow").is_none() {
            let message = format!("the UI at endpoint {} is not kept local", endpoint.name);
            let help = "interface of kind management, routed off, and allow with the addresses that may come";
            ground.tell("C009", endpoint.head(), message, help);
        }
    }
}

/// C024: nobody lets everybody in by listing them.
pub(super) fn everybody(ground: &mut Ground<'_>) {
    for endpoint in ground.of_kind("endpoint") {
        // The UI and services of a cell have rules of their own, which want more.
        let role = ground.role(endpoint.text("workload"));
        if matches!(role, Some(Role::MgmtUi | Role::AcsNetservices)) {
            continue;
        }
        for field in endpoint.fields("allow") {
            if Net::parse(field.text()).is_none_or(|net| !net.is_specific()) {
                let message = format!("`{}` is nobody in particular", field.text());
                let help =
                    "name who may come; without `allow` the certificate alone says who it is";
                ground.tell("C024", field.span(), message, help);
            }
        }
    }
}

/// Ports and protocols of remote consoles.
const CONSOLE_PORTS: [u16; 6] = [22, 23, 513, 514, 2222, 2323];
const CONSOLES: [&str; 6] = ["ssh", "telnet", "rlogin", "rsh", "console", "vnc"];

/// C010: nobody logs in from the network.
pub(super) fn consoles(ground: &mut Ground<'_>) {
    for entry in ground.of_kind("endpoint") {
        let Some(listen) = entry.field("listen") else {
            continue;
        };
        let port = listen
            .text()
            .rsplit([':', '/'])
            .next()
            .and_then(|port| port.parse().ok());
        let console = port.is_some_and(|port| CONSOLE_PORTS.contains(&port));
        if console || CONSOLES.contains(&entry.text("protocol")) {
            let message = format!("endpoint {} is a console on the network", entry.name);
            ground.tell(
                "C010",
                listen.span(),
                message,
                "the console is a serial line",
            );
        }
    }
}
