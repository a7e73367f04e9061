//! Frames and hellos of a link.

use iia_link::frame::{PAYLOAD_MAX, body_len, decode};
use iia_link::hello::{Hello, NAME_LEN_MAX};

/// The input as a stream of frames; a frame that is read encodes to the bytes it was read from.
pub fn frame(data: &[u8]) {
    let mut rest = data;
    while let Some((head, behind)) = rest.split_first_chunk::<4>() {
        let Ok(len) = body_len(*head) else {
            return;
        };
        assert!(head[0] < 0x20, "{head:?} is the beginning of a text");
        let Some((body, next)) = behind.split_at_checked(len) else {
            return;
        };
        if let Ok(frame) = decode(body) {
            assert!(frame.payload.len() <= PAYLOAD_MAX);
            let again = frame.encode();
            assert_eq!(again.as_deref(), Ok(&rest[..4 + len]));
        }
        rest = next;
    }
    let _short = decode(rest);
}

/// A hello that is read is two names and encodes to what was read.
pub fn hello(data: &[u8]) {
    let Ok(hello) = Hello::decode(data) else {
        return;
    };
    assert_eq!(hello.encode(), data);
    for name in [&hello.contract, &hello.operation] {
        assert!((1..=NAME_LEN_MAX).contains(&name.len()));
        assert!(!name.contains(|c: char| c.is_control() || c.is_whitespace() || c == '/'));
    }
}
