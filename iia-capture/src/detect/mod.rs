//! What somebody is up to: rules over what was said on the wire, each with the technique of MITRE ATT&CK for ICS that it
//! speaks of. The scan engine and the enrichment of a witness (001:126, 001:675-676).
//!
//! Nothing is sent and nothing is decoded twice: an [`Analyzer`] takes the observations of a pipeline and tells
//! [`Sighting`]s. [`Detector`] is the one that reads its rules from a text ([`Rules`]); another engine implements the same
//! trait. A sighting is no verdict: whether somebody may do what he does is the catalog's to say.
//!
//! ```
//! use iia_capture::detect::{Analyzer as _, Detector, Rules};
//!
//! let rules = Rules::parse(
//!     "rule restart
//!        technique T0816 Device Restart/Shutdown
//!        on ethernet_ip
//!        asked cip.class 0x01
//!        asked cip.sc 0x05",
//! )?;
//! let mut detector = Detector::new(rules);
//! # let observations: [iia_core::observe::Observation<'_>; 0] = [];
//! for observation in &observations {
//!     detector.observe(observation, &mut |sighting| println!("{sighting}"));
//! }
//! detector.finish(&mut |sighting| println!("{sighting}"));
//! # Ok::<(), iia_capture::detect::RulesError>(())
//! ```

#[cfg(feature = "yara")]
mod carried;
mod clause;
mod detector;
mod error;
mod field;
mod parse;
mod rule;
mod window;
#[cfg(feature = "yara")]
mod yara;

use core::fmt;

use iia_core::Timestamp;
use iia_core::observe::Observation;

#[cfg(feature = "yara")]
pub use carried::{FILE_LEN_MAX, FILES_LEN_MAX, FILES_MAX};
pub use clause::VALUES_MAX;
pub use detector::{Detector, QUIET_NS};
pub use error::{RulesError, Wrong};
pub use field::End;
pub use parse::{RULES_MAX, TEXT_LEN_MAX};
pub use rule::{CLAUSES_MAX, Rule, Rules};
pub use window::{KEYS_MAX, WINDOW_MAX_NS, WITHIN_MAX};
#[cfg(feature = "yara")]
pub use yara::{SCAN_MAX, YARA_LEN_MAX, Yara, YaraRules};

/// Something that looks at what was seen and says what it makes of it.
pub trait Analyzer {
    /// Takes one observation.
    fn observe(&mut self, observation: &Observation<'_>, tell: &mut dyn FnMut(&Sighting<'_>));

    /// Tells what is still untold: no more comes.
    fn finish(&mut self, tell: &mut dyn FnMut(&Sighting<'_>));
}

/// A rule held.
#[derive(Clone, Copy, Debug)]
pub struct Sighting<'a> {
    /// Which.
    pub rule: &'a Rule,
    /// Who did it.
    pub client: End,
    /// To whom; nothing where the rule is about a client and whatever it speaks to.
    pub server: Option<End>,
    /// When it was first seen since this was last told.
    pub first: Timestamp,
    /// When it was last seen.
    pub last: Timestamp,
    /// How often since this was last told. Over all sightings of a rule without a number that is every time.
    pub times: u64,
}

impl fmt::Display for Sighting<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rule = self.rule;
        write!(f, "{} {}: {}", rule.technique, rule.title, self.client)?;
        if let Some(server) = self.server {
            write!(f, " > {server}")?;
        }
        match self.times {
            1 => write!(f, ", once ({})", rule.name),
            times => write!(f, ", {times} times ({})", rule.name),
        }
    }
}
