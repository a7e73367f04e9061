//! Links that survive the other end: they come back by themselves and neither lose nor repeat.

mod audit;
mod current;
mod lake;
mod link;

pub(crate) use audit::AuditClient;
pub(crate) use current::{Current, LOOK_EVERY, Young};
pub(crate) use lake::{FailsClosed, LakeClient, Stored};
pub(crate) use link::Link;
