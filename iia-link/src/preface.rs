//! Who speaks something else, by the first bytes: named, so that the refusal says what it was.

use crate::LinkError;

/// First four bytes of what is no frame, and its name. As a length each of them is over every limit.
const FOREIGN: [(&[u8; 4], &str); 24] = [
    (b"GET ", HTTP),
    (b"POST", HTTP),
    (b"PUT ", HTTP),
    (b"HEAD", HTTP),
    (b"OPTI", HTTP),
    (b"DELE", HTTP),
    (b"CONN", HTTP),
    (b"PATC", HTTP),
    (b"TRAC", HTTP),
    (b"HTTP", HTTP),
    (b"PRI ", HTTP),
    (b"SSH-", "SSH"),
    (b"AMQP", "AMQP"),
    (b"EHLO", "SMTP"),
    (b"HELO", "SMTP"),
    (b"USER", "FTP"),
    (b"RTSP", "RTSP"),
    (b"INFO", "a bus of subjects"),
    (b"PING", "a bus of subjects"),
    (b"HELF", "OPC UA"),
    (b"RFB ", "VNC"),
    (b"\xffSMB", "SMB"),
    (b"\x03\x00\x00\x13", "RDP or S7"),
    (b"\x03\x00\x00\x16", "RDP or S7"),
];
const HTTP: &str = "HTTP";

/// The refusal of a foreign protocol that is known by its first four bytes.
pub fn foreign(first: [u8; 4]) -> Option<LinkError> {
    let known = FOREIGN.iter().find(|(bytes, _)| **bytes == first);
    let what = match (known, first) {
        (Some((_, name)), _) => name,
        // Records of TLS, of versions 1.0 to 1.2 by their outer number, within TLS.
        (None, [0x14..=0x17, 3, 0..=4, _]) => "TLS",
        // CONNECT of MQTT, of a short length.
        (None, [0x10, 0x0a..=0x7f, 0, 4 | 6]) => "MQTT",
        _ => return None,
    };
    Some(match what {
        HTTP => LinkError::HttpPreface,
        _ => LinkError::ForeignPreface { what },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn i1_http_is_refused_by_its_first_bytes() {
        for text in [
            "GET / HTTP/1.1",
            "POST /",
            "PRI * HTTP/2.0",
            "HTTP/1.1 200",
            "CONNECT x",
        ] {
            let head = *text.as_bytes().first_chunk().unwrap();
            assert_eq!(foreign(head), Some(LinkError::HttpPreface), "{text}");
        }
    }

    #[test]
    fn other_protocols_are_called_by_their_names() {
        let rows: [(&[u8], &str); 5] = [
            (b"SSH-2.0-OpenSSH_9.2", "SSH"),
            (b"\x10\x0e\x00\x04MQTT", "MQTT"),
            (b"\x16\x03\x01\x02\x00", "TLS"),
            (b"HELF\x20\x00", "OPC UA"),
            (b"AMQP\x00\x00", "AMQP"),
        ];
        for (bytes, name) in rows {
            let want = Some(LinkError::ForeignPreface { what: name });
            assert_eq!(foreign(*bytes.first_chunk().unwrap()), want);
        }
        assert_eq!(foreign([0, 0, 1, 0]), None);
    }

    #[test]
    fn no_length_of_a_frame_is_taken_for_a_protocol() {
        let max = u32::try_from(crate::frame::FRAGMENT_MAX + crate::frame::HEAD_LEN).unwrap();
        assert!((0..=max).all(|len| foreign(len.to_be_bytes()).is_none()));
    }
}
