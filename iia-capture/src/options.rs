//! What a pipeline looks for, and what it counts.

use alloc::vec::Vec;

use crate::layers::fragment::Counts as Defragmented;
use crate::source::LinkType;

/// What a pipeline looks for.
#[derive(Clone, Debug)]
pub struct Options {
    /// Ports of TCP and UDP on which Modbus is expected: units of Modbus/TCP, or frames of RTU.
    pub modbus_ports: Vec<u16>,
    /// Ports of TCP and UDP on which Modbus RTU and nothing else is expected.
    pub rtu_ports: Vec<u16>,
    /// Link types that are the bytes of a serial line.
    pub serial_links: Vec<LinkType>,
    /// A serial line that brings nothing for this long has ended its frame. The standard has 3.5 characters (V1.02,
    /// 2.5.1.1), 32 ms at 1200 baud; adapters and clocks of captures add to that.
    pub serial_silence_ns: i64,
    /// Whether flows are told when they begin too ([`Pipeline::poll_opened`](crate::pipeline::Pipeline::poll_opened)): whoever
    /// watches a wire does not wait for their end.
    pub opened: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            modbus_ports: alloc::vec![502],
            rtu_ports: Vec::new(),
            serial_links: alloc::vec![LinkType::USER0],
            serial_silence_ns: 50_000_000,
            opened: false,
        }
    }
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Stats {
    /// Packets taken.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Frames without an IP packet.
    pub not_ip: u64,
    /// IP packets whose headers are wrong or cut.
    pub malformed: u64,
    /// Fragments of datagrams that were not whole with them.
    pub fragments: u64,
    /// Packets whose flow was inside a tunnel.
    pub tunnelled: u64,
    /// What became of fragments.
    pub defragmented: Defragmented,
    /// Modbus units seen.
    pub units: u64,
    /// Of these, such as break the protocol's rules.
    pub units_malformed: u64,
    /// Exchanges reported.
    pub exchanges: u64,
    /// Messages of other protocols reported.
    pub said: u64,
    /// Flows reported.
    pub conns: u64,
    /// Flows that went because the table was full.
    pub evicted: u64,
    /// Flows at this moment.
    pub flows: u64,
    /// Requests that wait at this moment.
    pub pending: u64,
    /// Bytes that wait behind gaps at this moment.
    pub reorder_bytes: u64,
}
