//! What the files of mosquitto say: listeners are doors, the ACL file has the rules.

mod acl;
mod conf;

use alloc::format;
use alloc::string::{String, ToString as _};

use self::conf::{Conf, Listener, Security};
use crate::policy_drift::broker::rules::{Door, Loaded, Names, Rights, Who};
use crate::policy_drift::file::{File, ReadError, named};

pub(in crate::policy_drift::broker) use self::acl::Acl;

/// Reads the configuration and whatever it names.
pub(in crate::policy_drift::broker) fn read(files: &[File]) -> Result<Loaded, ReadError> {
    let conf = Conf::read(files)?;
    let mut loaded = Loaded::default();
    for listener in &conf.listeners {
        let security = conf.security(listener);
        loaded.doors.push(Door {
            name: listener.name.clone(),
            at: listener.at.clone(),
            names: names(listener, security),
            needs_certificate: listener.is_tls && listener.needs_certificate,
            nameless: Some(Who::Nameless).filter(|_| security.anonymous && !listener.is_named()),
            rights: rights(files, listener, security)?,
        });
        if let Some((protocol, at)) = &listener.protocol
            && protocol == "websockets"
        {
            let words = format!("{} speaks WebSocket, which begins as HTTP", listener.name);
            loaded.surplus("websockets", words, at.clone());
        }
        if let Some((point, at)) = &listener.mount_point {
            let words = format!(
                "{} puts {point} before every topic, so that contracts mean others",
                listener.name
            );
            loaded.surplus("mount_point", words, at.clone());
        }
    }
    for (key, value, at) in &conf.others {
        let words = match key.as_str() {
            "connection" => format!("a bridge to another broker is set: {value}"),
            _ => format!("{key} {value} decides beside the rules"),
        };
        loaded.surplus(key, words, at.clone());
    }
    Ok(loaded)
}

/// By what a listener knows who comes. What it asks of certificates counts only where it speaks TLS, and one that names
/// clients by certificates without asking for any lets in nobody.
fn names(listener: &Listener, security: &Security) -> Names {
    let named = listener.is_named();
    match listener {
        _ if named && !listener.needs_certificate => Names::Nobody,
        _ if named && listener.by_identity => Names::Certificate,
        _ if named => Names::Subject,
        _ if listener.by_key || security.passwords.is_some() => Names::Password,
        _ if security.anonymous => Names::Claimed,
        _ => Names::Nobody,
    }
}

fn rights(files: &[File], listener: &Listener, security: &Security) -> Result<Rights, ReadError> {
    let Some((path, at)) = &security.acl else {
        let at: String = match listener.at.as_str() {
            "" => listener.name.to_string(),
            at => at.to_string(),
        };
        let at = format!("{at}, for which no acl_file is set");
        return Ok(Rights::Acl(Acl::everything(at)));
    };
    let file = named(files, path, at.clone())?;
    Acl::read(file).map(Rights::Acl)
}

/// Keys that name a door or a rule of it, in the order of mosquitto.conf(5), are read in `conf`; these let somebody else
/// decide.
const DECIDERS: [&str; 5] = [
    "plugin",
    "auth_plugin",
    "global_plugin",
    "connection",
    "clientid_prefixes",
];

fn is_decider(key: &str) -> bool {
    DECIDERS.contains(&key)
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    fn file(path: &str, text: &str) -> File {
        File {
            path: path.into(),
            bytes: text.as_bytes().to_vec(),
            owner: None,
            written: None,
        }
    }

    #[test]
    fn what_the_broker_would_not_load_is_refused_with_the_place() {
        let main = file("/c", "listener 1\nallow_anonymous true\nacl_file /a\n");
        for (acl, at) in [
            ("topic wrote a", "/a:1"),
            ("user", "/a:1"),
            ("user u\ntopik a", "/a:2"),
            ("topic\tread a", "/a:1"),
            ("topic read a#", "/a:1"),
            ("topic", "/a:1"),
            (" # a", "/a:1"),
        ] {
            let files = [main.clone(), file("/a", acl)];
            let error = read(&files).unwrap_err();
            assert!(
                matches!(&error, ReadError::Malformed { at: place, .. } if place == at),
                "{acl}: {error}"
            );
        }
        let error = read(&[main]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "/c:3 names a file that was not shown: /a"
        );
        let late = file("/c", "allow_anonymous true\nper_listener_settings true\n");
        assert!(read(&[late]).is_err());
        assert!(read(&[file("/c", "acl_file /a\nacl_file /b\n")]).is_err());
        assert!(read(&[file("/c", "allow_anonymous maybe\n")]).is_err());
        assert!(read(&[]).is_err());
    }

    #[test]
    fn limits_hold_at_max_and_one_over() {
        let main = file("/c", "acl_file /a\n");
        let lines = |count| file("/a", &"topic read a\n".repeat(count));
        let max = crate::policy_drift::file::RULES_MAX;
        assert!(read(&[main.clone(), lines(max)]).is_ok());
        assert!(read(&[main.clone(), lines(max + 1)]).is_err());
        let mut files = Vec::from([main]);
        files.resize(crate::policy_drift::file::FILES_MAX, lines(1));
        assert!(read(&files).is_ok());
        files.push(lines(1));
        assert!(read(&files).is_err());
        let long = file(
            "/c",
            &" ".repeat(crate::policy_drift::file::FILE_LEN_MAX + 1),
        );
        assert!(read(&[long]).is_err());
    }
}
