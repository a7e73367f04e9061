//! What the configuration of nats-server says: one door, by which users come in, each with its permissions.

mod text;
mod users;

use alloc::format;
use alloc::string::{String, ToString as _};

use self::text::{Map, Node, Whole, get, parse};
use crate::policy_drift::broker::rules::{Door, Loaded, Names, Rights, Who};
use crate::policy_drift::file::{File, ReadError, main};

pub(in crate::policy_drift::broker) use self::users::Users;

/// Settings that change neither who comes in nor what it may do.
const HARMLESS: [&str; 41] = [
    "authorization",
    "client_advertise",
    "connect_error_reports",
    "debug",
    "disable_short_first_ping",
    "host",
    "lame_duck_duration",
    "lame_duck_grace_period",
    "listen",
    "log_file",
    "log_size_limit",
    "logfile",
    "logfile_size_limit",
    "logtime",
    "logtime_utc",
    "max_closed_clients",
    "max_connections",
    "max_conn",
    "max_control_line",
    "max_payload",
    "max_pending",
    "max_pending_size",
    "max_subscriptions",
    "max_subs",
    "max_traced_msg_len",
    "net",
    "no_header_support",
    "pid_file",
    "pidfile",
    "ping_interval",
    "ping_max",
    "port",
    "reconnect_error_reports",
    "remote_syslog",
    "server_name",
    "server_tags",
    "syslog",
    "tls",
    "trace",
    "trace_verbose",
    "write_deadline",
];

/// The account of whoever is in none.
const GLOBAL: &str = "$G";

/// Reads the configuration and whatever it includes.
pub(in crate::policy_drift::broker) fn read(files: &[File]) -> Result<Loaded, ReadError> {
    let Whole { map, variables } = parse(files)?;
    let mut loaded = Loaded::default();
    let known = |key: &String| HARMLESS.contains(&key.to_ascii_lowercase().as_str());
    let others = map
        .iter()
        .filter(|(key, _)| !known(key) && !variables.contains(key));
    for (key, node) in others {
        let value = node
            .text()
            .map_or_else(String::new, |text| format!(" {text}"));
        let words = format!("{key}{value} is set, and no contract asks for it");
        loaded.surplus(key, words, node.at.clone());
    }
    let door = door(&map, &main(files)?.path, &mut loaded)?;
    loaded.doors.push(door);
    Ok(loaded)
}

/// The one way in of clients.
fn door(map: &Map, path: &str, loaded: &mut Loaded) -> Result<Door, ReadError> {
    let empty = Map::new();
    let node = get(map, &["authorization"]);
    let authorization = node.and_then(Node::map).unwrap_or(&empty);
    let users = users(map, authorization)?;
    let tls = Tls::read(map)?;
    for user in users.users.values() {
        if let Some(at) = &user.permissions.answers {
            let words = "whoever asks may name any subject for the answer (allow_responses)";
            loaded.surplus("allow_responses", words.into(), at.clone());
        }
    }
    let at = node.map_or_else(|| path.to_string(), |node| node.at.clone());
    let single = ["token", "user", "username"].map(|key| get(authorization, &[key]));
    let single = single.into_iter().flatten().next();
    let mut door = Door {
        name: "the server".into(),
        at: at.clone(),
        names: tls.names(&users),
        needs_certificate: tls.is_verified,
        nameless: None,
        rights: Rights::Users(users),
    };
    if let Rights::Users(users) = &door.rights
        && users.users.is_empty()
    {
        door.rights = Rights::All(format!("{at}, where no users are set"));
        (door.names, door.nameless) = match single {
            Some(_) => (Names::Password, None),
            None => (Names::Claimed, Some(Who::Nameless)),
        };
    } else if let Some(user) = get(map, &["no_auth_user"]).and_then(Node::text) {
        door.nameless = Some(Who::Named(user.to_string()));
    }
    Ok(door)
}

/// Users of the authorization and of all accounts.
fn users(map: &Map, authorization: &Map) -> Result<Users, ReadError> {
    let mut users = Users::default();
    let default = get(
        authorization,
        &["default_permissions", "default_permission", "permissions"],
    );
    if let Some(list) = get(authorization, &["users"]) {
        users.add(list, default, false)?;
    }
    let accounts = get(map, &["accounts"]).and_then(Node::map);
    for (name, account) in accounts.into_iter().flatten() {
        let Some(account) = account.map() else {
            continue;
        };
        if let Some(list) = get(account, &["users"]) {
            let default = get(account, &["default_permissions"]);
            users.add(list, default, name != GLOBAL)?;
        }
    }
    Ok(users)
}

/// How certificates are asked for.
struct Tls {
    is_verified: bool,
    is_mapped: bool,
}

impl Tls {
    fn read(map: &Map) -> Result<Self, ReadError> {
        let tls = get(map, &["tls"]).and_then(Node::map);
        let is_on = |key| match tls.and_then(|tls| get(tls, &[key])) {
            None => Ok(false),
            Some(node) => node.switch().ok_or_else(|| ReadError::Malformed {
                at: node.at.clone(),
                what: "neither true nor false",
            }),
        };
        let is_mapped = is_on("verify_and_map")?;
        Ok(Self {
            is_verified: is_on("verify")? || is_mapped,
            is_mapped,
        })
    }

    /// Whether certificates name who comes, or something else does.
    fn names(&self, users: &Users) -> Names {
        match self.is_mapped {
            true => Names::Certificate,
            false if users.users.values().all(|user| user.has_password) => Names::Password,
            false => Names::Claimed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_would_not_load_is_refused() {
        for text in [
            "authorization { users = [ { permissions = { publish = a } } ] }",
            "authorization { users = [ x ] }",
            "authorization { users = [ { user = u, permissions = 3 } ] }",
            "authorization { users = [ { user = u, permissions = { publish = [ { a = b } ] } } ] }",
            "authorization { users = [ { user = u, permissions = { publish = \"a..b\" } } ] }",
            "authorization { users = [ { user = u }, { user = u } ] }",
        ] {
            let file = File {
                path: "/c".into(),
                bytes: text.as_bytes().to_vec(),
                owner: None,
                written: None,
            };
            assert!(read(&[file]).is_err(), "{text}");
        }
    }
}
