//! The time of the cell: chrony, with NTS.

use super::{Places, Service};

pub(super) fn files(service: &Service, places: &Places) -> Vec<(String, String)> {
    let Service { name, network, .. } = service;
    let (lib, run) = (
        format!("{}/{name}", places.lib),
        format!("{}/{name}", places.run),
    );
    let mut text = String::new();
    for source in service.texts("source") {
        text += &format!("server {source} iburst nts\n");
    }
    // A source that does not prove itself is no source.
    text += &format!("authselectmode require\nntstrustedcerts {lib}/ca.pem\nnosystemcert\n");
    text += &format!(
        "local stratum 8 orphan\nallow {}/{}\n",
        network.addr, network.prefix
    );
    for (addr, _) in service.listens.iter().take(1) {
        text += &format!("bindaddress {addr}\n");
    }
    if service.text("nts") == "on" {
        text += &format!(
            "ntsserverkey {lib}/key.pem\nntsservercert {lib}/cert.pem\nntsdumpdir {lib}\n"
        );
    }
    // Its state is asked by a socket that only the box can reach, never by the network.
    text += &format!("cmdport 0\nbindcmdaddress {run}/chronyd.sock\npidfile {run}/chronyd.pid\n");
    text += &format!("driftfile {lib}/drift\ndumpdir {lib}\n");
    vec![(format!("chrony/{name}.conf"), text)]
}
