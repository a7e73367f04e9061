//! The files of the cell: samba, SMB 3 with encryption only.

use super::{Places, Service};

pub(super) fn files(service: &Service, places: &Places) -> Vec<(String, String)> {
    let Service {
        name,
        interface,
        network,
        ..
    } = service;
    let (lib, run) = (
        format!("{}/{name}", places.lib),
        format!("{}/{name}", places.run),
    );
    let (addr, prefix) = (network.addr, network.prefix);
    let mut text = format!(
        "[global]\n\
         server role = standalone server\n\
         interfaces = {interface}\n\
         bind interfaces only = yes\n\
         smb ports = 445\n\
         disable netbios = yes\n\
         hosts allow = {addr}/{prefix}\n\
         hosts deny = ALL\n\
         server min protocol = SMB3_11\n\
         server smb encrypt = required\n\
         server signing = mandatory\n\
         map to guest = never\n\
         restrict anonymous = 2\n\
         load printers = no\n\
         printing = bsd\n\
         printcap name = /dev/null\n\
         disable spoolss = yes\n\
         passdb backend = tdbsam:{lib}/passdb.tdb\n\
         private dir = {lib}\n\
         state directory = {lib}\n\
         cache directory = {lib}\n\
         lock directory = {run}\n\
         pid directory = {run}\n\
         ncalrpc dir = {run}/ncalrpc\n\
         logging = file\n\
         log file = {lib}/log\n\
         log level = 1 auth_json_audit:3\n"
    );
    let accounts: Vec<&str> = service.texts("account").collect();
    for share in service.fields("share") {
        let [share, access] = share else {
            continue;
        };
        let read_only = if access == "read" { "yes" } else { "no" };
        text += &format!(
            "\n[{share}]\npath = {lib}/{share}\nread only = {read_only}\nguest ok = no\nvalid users = {}\n\
             follow symlinks = no\nwide links = no\n",
            accounts.join(" ")
        );
    }
    vec![(format!("samba/{name}.conf"), text)]
}
