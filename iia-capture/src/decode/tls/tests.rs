use alloc::vec::Vec;

use super::*;

/// A hello for `box.iia` that offers TLS 1.3 and one suite.
fn hello() -> Vec<u8> {
    let name = b"\x00\x00\x00\x0c\x00\x0a\x00\x00\x07box.iia";
    let versions = b"\x00\x2b\x00\x03\x02\x03\x04";
    let extensions = [&name[..], versions].concat();
    let mut body = [&b"\x03\x03"[..], &[7; 32], b"\x00\x00\x02\x13\x01\x01\x00"].concat();
    body.extend_from_slice(&u16::try_from(extensions.len()).unwrap().to_be_bytes());
    body.extend_from_slice(&extensions);
    let len = u8::try_from(body.len()).unwrap();
    [&[22, 3, 1, 0, len + 4, 1, 0, 0, len][..], &body].concat()
}

#[test]
fn a_hello_is_claimed_on_any_port_and_nothing_else_is() {
    let whole = hello();
    assert!(claims(&whole) && fits(&whole));
    for (place, byte) in [(0, 23), (1, 2), (5, 3), (6, 1), (8, 255), (9, 2)] {
        let mut bent = whole.clone();
        bent[place] = byte;
        assert!(!claims(&bent), "{place}");
    }
    for other in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        b"\x00\x01\x00\x00\x00\x06\x01\x03\x00\x00\x00\x01",
        &[22, 3, 1],
    ] {
        assert!(!claims(other) && !fits(other));
    }
    // Records of a connection that began before the capture, one behind the other.
    assert!(fits(&[23, 3, 3, 0, 2, 1, 2, 23, 3, 3, 0, 1, 0]));
    assert!(!fits(&[23, 3, 3, 0, 2, 1, 2, 99, 3, 3, 0, 1, 0]));
}

#[test]
fn what_is_offered_is_told_and_a_hello_that_breaks_off_is_malformed() {
    let whole = hello();
    let body = &whole[9..];
    let mut fields = Fields::new();
    assert!(hello::client(&mut fields, body).is_some());
    let text = |name: &str| {
        let mut all = fields.all().iter();
        all.find(|field| field.name == name)
            .map(|field| field.value)
    };
    let name = "tls.handshake.extensions_server_name";
    assert_eq!(text(name), Some(Value::Text("box.iia")));
    let version = "tls.handshake.extensions.supported_version";
    assert_eq!(text(version), Some(Value::Code(0x0304, "TLS 1.3")));
    for len in 0..body.len() {
        // Without extensions a hello is whole.
        let ends = hello::client(&mut Fields::new(), &body[..len]).is_some();
        assert_eq!(ends, len == 41, "{len}");
    }
}

#[test]
fn lengths_that_der_does_not_allow_are_refused() {
    for bad in [
        &[0x30, 0x80, 0, 0][..],
        &[0x30, 0x81, 1, 0],
        &[0x30, 0x82, 0, 1, 0],
        &[0x30, 2, 0],
        &[0x3f, 0, 0],
        &[0x30],
        &[],
    ] {
        assert_eq!(Der(bad).value(), None, "{bad:?}");
    }
    assert_eq!(Der(&[4, 1, 9]).take(tag::OCTETS), Some(&[9][..]));
}
