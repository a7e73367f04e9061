//! Frames, hellos and sessions of a link, and what the kernel says of sockets.

use iia_link::frame::{FRAGMENT_MAX, HEAD_LEN, PAYLOAD_MAX, Read, read};
use iia_link::hello::{Hello, NAME_LEN_MAX, VERSION_LEN_MAX};
use iia_link::mux::{Event, Message, Mux, OUT_HARD_MAX, SESSIONS_MAX};
use iia_link::rt::destroy;

/// The input as a stream of frames; a frame that is read encodes to the bytes it was read from.
pub fn frame(data: &[u8]) {
    let mut rest = data;
    while let Ok(Read::Frame(frame, len)) = read(rest, FRAGMENT_MAX) {
        let (whole, next) = rest.split_at(len);
        assert!(whole[0] < 0x20, "{whole:?} is the beginning of a text");
        assert!(frame.payload.len() <= FRAGMENT_MAX && len == frame.payload.len() + HEAD_LEN);
        let mut again = Vec::new();
        assert_eq!(frame.encode_to(&mut again), Ok(()));
        assert_eq!(again, whole);
        rest = next;
    }
    if let Ok(Read::More(needs)) = read(rest, FRAGMENT_MAX) {
        assert!(needs > 0 && rest.len() + needs <= FRAGMENT_MAX + HEAD_LEN);
    }
}

/// A hello that is read is two names and a version and encodes to what was read.
pub fn hello(data: &[u8]) {
    let Ok(hello) = Hello::decode(data) else {
        return;
    };
    assert_eq!(hello.encode(), data);
    for name in [&hello.contract, &hello.operation] {
        assert!((1..=NAME_LEN_MAX).contains(&name.len()));
    }
    assert!(hello.version.len() <= VERSION_LEN_MAX);
    for text in [&hello.contract, &hello.version, &hello.operation] {
        assert!(!text.contains(|c: char| c.is_control() || c.is_whitespace() || c == '/'));
    }
}

/// The input as what a peer says, to the end that dialled and to the one that was dialled; whole and torn.
pub fn mux(data: &[u8]) {
    for dials in [false, true] {
        let whole = talk(dials, data, data.len().max(1));
        let torn = talk(
            dials,
            data,
            1 + usize::from(data.first().copied().unwrap_or(0)) % 40,
        );
        // Torn bytes are read sooner, so that an end on their heels takes nothing away.
        if !whole.1 && !torn.1 {
            assert!(whole.0.iter().all(|message| torn.0.contains(message)));
        }
    }
}

fn talk(dials: bool, data: &[u8], cut: usize) -> (Vec<(u32, Message)>, bool) {
    let (mut mux, mut heard) = (Mux::new(dials), Vec::new());
    if dials {
        for operation in ["WRITE", "READ"] {
            let (contract, version) = ("c".into(), String::new());
            let operation = operation.into();
            let hello = Hello {
                contract,
                version,
                operation,
            };
            let _number = mux.open(hello);
        }
    }
    for torn in data.chunks(cut) {
        if mux.handle_input(torn).is_err() {
            return (heard, true);
        }
        while let Some(event) = mux.poll_event() {
            if let Event::Asked(number, hello) = event {
                let answer = match hello.operation.len() % 3 {
                    0 => mux.refuse(number, &iia_link::LinkError::Revoked),
                    _ => mux.accept(number, u64::MAX),
                };
                if answer.is_err() {
                    return (heard, true);
                }
            }
        }
        let numbers: Vec<u32> = mux.sessions().map(|(number, ..)| number).collect();
        assert!(numbers.len() <= SESSIONS_MAX && mux.output().len() <= OUT_HARD_MAX + HEAD_LEN);
        for number in numbers {
            while let Ok(Some(message)) = mux.receive(number) {
                assert!(message.payload.len() <= PAYLOAD_MAX);
                heard.push((number, message));
            }
        }
    }
    heard.sort_by_key(|(number, _)| *number);
    (heard, false)
}

/// The input as a datagram of the kernel: whatever it is, reading it ends.
pub fn sockets(data: &[u8]) {
    if let Ok((found, _)) = destroy::sockets(data) {
        assert!(found.len() * (destroy::ID_LEN + 20) <= data.len());
    }
}
