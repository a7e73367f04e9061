//! What the IO master hears, and what its observer is told.

use iia_attest::correlator::Correlator as _;
use iia_attest::io::batch::BATCH_LEN_MAX;
use iia_attest::io::compare::{Counts, WAITING_MAX};
use iia_attest::io::sample::{Recorded, Source as _};
use iia_attest::io::wire::hart::Frame;
use iia_attest::io::wire::io_link::Shape;
use iia_attest::io::wire::rtu::{self, Line};
use iia_attest::io::wire::{Chunk, Data, Part, Way};
use iia_attest::io::{
    Batch, Fault, Io, Observation, Point, PointId, Reading, Station, Tap, Tolerance,
};
use iia_core::Timestamp;

use crate::input::Input;

/// A batch of an IO master: what its event states is the same batch, or it contradicts itself and is refused.
pub fn batch(data: &[u8]) {
    let Ok(batch) = iia_core::canon::decode::<Batch>(data) else {
        return;
    };
    let readings = batch.readings(|_| Some(PointId(0))).count();
    assert!(readings <= batch.readings.len());
    assert_eq!(batch.span().is_some(), !batch.readings.is_empty());
    match Batch::of(&batch.event(Timestamp::from_ns(0))) {
        Ok(read) => assert_eq!((read, readings), (batch.clone(), batch.readings.len())),
        // What is longer than an event holds is cut, and so is none.
        Err(_) => assert!(readings < batch.readings.len() || data.len() > BATCH_LEN_MAX),
    }
}

/// Frames of Ethernet, each with its length before it: what is heard lies within the frame or the stream, the same
/// is heard again, and counts agree.
pub fn frames(data: &[u8]) {
    let run = || {
        let mut tap = Tap::new(Station::Device, 1);
        let (mut input, mut heard, mut total) = (Input(data), Vec::new(), 0);
        while !input.is_empty() {
            let frame = input.piece();
            total += 1;
            tap.handle_chunks(Timestamp::from_ns(total), frame, |chunk| {
                heard.push(told(chunk))
            });
        }
        let counts = tap.counts();
        assert_eq!(counts.frames, total as u64);
        (heard, counts)
    };
    assert_eq!(run(), run());
}

/// A chunk, kept, after a look at whether it can be.
fn told(chunk: &Chunk<'_>) -> (Way, u32, Vec<u8>) {
    let bytes = match (chunk.data, chunk.area.part) {
        (Data::Bits(bits, count), Part::Modbus { .. }) => {
            assert!(usize::from(count) <= bits.len() * 8 && count <= 2000);
            assert!(chunk.first + u32::from(count) <= 0x1_0000);
            bits
        }
        (Data::Bits(..), other) => panic!("bits in {other:?}"),
        (Data::Bytes(bytes), Part::Modbus { .. }) => {
            assert!(bytes.len() % 2 == 0 && bytes.len() <= 250);
            assert!(chunk.first as usize + bytes.len() / 2 <= 0x1_0000);
            bytes
        }
        (Data::Bytes(bytes), Part::Hart(address)) => {
            assert!(bytes.len() == 4 && address < 1 << 38);
            bytes
        }
        (Data::Bytes(bytes), _) => bytes,
    };
    (chunk.way, chunk.first, bytes.to_vec())
}

/// Bytes of a serial line, a loop and a port: no wrong checksum in what is called a frame, and frames are the same
/// however the bytes are cut.
pub fn line(data: &[u8]) {
    let mut input = Input(data);
    let cut = 1 + usize::from(input.byte());
    let head = input.array::<4>();
    let bytes = input.0;
    let run = |size: usize| {
        let (mut line, mut heard) = (Line::new(1), Vec::new());
        for part in bytes.chunks(size) {
            line.handle_bytes(Timestamp::default(), part, |chunk| heard.push(told(&chunk)));
        }
        line.handle_silence();
        assert!(line.skipped() <= bytes.len() as u64);
        heard
    };
    assert_eq!(run(bytes.len().max(1)), run(cut));
    if let Ok(frame) = rtu::Frame::parse(bytes) {
        let (content, sum) = bytes.split_at(bytes.len() - 2);
        assert_eq!(rtu::crc(content).to_le_bytes(), sum);
        assert_eq!(content, [&[frame.unit], frame.pdu].concat());
    }
    if let Ok(frame) = Frame::after_preamble(bytes) {
        assert_eq!(bytes.iter().fold(0, |sum, byte| sum ^ byte), 0);
        let owner = iia_attest::io::wire::Owner::Line(1);
        let _ = frame.values(owner, |chunk| {
            told(&chunk);
        });
    }
    let [kind, out_len, in_len, request_len] = head;
    let shape = Shape {
        kind: kind & 3,
        out_len: out_len & 31,
        in_len: in_len & 31,
        request_len: request_len & 31,
    };
    if let Ok(question) = shape.question(bytes) {
        assert_eq!(bytes.len(), 2 + question.out.len() + question.request.len());
    }
    if let Ok(reply) = shape.reply(kind, bytes) {
        assert_eq!(bytes.len(), 1 + reply.input.len() + reply.request.len());
    }
    let text = String::from_utf8_lossy(bytes);
    if let Ok(mut trace) = Recorded::parse(&text) {
        let mut last = Timestamp::from_ns(i64::MIN);
        while let Some(sample) = trace.poll_sample(Timestamp::from_ns(i64::MAX)) {
            assert!(sample.at >= last);
            last = sample.at;
        }
    }
}

const POINTS: u32 = 3;

/// Anything that an observer may be told, in any order and at any time: it ends, the same is told again, each pair is
/// counted once, and findings are bounded and never mild.
pub fn readings(data: &[u8]) {
    let run = || {
        let mut observer = Io::new(&points());
        let mut input = Input(data);
        let (mut now, mut given, mut findings) = (0i64, 0u64, Vec::new());
        while !input.is_empty() {
            now = time(&mut input, now);
            given += u64::from(tell(&mut observer, now, &mut input));
            findings.extend(core::iter::from_fn(|| observer.poll_finding()));
        }
        observer.handle_timeout(Timestamp::from_ns(i64::MAX));
        findings.extend(core::iter::from_fn(|| observer.poll_finding()));
        let Counts {
            agreed, differed, ..
        } = observer.counts();
        assert!((agreed + differed) * 2 <= given);
        assert!(findings.len() <= WAITING_MAX + data.len());
        for finding in &findings {
            assert!(finding.severity >= iia_core::finding::Severity::High);
            assert!(finding.stream == "ot.attestation.io" && !finding.reason.is_empty());
        }
        findings
    };
    assert_eq!(run(), run());
}

fn points() -> Vec<Point> {
    let point = |number: u32| Point {
        name: format!("p{number}"),
        unit: String::new(),
        contract: format!("c{}", number / 2),
        tolerance: Tolerance {
            ppm: 5_000,
            whole_micros: (number == 0).then_some(100_000_000),
            absolute_micros: 0,
            skew_ns: 1_000_000_000,
        },
        places: Vec::new(),
    };
    (0..POINTS).map(point).collect()
}

/// The next time: mostly a little later, sometimes any.
fn time(input: &mut Input<'_>, now: i64) -> i64 {
    match input.byte() {
        255 => i64::from_le_bytes(input.array()),
        step => now.saturating_add(i64::from(step) * 10_000_000),
    }
}

/// One observation; whether it was a reading.
fn tell(observer: &mut Io, now: i64, input: &mut Input<'_>) -> bool {
    let what = input.byte();
    let point = PointId(u32::from(input.byte() & 3));
    let stations = [
        Station::Sensor,
        Station::Wire,
        Station::Device,
        Station::Box,
    ];
    let station = stations[usize::from(what & 3)];
    let at = Timestamp::from_ns(time(input, now));
    let now = Timestamp::from_ns(now);
    let micros = match what & 4 {
        0 => i64::from(input.byte()) * 1_000_000,
        _ => i64::from_le_bytes(input.array()),
    };
    match what >> 5 {
        0 => observer.handle_alive(now, station),
        1 => observer.handle_observation(now, Observation::Lost { station, count: 1 }),
        2 => {
            let fault = Fault::Open;
            let unsound = Observation::Unsound {
                point,
                at,
                fault,
                micros,
            };
            observer.handle_observation(now, unsound);
        }
        _ => {
            let took = (what & 8 != 0).then_some(i64::from(input.byte()) * 10_000_000);
            let way = if what & 16 == 0 { Way::Said } else { Way::Told };
            let reading = Reading {
                point,
                micros,
                at,
                station,
                way,
                took_ns: took,
            };
            observer.handle_observation(now, Observation::Reading(reading));
            return true;
        }
    }
    false
}
