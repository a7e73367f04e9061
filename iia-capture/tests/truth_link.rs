//! Whose flow a frame is, through every link, tag, tunnel and fragment, held against tshark frame by frame.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    unreachable_pub,
    dead_code,
    reason = "tests"
)]

mod asked_now;
mod oracle;
mod truth;

use std::fmt::Write as _;
use std::fs::File;
use std::path::Path;

use iia_capture::layers::{Carried, Layers, Rooms, Seen};
use iia_capture::source::pcap::PcapSource;
use iia_core::observe::Transport;
use truth::{Agreement, Explained};

const FIELDS: &[&str] = &[
    "frame.protocols",
    "frame.len",
    "eth.type",
    "vlan.etype",
    "vlan.id",
    "ip.src",
    "ip.dst",
    "ipv6.src",
    "ipv6.dst",
    "tcp.srcport",
    "tcp.dstport",
    "udp.srcport",
    "udp.dstport",
    "ip.flags.mf",
    "ip.frag_offset",
    "ipv6.fraghdr.offset",
    "ipv6.fraghdr.more",
];

const NO_PORTS: &str = "the capture ends within the TCP header: there are no ports, and a flow without them is not told";
const NO_IP: &str = "the capture ends within the IP header: counted as malformed";
const EXTENSIONS: &str = "more than a hundred fragment headers in one packet: more extension headers than `net::EXTENSIONS_MAX` are counted as malformed";
const TOO_LONG: &str =
    "the fragments make more than 65,535 bytes: RFC 8200, 4.5 has the datagram thrown away";
const SHORT_TCP: &str = "a whole datagram of eight bytes that says it is TCP: counted as malformed";
const NESTED: &str = "the datagram made whole begins with another fragment header: a fragment, which tshark passes over";

const EXPLAINED: &[Explained] = &[
    ("ip-discarder-truncated-tcp-oob.pcapng", "flow", 1, NO_PORTS),
    ("ip4-trunc.pcap", "flow", 1, NO_IP),
    ("ip6-ext-trunc.pcap", "flow", 1, NO_IP),
    (
        "ipv6-evasion__ipv6-malformed-fragments-11__frag-11.pcap",
        "flow",
        1,
        EXTENSIONS,
    ),
    (
        "ipv6-evasion__ipv6-malformed-fragments-12__frag-12.pcap",
        "flow",
        1,
        EXTENSIONS,
    ),
    (
        "ipv6-evasion__ipv6-malformed-fragments-15__frag-15.pcap",
        "flow",
        1,
        TOO_LONG,
    ),
    (
        "ipv6-evasion__ipv6-malformed-fragments-16__frag-16.pcap",
        "flow",
        1,
        TOO_LONG,
    ),
    (
        "ipv6-evasion__ipv6-malformed-fragments-25__frag-25.pcap",
        "flow",
        1,
        SHORT_TCP,
    ),
    (
        "ipv6-evasion__ipv6-malformed-fragments-26__frag-26.pcap",
        "flow",
        1,
        SHORT_TCP,
    ),
    (
        "ipv6-evasion__ipv6-malformed-fragments-35__frag-35.pcap",
        "flow",
        1,
        NESTED,
    ),
    (
        "ipv6-evasion__ipv6-malformed-fragments-36__frag-36.pcap",
        "flow",
        1,
        NESTED,
    ),
];

/// What one of the two says of a frame, in words: a flow, a frame without IP, a fragment that waits.
#[derive(Debug, Eq, PartialEq)]
struct Said {
    len: String,
    vlan: String,
    flow: String,
}

fn flow((segment, _): &Carried<'_>) -> String {
    let transport = match segment.transport {
        Transport::Tcp => "tcp",
        Transport::Udp => "udp",
        Transport::Ip(_) => "ip",
    };
    let (src, dst) = (segment.src, segment.dst);
    format!(
        "{transport} {src} {} > {dst} {}",
        segment.sport, segment.dport
    )
}

fn ours(len: u32, seen: &Seen<'_>) -> Said {
    let (vlan, flow) = match seen {
        Seen::Segment(carried, _) => (carried.1, flow(carried)),
        Seen::Frame(link, _, Some(carried)) => (link.vlan, flow(carried)),
        Seen::Nothing(Some(carried)) => (carried.1, flow(carried)),
        Seen::Frame(link, ..) => (link.vlan, format!("type {}", link.ethertype)),
        Seen::Fragment => (0, "fragment".into()),
        Seen::Nothing(None) => (0, "type 0".into()),
        Seen::Malformed => (0, "malformed".into()),
    };
    let (len, vlan) = (len.to_string(), vlan.to_string());
    Said { len, vlan, flow }
}

fn theirs(row: &[Vec<String>]) -> Said {
    let column = |name: &str| {
        let at = FIELDS.iter().position(|known| *known == name).unwrap();
        row.get(at).cloned().unwrap_or_default().into_iter()
    };
    let pairs = |a: &str, b: &str| column(a).zip(column(b)).collect::<Vec<_>>().into_iter();
    let (mut vlans, mut v4, mut v6) = (
        column("vlan.id"),
        pairs("ip.src", "ip.dst"),
        pairs("ipv6.src", "ipv6.dst"),
    );
    let mut tcp = pairs("tcp.srcport", "tcp.dstport");
    let mut udp = pairs("udp.srcport", "udp.dstport");
    let (mut vlan, mut tagged, mut ends) = (String::from("0"), false, None);
    let (mut transport, mut ports) = ("ip", (String::from("0"), String::from("0")));
    let none = || (String::from("0"), String::from("0"));
    let protocols = column("frame.protocols").next().unwrap_or_default();
    for protocol in protocols.split(':') {
        match protocol {
            "eth" | "gre" => tagged = false,
            "vlan" => {
                let id = vlans.next().unwrap_or_default();
                if !std::mem::replace(&mut tagged, true) {
                    vlan = id;
                }
            }
            "ip" => (ends, transport, ports) = (v4.next().or(ends), "ip", none()),
            "ipv6" => (ends, transport, ports) = (v6.next().or(ends), "ip", none()),
            "tcp" => (transport, ports) = ("tcp", tcp.next().unwrap_or_else(none)),
            "udp" => (transport, ports) = ("udp", udp.next().unwrap_or_else(none)),
            "icmp" | "icmpv6" => break,
            _ => {}
        }
    }
    let len = column("frame.len").next().unwrap_or_default();
    let flow = match ends {
        Some(_) if transport == "ip" && waits(&column) && !protocols.contains("icmp") => {
            vlan = "0".into();
            "fragment".into()
        }
        Some((src, dst)) => format!("{transport} {src} {} > {dst} {}", ports.0, ports.1),
        None => {
            let last = column("eth.type").chain(column("vlan.etype")).last();
            let kind = last.unwrap_or_default();
            let number = u16::from_str_radix(kind.trim_start_matches("0x"), 16).unwrap_or(0);
            format!("type {number}")
        }
    };
    Said { len, vlan, flow }
}

/// Whether any IP header of the frame is a fragment's.
fn waits(column: &impl Fn(&str) -> std::vec::IntoIter<String>) -> bool {
    let set = |name: &str| column(name).any(|value| !matches!(value.as_str(), "0" | "False"));
    [
        "ip.flags.mf",
        "ip.frag_offset",
        "ipv6.fraghdr.offset",
        "ipv6.fraghdr.more",
    ]
    .into_iter()
    .any(set)
}

fn capture(agreement: &mut Agreement, corpus: &Path, path: &Path) {
    let name = path.file_name().unwrap().to_str().unwrap();
    let mut rows = asked_now::rows(&corpus.join(path), "", FIELDS).into_iter();
    let mut source = PcapSource::open(File::open(corpus.join(path)).unwrap()).unwrap();
    let mut layers = Layers::default();
    let (mut frames, mut same, mut differs) = (0, 0, 0);
    while let Ok(Some(packet)) = source.next_packet() {
        frames += 1;
        let mut rooms = Rooms::default();
        let mine = ours(packet.orig_len, &layers.open(&packet, &mut rooms));
        let Some(their) = rows.next().map(|row| theirs(&row)) else {
            panic!("{name} {frames}: tshark has fewer frames");
        };
        for (field, mine, their) in [
            ("frame.len", &mine.len, &their.len),
            ("vlan.id", &mine.vlan, &their.vlan),
            ("flow", &mine.flow, &their.flow),
        ] {
            if mine == their {
                same += 1;
                continue;
            }
            differs += 1;
            let example = format!("frame {frames}: {mine}, tshark {their}");
            let key = (name.to_owned(), field.to_owned());
            agreement.different.entry(key).or_insert((0, example)).0 += 1;
        }
    }
    assert!(rows.next().is_none(), "{name}: tshark has more frames");
    writeln!(
        agreement.table,
        "| {name} | {frames} | {same} | {differs} |"
    )
    .unwrap();
    agreement.same += same;
}

#[test]
fn every_frame_is_the_innermost_flow_that_tshark_says() {
    let test = "every_frame_is_the_innermost_flow_that_tshark_says";
    let Some(corpus) = oracle::corpus() else {
        return oracle::skip(test);
    };
    if !asked_now::installed(test) {
        return;
    }
    let mut agreement = Agreement::default();
    for (path, protocol) in oracle::manifest(&corpus) {
        if matches!(protocol.as_str(), "_link" | "_negative" | "_other") {
            capture(&mut agreement, &corpus, &path);
        }
    }
    truth::hold(&agreement, EXPLAINED, "link.md");
}
