//! How a source hands its events to the keeper of a log, over a link of its own: who the source is says its certificate.

use alloc::vec::Vec;

use iia_core::canon::minicbor;
use iia_core::event::Event;
use minicbor::{Decode, Encode};

/// What a source asks.
#[derive(Clone, Debug, Decode, Encode)]
pub enum AuditAsk {
    /// What is the newest of my numbers that you hold?
    #[n(0)]
    Watermark,
    /// Store these, in order.
    #[n(1)]
    Submit(#[n(0)] Vec<Event>),
}

/// The answer: the newest durable number of the asker.
#[derive(Clone, Debug, Decode, Encode)]
pub struct Watermark {
    /// Everything up to it is stored.
    #[n(0)]
    pub durable: u64,
}
