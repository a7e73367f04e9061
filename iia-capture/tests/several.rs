//! Packets given several at once are read as one by one, from files and by the pipeline; and whatever waits too long is
//! told as soon as packets show that it does, though not every flow is looked at each second.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    unreachable_pub,
    dead_code,
    reason = "tests"
)]

mod oracle;
mod wire;

use std::fs;

use iia_capture::generate::{MixOptions, frame, write_mix};
use iia_capture::pipeline::{Options, Pipeline};
use iia_capture::source::pcap::PcapSource;
use iia_capture::{CaptureError, Packet};
use iia_core::observe::{Observation, Outcome};

/// Captures of the corpus up to this size are read; of larger ones the mix has everything.
const CAPTURE_LEN_MAX: u64 = 256 * 1024;

type Told = (Vec<String>, Option<CaptureError>);

fn one_by_one(bytes: &[u8]) -> Told {
    let (mut pipeline, mut told) = (Pipeline::new(Options::default()), Vec::new());
    let mut take = |seen: &Observation<'_>| told.push(format!("{seen:?}"));
    let mut read = || -> Result<(), CaptureError> {
        let mut source = PcapSource::unpack(bytes)?;
        while let Some(packet) = source.next_packet()? {
            pipeline.handle_packet(&packet, &mut take);
        }
        Ok(())
    };
    let error = read().err();
    pipeline.finish(&mut take);
    (told, error)
}

fn several(bytes: &[u8]) -> Told {
    let (mut pipeline, mut told) = (Pipeline::new(Options::default()), Vec::new());
    let mut take = |seen: &Observation<'_>| told.push(format!("{seen:?}"));
    let mut read = || -> Result<(), CaptureError> {
        let mut source = PcapSource::unpack(bytes)?;
        loop {
            let packets = source.next_packets()?;
            if packets.is_empty() {
                return Ok(());
            }
            pipeline.handle_packets(&packets, &mut take);
        }
    };
    let error = read().err();
    pipeline.finish(&mut take);
    (told, error)
}

fn mix(devices: u16, packets: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    let options = MixOptions {
        packets,
        devices,
        ..MixOptions::default()
    };
    write_mix(&mut bytes, options).unwrap();
    bytes
}

#[test]
fn a_mix_of_more_flows_than_are_at_hand_is_read_alike() {
    let bytes = mix(1000, 60_000);
    let (told, error) = several(&bytes);
    assert_eq!(error, None);
    assert!(told.len() > 60_000);
    assert!(one_by_one(&bytes) == (told, None));
}

#[test]
fn a_capture_cut_at_any_byte_is_read_alike() {
    let whole = mix(1, 40);
    for end in 0..whole.len() {
        let bytes = whole.get(..end).unwrap();
        assert!(several(bytes) == one_by_one(bytes), "{end}");
    }
}

#[test]
fn captures_of_others_are_read_alike() {
    let Some(corpus) = oracle::corpus() else {
        return oracle::skip("captures_of_others_are_read_alike");
    };
    let (mut folders, mut files) = (vec![corpus], 0);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.to_string_lossy().into_owned();
            let capture = name.contains(".pcap") || name.ends_with(".cap");
            if !capture || fs::metadata(&path).unwrap().len() > CAPTURE_LEN_MAX {
                continue;
            }
            let bytes = fs::read(&path).unwrap();
            assert!(several(&bytes) == one_by_one(&bytes), "{name}");
            files += 1;
        }
    }
    eprintln!("{files} captures");
    assert!(files > 500);
}

/// A request of a client to a server of many, with nothing behind it.
fn request(server: u8, (sequence, transaction): (u32, u16)) -> Vec<u8> {
    let ends = ([10, 20, 0, 10], [10, 20, 1, server]);
    let unit = wire::unit(transaction, &[3, 0, 0, 0, 1]);
    frame(ends, (40_000, 502), (sequence, 0), &unit)
}

/// The packet during whose work each unanswered request of server 1 is told, when these come at these milliseconds.
fn told_at(packets: &[(i64, Vec<u8>)]) -> Vec<(u16, usize)> {
    let mut pipeline = Pipeline::new(Options::default());
    let mut told = Vec::new();
    for (number, (millis, bytes)) in packets.iter().enumerate() {
        let packet: Packet<'_> = wire::at(*millis, bytes);
        pipeline.handle_packet(&packet, &mut |seen: &Observation<'_>| {
            if let Observation::Exchange(exchange) = seen
                && exchange.outcome == Outcome::Unanswered
                && exchange.flow.resp_h == core::net::IpAddr::from([10, 20, 1, 1])
            {
                told.push((exchange.transaction, number));
            }
        });
    }
    told
}

#[test]
fn what_waits_too_long_is_told_within_a_second() {
    let others = |from: i64, to: i64| {
        (from..to).map(|second| (second * 1000, request(2, (second as u32 * 12, 9))))
    };
    // Proven to be Modbus by being asked twice, so that what is not answered is told.
    let mut packets = vec![(0, request(1, (0, 1))), (500, request(1, (12, 2)))];
    packets.extend(others(1, 13));
    // At 11 s the first has waited longer than ten, and so has the second.
    assert_eq!(told_at(&packets), [(1, 12), (2, 12)]);
}

#[test]
fn a_clock_that_goes_back_hides_nothing() {
    let mut packets = vec![
        (20_000, request(1, (0, 1))),
        // Older, and behind it in the capture.
        (5000, request(1, (12, 2))),
        (20_100, request(2, (0, 9))),
    ];
    let answer = frame(
        ([10, 20, 1, 1], [10, 20, 0, 10]),
        (502, 40_000),
        (0, 24),
        &wire::unit(1, &[3, 2, 0, 7]),
    );
    packets.push((20_200, answer));
    packets.push((21_500, request(2, (12, 10))));
    // The second is the oldest that waits, and has waited for sixteen seconds.
    assert_eq!(told_at(&packets), [(2, 4)]);
}
