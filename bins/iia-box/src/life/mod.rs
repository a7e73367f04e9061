//! The life of one box on its own machine: made, begun with its operators, run until it is told to stop.

mod begin;
mod course;
mod found;
mod roots;
mod run;

pub(crate) use self::begin::Begin;
pub(crate) use self::found::New;
pub(crate) use self::run::Run;
