//! What the kernel and an intrusion detection say becomes events, whatever they say.
#![expect(clippy::unwrap_used, reason = "tests")]

use iia_capture::sensor::{Notice, eve, kernel_audit, nflog};
use iia_core::Timestamp;
use iia_core::event::{Event, EventKind};

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

fn message(kind: u16, payload: &[u8]) -> Vec<u8> {
    let len = u32::try_from(16 + payload.len()).unwrap();
    let mut bytes = [
        &len.to_ne_bytes()[..],
        &kind.to_ne_bytes(),
        &[0; 10],
        payload,
    ]
    .concat();
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

fn audit(kind: u16, text: &str) -> (Vec<Notice>, u64) {
    let mut notices = Vec::new();
    let counts = kernel_audit::read(&message(kind, text.as_bytes()), |one| notices.push(one));
    assert_eq!(counts.notices, notices.len() as u64);
    (notices, counts.malformed)
}

fn fields(event: &Event) -> Vec<(&str, &str)> {
    event.check().unwrap();
    event
        .fields
        .iter()
        .map(|field| (field.key.as_str(), field.value.as_str()))
        .collect()
}

#[test]
fn records_of_the_kernels_audit_are_read_with_their_quotes() {
    let text = "audit(1364481363.243:24287): arch=c000003e syscall=2 success=no exit=-13 comm=\"cat file\" old-auid=5 key=(null) alone";
    let (notices, malformed) = audit(1300, text);
    let [notice] = &notices[..] else {
        panic!("{notices:?}");
    };
    assert_eq!((notice.serial, malformed), (Some(24287), 0));
    assert_eq!(notice.event.kind, EventKind::KernelAudit);
    assert_eq!(notice.event.ts_ns, 1_364_481_363_243_000_000);
    assert_eq!(
        fields(&notice.event),
        [
            ("type", "SYSCALL"),
            ("serial", "24287"),
            ("arch", "c000003e"),
            ("syscall", "2"),
            ("success", "no"),
            ("exit", "-13"),
            ("comm", "cat file"),
            ("old_auid", "5"),
            ("key", "(null)"),
            ("rest", "alone"),
        ]
    );
    let text = "audit(1.000:1): pid=7 msg='op=login acct=\"root\" res=failed'\0\n";
    let (notices, _) = audit(1112, text);
    let event = &notices.first().unwrap().event;
    assert_eq!(
        event.field("msg"),
        Some("op=login acct=\"root\" res=failed")
    );
    assert_eq!(event.field("type"), Some("USER_LOGIN"));
}

#[test]
fn what_is_no_record_of_the_audit_is_counted_or_says_nothing() {
    for (kind, text, notices, malformed) in [
        (1320, "audit(1.000:1): ", 0, 0),
        (2, "an acknowledgement", 0, 0),
        (1999, "audit(1.000:1): x=1", 1, 0),
        (1300, "audit(1.000:1):", 1, 0),
        (1300, "audit(1.00:1): x=1", 0, 1),
        (1300, "audit(+1.000:1): x=1", 0, 1),
        (1300, "audit(1.000:4294967296): x=1", 0, 1),
        (1300, "audit(1.000): x=1", 0, 1),
        (1300, "no stamp", 0, 1),
        (1300, "", 0, 1),
    ] {
        let (found, bad) = audit(kind, text);
        assert_eq!((found.len(), bad), (notices, malformed), "{kind} {text:?}");
    }
    // More pairs than an event holds, keys that are none, quotes without end.
    let pairs: String = (0..100).map(|n| format!(" k{n}=v{n}")).collect();
    for said in [
        pairs.as_str(),
        " =x Ä=1 a b=\"c d",
        &format!(" {}=1", "k".repeat(99)),
        &" x=".repeat(2000),
    ] {
        let (found, _) = audit(1300, &format!("audit(1.000:1):{said}"));
        found.first().unwrap().event.check().unwrap();
    }
    let (found, bad) = audit(1300, &format!("audit(1.000:1): {}", "x".repeat(9000)));
    assert_eq!((found.len(), bad), (0, 1));
}

fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let len = u16::try_from(4 + value.len()).unwrap();
    let mut bytes = [&len.to_ne_bytes()[..], &kind.to_ne_bytes(), value].concat();
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// A TCP SYN from 10.0.0.66 to 10.0.0.21, port 502.
fn packet() -> Vec<u8> {
    let mut ip = vec![
        0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 66, 10, 0, 0, 21,
    ];
    ip.extend_from_slice(&[
        0xc0, 0, 1, 0xf6, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 1, 0, 0, 0, 0, 0,
    ]);
    ip
}

fn logged() -> Vec<u8> {
    let body = [
        vec![2, 0, 0, 5],
        attribute(1, &[8, 0, 2, 0]),
        attribute(
            3,
            &[0, 0, 0, 0, 0x6b, 0x49, 0xd2, 0, 0, 0, 0, 0, 0, 0, 0, 9],
        ),
        attribute(4, &[0, 0, 0, 3]),
        attribute(10, b"drop it\0"),
        attribute(12, &[0, 0, 1, 0]),
        attribute(9, &packet()),
    ];
    message(0x400, &body.concat())
}

#[test]
fn a_logged_packet_says_which_rule_where_and_who() {
    let mut found = Vec::new();
    let both = [logged(), message(2, &[0; 20]), logged()].concat();
    let counts = nflog::read(&both, NOW, |one| found.push(one));
    assert_eq!((counts.notices, counts.malformed), (2, 0));
    let notice = found.first().unwrap();
    assert_eq!(notice.serial, Some(256));
    assert_eq!(notice.event.kind, EventKind::PacketLogged);
    assert_eq!(notice.event.ts_ns, 1_800_000_000_000_009_000);
    assert_eq!(
        fields(&notice.event),
        [
            ("prefix", "drop it"),
            ("hook", "forward"),
            ("in", "3"),
            ("bytes", "40"),
            ("transport", "tcp"),
            ("source", "10.0.0.66:49152"),
            ("destination", "10.0.0.21:502"),
        ]
    );
}

#[test]
fn bent_and_cut_datagrams_are_counted_and_passed() {
    for good in [logged(), message(1300, b"audit(1.000:1): a=\"b c\" d='e'")] {
        for at in 0..good.len() {
            for bit in 0..8 {
                let mut bent = good.clone();
                *bent.get_mut(at).unwrap() ^= 1 << bit;
                for bytes in [bent.as_slice(), good.get(..at).unwrap()] {
                    let mut take = |one: Notice| one.event.check().unwrap();
                    let counts = nflog::read(bytes, NOW, &mut take);
                    assert!(counts.notices <= 1);
                    assert!(kernel_audit::read(bytes, &mut take).notices <= 1);
                }
            }
        }
    }
}

fn line(kind: &str, more: &str) -> String {
    format!(
        "{{\"timestamp\":\"2026-11-29T09:20:00.123456+0100\",\"event_type\":\"{kind}\"{more}}}\n"
    )
}

#[test]
fn alerts_become_events_and_everything_else_is_counted() {
    let alert = line(
        "alert",
        ",\"src_ip\":\"10.0.0.66\",\"src_port\":49152,\"dest_ip\":\"10.0.0.21\",\"dest_port\":502,\"proto\":\"TCP\",\"alert\":{\"action\":\"allowed\",\"signature_id\":2009285,\"signature\":\"a \\u202e b\",\"severity\":1}",
    );
    let lines = [
        alert.as_str(),
        &line("flow", ""),
        &line("stats", ",\"stats\":{\"capture\":{\"kernel_drops\":5}}"),
        &line("stats", ",\"stats\":{\"capture\":{\"kernel_drops\":5}}"),
        "no json\n",
        "{}\n",
        "[1]\n",
        &line("stats", ",\"stats\":{\"capture\":{\"kernel_drops\":12}}"),
        // It started anew.
        &line("stats", ",\"stats\":{\"capture\":{\"kernel_drops\":2}}"),
        &format!("{}\n", "x".repeat(eve::LINE_LEN_MAX + 5)),
        &format!("{}{}\n", "[".repeat(5000), "]".repeat(5000)),
        &line("drop", ""),
        "{\"timestamp\":",
    ]
    .concat();
    let mut source = eve::Lines::new(std::io::BufReader::with_capacity(7, lines.as_bytes()));
    let mut events = Vec::new();
    while let Some(event) = source.next_event().unwrap() {
        event.check().unwrap();
        events.push(event);
    }
    let kinds: Vec<EventKind> = events.iter().map(|event| event.kind).collect();
    let lost = EventKind::RecordsLost;
    assert_eq!(
        kinds,
        [
            EventKind::IntrusionAlert,
            lost,
            lost,
            lost,
            EventKind::IntrusionAlert
        ]
    );
    let counts: Vec<&str> = events
        .iter()
        .filter_map(|event| event.field("count"))
        .collect();
    assert_eq!(counts, ["5", "7", "2"]);
    assert_eq!((source.counts().notices, source.counts().malformed), (2, 5));
    let first = events.first().unwrap();
    assert_eq!(
        Timestamp::from_ns(first.ts_ns).to_string(),
        "2026-11-29T08:20:00.123456000Z"
    );
    assert_eq!(
        (first.field("rule"), first.field("destination_port")),
        (Some("2009285"), Some("502"))
    );
}

#[test]
fn times_of_other_forms_are_refused() {
    for (text, is_time) in [
        ("2026-11-29T09:20:00.123456+0000", true),
        ("2026-11-29T09:20:00Z", true),
        ("2026-11-29T09:20:00.1-03:30", true),
        ("2026-11-29T09:20:00", false),
        ("2026-11-29T09:20:00.+0000", false),
        ("2026-11-29T09:20:00.1234567890+0000", false),
        ("2026-11-29T09:20:00.1+9900", false),
        ("2026-11-29T09:20:00.1+00\u{e4}", false),
        ("2026-13-29T09:20:00.1+0000", false),
        ("", false),
    ] {
        let line = format!("{{\"timestamp\":\"{text}\",\"event_type\":\"drop\"}}");
        assert_eq!(eve::read(line.as_bytes()).is_some(), is_time, "{text}");
    }
}
