//! Packets of a live interface: what the kernel hands over is what was on the cable, and what it could not is counted.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

mod lab;

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use iia_capture::live::packets::{BLOCK_LEN_MIN, Fanout, Filter, Options, Source};
use iia_capture::source::LinkType;
use lab::{OBSERVER, inside, peer, shell};

const PROVOKE: &str = include_str!("lab/provoke.py");

/// Sends frames that are given in hexadecimal, each as often as its number says.
const SEND: &str = "
import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
s.bind(('gen0', 0))
for argument in sys.argv[1:]:
    times, frame = argument.split(':')
    for _ in range(int(times)):
        s.send(bytes.fromhex(frame))
";

/// Waits for packets until none come for a while.
fn read(source: &mut Source, mut each: impl FnMut(&[u8], u32)) -> u64 {
    let (mut last, mut dropped) = (Instant::now(), 0);
    while last.elapsed() < Duration::from_millis(500) {
        if let Some(batch) = source.next(Duration::from_millis(50)).unwrap() {
            last = Instant::now();
            dropped += batch.dropped;
            for packet in batch.packets() {
                each(packet.data, packet.orig_len);
            }
        }
    }
    dropped
}

#[test]
fn frames_come_as_they_were_on_the_cable() {
    if !inside("frames_come_as_they_were_on_the_cable") {
        return;
    }
    shell("sysctl -qw net.ipv6.conf.all.disable_ipv6=1");
    let mut source = Source::open(OBSERVER, &Options::default()).unwrap();
    assert_eq!(source.link(), LinkType::ETHERNET);
    let plain = format!("020000000002020000000001{}{}", "88cc", "5a".repeat(50));
    // One tag, and two: the kernel takes the outer one out.
    let tagged = plain.replace("88cc", "8100606488cc");
    let twice = plain.replace("88cc", "88a800058100006488cc");
    let long = format!("020000000002020000000001{}{}", "88cc", "a5".repeat(1486));
    let frames = [&plain, &tagged, &twice, &long];
    let arguments = frames.map(|frame| format!("1:{frame}"));
    peer(SEND, &arguments.each_ref().map(String::as_str));
    let mut seen = Vec::new();
    let dropped = read(&mut source, |data, orig_len| {
        assert_eq!(data.len(), orig_len as usize);
        seen.push(iia_core::digest::hex(data));
    });
    seen.retain(|frame| frame.starts_with("0200000000020200"));
    assert_eq!(seen, frames.map(String::clone));
    assert_eq!((dropped, source.counts().malformed), (0, 0));
}

#[test]
fn a_filter_leaves_out_and_cuts() {
    if !inside("a_filter_leaves_out_and_cuts") {
        return;
    }
    shell("sysctl -qw net.ipv6.conf.all.disable_ipv6=1");
    // ether proto 0x88cc: 20 bytes of it; nothing else.
    let program = "4\n40 0 0 12\n21 0 1 35020\n6 0 0 20\n6 0 0 0\n";
    let options = Options {
        filter: Some(Filter::parse(program).unwrap()),
        ..Options::default()
    };
    let mut source = Source::open(OBSERVER, &options).unwrap();
    let wanted = format!("3:020000000002020000000001{}{}", "88cc", "5a".repeat(50));
    let other = wanted.replace("88cc", "0800");
    peer(SEND, &[&other, &wanted, &other]);
    let mut seen = Vec::new();
    read(&mut source, |data, orig_len| {
        seen.push((data.len(), orig_len));
    });
    assert_eq!(seen, [(20, 64); 3]);
}

#[test]
fn what_the_ring_has_no_room_for_is_counted() {
    if !inside("what_the_ring_has_no_room_for_is_counted") {
        return;
    }
    shell("sysctl -qw net.ipv6.conf.all.disable_ipv6=1");
    let options = Options {
        block_len: BLOCK_LEN_MIN,
        blocks: 2,
        ..Options::default()
    };
    let mut source = Source::open(OBSERVER, &options).unwrap();
    let frame = format!("5000:020000000002020000000001{}{}", "88cc", "5a".repeat(50));
    peer(SEND, &[&frame]);
    let mut seen = 0u64;
    let dropped = read(&mut source, |_, _| seen += 1);
    peer(SEND, &[&frame.replace("5000:", "10:")]);
    let later = read(&mut source, |_, _| seen += 1);
    assert!(
        dropped > 0 && seen > 100,
        "{seen} seen, {dropped} dropped: the ring was large enough"
    );
    assert_eq!(seen + dropped + later, 5010);
    assert_eq!(source.counts().dropped, dropped + later);
    assert_eq!(source.counts().packets, seen);
}

#[test]
fn a_group_shares_what_comes_in_and_keeps_flows_together() {
    if !inside("a_group_shares_what_comes_in_and_keeps_flows_together") {
        return;
    }
    shell("sysctl -qw net.ipv6.conf.all.disable_ipv6=1");
    let options = Options {
        fanout: Some(Fanout { group: 7 }),
        ..Options::default()
    };
    let mut sources = [(); 2].map(|()| Source::open(OBSERVER, &options).unwrap());
    let hardware = shell("cat /sys/class/net/obs0/address");
    let said = peer(PROVOKE, &["gen0", "20000", "0.1", hardware.trim()]);
    assert!(said.starts_with("20000 "), "{said}");
    let flows = sources.each_mut().map(|source| {
        let mut flows = std::collections::BTreeMap::<Vec<u8>, u64>::new();
        assert_eq!(
            read(source, |data, _| *flows
                .entry(data[23..34].to_vec())
                .or_default() +=
                u64::from(data[12..14] == [8, 0])),
            0
        );
        flows
    });
    let [one, two] = &flows;
    let both = one
        .iter()
        .filter(|(flow, count)| **count > 0 && two.get(*flow).is_some_and(|two| *two > 0));
    assert_eq!(both.count(), 0, "each flow is in one place");
    let counts = sources.each_ref().map(|source| source.counts().packets);
    assert_eq!(counts.iter().sum::<u64>(), 20_000);
    assert!(counts.iter().all(|count| *count > 1000), "{counts:?}");
}

#[test]
fn an_interface_that_goes_down_is_an_error_and_comes_back() {
    if !inside("an_interface_that_goes_down_is_an_error_and_comes_back") {
        return;
    }
    let mut source = Source::open(OBSERVER, &Options::default()).unwrap();
    shell("ip link set obs0 down");
    let mut said = None;
    for _ in 0..100 {
        said = source.next(Duration::from_millis(20)).err();
        if said.is_some() {
            break;
        }
    }
    assert_eq!(said.unwrap().kind(), ErrorKind::NetworkDown);
    shell("ip link set obs0 up");
    let frame = format!("5:020000000002020000000001{}{}", "88cc", "5a".repeat(50));
    peer(SEND, &[&frame]);
    let mut seen = 0;
    read(&mut source, |data, _| {
        seen += u64::from(data[12..14] == [0x88, 0xcc]);
    });
    assert_eq!(seen, 5);
}

#[test]
fn what_is_no_interface_and_what_is_no_ring_is_refused() {
    let kind = |interface: &str, options: &Options| {
        Source::open(interface, options)
            .map(|_| ())
            .map_err(|error| error.kind())
    };
    let options = Options::default();
    for (block_len, blocks) in [
        (0, 32),
        (BLOCK_LEN_MIN / 2, 32),
        (BLOCK_LEN_MIN + 4096, 32),
        (BLOCK_LEN_MIN, 0),
        (1 << 30, 2),
        (u32::MAX, u32::MAX),
    ] {
        let options = Options {
            block_len,
            blocks,
            ..options.clone()
        };
        assert_eq!(
            kind("lo", &options),
            Err(ErrorKind::InvalidInput),
            "{block_len} {blocks}"
        );
    }
    let missing = kind("there-is-none", &options);
    if missing == Err(ErrorKind::PermissionDenied) {
        return eprintln!("raw sockets are not allowed here");
    }
    assert_eq!(missing, Err(ErrorKind::NotFound));
}
