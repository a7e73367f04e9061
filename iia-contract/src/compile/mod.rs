//! Compilers: from the catalog to what enforces it. Pure and deterministic; each element carries its contract's id.

mod flow;
pub mod nft;
mod topology;

pub use flow::{Flow, Flows, Source, flows};
pub use topology::{
    Connection, Interface, InterfaceKind, L4, Listener, Service, Topology, ZoneNet,
};
