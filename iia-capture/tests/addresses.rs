//! No message names an address that Modbus does not have.

use iia_capture::decode::modbus::{Request, Response};

/// Function, first address, count, and whether the last address is 0xffff at most (V1.1b3, 6.11 and 6.12).
const ROWS: [(u8, u16, u16, bool); 8] = [
    (15, 0, 1, true),
    (15, 0xffff, 1, true),
    (15, 0xffff, 2, false),
    // Found by fuzzing: an acknowledgement of 512 coils from the last one on.
    (15, 0xffff, 512, false),
    (16, 0xff85, 123, true),
    (16, 0xff86, 123, false),
    (16, 0xffff, 1, true),
    (16, 0xffff, 2, false),
];

#[test]
fn an_acknowledged_write_ends_where_addresses_end() {
    for (func, addr, count, sound) in ROWS {
        let ([a, b], [c, d]) = (addr.to_be_bytes(), count.to_be_bytes());
        let pdu = [func, a, b, c, d];
        let response = Response::parse(&pdu);
        assert_eq!(response.is_some(), sound, "{func} {addr:#x} {count}");
        let last = response
            .and_then(|response| response.write)
            .map(|span| span.last());
        assert!(last.is_none_or(|last| last <= 0xffff));
    }
}

#[test]
fn a_read_ends_where_addresses_end() {
    let sound = |pdu: &[u8]| Request::parse(pdu).is_some_and(|request| request.sound);
    for func in 1..=4u8 {
        assert!(sound(&[func, 0xff, 0xff, 0, 1]), "{func}");
        assert!(!sound(&[func, 0xff, 0xff, 0, 2]), "{func}");
    }
}
