//! mosquitto.conf(5): what in it changes who comes in and what rules hold.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use super::is_decider;
use crate::policy_drift::file::{DEPTH_MAX, File, ReadError, main, malformed, place, text};

/// A value, and where it stands.
type Said = (String, String);

/// Listeners at most.
const LISTENERS_MAX: usize = 256;

/// Settings that open the default listener where they stand before any other.
const OF_LISTENERS: [&str; 16] = [
    "cafile",
    "capath",
    "certfile",
    "ciphers",
    "crlfile",
    "keyfile",
    "max_connections",
    "max_qos",
    "mount_point",
    "protocol",
    "psk_hint",
    "require_certificate",
    "socket_domain",
    "use_identity_as_username",
    "use_subject_as_username",
    "use_username_as_clientid",
];

/// What decides who may do what.
#[derive(Clone, Debug, Default)]
pub(super) struct Security {
    pub(super) anonymous: bool,
    is_anonymous_set: bool,
    pub(super) acl: Option<Said>,
    pub(super) passwords: Option<Said>,
    keys: Option<Said>,
}

/// A listener.
#[derive(Clone, Debug, Default)]
pub(super) struct Listener {
    pub(super) name: String,
    pub(super) at: String,
    pub(super) is_tls: bool,
    pub(super) needs_certificate: bool,
    pub(super) by_identity: bool,
    pub(super) by_subject: bool,
    /// By a key that was shared before.
    pub(super) by_key: bool,
    pub(super) protocol: Option<Said>,
    pub(super) mount_point: Option<Said>,
    own: Security,
}

/// What the configuration says.
#[derive(Clone, Debug, Default)]
pub(super) struct Conf {
    pub(super) listeners: Vec<Listener>,
    /// Settings by which somebody else decides: key, value, place.
    pub(super) others: Vec<(String, String, String)>,
    is_per_listener: bool,
    global: Security,
    /// The listener of `port` and `bind_address`, and of whatever stands before the first listener.
    default: Listener,
    is_default_set: bool,
    /// The listener that lines are about; without one it is the default.
    at: Option<usize>,
    /// Keys that may stand once.
    once: BTreeSet<(usize, String)>,
}

impl Conf {
    pub(in crate::policy_drift::broker) fn read(files: &[File]) -> Result<Self, ReadError> {
        let mut conf = Self::default();
        conf.file(files, main(files)?, 0)?;
        if conf.is_default_set || conf.listeners.is_empty() {
            let mut default = core::mem::take(&mut conf.default);
            if conf.is_default_set && default.name.is_empty() {
                default.name = "listener 1883".into();
            }
            if default.name.is_empty() {
                // Without any listener the broker serves its own machine, and lets in whoever comes.
                default.name = "listener 1883 of the own machine".into();
                for security in [&mut conf.global, &mut default.own] {
                    security.anonymous |= !security.is_anonymous_set;
                }
            }
            conf.listeners.push(default);
        }
        Ok(conf)
    }

    pub(super) const fn security<'s>(&'s self, listener: &'s Listener) -> &'s Security {
        match self.is_per_listener {
            true => &listener.own,
            false => &self.global,
        }
    }

    fn file(&mut self, files: &[File], file: &File, depth: usize) -> Result<(), ReadError> {
        if depth > DEPTH_MAX {
            let (what, max) = ("files within each other", DEPTH_MAX);
            return Err(ReadError::TooMuch { what, max });
        }
        for (number, line) in text(file)?.lines().enumerate() {
            if line.starts_with('#') {
                continue;
            }
            let line = line.trim_matches(' ');
            let (key, value) = line.split_once(' ').unwrap_or((line, ""));
            let value = value.trim();
            match key {
                "" => {}
                "include_dir" => self.folder(files, value, place(&file.path, number + 1), depth)?,
                _ => self
                    .line(key, value, &place(&file.path, number + 1))
                    .map_err(|what| malformed(&file.path, number + 1, what))?,
            }
        }
        Ok(())
    }

    /// Every file of a folder that ends in `.conf`, by name.
    fn folder(
        &mut self,
        files: &[File],
        path: &str,
        at: String,
        depth: usize,
    ) -> Result<(), ReadError> {
        let path = path.trim_end_matches('/');
        let within = |file: &&File| {
            let name = file.path.strip_prefix(path);
            let name = name.and_then(|name| name.strip_prefix('/'));
            name.is_some_and(|name| name.ends_with(".conf") && !name.contains('/'))
        };
        let mut within: Vec<&File> = files.iter().filter(within).collect();
        if within.is_empty() {
            let path = path.to_string();
            return Err(ReadError::NotShown { at, path });
        }
        within.sort_by(|left, right| left.path.cmp(&right.path));
        for file in within {
            // What is included knows nothing of the listener that it is included at.
            let before = self.at.take();
            self.file(files, file, depth + 1)?;
            self.at = before;
        }
        Ok(())
    }

    fn line(&mut self, key: &str, value: &str, at: &str) -> Result<(), &'static str> {
        let said = || Some((value.to_string(), at.to_string()));
        self.is_default_set |= self.at.is_none() && OF_LISTENERS.contains(&key) && value != "false";
        match key {
            "per_listener_settings" => {
                let is_late = self.global.is_set() || self.current().own.is_set();
                self.is_per_listener = yes(value)?;
                if is_late && self.is_per_listener {
                    return Err("per_listener_settings after settings of listeners");
                }
            }
            "listener" => self.listen(value, at)?,
            "port" | "bind_address" => {
                self.is_default_set = true;
                self.default.name = format!("{key} {value}");
                self.default.at = at.into();
            }
            "cafile" | "capath" | "certfile" => self.current().is_tls = true,
            "require_certificate" => self.current().needs_certificate = yes(value)?,
            "use_identity_as_username" => self.current().by_identity = yes(value)?,
            "use_subject_as_username" => self.current().by_subject = yes(value)?,
            "psk_hint" => self.current().by_key = true,
            "protocol" => self.current().protocol = said(),
            "mount_point" => self.current().mount_point = said(),
            "allow_anonymous" => {
                let security = self.secured();
                security.anonymous = yes(value)?;
                security.is_anonymous_set = true;
            }
            "acl_file" => {
                self.only_once(key)?;
                self.secured().acl = said();
            }
            "password_file" => {
                self.only_once(key)?;
                self.secured().passwords = said();
            }
            "psk_file" => self.secured().keys = said(),
            _ if is_decider(key) => self.others.push((key.into(), value.into(), at.into())),
            _ => {}
        }
        Ok(())
    }

    fn listen(&mut self, value: &str, at: &str) -> Result<(), &'static str> {
        if value.is_empty() || self.listeners.len() >= LISTENERS_MAX {
            return Err("no listener, or more than the observer follows");
        }
        self.listeners.push(Listener {
            name: format!("listener {value}"),
            at: at.into(),
            ..Listener::default()
        });
        self.at = self.listeners.len().checked_sub(1);
        Ok(())
    }

    fn only_once(&mut self, key: &str) -> Result<(), &'static str> {
        let scope = match self.is_per_listener {
            true => self.at.map_or(0, |at| at + 1),
            false => 0,
        };
        match self.once.insert((scope, key.into())) {
            true => Ok(()),
            false => Err("it stands twice"),
        }
    }

    fn current(&mut self) -> &mut Listener {
        let listener = self.at.and_then(|at| self.listeners.get_mut(at));
        listener.unwrap_or(&mut self.default)
    }

    fn secured(&mut self) -> &mut Security {
        match self.is_per_listener {
            true => &mut self.current().own,
            false => &mut self.global,
        }
    }
}

impl Listener {
    /// Whether certificates name who comes, and nothing else does.
    pub(super) const fn is_named(&self) -> bool {
        self.is_tls && (self.by_identity || self.by_subject)
    }
}

impl Security {
    const fn is_set(&self) -> bool {
        self.is_anonymous_set || self.acl.is_some() || self.passwords.is_some()
    }
}

fn yes(value: &str) -> Result<bool, &'static str> {
    match value.split(' ').next() {
        Some("true" | "1") => Ok(true),
        Some("false" | "0") => Ok(false),
        _ => Err("neither true nor false"),
    }
}
