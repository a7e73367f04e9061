//! Names and addresses of the cell: dnsmasq.

use super::{Places, Serves, Service};

/// How long an address is lent when the artifact does not say, in seconds.
const LEASE_DEFAULT: i64 = 12 * 3600;

pub(super) fn files(service: &Service, places: &Places) -> Vec<(String, String)> {
    let Service {
        name, interface, ..
    } = service;
    let mut text = format!("interface={interface}\nexcept-interface=lo\nbind-interfaces\n");
    for (addr, _) in &service.listens {
        text += &format!("listen-address={addr}\n");
    }
    // Nothing is taken from the machine: no resolvers, no hosts, no other files.
    text += "no-resolv\nno-hosts\nno-poll\nlog-facility=-\n";
    text += &match service.serves {
        Serves::Dhcp => dhcp(service, places),
        _ => dns(service),
    };
    vec![(format!("dnsmasq/{name}.conf"), text)]
}

fn dhcp(service: &Service, places: &Places) -> String {
    let Service { name, .. } = service;
    let mut text = String::from("port=0\ndhcp-authoritative\nlog-dhcp\n");
    let lease = service.lease.unwrap_or(LEASE_DEFAULT);
    for range in service.fields("range") {
        text += &format!("dhcp-range={},{lease}\n", range.join(","));
    }
    // The box is nobody's router and nobody's resolver unless it says so.
    text += "dhcp-option=option:router\ndhcp-option=option:dns-server\n";
    text + &format!("dhcp-leasefile={}/{name}/leases\n", places.lib)
}

fn dns(service: &Service) -> String {
    let mut text = String::from("domain-needed\nbogus-priv\nstop-dns-rebind\nlog-queries=extra\n");
    let domain = service.text("domain");
    if !domain.is_empty() {
        text += &format!("domain={domain}\nlocal=/{domain}/\n");
    }
    for record in service.fields("record") {
        if let [host, addr] = record {
            text += &format!("host-record={host}.{domain},{addr}\n");
        }
    }
    for server in service.texts("forward") {
        text += &format!("server={server}\n");
    }
    text
}
