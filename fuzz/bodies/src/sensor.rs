//! Datagrams of the kernel and lines of an intrusion detection.

use iia_capture::sensor::{Gaps, Notice, eve, kernel_audit, nflog};
use iia_core::Timestamp;
use iia_core::event::EventKind;

use crate::input::Input;

/// Whatever is read keeps to the limits of an event; what is counted is what is given.
pub fn sensor(data: &[u8]) {
    let mut input = Input(data);
    match input.byte() % 4 {
        0 => lines(input.0),
        1 => numbers(&mut input),
        2 => datagrams(input.0),
        _ => {
            let kind = u16::from_le_bytes(input.array());
            datagrams(&message(kind, input.0));
        }
    }
}

/// A message with a head that fits.
fn message(kind: u16, payload: &[u8]) -> Vec<u8> {
    let len = (16 + payload.len()) as u32;
    [
        &len.to_ne_bytes()[..],
        &kind.to_ne_bytes(),
        &[0; 10],
        payload,
    ]
    .concat()
}

fn datagrams(bytes: &[u8]) {
    let mut given = 0;
    let mut take = |one: Notice| {
        given += 1;
        assert_eq!(one.event.check(), Ok(()));
    };
    let audit = kernel_audit::read(bytes, &mut take);
    let packets = nflog::read(bytes, Timestamp::from_secs(1), &mut take);
    assert_eq!(audit.notices + packets.notices, given);
    assert!(given <= bytes.len() as u64 / 8);
}

fn lines(bytes: &[u8]) {
    let mut lines = eve::Lines::new(bytes);
    let mut alerts = 0;
    while let Ok(Some(event)) = lines.next_event() {
        assert_eq!(event.check(), Ok(()));
        alerts += u64::from(event.kind == EventKind::IntrusionAlert);
    }
    let counts = lines.counts();
    assert_eq!(counts.notices, alerts);
    let ended = bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
    assert!(counts.notices + counts.malformed <= ended);
}

/// Whatever numbers come, what is lost only grows, and no more than they span.
fn numbers(input: &mut Input<'_>) {
    let mut gaps = Gaps::default();
    let (mut number, mut told, mut span) = (u32::from_le_bytes(input.array()), 0, 0u64);
    while !input.is_empty() {
        let step = i32::from(input.byte().cast_signed());
        number = number.wrapping_add_signed(step);
        span += u64::from(step.unsigned_abs());
        told += gaps.see(number);
        assert_eq!(told, gaps.lost());
    }
    assert!(told <= span && gaps.finish() >= told);
}
