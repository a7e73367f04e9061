//! A rule: what must hold, how often, and what it is then.

use alloc::string::String;
use alloc::vec::Vec;

use iia_core::finding::Severity;
use iia_core::observe::{Observation, Protocol};

use super::clause::Clause;
use super::error::RulesError;
use super::field;
use super::parse;
use super::window::Often;

/// Clauses that a rule may have at most.
pub const CLAUSES_MAX: usize = 32;

/// The rules that come with the crate.
const BUILT_IN: &str = include_str!("attack.rules");

/// What a rule is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum About {
    /// What is said in a protocol.
    Protocol(Protocol),
    /// A flow as a whole.
    Flow,
}

/// One rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its name, of its own among the rules.
    pub name: String,
    /// The technique of MITRE ATT&CK for ICS, such as `T0858`.
    pub technique: String,
    /// The technique's title.
    pub title: String,
    /// How bad it is when nobody expects it.
    pub severity: Severity,
    pub(super) about: Vec<About>,
    /// Words of the standard for what is said; any where there are none.
    pub(super) what: Vec<String>,
    /// What became of it; anything where there are none.
    pub(super) outcome: Vec<String>,
    pub(super) clauses: Vec<Clause>,
    pub(super) often: Option<Often>,
}

impl Rule {
    /// What another engine looks for in its own way; a detector that is given it finds nothing.
    pub fn of_engine(name: &str, (technique, title): (&str, &str), severity: Severity) -> Self {
        Self {
            name: name.into(),
            technique: technique.into(),
            title: title.into(),
            severity,
            about: Vec::new(),
            what: Vec::new(),
            outcome: Vec::new(),
            clauses: Vec::new(),
            often: None,
        }
    }

    /// Whether an observation is what the rule speaks of.
    pub(super) fn holds(&self, observation: &Observation<'_>) -> bool {
        let outcome = field::outcome(observation).map_or("", |outcome| outcome.name());
        let what = match observation {
            // It is an exchange as well, which is what is counted.
            Observation::Said(said) if self.what.is_empty() && is_modbus(said.protocol) => {
                return false;
            }
            Observation::Said(said) => said.what,
            _ => "",
        };
        let among =
            |words: &[String], word: &str| words.is_empty() || words.iter().any(|own| own == word);
        among(&self.what, what)
            && among(&self.outcome, outcome)
            && self.clauses.iter().all(|clause| clause.holds(observation))
    }
}

const fn is_modbus(protocol: Protocol) -> bool {
    matches!(protocol, Protocol::ModbusTcp | Protocol::ModbusRtu)
}

/// Rules that are sound, in the order of their text.
#[derive(Clone, Debug)]
pub struct Rules(pub(super) Vec<Rule>);

impl Rules {
    /// Reads a text of rules.
    ///
    /// A line is empty, a remark (`#`), or one clause; `rule NAME` begins a rule:
    ///
    /// | clause | what it says |
    /// |---|---|
    /// | `technique T0858 Change Operating Mode` | which technique, and its title; once |
    /// | `severity high` | `info`, `medium` (unless said), `high` or `critical` |
    /// | `on ethernet_ip cip_io` | protocols by their name in records, or `flow` for flows as a whole; once |
    /// | `what reset stop` | words of the standard, as `iia decode` shows them |
    /// | `outcome answered` | what became of it |
    /// | `asked cip.class 0x8e 0x64` | a field of the message has one of these values, or is there at all; words are the names of numbers, `65..72` is a range |
    /// | `answered FIELD …` | the same of the answer |
    /// | `distinct FIELD 10 in 60s by client server` | so many values of a field within so long, by whom |
    /// | `count 100 in 1s by client` | so many of them |
    ///
    /// What is said in Modbus is an exchange; functions that say more than addresses and values are told once more in
    /// detail, which is what a rule with `what` looks at.
    ///
    /// Beside the fields of the decoders there are `client`, `server` and `port`; of Modbus `modbus.func_code`,
    /// `modbus.exception_code`, `modbus.reference_num`, `modbus.word_cnt` and `mbtcp.unit_id`; of a flow `conn.proto`,
    /// `conn.orig_pkts`, `conn.resp_pkts`, `conn.orig_bytes` and `conn.resp_bytes`.
    ///
    /// # Errors
    /// The first line that is wrong.
    pub fn parse(text: &str) -> Result<Self, RulesError> {
        parse::rules(text).map(Self)
    }

    /// The rules that come with the crate: what the labelled captures of the field and MITRE's own indicators show.
    pub fn built_in() -> Self {
        // A test reads them.
        Self::parse(BUILT_IN).unwrap_or_else(|_| Self(Vec::new()))
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.0.iter()
    }
}
