//! A seeded capture of many protocols on one network, each conversation from its beginning: same seed, same bytes.

use std::io::{self, Write};

use super::speech::{Conversation, Said, conversations};
use super::{Addresses, frame, random};

/// What to generate.
#[derive(Clone, Copy, Debug)]
pub struct MixOptions {
    /// Packets.
    pub packets: u64,
    /// Devices, each of which holds one conversation of each protocol.
    pub devices: u16,
    /// The seed.
    pub seed: u64,
}

impl Default for MixOptions {
    fn default() -> Self {
        Self {
            packets: 1_000_000,
            devices: 50,
            seed: 1,
        }
    }
}

const START_US: u64 = 1_790_000_000_000_000;
const STEP_US: u64 = 37;

/// One conversation of one device.
struct Talk {
    device: u16,
    which: Conversation,
    turns: u64,
    sequences: (u32, u32),
}

/// Writes a pcap file of microseconds.
///
/// # Errors
/// What the writer says.
pub fn write_mix(out: &mut impl Write, options: MixOptions) -> io::Result<()> {
    out.write_all(&super::PCAP_HEAD)?;
    let mut state = options.seed;
    let mut talks: Vec<Talk> = (0..options.devices.max(1))
        .flat_map(|device| {
            conversations().map(move |which| Talk {
                device,
                which,
                turns: 0,
                sequences: (1, 1),
            })
        })
        .collect();
    let (mut written, mut micros) = (0, START_US);
    while written < options.packets {
        let at = usize::try_from(random(&mut state)).unwrap_or(0) % talks.len();
        let Some(talk) = talks.get_mut(at) else { break };
        let value = u32::try_from(random(&mut state)).unwrap_or(0);
        for said in talk.which.turn(talk.turns, value) {
            super::record(out, micros, &talk.framed(&said))?;
            micros += STEP_US;
            written += 1;
        }
        talk.turns += 1;
    }
    Ok(())
}

impl Talk {
    /// The ends: one client for all devices, one address a device.
    fn ends(&self) -> Addresses {
        let [high, low] = self.device.to_be_bytes();
        ([10, 1, 0, 10], [10, 3, high, low])
    }

    fn framed(&mut self, said: &Said) -> Vec<u8> {
        let (client, server) = self.ends();
        let port = 50_000 + self.device % 15_000;
        let ends = if said.up {
            (client, server)
        } else {
            (server, client)
        };
        let ports = |service: u16| {
            if said.up {
                (port, service)
            } else {
                (service, port)
            }
        };
        match self.which.place() {
            super::speech::Place::Tcp(service) => {
                let (mine, theirs) = self.sequences;
                let numbers = if said.up {
                    (mine, theirs)
                } else {
                    (theirs, mine)
                };
                let len = u32::try_from(said.bytes.len()).unwrap_or(0);
                let (mine, theirs) = &mut self.sequences;
                let next = if said.up { mine } else { theirs };
                *next = next.wrapping_add(len);
                frame(ends, ports(service), numbers, &said.bytes)
            }
            super::speech::Place::Udp(service) => datagram(ends, ports(service), &said.bytes),
            super::speech::Place::Link(ethertype) => {
                let [high, low] = self.device.to_be_bytes();
                let (device, controller) = ([2, 0, 0, 1, high, low], [2, 0, 0, 0, 0, 1]);
                let (to, from) = if said.up {
                    (device, controller)
                } else {
                    (controller, device)
                };
                let mut whole = [&to[..], &from, &ethertype.to_be_bytes(), &said.bytes].concat();
                whole.resize(whole.len().max(60), 0);
                whole
            }
        }
    }
}

/// An Ethernet frame with IPv4 and UDP around a payload; the sender left the UDP checksum out, as RFC 768 lets it.
fn datagram((src, dst): Addresses, ports: (u16, u16), payload: &[u8]) -> Vec<u8> {
    let len = u16::try_from(payload.len() + 8).unwrap_or(0);
    let mut ip = vec![0x45, 0];
    ip.extend_from_slice(&(len + 20).to_be_bytes());
    ip.extend_from_slice(&[0, 0, 0x40, 0, 64, 17, 0, 0]);
    ip.extend_from_slice(&src);
    ip.extend_from_slice(&dst);
    let sum = super::checksum(&ip);
    super::put(&mut ip, 10, sum);
    let udp = [
        ports.0.to_be_bytes(),
        ports.1.to_be_bytes(),
        len.to_be_bytes(),
        [0, 0],
    ]
    .concat();
    let ethernet = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0];
    [&ethernet[..], &ip, &udp, payload].concat()
}
