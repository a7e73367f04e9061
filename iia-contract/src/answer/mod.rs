//! What a box answers about its contracts, as pure functions: the contract, its history, its watermark, the manifest of
//! the catalog, and who is accountable for an event (001:190, 274, 295).

mod manifest;
mod raci;
mod watermark;

use core::fmt;

pub use manifest::{Listed, Manifest};
pub use raci::{Call, Named, Raci, Sides};
pub use watermark::{Mark, Watermark};

/// A well-known question, by its path.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Question<'a> {
    /// `contract/<id>`: its text, each version in force.
    Contract(&'a str),
    /// `contract/<id>/history`: which version was in force when.
    History(&'a str),
    /// `contract/<id>/watermark`: the newest durable numbers of the streams that it exposes.
    Watermark(&'a str),
    /// `catalog/manifest`: every contract, its version and the digest of its text.
    Manifest,
    /// `catalog/raci/<event>`: who is accountable for the event, contract by contract.
    Raci(&'a str),
}

impl<'a> Question<'a> {
    /// Reads a path, with or without a leading `/`; `None` when it is none of the well-known ones.
    pub fn parse(path: &'a str) -> Option<Self> {
        let path = path.strip_prefix('/').unwrap_or(path);
        let sound = |name: &&str| !name.is_empty() && !name.contains('/');
        if path == "catalog/manifest" {
            return Some(Self::Manifest);
        }
        if let Some(event) = path.strip_prefix("catalog/raci/") {
            return Some(event).filter(sound).map(Self::Raci);
        }
        let rest = path.strip_prefix("contract/")?;
        let Some((id, what)) = rest.split_once('/') else {
            return Some(rest).filter(sound).map(Self::Contract);
        };
        let id = Some(id).filter(sound)?;
        match what {
            "history" => Some(Self::History(id)),
            "watermark" => Some(Self::Watermark(id)),
            _ => None,
        }
    }
}

impl fmt::Display for Question<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Contract(id) => write!(f, "contract/{id}"),
            Self::History(id) => write!(f, "contract/{id}/history"),
            Self::Watermark(id) => write!(f, "contract/{id}/watermark"),
            Self::Manifest => f.write_str("catalog/manifest"),
            Self::Raci(event) => write!(f, "catalog/raci/{event}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    #[test]
    fn well_known_paths_are_read_and_no_others() {
        for path in [
            "contract/a.b",
            "contract/a.b/history",
            "contract/a.b/watermark",
            "catalog/manifest",
            "catalog/raci/box_outage",
        ] {
            assert_eq!(Question::parse(path).unwrap().to_string(), path);
            assert!(Question::parse(&alloc::format!("/{path}")).is_some());
        }
        for path in [
            "",
            "/",
            "contract/",
            "contract//history",
            "contract/a/b",
            "catalog",
            "catalog/raci/",
            "catalog/raci/a/b",
        ] {
            assert_eq!(Question::parse(path), None, "{path}");
        }
    }
}
