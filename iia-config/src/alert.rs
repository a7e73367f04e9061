//! Where alerts go on the machine itself: a journal that only grows, and a contact that a lamp or a horn hangs on.

use std::path::{Component, Path, PathBuf};

use crate::parse::Document;

/// Where a journal in a file is, below the directory of the box, unless something else is said.
pub const JOURNAL_FILE: &str = "state/alerts.log";
/// Where the log of the machine listens, unless something else is said.
pub const SYSLOG_SOCKET: &str = "/dev/log";

/// Where lines of alerts are written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Journal {
    /// To a file that only grows.
    File(PathBuf),
    /// To the log of the machine, at its socket.
    Syslog(PathBuf),
}

/// What closes and opens the contact.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Relay {
    /// A program, called with `raise`, `clear` or `probe` and the line of the alert.
    Program(PathBuf),
    /// A file of one line, such as that of a GPIO: `1` closes the contact, `0` opens it.
    Line(PathBuf),
}

/// The alert sinks of a configuration. Paths that are not absolute are below the directory of the box.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct AlertSinks {
    /// The journal.
    pub journal: Option<Journal>,
    /// The contact.
    pub relay: Option<Relay>,
}

impl AlertSinks {
    /// The sinks that the rules of a box's own detection name.
    pub fn read(document: &Document) -> Self {
        let mut sinks = Self::default();
        for entry in document.of_kind("ruleset") {
            if entry.text("kind") != "ids" {
                continue;
            }
            let path = |key, or| {
                let path = entry.field(key).map_or(or, |field| field.text());
                PathBuf::from(path)
            };
            let journal = match entry.text("journal") {
                "file" => Some(Journal::File(path("journal_path", JOURNAL_FILE))),
                "syslog" => Some(Journal::Syslog(path("journal_path", SYSLOG_SOCKET))),
                _ => None,
            };
            let has = |key| entry.field(key).is_some();
            let relay = match (has("relay_program"), has("relay_line")) {
                (true, _) => Some(Relay::Program(path("relay_program", ""))),
                (false, true) => Some(Relay::Line(path("relay_line", ""))),
                (false, false) => None,
            };
            sinks.journal = sinks.journal.or(journal);
            sinks.relay = sinks.relay.or(relay);
        }
        sinks
    }

    /// Whether nobody could be alerted.
    pub const fn is_empty(&self) -> bool {
        self.journal.is_none() && self.relay.is_none()
    }
}

/// Whether a path stays where it says: absolute, or below the directory of the box.
pub(crate) fn is_sound(path: &str) -> bool {
    let mut parts = Path::new(path).components();
    let is_plain = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::RootDir);
    !path.is_empty() && path.len() <= PATH_LEN_MAX && parts.all(is_plain)
}

/// Longest path in bytes: what fits into the address of a Unix socket.
pub const PATH_LEN_MAX: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_where_they_say() {
        let long = "x".repeat(PATH_LEN_MAX);
        for good in ["/dev/log", "state/alerts.log", &long] {
            assert!(is_sound(good), "{good}");
        }
        let longer = "x".repeat(PATH_LEN_MAX + 1);
        for bad in ["", "../keys/log", "state/../../x", "./x", &longer] {
            assert!(!is_sound(bad), "{bad}");
        }
    }
}
