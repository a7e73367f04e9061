//! Compilers: from the catalog to what enforces it. Pure and deterministic; each element carries its contract's id.
//!
//! Three questions are answered once: which connections a catalog opens ([`flows`]), who may say and hear what on a
//! bus ([`grants`]), and which workloads have an identity ([`identities`]). Each target spells the answer in its own words ([`Target`]) and reads it back.

pub mod admission;
pub mod cilium;
mod flow;
mod grant;
mod identity;
mod json;
pub mod k8s;
pub mod mqtt;
pub mod nats;
pub mod nft;
pub mod ovn;
pub mod pods;
#[cfg(feature = "std")]
mod pods_read;
mod policy;
pub mod spiffe;
pub mod surface;
pub mod suricata;
pub mod zenoh;

pub use crate::topology::{
    Connection, Interface, InterfaceKind, L4, Listener, Pin, Service, Topology, ZoneNet,
};
pub use flow::{Flow, Flows, Source, flows};
pub use grant::{Access, Grant, Grants, Party, grants};
pub use identity::{Bound, identities};
pub use policy::{Contracts, Drift, LOADED_LEN_MAX, Permit, Policy, ReadError, Target, drift};
