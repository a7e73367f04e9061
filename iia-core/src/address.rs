//! Addresses of roles: leaf first, `<role>.<gateway>.<work unit>…<site>.local`, and the topic that says the same root first.
//!
//! The partition of a role is no part of its address: a role that moves to another side keeps its name.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use crate::code::{Code, Coded};
use crate::zone::Zone;

/// Longest address in bytes, as names of the DNS are written (RFC 1035, 2.3.4).
pub const ADDRESS_LEN_MAX: usize = 253;
/// Longest label in bytes (RFC 1035, 2.3.4).
pub const LABEL_LEN_MAX: usize = 63;
/// Most places of an address: site, area, work center, work unit.
pub const PLACES_MAX: usize = 4;

/// What every address ends with: it means something on the premises only.
const LOCAL: &str = ".local";

/// The address of a role.
///
/// ```
/// use iia_core::address::RoleAddress;
/// let address: RoleAddress = "io-master.seg01.press-3.line-1.packout.milwaukee.local".parse().unwrap();
/// assert_eq!(address.zone(), Some(iia_core::zone::Zone::AcsIoMaster));
/// assert_eq!(address.topic(), "milwaukee/packout/line-1/press-3/seg01/io-master");
/// ```
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RoleAddress {
    /// Root first: the places, the gateway, the role.
    labels: Vec<String>,
}

impl RoleAddress {
    /// The address of a zone's role at a gateway; the site comes first among the places.
    ///
    /// # Errors
    /// [`AddressError`] when a label or the number of places is not sound.
    pub fn new(zone: Zone, gateway: &str, places: &[&str]) -> Result<Self, AddressError> {
        let role = word(zone);
        let ends = [gateway, role.as_str()];
        Self::of(places.iter().copied().chain(ends))
    }

    /// Reads a topic, which says the same root first.
    ///
    /// # Errors
    /// [`AddressError`] when it is no address.
    pub fn from_topic(topic: &str) -> Result<Self, AddressError> {
        Self::of(topic.split('/'))
    }

    fn of<'a>(labels: impl Iterator<Item = &'a str>) -> Result<Self, AddressError> {
        let labels: Vec<String> = labels.take(PLACES_MAX + 3).map(String::from).collect();
        if !(3..=PLACES_MAX + 2).contains(&labels.len()) {
            return Err(AddressError::WrongDepth);
        }
        if !labels.iter().all(|label| is_label(label)) {
            return Err(AddressError::BadLabel);
        }
        let len = labels.iter().map(|label| label.len() + 1).sum::<usize>() + LOCAL.len() - 1;
        match len <= ADDRESS_LEN_MAX {
            true => Ok(Self { labels }),
            false => Err(AddressError::TooLong),
        }
    }

    /// What is there.
    pub fn role(&self) -> &str {
        self.leaf(0)
    }

    /// The box that it is on.
    pub fn gateway(&self) -> &str {
        self.leaf(1)
    }

    fn leaf(&self, number: usize) -> &str {
        let mut leaves = self.labels.iter().rev();
        leaves.nth(number).map_or("", String::as_str)
    }

    /// Where that is: the site first, the work unit last.
    pub fn places(&self) -> impl Iterator<Item = &str> {
        let places = self.labels.len().saturating_sub(2);
        self.labels.iter().take(places).map(String::as_str)
    }

    /// The zone whose role it is, and with it the partition; nothing for a role of somebody else.
    pub fn zone(&self) -> Option<Zone> {
        let is = |zone: &Zone| word(*zone) == self.role();
        Zone::ALL.into_iter().find(is)
    }

    /// The topic of this role, root first.
    pub fn topic(&self) -> String {
        self.labels.join("/")
    }
}

/// A zone's role as a label: the last part of its name, with a hyphen where that has an underscore.
fn word(zone: Zone) -> String {
    let last = zone.name().rsplit('.').next();
    last.unwrap_or_default().replace('_', "-")
}

/// Lower-case letters, digits, and ASCII hyphens within (RFC 1123, 2.1): one spelling of each name.
fn is_label(label: &str) -> bool {
    let legal = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    let within = !label.starts_with('-') && !label.ends_with('-');
    (1..=LABEL_LEN_MAX).contains(&label.len()) && within && label.bytes().all(legal)
}

impl FromStr for RoleAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let names = text.strip_suffix(LOCAL).ok_or(AddressError::NotLocal)?;
        Self::of(names.rsplit('.'))
    }
}

impl fmt::Display for RoleAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for label in self.labels.iter().rev() {
            write!(f, "{label}.")?;
        }
        f.write_str("local")
    }
}

/// Why a text is not the address of a role.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// A label is empty, longer than 63 bytes, or has a character outside `[a-z0-9-]` or a hyphen at an end.
    #[error("a label has 1 to 63 lower-case letters, digits, and hyphens within")]
    BadLabel,
    /// The address does not end with `.local`.
    #[error("an address of a role ends with `.local`")]
    NotLocal,
    /// The whole is longer than 253 bytes.
    #[error("longer than 253 bytes")]
    TooLong,
    /// There are no places between gateway and root, or more than four.
    #[error("an address is a role, its gateway, and one to four places")]
    WrongDepth,
}

impl Coded for AddressError {
    fn code(&self) -> Code {
        match self {
            Self::BadLabel => Code::new("COR", 61),
            Self::NotLocal => Code::new("COR", 62),
            Self::TooLong => Code::new("COR", 461),
            Self::WrongDepth => Code::new("COR", 63),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    #[track_caller]
    fn check(text: &str, want: Result<&str, AddressError>) {
        let address = text.parse::<RoleAddress>();
        assert_eq!(
            address
                .as_ref()
                .map(RoleAddress::topic)
                .map_err(|error| *error),
            want.map(String::from),
            "{text}"
        );
        let Ok(address) = address else { return };
        assert_eq!(address.to_string(), text, "prints as it was read");
        assert_eq!(RoleAddress::from_topic(&address.topic()), Ok(address));
    }

    #[test]
    fn an_address_is_read_leaf_first_and_its_topic_is_root_first() {
        check("lake.seg01.milwaukee.local", Ok("milwaukee/seg01/lake"));
        check("a.b.c.d.e.f.local", Ok("f/e/d/c/b/a"));
        let hyphen = "press\u{2010}3";
        for (text, want) in [
            ("lake.seg01.milwaukee".to_string(), AddressError::NotLocal),
            (
                "lake.seg01.milwaukee.localhost".into(),
                AddressError::NotLocal,
            ),
            ("lake.seg01.local".into(), AddressError::WrongDepth),
            (".local".into(), AddressError::WrongDepth),
            ("a.b.c.d.e.f.g.local".into(), AddressError::WrongDepth),
            ("a..c.local".into(), AddressError::BadLabel),
            (".b.c.local".into(), AddressError::BadLabel),
            ("a.b.c..local".into(), AddressError::BadLabel),
            ("A.b.c.local".into(), AddressError::BadLabel),
            ("io_master.b.c.local".into(), AddressError::BadLabel),
            ("-a.b.c.local".into(), AddressError::BadLabel),
            ("a.b-.c.local".into(), AddressError::BadLabel),
            ("a/b.c.d.local".into(), AddressError::BadLabel),
            (
                alloc::format!("a.b.{hyphen}.c.local"),
                AddressError::BadLabel,
            ),
        ] {
            check(&text, Err(want));
        }
    }

    #[test]
    fn labels_and_addresses_end_at_the_limits_of_the_dns() {
        let label = |len: usize| "a".repeat(len);
        let of = |last: usize| {
            let full = [label(63), label(63), label(63), label(last)];
            alloc::format!("{}.local", full.join(".")).parse::<RoleAddress>()
        };
        assert_eq!(
            of(55).map(|address| address.to_string().len()),
            Ok(ADDRESS_LEN_MAX)
        );
        assert_eq!(of(56), Err(AddressError::TooLong));
        assert_eq!(of(64), Err(AddressError::BadLabel));
    }

    #[test]
    fn every_zone_has_a_word_of_its_own_and_its_partition_is_not_in_it() {
        for zone in Zone::ALL {
            let address = RoleAddress::new(zone, "seg01", &["milwaukee", "packout"]).unwrap();
            assert_eq!(address.zone(), Some(zone), "{address}");
            assert_eq!(
                (address.role(), address.gateway()),
                (word(zone).as_str(), "seg01")
            );
            assert!(address.places().eq(["milwaukee", "packout"]), "{address}");
            for partition in ["ot", "acs", "dmz", "it", "mgmt"] {
                assert!(!address.topic().split('/').any(|label| label == partition));
            }
        }
        let foreign: RoleAddress = "historian.seg01.milwaukee.local".parse().unwrap();
        assert_eq!(foreign.zone(), None);
        let none = RoleAddress::new(Zone::AcsLake, "seg01", &[]);
        assert_eq!(none, Err(AddressError::WrongDepth));
    }
}
