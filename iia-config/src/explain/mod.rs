//! What each rule says, why, and how it looks when it is broken and kept.

/// A rule in words.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its code, such as `C054`.
    pub code: &'static str,
    /// Whether it rejects; otherwise it warns.
    pub rejects: bool,
}

/// The rule of a code.
pub fn rule(_code: &str) -> Option<&'static Rule> {
    None
}
