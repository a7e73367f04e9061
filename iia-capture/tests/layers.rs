//! Tunnels of which no capture is at hand, made by hand from their standards; depth and damage.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    unreachable_pub,
    dead_code,
    reason = "tests"
)]

mod wire;

use iia_capture::generate::frame;
use iia_capture::layers::{LAYERS_MAX, Layers, Rooms, Seen};
use iia_capture::pipeline::{Options, Pipeline};
use iia_capture::source::LinkType;
use iia_core::observe::{Observation, Outcome};
use wire::{Random, at, unit};

/// Ethernet, IPv4, TCP to port 502 with a request.
fn inner() -> Vec<u8> {
    let request = unit(7, &[3, 0, 0, 0, 1]);
    frame(
        ([10, 0, 0, 1], [10, 0, 0, 2]),
        (40_000, 502),
        (1, 1),
        &request,
    )
}

fn ethernet(kind: u16, payload: &[u8]) -> Vec<u8> {
    [&[2; 12][..], &kind.to_be_bytes(), payload].concat()
}

fn ipv4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    let len = u16::try_from(20 + payload.len()).unwrap().to_be_bytes();
    let head = [0x45, 0, len[0], len[1], 0, 0, 0, 0, 64, protocol, 0, 0];
    ethernet(
        0x0800,
        &[&head[..], &[192, 0, 2, 1, 192, 0, 2, 2], payload].concat(),
    )
}

fn udp(port: u16, payload: &[u8]) -> Vec<u8> {
    let len = u16::try_from(8 + payload.len()).unwrap().to_be_bytes();
    ipv4(
        17,
        &[&[0xc0, 0][..], &port.to_be_bytes(), &len, &[0, 0], payload].concat(),
    )
}

fn ppp(payload: &[u8]) -> Vec<u8> {
    let len = u16::try_from(payload.len() + 2).unwrap().to_be_bytes();
    [&[0x11, 0, 0, 1, len[0], len[1], 0, 0x21], payload].concat()
}

/// Every way to carry the inner frame, or the IP packet in it.
fn tunnels() -> Vec<(&'static str, Vec<u8>)> {
    let (whole, ip) = (inner(), inner()[14..].to_vec());
    let label = [0, 1, 1, 64];
    let gre = |head: &[u8], payload: &[u8]| ipv4(47, &[head, payload].concat());
    vec![
        ("plain", whole.clone()),
        ("vlan", ethernet(0x8100, &[&[0, 9, 8, 0][..], &ip].concat())),
        (
            "vn-tag",
            ethernet(0x8926, &[&[0, 1, 0, 2, 8, 0][..], &ip].concat()),
        ),
        (
            "e-tag",
            ethernet(0x893f, &[&[0, 1, 0, 2, 0, 0, 8, 0][..], &ip].concat()),
        ),
        (
            "pbb",
            ethernet(0x88e7, &[&[0, 0, 0, 9][..], &whole].concat()),
        ),
        ("mpls", ethernet(0x8847, &[&label[..], &ip].concat())),
        (
            "pseudowire",
            ethernet(0x8847, &[&label[..], &[0; 4], &whole].concat()),
        ),
        ("pppoe", ethernet(0x8864, &ppp(&ip))),
        (
            "snap",
            [&[2; 12][..], &[0, 200, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0], &ip].concat(),
        ),
        ("ip in ip", ipv4(4, &ip)),
        ("etherip", ipv4(97, &[&[0x30, 0][..], &whole].concat())),
        ("mpls in ip", ipv4(137, &[&label[..], &ip].concat())),
        ("gre", gre(&[0, 0, 8, 0], &ip)),
        (
            "gre with all",
            gre(&[0xb0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2], &ip),
        ),
        ("nvgre", gre(&[0x20, 0, 0x65, 0x58, 0, 0, 1, 0], &whole)),
        ("erspan 1", gre(&[0, 0, 0x88, 0xbe], &whole)),
        (
            "erspan 2",
            gre(
                &[0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 1, 0, 1, 0, 0, 0, 0],
                &whole,
            ),
        ),
        (
            "erspan 3",
            gre(
                &[
                    0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, 0x20, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0,
                ],
                &whole,
            ),
        ),
        (
            "vxlan",
            udp(4789, &[&[8, 0, 0, 0, 0, 0, 1, 0][..], &whole].concat()),
        ),
        (
            "geneve",
            udp(
                6081,
                &[&[1, 0, 0x65, 0x58, 0, 0, 1, 0, 0, 1, 2, 0][..], &whole].concat(),
            ),
        ),
        (
            "geneve with ip",
            udp(6081, &[&[0, 0, 8, 0, 0, 0, 1, 0][..], &ip].concat()),
        ),
        ("mpls in udp", udp(6635, &[&label[..], &ip].concat())),
    ]
}

fn flow_of(bytes: &[u8]) -> Option<u16> {
    let mut rooms = Rooms::default();
    match Layers::default().open(&at(0, bytes), &mut rooms) {
        Seen::Segment((segment, _), _) => Some(segment.dport),
        _ => None,
    }
}

#[test]
fn every_tunnel_gives_its_inner_exchange() {
    for (name, bytes) in tunnels() {
        let mut pipeline = Pipeline::new(Options::default());
        let (mut exchanges, mut conns) = (0, Vec::new());
        let mut sink = |seen: &Observation<'_>| match seen {
            Observation::Exchange(exchange) => {
                exchanges += u32::from(exchange.outcome == Outcome::Unanswered);
            }
            Observation::Conn(conn) => conns.push((conn.flow.resp_p, conn.orig_bytes)),
            _ => {}
        };
        pipeline.handle_packet(&at(0, &bytes), &mut sink);
        pipeline.finish(&mut sink);
        assert_eq!((exchanges, conns), (1, vec![(502, 12)]), "{name}");
    }
}

#[test]
fn links_without_ethernet_give_the_same() {
    let ip = inner()[14..].to_vec();
    let cooked = [&[0, 0, 0, 1, 0, 6, 2, 2, 2, 2, 2, 2, 0, 0, 8, 0][..], &ip].concat();
    let cooked2 = [
        &[8, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 6, 2, 2, 2, 2, 2, 2, 0, 0][..],
        &ip,
    ]
    .concat();
    for (link, bytes) in [
        (LinkType::RAW, ip.clone()),
        (LinkType::NULL, [&[2, 0, 0, 0][..], &ip].concat()),
        (LinkType::LOOP, [&[0, 0, 0, 2][..], &ip].concat()),
        (LinkType::PPP, [&[0xff, 3, 0, 0x21][..], &ip].concat()),
        (LinkType::PPP, [&[0x21][..], &ip].concat()),
        (LinkType::PPP_ETHER, ppp(&ip)),
        (LinkType::C_HDLC, [&[0x0f, 0, 8, 0][..], &ip].concat()),
        (LinkType::PPP_WITH_DIR, [&[1, 0, 0x21][..], &ip].concat()),
        (LinkType::MPLS, [&[0, 1, 1, 64][..], &ip].concat()),
        (LinkType::SLL, cooked),
        (LinkType::SLL2, cooked2),
    ] {
        let mut packet = at(0, &bytes);
        packet.link = link;
        let mut rooms = Rooms::default();
        let seen = Layers::default().open(&packet, &mut rooms);
        assert!(
            matches!(seen, Seen::Segment((segment, 0), false) if segment.dport == 502),
            "{link:?}"
        );
    }
}

#[test]
fn a_cooked_frame_without_ip_is_told_with_its_sender() {
    let arp = [
        0, 1, 8, 0, 6, 4, 0, 1, 2, 2, 2, 2, 2, 2, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 2,
    ];
    let bytes = [&[0, 1, 0, 1, 0, 6, 2, 2, 2, 2, 2, 2, 0, 0, 8, 6][..], &arp].concat();
    let mut packet = at(0, &bytes);
    packet.link = LinkType::SLL;
    let mut said = Vec::new();
    let mut pipeline = Pipeline::new(Options::default());
    pipeline.handle_packet(&packet, &mut |seen| {
        if let Observation::Said(one) = seen {
            said.push((one.what, one.between.to_string()));
        }
    });
    let between = "02:02:02:02:02:02 > ff:ff:ff:ff:ff:ff".to_string();
    assert_eq!(said, [("request", between)]);
}

/// A tunnel in a tunnel, so many times.
fn nested(times: usize) -> Vec<u8> {
    let mut ip = inner()[14..].to_vec();
    for _ in 0..times {
        ip = ipv4(4, &ip)[14..].to_vec();
    }
    ethernet(0x0800, &ip)
}

#[test]
fn depth_is_bounded_and_what_is_deeper_leaves_a_flow() {
    let reached = |times: usize| flow_of(&nested(times)) == Some(502);
    assert!(reached(LAYERS_MAX - 3) && !reached(LAYERS_MAX));
    let mut rooms = Rooms::default();
    let bytes = nested(LAYERS_MAX + 5);
    let seen = Layers::default().open(&at(0, &bytes), &mut rooms);
    assert!(matches!(seen, Seen::Nothing(Some(_))), "{seen:?}");
}

#[test]
fn every_cut_and_bent_tunnel_counts_once() {
    let mut random = Random(29);
    let mut pipeline = Pipeline::new(Options::default());
    let mut carried = 0;
    let mut sink = |seen: &Observation<'_>| {
        if let Observation::Conn(conn) = seen {
            carried += conn.orig_pkts + conn.resp_pkts;
        }
    };
    for (_, bytes) in tunnels() {
        for len in 0..bytes.len() {
            pipeline.handle_packet(&at(0, &bytes[..len]), &mut sink);
        }
        for _ in 0..500 {
            let mut bent = bytes.clone();
            for _ in 0..=random.below(3) {
                let place = random.below(bent.len());
                bent[place] = random.bytes(1)[0];
            }
            pipeline.handle_packet(&at(0, &bent), &mut sink);
        }
    }
    pipeline.finish(&mut sink);
    let stats = pipeline.stats();
    let counted = carried + stats.not_ip + stats.malformed + stats.fragments;
    assert_eq!(counted, stats.packets);
}

#[test]
fn a_request_in_fragments_is_read_when_they_are_all_there() {
    let ip = inner()[14..].to_vec();
    let (head, payload) = ip.split_at(20);
    let part = |start: usize, end: usize| {
        let mut head = head.to_vec();
        let len = u16::try_from(20 + end - start).unwrap().to_be_bytes();
        head[2..4].copy_from_slice(&len);
        let more = if end < payload.len() { 0x2000 } else { 0 };
        let word = more | u16::try_from(start / 8).unwrap();
        head[6..8].copy_from_slice(&word.to_be_bytes());
        ethernet(0x0800, &[&head[..], &payload[start..end]].concat())
    };
    let parts = [part(24, payload.len()), part(0, 8), part(8, 24)];
    let mut pipeline = Pipeline::new(Options::default());
    let mut exchanges = 0;
    for bytes in &parts {
        pipeline.handle_packet(&at(0, bytes), &mut |_| {});
    }
    pipeline.finish(&mut |seen| exchanges += u32::from(matches!(seen, Observation::Exchange(_))));
    let stats = pipeline.stats();
    assert_eq!(
        (exchanges, stats.fragments, stats.defragmented.whole),
        (1, 2, 1)
    );
}
