use super::*;

/// A query for `a.b`, type A.
const QUERY: &[u8] =
    b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x01b\x00\x00\x01\x00\x01";

#[test]
fn a_message_is_one_only_by_its_rules() {
    assert!(fits(QUERY));
    let framed = [&[0, 21][..], QUERY].concat();
    assert!(stream_fits(&framed) && !stream_fits(QUERY));
    for len in 0..QUERY.len() {
        assert!(!fits(&QUERY[..len]), "{len}");
    }
    for (place, byte) in [(2, 0x79), (4, 9), (6, 9), (17, 0x80), (19, 0x41), (20, 7)] {
        let mut bent = QUERY.to_vec();
        if let Some(bad) = bent.get_mut(place) {
            *bad = byte;
            assert!(
                !fits(&bent) || place == 17 || place == 19 || place == 20,
                "{place}"
            );
        }
    }
    assert!(!fits(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert!(!fits(&[0; 40]));
}

#[test]
fn records_are_read_to_the_end_and_what_breaks_them_is_kept() {
    let mut bytes = QUERY.to_vec();
    bytes[2] = 0x81;
    bytes[7] = 2;
    bytes.extend_from_slice(b"\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x09\x00\x04\x01c\xc0\x0e");
    bytes.extend_from_slice(
        b"\x01c\xc0\x0e\x00\x01\x00\x01\x00\x00\x00\x09\x00\x04\x0a\x00\x00\x01",
    );
    let message = Message::read(&bytes).unwrap();
    assert!(message.whole);
    let records = message.records.iter();
    let names: Vec<&str> = records.map(|record| message.text(record.name)).collect();
    assert_eq!(names, ["a.b", "c.b"]);
    let Data::Name("dns.cname", name) = message.records[0].data else {
        panic!("no name: {message:?}");
    };
    assert_eq!(message.text(name), "c.b");
    for len in HEAD_LEN..bytes.len() {
        assert!(!Message::read(&bytes[..len]).unwrap().whole);
    }
    let at = bytes.len() - 5;
    bytes[at] = 3;
    let message = Message::read(&bytes).unwrap();
    assert!(!message.whole && matches!(message.records[1].data, Data::Other(&[10, 0, 0])));
}

use alloc::vec::Vec;
