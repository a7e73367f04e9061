//! Real programs on the loopback: a broker, its command line clients and a client of MQTT 5 in Python. What they said is
//! captured, told here, and judged by tshark and by what they know themselves.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    unreachable_pub,
    dead_code,
    reason = "tests"
)]

mod oracle;
mod tap;
mod truth;

use std::collections::BTreeMap;
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use iia_capture::pipeline::{Options, Pipeline};
use iia_capture::source::pcap::PcapSource;
use iia_core::observe::{Act, Observation};
use tap::Tap;

/// Fields of a record by name.
type Fields = Vec<(String, String)>;
/// What was said: what, what became of it, the fields of both sides.
type Told = (String, String, Fields, Fields);

/// What a client did: who, what, under which topic, how many bytes.
type Acted = (String, Act, String, u64);

/// Every field of MQTT that is told here under Wireshark's name and is no secret.
const FIELDS: &[&str] = &[
    "mqtt.msgtype",
    "mqtt.len",
    "mqtt.dupflag",
    "mqtt.qos",
    "mqtt.retain",
    "mqtt.msgid",
    "mqtt.topic",
    "mqtt.msg",
    "mqtt.protoname",
    "mqtt.ver",
    "mqtt.conflag.uname",
    "mqtt.conflag.passwd",
    "mqtt.conflag.retain",
    "mqtt.conflag.qos",
    "mqtt.conflag.willflag",
    "mqtt.conflag.cleansess",
    "mqtt.kalive",
    "mqtt.clientid",
    "mqtt.username",
    "mqtt.willtopic",
    "mqtt.willmsg",
    "mqtt.conack.flags.sp",
    "mqtt.conack.val",
    "mqtt.connack.reason_code",
    "mqtt.puback.reason_code",
    "mqtt.pubrec.reason_code",
    "mqtt.pubrel.reason_code",
    "mqtt.pubcomp.reason_code",
    "mqtt.suback.reason_code",
    "mqtt.unsuback.reason_code",
    "mqtt.disconnect.reason_code",
    "mqtt.sub.qos",
    "mqtt.suback.qos",
    "mqtt.subscription_options_qos",
    "mqtt.subscription_options_nl",
    "mqtt.subscription_options_rap",
    "mqtt.subscription_options_retain",
    "mqtt.property_id",
    "mqtt.prop_number",
    "mqtt.prop_string",
    "mqtt.prop_key",
    "mqtt.prop_value",
    "mqtt.property.content_type",
    "mqtt.property.topic_alias",
    "mqtt.property.max_qos",
];

fn has(program: &str) -> bool {
    let found = Command::new("sh")
        .args(["-c", &format!("command -v {program}")])
        .output();
    found.is_ok_and(|output| output.status.success())
}

fn skip(test: &str, missing: &str) {
    let all = std::env::var_os("IIA_REQUIRE_ALL").is_some_and(|value| value == "1");
    assert!(!all, "{test} needs {missing}");
    eprintln!("SKIPPED: {test}: {missing}");
}

/// A Python that has what the peer needs.
fn python() -> Option<PathBuf> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/venv/bin/python3");
    let python = std::env::var_os("IIA_PYTHON").map_or(own, PathBuf::from);
    let run = Command::new(&python)
        .args(["-c", "import paho.mqtt.client, google.protobuf"])
        .output();
    run.is_ok_and(|output| output.status.success())
        .then_some(python)
}

/// A broker of this machine that ends with the test.
struct Broker(Child, SocketAddr);

impl Broker {
    fn start(dir: &Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let conf = dir.join("broker.conf");
        let text = format!(
            "listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nuser root\n"
        );
        std::fs::write(&conf, text).unwrap();
        let mut command = Command::new("mosquitto");
        command
            .arg("-c")
            .arg(&conf)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let broker = Self(command.spawn().unwrap(), (Ipv4Addr::LOCALHOST, port).into());
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(broker.1).is_err() {
            assert!(Instant::now() < deadline, "the broker does not listen");
            std::thread::yield_now();
        }
        broker
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// All that is told of a capture, and what clients did in the words of contracts.
fn told(path: &Path) -> (Vec<Told>, Vec<Acted>) {
    let (mut said, mut acts) = (Vec::new(), Vec::new());
    let mut sink = |seen: &Observation<'_>| match seen {
        Observation::Said(one) => {
            let fields = |fields: &[iia_core::observe::Field<'_>]| {
                let all = fields.iter();
                all.map(|field| (field.name.to_owned(), field.value.to_string()))
                    .collect()
            };
            let what = (one.what.to_owned(), one.outcome.name().to_owned());
            said.push((what.0, what.1, fields(one.asked), fields(one.answered)));
        }
        Observation::Message(one) => {
            acts.push((
                one.client.to_owned(),
                one.act,
                one.address.text().to_owned(),
                one.payload_len,
            ));
        }
        _ => {}
    };
    let mut source = PcapSource::open(File::open(path).unwrap()).unwrap();
    let mut pipeline = Pipeline::new(Options::default());
    while let Some(packet) = source.next_packet().unwrap() {
        pipeline.handle_packet(&packet, &mut sink);
    }
    pipeline.finish(&mut sink);
    assert_eq!(pipeline.stats().units_malformed, 0);
    (said, acts)
}

fn values<'f>(fields: &'f Fields, name: &str) -> Vec<&'f str> {
    let all = fields.iter().filter(|field| field.0 == name);
    all.map(|field| field.1.as_str()).collect()
}

/// Runs the client in Python through a tap; the capture, and what the client says that it published.
fn peer(dir: &Path, python: &Path) -> (PathBuf, String) {
    let broker = Broker::start(dir);
    let tap = Tap::before(broker.1, 1883);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mqtt/peer.py");
    let output = Command::new(python)
        .arg(script)
        .arg(tap.port.to_string())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let path = dir.join("peer.pcap");
    tap.write(&path);
    (path, String::from_utf8(output.stdout).unwrap())
}

#[test]
fn a_client_of_mqtt_5_is_told_as_tshark_and_it_itself_have_it() {
    let test = "a_client_of_mqtt_5_is_told_as_tshark_and_it_itself_have_it";
    let Some(python) = python() else {
        return skip(
            test,
            "a Python with paho-mqtt and protobuf (IIA_PYTHON or target/venv)",
        );
    };
    if !has("mosquitto") || !has("tshark") {
        return skip(test, "mosquitto, tshark");
    }
    let dir = tempfile::tempdir().unwrap();
    let (path, metrics) = peer(dir.path(), &python);
    let (same, different) = truth::live_differences(&path, FIELDS);
    assert_eq!(different, Vec::<String>::new());
    assert!(same > 200, "{same} values are equal");
    let (said, acts) = told(&path);
    let all = format!("{said:?}");
    assert!(!all.contains("secret-of-the-press") && all.contains("mqtt.conflag.passwd"));
    sparkplug(&said, &metrics);
    exchanges(&said);
    let press = |act, topic: &str, len| ("press".to_owned(), act, topic.to_owned(), len);
    for act in [
        press(Act::Subscribe, "plant/+/press", 0),
        press(Act::Publish, "plant/1/third", 3),
        press(Act::Publish, "plant/aliased/topic", 8),
        press(Act::Publish, "plant/nobody", 0),
    ] {
        assert!(acts.contains(&act), "{act:?} of {acts:?}");
    }
    eprintln!("{same} values as tshark has them, {} records", said.len());
}

/// One record for each exchange, with its outcome.
fn exchanges(said: &[Told]) {
    let count = |what: &str, outcome: &str, topic: &str| {
        let all = said
            .iter()
            .filter(|one| (one.0.as_str(), one.1.as_str()) == (what, outcome));
        all.filter(|one| topic.is_empty() || values(&one.2, "mqtt.topic").contains(&topic))
            .count()
    };
    for (what, outcome, topic, want) in [
        ("connect", "answered", "", 1),
        ("subscribe", "answered", "plant/+/press", 1),
        ("unsubscribe", "answered", "plant/never", 1),
        ("publish", "answered", "plant/1/other", 1),
        ("publish", "answered", "plant/1/third", 1),
        ("pubrel", "answered", "", 1),
        // Bound, by alias, and by alias with an acknowledgement.
        ("publish", "stated", "plant/aliased/topic", 2),
        ("publish", "answered", "plant/aliased/topic", 1),
        ("disconnect", "stated", "", 1),
        ("connect", "orphan", "", 0),
        ("publish", "unanswered", "", 0),
    ] {
        assert_eq!(
            count(what, outcome, topic),
            want,
            "{what} {outcome} {topic}"
        );
    }
}

/// The metrics of a birth and of data that name them by alias, as the encoder had them.
fn sparkplug(said: &[Told], metrics: &str) {
    let want: Vec<(String, u64, serde_json::Value)> = serde_json::from_str(metrics).unwrap();
    let mut kinds = BTreeMap::<&str, usize>::new();
    for (_, _, fields, _) in said {
        let Some(kind) = values(fields, "iia.sparkplug.type").first().copied() else {
            continue;
        };
        *kinds.entry(kind).or_default() += 1;
        assert_eq!(
            values(fields, "iia.sparkplug.malformed"),
            [""; 0],
            "{fields:?}"
        );
        let (names, own) = (
            values(fields, "iia.sparkplug.metric.name"),
            values(fields, "iia.sparkplug.metric.value"),
        );
        let types = values(fields, "iia.sparkplug.metric.datatype");
        for (at, (name, datatype, value)) in want.iter().enumerate() {
            assert_eq!(names[at], name);
            assert!(
                types[at].starts_with(&format!("{datatype} ")),
                "{name} {}",
                types[at]
            );
            let value = match (name.as_str(), value) {
                ("press/speed", _) => "-7".to_owned(),
                ("press/small", _) => "-1".to_owned(),
                ("press/start", _) => "2023-11-14T22:13:20.123".to_owned(),
                (_, serde_json::Value::String(text)) => text.clone(),
                (_, value) => value.to_string(),
            };
            assert!(
                own[at].starts_with(&value),
                "{name}: {} for {value}",
                own[at]
            );
        }
        if kind == "NBIRTH" {
            assert_eq!(values(fields, "iia.sparkplug.dataset.value"), ["-1", "x"]);
            assert_eq!(values(fields, "iia.sparkplug.template.ref"), ["motor"]);
            assert_eq!(values(fields, "iia.sparkplug.property.value"), ["bar"]);
            assert!(names.contains(&"rpm") && own.contains(&"1450"), "{own:?}");
        }
    }
    // The will, the births and data to the broker, and what the broker passed on of them.
    assert!(
        kinds["NDEATH"] == 1 && kinds["NBIRTH"] == 2 && kinds["NDATA"] == 4,
        "{kinds:?}"
    );
}

#[test]
fn old_versions_and_long_messages_of_other_clients_are_told() {
    let test = "old_versions_and_long_messages_of_other_clients_are_told";
    if !has("mosquitto") || !has("mosquitto_pub") || !has("tshark") {
        return skip(test, "mosquitto, mosquitto_pub, tshark");
    }
    let dir = tempfile::tempdir().unwrap();
    let broker = Broker::start(dir.path());
    let long = dir.path().join("long");
    std::fs::write(&long, vec![b'x'; 200_000]).unwrap();
    let tap = Tap::before(broker.1, 1883);
    let publish = |version: &str, qos: &str, rest: &[&str]| {
        let mut command = Command::new("mosquitto_pub");
        command.args([
            "-h",
            "127.0.0.1",
            "-p",
            &tap.port.to_string(),
            "-V",
            version,
            "-q",
            qos,
            "-t",
            "plant/7",
        ]);
        assert!(command.args(rest).status().unwrap().success());
    };
    for version in ["mqttv31", "mqttv311", "mqttv5"] {
        for qos in ["0", "1", "2"] {
            publish(version, qos, &["-m", "on", "-i", "old", "-r"]);
        }
    }
    let path = dir.path().join("old.pcap");
    tap.write(&path);
    let (same, different) = truth::live_differences(&path, FIELDS);
    assert_eq!(different, Vec::<String>::new());
    assert!(same > 200, "{same} values are equal");

    let tap = Tap::before(broker.1, 1883);
    let publish = |qos: &str| {
        let port = tap.port.to_string();
        let mut command = Command::new("mosquitto_pub");
        command
            .args([
                "-h",
                "127.0.0.1",
                "-p",
                &port,
                "-q",
                qos,
                "-t",
                "plant/7",
                "-i",
                "long",
                "-f",
            ])
            .arg(&long);
        assert!(command.status().unwrap().success());
    };
    publish("1");
    publish("2");
    tap.write(&path);
    let (said, acts) = told(&path);
    let published: Vec<&Told> = said.iter().filter(|one| one.0 == "publish").collect();
    assert_eq!(
        published
            .iter()
            .map(|one| one.1.as_str())
            .collect::<Vec<_>>(),
        ["answered", "answered"]
    );
    for one in published {
        assert_eq!(values(&one.2, "mqtt.topic"), ["plant/7"]);
        assert_eq!(values(&one.2, "iia.mqtt.payload_len"), ["200000"]);
        assert_eq!(values(&one.2, "iia.mqtt.payload_cut"), ["true"]);
        assert!(values(&one.2, "mqtt.msg_text")[0].starts_with("xxxx"));
    }
    assert_eq!(said.iter().filter(|one| one.0 == "disconnect").count(), 2);
    assert!(
        acts.iter().all(|act| act.3 == 200_000) && acts.len() == 2,
        "{acts:?}"
    );
}
