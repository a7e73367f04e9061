//! The narrow set of calls that change the box, each an event of its own (001:485-492).

mod plan;

use iia_core::code::{Code, Coded};
use iia_core::event::Event;

pub use self::plan::Plan;
use crate::trust::Class;

/// A call of the applier.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Call {
    /// Which trust domains are believed.
    InstallTrustRoots,
    /// Where operators prove who they are, and which credentials are referred to; never a secret.
    InstallIdps,
    /// Which workload has which SPIFFE ID.
    RegisterBindings,
    /// The contract catalog.
    RegisterCatalog,
    /// Where publishers and the query API are.
    SetEndpoints,
    /// The files of the services that the box runs.
    RenderServices,
    /// The kernel firewall; live connections that lost their contract are cut.
    LoadFirewall,
    /// Which system image the box is to start, by digest.
    NameImage,
    /// Which rules of detection the observers are to read, by digest.
    NameRules,
    /// Whose signatures count.
    NameOperators,
}

impl Call {
    /// The calls of a configuration, in the order in which they are made. The firewall comes last: a way is opened only
    /// when whoever goes it is known.
    const CONFIG: [Self; 7] = [
        Self::InstallTrustRoots,
        Self::InstallIdps,
        Self::RegisterBindings,
        Self::RegisterCatalog,
        Self::SetEndpoints,
        Self::RenderServices,
        Self::LoadFirewall,
    ];

    /// The calls of a class, in order; none for what is never applied.
    pub const fn of(class: Class) -> &'static [Self] {
        match class {
            Class::Config => &Self::CONFIG,
            Class::Image => &[Self::NameImage],
            Class::Ruleset => &[Self::NameRules],
            Class::Trust => &[Self::NameOperators],
            Class::Approval | Class::Manifest | Class::Confirmation | Class::Revocation => &[],
        }
    }

    /// The name in events and of the file that holds the state.
    pub const fn name(self) -> &'static str {
        match self {
            Self::InstallTrustRoots => "trust_roots",
            Self::InstallIdps => "idps",
            Self::RegisterBindings => "bindings",
            Self::RegisterCatalog => "catalog",
            Self::SetEndpoints => "endpoints",
            Self::RenderServices => "services",
            Self::LoadFirewall => "firewall",
            Self::NameImage => "image",
            Self::NameRules => "rules",
            Self::NameOperators => "operators",
        }
    }
}

/// Whoever may change the box: the one privileged program.
pub trait Calls {
    /// The state that a call governs, as it is now, in the form in which [`Plan`] states it.
    ///
    /// # Errors
    /// When it cannot be read.
    fn before(&mut self, call: Call) -> Result<Vec<u8>, String>;

    /// Makes the state `after`; doing it twice is harmless. On return the state is in force: whoever makes the call
    /// has read it back.
    ///
    /// # Errors
    /// When it cannot be changed.
    fn make(&mut self, call: Call, after: &[u8]) -> Result<(), String>;

    /// Whether the state could be made, without making it. Asked of every call before the first is made.
    ///
    /// # Errors
    /// Why it could not.
    fn rehearse(&mut self, call: Call, after: &[u8]) -> Result<(), String> {
        let _ = (call, after);
        Ok(())
    }
}

/// A call failed.
#[derive(Debug, thiserror::Error)]
#[error("call {call} failed: {why}")]
pub struct ApplyError {
    /// Which.
    pub call: &'static str,
    /// Why.
    pub why: String,
    /// What was done before it.
    pub events: Vec<Event>,
}

impl Coded for ApplyError {
    fn code(&self) -> Code {
        Code::new("CFG", 520)
    }
}
