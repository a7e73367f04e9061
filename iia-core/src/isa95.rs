//! ISA-95 equipment hierarchy: enterprise, site, area, work center, work unit; and the topic it makes (000:71).

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use crate::code::{Code, Coded};

/// Most levels in a path (ISA-95 part 1, figure "role based equipment hierarchy").
pub const LEVELS_MAX: usize = 5;
/// Longest name of one level in bytes.
pub const NAME_LEN_MAX: usize = 63;

/// A place in the equipment hierarchy, root first.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Place(Vec<String>);

impl Place {
    /// The names, enterprise first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// The word ISA-95 has for the lowest level given.
    pub fn level(&self) -> &'static str {
        match self.0.len() {
            1 => "enterprise",
            2 => "site",
            3 => "area",
            4 => "work center",
            _ => "work unit",
        }
    }

    /// The MQTT topic prefix, root first.
    pub fn topic(&self) -> String {
        self.0.join("/")
    }
}

impl FromStr for Place {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<Self, PlaceError> {
        let names: Vec<String> = text.split('/').map(ToString::to_string).collect();
        if names.len() > LEVELS_MAX {
            return Err(PlaceError::TooDeep);
        }
        let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        let sound = |name: &String| {
            !matches!(name.as_str(), "" | "." | "..")
                && name.len() <= NAME_LEN_MAX
                && name.bytes().all(legal)
        };
        if names.iter().all(sound) {
            Ok(Self(names))
        } else {
            Err(PlaceError::BadName)
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.topic())
    }
}

/// Why a text is not a place.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PlaceError {
    /// A name is empty, `.`, `..`, too long or has a character outside letters, digits, `.`, `-`, `_`.
    #[error(
        "a level's name is empty, a dot segment, longer than 63 bytes or has a forbidden character"
    )]
    BadName,
    /// More than five levels.
    #[error("more than five levels")]
    TooDeep,
}

impl Coded for PlaceError {
    fn code(&self) -> Code {
        match self {
            Self::BadName => Code::new("COR", 60),
            Self::TooDeep => Code::new("COR", 460),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_one_to_five_levels() {
        let place: Place = "acme/milwaukee/packout/line-1/press_3".parse().unwrap();
        assert_eq!(
            (place.level(), place.topic().as_str()),
            ("work unit", "acme/milwaukee/packout/line-1/press_3")
        );
        assert_eq!("a/b/c/d/e/f".parse::<Place>(), Err(PlaceError::TooDeep));
        for text in ["", "a//b", "a/#", "a/+", "a b"] {
            assert_eq!(text.parse::<Place>(), Err(PlaceError::BadName), "{text}");
        }
    }
}
