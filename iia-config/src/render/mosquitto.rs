//! The broker of the cell: mosquitto. Who may say what is in the catalog; whoever has no certificate says nothing.

use std::collections::BTreeSet;

use iia_contract::compile::mqtt::Right;
use iia_contract::compile::{Policy, Target as _};
use iia_contract::scope::{Device, Terms};

use super::{Places, Service};
use crate::validate::Checked;

/// Bytes of a message at most.
const MESSAGE_LEN_MAX: usize = 262_144;
/// Clients at most.
const CLIENTS_MAX: usize = 256;

pub(super) fn files(
    service: &Service,
    places: &Places,
    checked: &Checked,
) -> Vec<(String, String)> {
    let Service { name, .. } = service;
    let lib = format!("{}/{name}", places.lib);
    let mut text =
        String::from("per_listener_settings false\nallow_anonymous false\npersistence false\n");
    // By which it is told to read the list of revoked certificates again.
    text += &format!("pid_file {lib}/mosquitto.pid\n");
    text += &format!("acl_file {}/mosquitto/{name}.acl\n", places.etc);
    text += &format!(
        "max_packet_size {MESSAGE_LEN_MAX}\nlog_dest stdout\nlog_type all\nconnection_messages true\n"
    );
    for (addr, port) in &service.listens {
        text += &format!(
            "\nlistener {port} {addr}\nprotocol mqtt\nmax_connections {CLIENTS_MAX}\ncafile {lib}/ca.pem\n\
             crlfile {lib}/crl.pem\ncertfile {lib}/cert.pem\nkeyfile {lib}/key.pem\ntls_version tlsv1.3\nrequire_certificate true\n\
             use_identity_as_username true\n"
        );
    }
    vec![
        (format!("mosquitto/{name}.conf"), text),
        (format!("mosquitto/{name}.acl"), acl(service, checked)),
    ]
}

/// What the catalog lets be said at this broker, by devices and to whoever collects from them; nobody else is named.
fn acl(service: &Service, checked: &Checked) -> String {
    let answered = |terms: &Device| {
        let mut servers = terms.servers.iter();
        servers.any(|server| service.listens.contains(&(server.addr, server.port)))
    };
    let contracts = checked.catalog.contracts().iter();
    let here: BTreeSet<&str> = contracts
        .filter(|one| matches!(&one.terms, Terms::Device(terms) if answered(terms)))
        .map(|one| &*one.id)
        .collect();
    let (mut policy, _) = Policy::<Right>::compile(&checked.catalog, &checked.deploy.topology);
    for contracts in policy.allowed.values_mut() {
        contracts.retain(|id| here.contains(id.as_str()));
    }
    policy.allowed.retain(|_, contracts| !contracts.is_empty());
    policy.write()
}
