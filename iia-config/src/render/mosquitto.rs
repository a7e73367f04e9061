//! The broker of the cell: mosquitto. Who may say what is in the artifact; whoever has no certificate says nothing.

use std::collections::BTreeMap;

use super::{Places, Service};

/// Bytes of a message at most.
const MESSAGE_LEN_MAX: usize = 262_144;
/// Clients at most.
const CLIENTS_MAX: usize = 256;

pub(super) fn files(service: &Service, places: &Places) -> Vec<(String, String)> {
    let Service { name, .. } = service;
    let lib = format!("{}/{name}", places.lib);
    let mut text =
        String::from("per_listener_settings false\nallow_anonymous false\npersistence false\n");
    text += &format!("acl_file {}/mosquitto/{name}.acl\n", places.etc);
    text += &format!(
        "max_packet_size {MESSAGE_LEN_MAX}\nlog_dest stdout\nlog_type all\nconnection_messages true\n"
    );
    for (addr, port) in &service.listens {
        text += &format!(
            "\nlistener {port} {addr}\nprotocol mqtt\nmax_connections {CLIENTS_MAX}\ncafile {lib}/ca.pem\n\
             certfile {lib}/cert.pem\nkeyfile {lib}/key.pem\ntls_version tlsv1.3\nrequire_certificate true\n\
             use_identity_as_username true\n"
        );
    }
    vec![
        (format!("mosquitto/{name}.conf"), text),
        (format!("mosquitto/{name}.acl"), acl(service)),
    ]
}

/// Who is not named may do nothing.
fn acl(service: &Service) -> String {
    let mut topics: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    for field in service.fields("topic") {
        if let [client, access, filter] = field {
            topics.entry(client).or_default().push((access, filter));
        }
    }
    let mut text = String::new();
    for (client, topics) in topics {
        text += &format!("user {client}\n");
        for (access, filter) in topics {
            text += &format!("topic {access} {filter}\n");
        }
        text.push('\n');
    }
    text
}
