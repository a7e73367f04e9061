//! The life of one box on its own machine: made, begun with its operators, run until it is told to stop.

#[cfg(feature = "tpm")]
mod attester;
mod begin;
mod course;
mod found;
mod roots;
mod run;

#[cfg(feature = "tpm")]
pub(crate) use self::attester::Attester;
pub(crate) use self::begin::Begin;
pub(crate) use self::found::New;
pub(crate) use self::run::Run;
