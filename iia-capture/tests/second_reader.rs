//! Another reader of capture files, `pcap-parser`, sees the same packets at the same moments in every capture of the corpus.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::indexing_slicing,
    unreachable_pub,
    dead_code,
    reason = "tests"
)]

mod oracle;

use std::fs::File;
use std::path::Path;

use iia_capture::source::pcap::PcapSource;
use pcap_parser::traits::PcapNGPacketBlock as _;
use pcap_parser::{PcapBlockOwned, PcapError, create_reader};

/// A packet: nanoseconds, length on the wire, bytes.
type Seen = (i64, u32, Vec<u8>);

fn ours(path: &Path) -> Vec<Seen> {
    let mut source = PcapSource::open(File::open(path).unwrap()).unwrap();
    let mut seen = Vec::new();
    while let Ok(Some(packet)) = source.next_packet() {
        seen.push((packet.ts.as_ns(), packet.orig_len, packet.data.to_vec()));
    }
    seen
}

/// Ticks a second and seconds to add, for each interface.
#[derive(Default)]
struct Clocks(Vec<(u64, i64)>);

impl Clocks {
    fn ns(&self, interface: u32, high: u32, low: u32) -> i64 {
        let (units, offset) = self.0[interface as usize];
        let ticks = u64::from(high) << 32 | u64::from(low);
        let ns = u128::from(ticks) * 1_000_000_000 / u128::from(units);
        i64::try_from(ns).unwrap() + offset * 1_000_000_000
    }
}

fn theirs(path: &Path) -> Vec<Seen> {
    let mut reader = create_reader(1 << 20, File::open(path).unwrap()).unwrap();
    let (mut seen, mut clocks, mut unit_ns) = (Vec::new(), Clocks::default(), 1000);
    loop {
        let len = match reader.next() {
            Ok((len, block)) => {
                take(&block, &mut seen, &mut clocks, &mut unit_ns);
                len
            }
            Err(PcapError::Incomplete(_)) => match reader.refill() {
                Ok(()) => continue,
                Err(_) => return seen,
            },
            Err(_) => return seen,
        };
        reader.consume(len);
    }
}

fn take(block: &PcapBlockOwned<'_>, seen: &mut Vec<Seen>, clocks: &mut Clocks, unit_ns: &mut i64) {
    match block {
        PcapBlockOwned::LegacyHeader(head) => {
            *unit_ns = if head.is_nanosecond_precision() {
                1
            } else {
                1000
            };
        }
        PcapBlockOwned::Legacy(packet) => {
            let ns =
                i64::from(packet.ts_sec) * 1_000_000_000 + i64::from(packet.ts_usec) * *unit_ns;
            let data = packet.data.get(..packet.caplen as usize).unwrap();
            seen.push((ns, packet.origlen, data.to_vec()));
        }
        PcapBlockOwned::NG(pcap_parser::Block::SectionHeader(_)) => clocks.0.clear(),
        PcapBlockOwned::NG(pcap_parser::Block::InterfaceDescription(interface)) => {
            let units = interface.ts_resolution().unwrap();
            clocks.0.push((units, interface.ts_offset()));
        }
        PcapBlockOwned::NG(pcap_parser::Block::EnhancedPacket(packet)) => {
            let ns = clocks.ns(packet.if_id, packet.ts_high, packet.ts_low);
            seen.push((ns, packet.orig_len(), packet.packet_data().to_vec()));
        }
        PcapBlockOwned::NG(_) => {}
    }
}

#[test]
fn another_reader_sees_the_same_packets() {
    let Some(corpus) = oracle::corpus() else {
        return oracle::skip("another_reader_sees_the_same_packets");
    };
    let (mut captures, mut packets) = (0, 0);
    for (path, _) in oracle::manifest(&corpus) {
        let path = corpus.join(path);
        let (ours, theirs) = (ours(&path), theirs(&path));
        assert!(
            ours == theirs,
            "{}: {} and {}",
            path.display(),
            ours.len(),
            theirs.len()
        );
        captures += 1;
        packets += ours.len();
    }
    eprintln!("{captures} captures, {packets} packets, the same");
    assert!(captures > 300);
}
