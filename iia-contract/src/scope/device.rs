//! A device contract: who may ask which device for what, and what it says by itself.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use iia_core::SpiffeId;
use iia_core::observe::{Protocol, Table};

use super::{Net, Run, Server, Text};
use crate::raw::Number;

/// On the control network.
#[derive(Clone, Debug, PartialEq)]
pub struct Device {
    /// The workload that observes it.
    pub collector: Option<SpiffeId>,
    /// What is spoken.
    pub protocol: Protocol,
    /// Who may ask.
    pub clients: Vec<Net>,
    /// Who answers.
    pub servers: Vec<Server>,
    /// Units behind the server; empty means every unit.
    pub units: Vec<u8>,
    /// Function codes allowed besides reads and writes.
    pub functions: Vec<u8>,
    /// What may be read, merged and sorted.
    pub reads: Vec<Run>,
    /// What may be written, merged and sorted.
    pub writes: Vec<Run>,
    /// How long silence may last, in nanoseconds.
    pub silence_ns: Option<i64>,
    /// How often traffic is expected, in nanoseconds.
    pub cadence_ns: Option<i64>,
    /// What it is, how it is observed and what it declares; nothing when the contract says none of it.
    pub observed: Option<Box<Observed>>,
}

/// What a device is, how it is observed and what it declares.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "the fields and blocks of the contract")]
pub struct Observed {
    /// The protocol as it is written, where no decoder is there for it.
    pub protocol: Option<Text>,
    pub classification: Option<Text>,
    pub streams: Vec<Text>,
    pub expected: Option<u64>,
    pub rate: Option<Number>,
    pub make: Option<Box<Make>>,
    pub gateway: Option<Box<Gateway>>,
    pub session: Option<Box<Session>>,
    pub mode: Option<Text>,
    pub sample_ns: Option<i64>,
    pub queue_depth: Option<u64>,
    pub topic: Option<Text>,
    pub qos: Option<u64>,
    /// Declared values, by name.
    pub tags: BTreeMap<Text, Tag>,
    pub failure: Option<Box<DeviceFailure>>,
    pub retention_ns: Option<i64>,
    pub usage: Use,
    pub io_attestation: Option<Box<IoAttestation>>,
}

/// What it is, and where it stands.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "the fields of the block")]
pub struct Make {
    pub kind: Option<Text>,
    pub vendor: Option<Text>,
    pub model: Option<Text>,
    pub serial: Option<Text>,
    pub location: Option<Text>,
}

/// Through what its devices are heard.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "the fields of the block")]
pub struct Gateway {
    pub kind: Text,
    pub network_server: Option<Text>,
    pub application: Option<Text>,
    pub sensor: Option<Text>,
}

/// How its protocol is secured.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "the fields of the block")]
pub struct Session {
    pub mode: Text,
    pub policy: Option<Text>,
    pub user_auth: Option<Text>,
}

/// A value that a device declares.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "the fields of the block")]
pub struct Tag {
    pub kind: Text,
    pub unit: Option<Text>,
    pub rate_ns: Option<i64>,
    pub table: Option<Table>,
    pub address: Option<u64>,
    /// The smallest sound value, in millionths.
    pub low_micros: Option<i64>,
    /// The largest sound value, in millionths.
    pub high_micros: Option<i64>,
    pub values: Vec<Text>,
}

/// What happens when something fails.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "the fields of the block")]
pub struct DeviceFailure {
    pub on_unreachable: Option<Text>,
    pub on_subscription_lost: Option<Text>,
    pub on_unknown_tag: Option<Text>,
    pub on_out_of_range: Option<Text>,
    pub on_silence: Option<Text>,
    pub on_unknown_device: Option<Text>,
}

/// What may be done with the data.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[allow(missing_docs, reason = "the fields of the block")]
pub struct Use {
    pub not_for_control: bool,
    pub not_for_safety_interlock: bool,
    pub advisory_only: bool,
    pub attribute_to_box: bool,
    pub relay_to_agents: bool,
    pub log_queries: bool,
}

/// How an IO master checks it.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "the fields of the block")]
pub struct IoAttestation {
    pub enabled: bool,
    pub via: Option<Text>,
    /// How far two readings may lie apart, in millionths of the whole.
    pub tolerance_ppm: Option<i64>,
    pub on_divergence: Option<Text>,
}
