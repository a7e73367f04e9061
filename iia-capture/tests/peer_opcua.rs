//! A conversation with another implementation, carried through a wire tap, told as it took place.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    unreachable_pub,
    dead_code,
    reason = "tests"
)]

#[path = "truth_opcua/live.rs"]
mod live;
mod oracle;
#[path = "peers/tap.rs"]
mod tap;
mod truth;

use std::collections::BTreeMap;
use std::net::UdpSocket;
use std::time::Duration;

use iia_capture::pipeline::{Options, Pipeline};
use iia_capture::source::{LinkType, Packet};
use iia_core::Timestamp;
use iia_core::observe::{Observation, Outcome, Protocol, Said, Value};
use tap::Peer;

const PASSWORD: &str = "correct horse battery";

/// What was said: service, outcome, values in words, all of it as text.
struct Told {
    what: String,
    outcome: Outcome,
    values: BTreeMap<String, Vec<String>>,
}

fn tell(packets: &[(i64, Vec<u8>)]) -> Vec<Told> {
    let mut pipeline = Pipeline::new(Options::default());
    let mut told = Vec::new();
    let mut sink = |seen: &Observation<'_>| {
        let Observation::Said(said) = seen else {
            return;
        };
        assert!(matches!(
            said.protocol,
            Protocol::OpcUa | Protocol::OpcUaPubSub
        ));
        assert_secret(said);
        let mut values = BTreeMap::<String, Vec<String>>::new();
        for field in said.asked.iter().chain(said.answered) {
            values
                .entry(field.name.into())
                .or_default()
                .push(field.value.to_string());
        }
        told.push(Told {
            what: said.what.into(),
            outcome: said.outcome,
            values,
        });
    };
    for (ns, data) in packets {
        let packet = Packet {
            ts: Timestamp::from_ns(*ns),
            link: LinkType::ETHERNET,
            orig_len: u32::try_from(data.len()).unwrap(),
            data,
        };
        pipeline.handle_packet(&packet, &mut sink);
    }
    pipeline.finish(&mut sink);
    told
}

/// No value has the password in it.
fn assert_secret(said: &Said<'_>) {
    for field in said.asked.iter().chain(said.answered) {
        let bytes = match field.value {
            Value::Text(text) => text.as_bytes(),
            Value::Bytes(bytes) => bytes,
            _ => continue,
        };
        let found = bytes
            .windows(PASSWORD.len())
            .any(|part| part == PASSWORD.as_bytes());
        assert!(!found, "{} tells the password", field.name);
    }
}

fn of<'t>(told: &'t [Told], what: &str) -> Vec<&'t Told> {
    told.iter().filter(|one| one.what == what).collect()
}

fn has(one: &Told, field: &str, value: &str) -> bool {
    let values = one.values.get(field);
    values.is_some_and(|all| all.iter().any(|one| one == value))
}

/// Holds what is told against what the client says that it did.
fn hold(told: &[Told], done: &str) {
    assert!(
        done.contains("read 12.5 1 2 3") || done.contains("read 99.25 1 2 3"),
        "{done}"
    );
    for what in [
        "create_session",
        "activate_session",
        "browse",
        "call",
        "create_monitored_items",
        "publish",
    ] {
        let all = of(told, what);
        let answered = all
            .iter()
            .filter(|one| one.outcome == Outcome::Answered)
            .count();
        assert!(answered > 0, "{what}");
    }
    let broken: Vec<_> = told
        .iter()
        .filter(|one| matches!(one.outcome, Outcome::Malformed | Outcome::Orphan))
        .collect();
    assert!(broken.is_empty(), "{}", broken[0].what);
    let session = of(told, "activate_session")[0];
    assert!(has(session, "opcua.UserName", "operator"));
    assert!(has(session, "iia.opcua.password_given", "true"));
    let writes = of(told, "write");
    assert!(
        writes.iter().any(|one| has(one, "opcua.Double", "42.75")
            && has(one, "opcua.nodeid.string", "press.force"))
    );
    let reads = of(told, "read");
    assert!(
        reads
            .iter()
            .any(|one| has(one, "opcua.StatusCode", "2150891520 BadNodeIdUnknown"))
    );
    assert!(
        reads
            .iter()
            .any(|one| has(one, "opcua.fragment.count", "2")),
        "no chunks"
    );
    let call = of(told, "call")[0];
    let numbers = &call.values["opcua.Int64"];
    assert_eq!(*numbers, ["20", "22", "42"]);
    let publishes = of(told, "publish");
    let change = |one: &&&Told| {
        has(one, "opcua.Double", "99.25") && has(one, "iia.opcua.item.id", "press.force")
    };
    assert!(
        publishes.iter().any(|one| change(&one)),
        "no change of press.force"
    );
}

#[test]
fn a_conversation_of_another_implementation_is_told_as_it_took_place() {
    let test = "a_conversation_of_another_implementation_is_told_as_it_took_place";
    if !tap::python(test) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let server = Peer::server(folder.path());
    for mode in ["None", "Sign"] {
        let (packets, done) = server.client(mode);
        let told = tell(&packets);
        hold(&told, &done);
        if mode == "None" {
            judge(&packets, folder.path());
        } else {
            assert!(
                of(&told, "read")
                    .iter()
                    .all(|one| has(one, "iia.opcua.signed", "true"))
            );
        }
    }
    let (packets, done) = server.client("SignAndEncrypt");
    assert!(done.contains("done"), "{done}");
    let told = tell(&packets);
    let sealed = of(&told, "message");
    assert!(sealed.len() > 20);
    assert!(
        sealed
            .iter()
            .all(|one| has(one, "iia.opcua.policy", "Basic256Sha256")
                && has(one, "iia.opcua.encrypted", "true"))
    );
    assert!(of(&told, "read").is_empty());
}

/// What differs from tshark's table of the same packets: chunks ahead of the last, and the password.
fn judge(packets: &[(i64, Vec<u8>)], folder: &std::path::Path) {
    let Some(fields) = live::fields() else {
        return live::skip("the judge of a conversation with another implementation");
    };
    let path = folder.join("tapped.pcap");
    tap::write_pcap(&path, packets);
    let theirs = live::theirs(&path, &fields);
    let ours = live::same_spelling(truth::ours(&path), &fields);
    let names: Vec<&str> = fields.iter().map(|field| field.0.as_str()).collect();
    let mut agreement = truth::Agreement::default();
    agreement.compare("tapped", &ours, &theirs, &names);
    let ahead = ["opcua.transport.", "opcua.security."];
    let known =
        |name: &str| name == "opcua.Password" || ahead.iter().any(|start| name.starts_with(start));
    let wrong: Vec<_> = agreement
        .different
        .iter()
        .filter(|one| !known(&one.0.1) || one.1.0 > 2)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(agreement.same > 2000, "{}", agreement.same);
    eprintln!(
        "{} values of a conversation with another implementation are equal",
        agreement.same
    );
}

#[test]
fn a_publisher_of_another_implementation_is_told() {
    if !tap::python("a_publisher_of_another_implementation_is_told") {
        return;
    }
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    let port = socket.local_addr().unwrap().port();
    tap::run(&["publisher", &port.to_string()]);
    let (mut packets, mut buffer) = (Vec::new(), [0; 2000]);
    for at in 0..2 {
        let len = socket.recv(&mut buffer).unwrap();
        packets.push((at, tap::datagram(&buffer[..len])));
    }
    let told = tell(&packets);
    assert_eq!(told.len(), 2);
    let sound = told
        .iter()
        .all(|one| one.what == "data_set_messages" && one.outcome == Outcome::Stated);
    assert!(sound);
    let [several, raw] = &told[..] else {
        panic!("{}", told.len())
    };
    let values = |name: &str| several.values[name].clone();
    assert_eq!(values("iia.uadp.publisher_id"), ["4711"]);
    assert_eq!(values("iia.uadp.writer_group_id"), ["5"]);
    assert_eq!(values("iia.uadp.data_set_writer_id"), ["31", "32", "33"]);
    assert_eq!(values("opcua.Double"), ["42.75", "42.75"]);
    assert_eq!(values("opcua.UInt16"), ["1", "2", "3"]);
    assert_eq!(
        values("iia.uadp.message_type"),
        ["0 key_frame", "1 delta_frame", "3 keep_alive"]
    );
    assert!(has(raw, "iia.uadp.publisher_id", "press"));
    assert!(has(raw, "iia.uadp.raw", "72617721"));
}
