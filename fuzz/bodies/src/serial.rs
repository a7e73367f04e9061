//! Frames of a serial line from strangers.

use iia_capture::Packet;
use iia_capture::decode::modbus::{ascii, rtu, told};
use iia_capture::decode::{FIELDS_MAX, Fields};
use iia_capture::pipeline::{Options, Pipeline};
use iia_capture::source::LinkType;
use iia_core::Timestamp;
use iia_core::observe::{Exchange, Observation, Protocol};

use crate::input::Input;

/// Any bytes on a line, and sound frames cut as the input says: no checksum is wrong in what is called a frame, and
/// sound frames are the same exchanges however they come.
pub fn line(data: &[u8]) {
    let mut input = Input(data);
    let (cut, gap) = (1 + usize::from(input.byte()), input.byte() & 1 == 1);
    let bytes = input.0;
    sealed(bytes);
    fields(bytes);
    let chunks: Vec<&[u8]> = bytes.chunks(cut).collect();
    assert_eq!(run(&chunks, gap), run(&chunks, gap));
    let frames = conversation(&mut input);
    if frames.iter().any(|frame| ends_early(frame)) {
        return;
    }
    let whole: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
    let pieces: Vec<&[u8]> = frames.iter().flat_map(|frame| frame.chunks(cut)).collect();
    assert_eq!(run(&whole, false), run(&pieces, false));
}

/// What is found at the start of some bytes is there, and ends with its checksum.
fn sealed(bytes: &[u8]) {
    for role in [rtu::Role::Request, rtu::Role::Response] {
        let mut room = [0; ascii::DECODED_LEN_MAX];
        let rtu::Found::Frame(frame) = rtu::frame(bytes, (role, true), &mut room) else {
            continue;
        };
        let on_line = &bytes[..frame.len];
        let body = [&[frame.unit], frame.pdu].concat();
        if on_line.first() == Some(&ascii::START) && on_line.ends_with(b"\r\n") {
            assert_eq!(on_line.len(), body.len() * 2 + 5);
        } else {
            assert_eq!(
                on_line,
                [&body[..], &rtu::crc(&body).to_le_bytes()].concat()
            );
        }
    }
}

/// What functions say beside their exchange stays within its limit.
fn fields(bytes: &[u8]) {
    let Some((func, data)) = bytes.split_first() else {
        return;
    };
    for way in [told::asked, told::answered] {
        let mut fields = Fields::new();
        way(&mut fields, func & 0x7f, data);
        assert!(fields.all().len() <= FIELDS_MAX + 1);
    }
    assert!(!told::what(*func, data).is_empty());
}

/// Requests and responses that keep the rules.
fn conversation(input: &mut Input<'_>) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    while !input.is_empty() && frames.len() < 32 {
        let [func, addr, count, value] = input.array();
        let count = 1 + count % 16;
        let run = [0, addr, 0, count];
        let values: Vec<u8> = (0..count * 2).map(|at| value.wrapping_add(at)).collect();
        let bits = &values[..usize::from(count.div_ceil(8))];
        let counted = |func: u8, values: &[u8]| [&[func, values.len() as u8], values].concat();
        let (request, response) = match func % 6 {
            func @ 0..=1 => ([&[func + 1][..], &run].concat(), counted(func + 1, bits)),
            func @ 2..=3 => ([&[func + 1][..], &run].concat(), counted(func + 1, &values)),
            4 => (
                vec![6, 0, addr, value, value],
                vec![6, 0, addr, value, value],
            ),
            _ => ([&[3][..], &run].concat(), vec![0x83, 1 + value % 4]),
        };
        frames.extend([request, response].map(|pdu| {
            let body = [&[1 + addr % 200][..], &pdu].concat();
            let seal = rtu::crc(&body).to_le_bytes();
            [&body[..], &seal].concat()
        }));
    }
    frames
}

/// Whether the beginning of a frame has a right checksum itself: then nobody can tell where it ends before it does.
fn ends_early(frame: &[u8]) -> bool {
    let sealed = |len: usize| {
        let (body, seal) = frame[..len].split_at(len - 2);
        rtu::crc(body).to_le_bytes() == seal
    };
    (4..frame.len()).any(sealed)
}

/// Exchanges without their moments.
fn run(chunks: &[&[u8]], gap: bool) -> Vec<String> {
    let mut pipeline = Pipeline::new(Options::default());
    let (mut seen, mut exchanges) = (Vec::new(), 0);
    let mut take = |observation: &Observation<'_>| {
        if let Observation::Exchange(exchange) = observation {
            exchanges += 1;
            assert_eq!(exchange.protocol, Protocol::ModbusRtu);
            assert!(exchange.latency_ns.is_none_or(|latency| latency >= 0));
            let ts = Timestamp::default();
            let latency_ns = None;
            let exchange = Exchange {
                ts,
                latency_ns,
                ..*exchange
            };
            seen.push(format!("{exchange:?}"));
        }
    };
    let step = if gap { 60_000_000 } else { 1_000_000 };
    for (number, data) in (1i64..).zip(chunks) {
        let packet = Packet {
            ts: Timestamp::from_ns(1_800_000_000_000_000_000 + number * step),
            link: LinkType::USER0,
            orig_len: data.len() as u32,
            data,
        };
        pipeline.handle_packet(&packet, &mut take);
    }
    pipeline.finish(&mut take);
    assert_eq!(pipeline.stats().exchanges, exchanges);
    seen
}
