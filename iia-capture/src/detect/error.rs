//! What can be wrong with a text of rules.

use iia_core::code::{Code, Coded};

/// The first thing that is wrong with a text of rules.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("line {line}: {wrong}")]
pub struct RulesError {
    /// Where, from 1.
    pub line: usize,
    /// What.
    pub wrong: Wrong,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Wrong {
    /// A clause stands before any rule.
    #[error("a rule begins with `rule NAME`")]
    Outside,
    /// A name is none, or there twice.
    #[error("a rule needs a name of its own, of letters, digits and dashes")]
    Name,
    /// A word begins no clause.
    #[error(
        "not a clause: technique, severity, on, what, outcome, asked, answered, distinct, count"
    )]
    Clause,
    /// A clause has not what it needs.
    #[error("a clause that is not complete, or there twice")]
    Incomplete,
    /// No such technique.
    #[error("a technique is T and four digits, and its title")]
    Technique,
    /// No such protocol.
    #[error("a protocol that is not known")]
    Protocol,
    /// A rule lacks a technique or a protocol.
    #[error("a rule needs `technique` and `on`")]
    Missing,
    /// A number or a time that is none, or out of bounds.
    #[error("a number, a range or a time that cannot be")]
    Number,
    /// No rule of YARA.
    #[error("not a rule of YARA")]
    Yara,
    /// The text, or a part of it, is too large.
    #[error("more than {max}")]
    TooMany {
        /// The limit.
        max: usize,
    },
}

impl Coded for Wrong {
    fn code(&self) -> Code {
        let number = match self {
            Self::Outside => 30,
            Self::Name => 31,
            Self::Clause => 32,
            Self::Incomplete => 33,
            Self::Technique => 34,
            Self::Protocol => 35,
            Self::Missing => 36,
            Self::Number => 37,
            Self::Yara => 38,
            Self::TooMany { .. } => 430,
        };
        Code::new("CAP", number)
    }
}

impl Coded for RulesError {
    fn code(&self) -> Code {
        self.wrong.code()
    }
}
