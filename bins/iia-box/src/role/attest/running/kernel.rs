//! What the kernel says of this box: its processes, who listens, routes, rules and settings.

use std::collections::BTreeMap;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::process::Command;

use iia_attest::config::{Aspect, Element, Kind, Running, State, running};
use iia_contract::topology::Topology;

use crate::host;

/// Entries of one kind that are read at most in one look.
const ENTRIES_MAX: usize = 4096;
/// Settings of each interface that change what the box answers or passes on.
const SETTINGS: [(&str, &[&str]); 2] = [
    (
        "ipv4",
        &[
            "accept_local",
            "accept_redirects",
            "accept_source_route",
            "arp_accept",
            "arp_announce",
            "arp_ignore",
            "forwarding",
            "proxy_arp",
            "route_localnet",
            "rp_filter",
            "send_redirects",
        ],
    ),
    (
        "ipv6",
        &[
            "accept_ra",
            "accept_redirects",
            "autoconf",
            "disable_ipv6",
            "forwarding",
        ],
    ),
];
/// What lists every route, and every rule that chooses among their tables.
const ROUTES: [&[&str]; 4] = [
    &["-4", "-o", "route", "show", "table", "all"],
    &["-6", "-o", "route", "show", "table", "all"],
    &["-4", "-o", "rule", "show"],
    &["-6", "-o", "rule", "show"],
];

/// The roles of the box as processes of its own network: which program, as whom, and whether somebody holds them.
pub(super) fn processes(place: &str) -> Vec<Running> {
    let network = fs::read_link("/proc/self/ns/net").ok();
    let parent = status(Path::new("/proc/self")).remove("PPid");
    let me = std::process::id().to_string();
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let mut all = BTreeMap::new();
    for entry in entries {
        let path = entry.path();
        let Some((role, running)) = process(&path, place) else {
            continue;
        };
        let same = network.is_some() && fs::read_link(path.join("ns/net")).ok() == network;
        let its_parent = status(&path).remove("PPid");
        // What this process starts to look with is a copy of it for a moment, longer on a busy machine.
        if its_parent.as_deref() == Some(me.as_str()) {
            continue;
        }
        let own = parent == its_parent;
        let name = match (own, entry.file_name().to_str()) {
            (true, _) => role,
            (false, pid) => format!("{role} (process {})", pid.unwrap_or_default()),
        };
        if same && all.len() < ENTRIES_MAX {
            all.insert(name, running);
        }
    }
    let named = all.into_iter();
    named
        .map(|(name, state)| Running::new(Element::new(Kind::Process, name), state))
        .collect()
}

/// The role that a process plays in the box of this place; nothing for another process.
pub(in crate::role::attest) fn plays(pid: u32, place: &str) -> Option<String> {
    role(&Path::new("/proc").join(pid.to_string()), place)
}

fn role(path: &Path, place: &str) -> Option<String> {
    let line = fs::read(path.join("cmdline")).ok()?;
    let text = String::from_utf8_lossy(&line);
    let words: Vec<&str> = text.strip_suffix('\0')?.split('\0').collect();
    match words.as_slice() {
        [_, "role", role, of] if *of == place => Some((*role).to_owned()),
        _ => None,
    }
}

/// The role that a process plays in the box, and how it is; nothing for another process.
fn process(path: &Path, place: &str) -> Option<(String, State)> {
    let role = role(path, place)?;
    let status = status(path);
    let user = status.get("Uid")?.split_whitespace().next()?;
    let state = State::default()
        .with(Aspect::Program, program(path)?)
        .with(Aspect::User, user)
        .with(Aspect::Value, held(&status)?);
    Some((role, state))
}

/// The file that runs, as the kernel names it.
fn program(path: &Path) -> Option<String> {
    let program = fs::read_link(path.join("exe")).ok()?;
    Some(program.display().to_string())
}

/// Whether a process runs by itself; nothing for one that has ended and is not yet taken notice of.
fn held(status: &BTreeMap<String, String>) -> Option<String> {
    let tracer = status.get("TracerPid").map_or("0", String::as_str);
    if tracer != "0" {
        let name = fs::read_to_string(format!("/proc/{tracer}/comm")).unwrap_or_default();
        return Some(format!(
            "is traced by process {tracer} ({})",
            name.trim_end()
        ));
    }
    match status.get("State")?.chars().next()? {
        'Z' | 'X' => None,
        'T' => Some("is stopped".into()),
        _ => Some("runs".into()),
    }
}

fn status(path: &Path) -> BTreeMap<String, String> {
    let text = fs::read_to_string(path.join("status")).unwrap_or_default();
    let pairs = text.lines().filter_map(|line| line.split_once(':'));
    pairs
        .map(|(key, value)| (key.to_owned(), value.trim().to_owned()))
        .collect()
}

/// Who can be reached: every TCP listener of the network but those of other boxes and programs on the loopback.
pub(super) fn listeners(topology: &Topology) -> Vec<Running> {
    let own: Vec<IpAddr> = topology.listeners.iter().map(|one| one.addr).collect();
    let tables = ["tcp", "tcp6"].map(|table| {
        let text = fs::read_to_string(format!("/proc/self/net/{table}"));
        text.unwrap_or_default()
    });
    let lines = tables.iter().flat_map(|text| text.lines().skip(1));
    let found = lines
        .filter_map(listener)
        .filter(|(addr, _)| !addr.ip().is_loopback() || own.contains(&addr.ip()));
    let each = found.take(ENTRIES_MAX).map(|(addr, user)| {
        let state = State::default().with(Aspect::User, user);
        Running::new(Element::new(Kind::Listener, format!("tcp {addr}")), state)
    });
    each.collect()
}

/// Address and user of a socket that listens, of a line of `/proc/net/tcp`.
fn listener(line: &str) -> Option<(SocketAddr, String)> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [_, local, _, "0A", _, _, _, user, ..] = words.as_slice() else {
        return None;
    };
    let (addr, port) = local.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    Some((SocketAddr::new(address(addr)?, port), (*user).to_owned()))
}

/// Words of 32 bits in the machine's own order, each as eight digits.
fn address(hex: &str) -> Option<IpAddr> {
    let word = |at: usize| {
        let digits = hex.get(at * 8..at * 8 + 8)?;
        Some(u32::from_str_radix(digits, 16).ok()?.to_ne_bytes())
    };
    if hex.len() == 8 {
        return Some(Ipv4Addr::from(word(0)?).into());
    }
    let words = [word(0)?, word(1)?, word(2)?, word(3)?];
    let bytes: [u8; 16] = words.concat().try_into().ok()?;
    Some(Ipv6Addr::from(bytes).into())
}

/// Every route and every rule that chooses among tables, each as `ip` writes it.
pub(super) fn routes() -> Option<Vec<Running>> {
    let mut all = Vec::new();
    for arguments in ROUTES {
        let text = output("ip", arguments)?;
        let family = arguments
            .first()
            .map_or("", |word| word.trim_start_matches('-'));
        let what = arguments.get(2).copied().unwrap_or_default();
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        all.extend(lines.take(ENTRIES_MAX).map(|line| {
            let name = format!("ipv{family} {what} {}", lasting(line));
            Running::new(Element::new(Kind::Route, name), State::default())
        }));
    }
    Some(all)
}

/// A line without what counts down in it, and without whether the cable is in: that is nobody's hand at the routes.
fn lasting(line: &str) -> String {
    let mut words = Vec::new();
    let mut rest = line.split_whitespace();
    while let Some(word) = rest.next() {
        match word {
            "expires" => drop(rest.next()),
            "linkdown" | "dead" => {}
            word => words.push(word),
        }
    }
    words.join(" ")
}

/// The firewall as it is loaded.
pub(super) fn firewall() -> Option<Vec<Running>> {
    output("nft", &["-s", "list", "ruleset"]).map(|text| running::firewall(&text))
}

fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = host::output(Command::new(program).args(arguments)).ok()?;
    let said = output.status.success().then_some(output.stdout)?;
    String::from_utf8(said).ok()
}

/// What the kernel is told to do on each interface.
pub(super) fn settings() -> Vec<Running> {
    let mut all = Vec::new();
    for (family, names) in SETTINGS {
        let dir = Path::new("/proc/sys/net").join(family).join("conf");
        let interfaces = fs::read_dir(&dir).into_iter().flatten().flatten();
        for interface in interfaces.take(ENTRIES_MAX) {
            let Ok(interface) = interface.file_name().into_string() else {
                continue;
            };
            all.extend(names.iter().filter_map(|name| {
                let value = fs::read_to_string(dir.join(&interface).join(name)).ok()?;
                let name = format!("net.{family}.conf.{interface}.{name}");
                Some(running::kernel(&name, &value))
            }));
        }
    }
    if let Ok(value) = fs::read_to_string("/proc/sys/net/ipv4/ip_forward") {
        all.push(running::kernel("net.ipv4.ip_forward", &value));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_is_read_as_the_kernel_writes_it() {
        let four = "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1 1 0";
        let six = "   0: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1";
        let open = four.replace(" 0A ", " 01 ");
        let read = |line| listener(line).map(|(addr, user)| (addr.to_string(), user));
        assert_eq!(read(four), Some(("127.0.0.1:8080".into(), "1000".into())));
        assert_eq!(read(six), Some(("[::]:22".into(), "0".into())));
        assert_eq!(read(&open), None);
        assert_eq!(read("0: 01:02"), None);
    }

    #[test]
    fn what_counts_down_is_left_out() {
        let line = "default via fe80::1 dev x metric 1024 expires 1790sec pref medium linkdown";
        assert_eq!(
            lasting(line),
            "default via fe80::1 dev x metric 1024 pref medium"
        );
    }
}
