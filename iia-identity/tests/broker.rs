//! A real broker that reads common names only knows workloads by their alias and devices by their name.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::judge::{Place, has_openssl};
use iia_core::Timestamp;
use iia_core::time::{Clock as _, Floor, SystemClock};
use iia_identity::device::{DEVICE_LIFE_SECS, Device, DeviceCertificate, DevicePki, Used};
use iia_identity::issue::{Issuer, KeyKind, PrivateKey, Subject, request_for};

const LAKE: &str = "spiffe://iia.local/zone/lake/workload/lake_writer";

struct Broker(Child, u16);

impl Broker {
    fn start(place: &Place, more: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let at = |name: &str| place.path().join(name).display().to_string();
        let text = format!(
            "listener {port} 127.0.0.1\nuser root\npersistence false\nallow_anonymous false\nacl_file {}\ncafile {}\n\
             certfile {}\nkeyfile {}\nrequire_certificate true\nuse_identity_as_username true\ntls_version tlsv1.3\n{more}",
            at("acl"),
            at("ca"),
            at("server.pem"),
            at("server_key.pem"),
        );
        let conf = place.put("conf", text.as_bytes());
        let mut child = Command::new("mosquitto")
            .args(["-c", &conf])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(child.try_wait().unwrap().is_none(), "mosquitto ended");
            assert!(
                started.elapsed() < Duration::from_secs(20),
                "mosquitto does not answer"
            );
            std::thread::yield_now();
        }
        Self(child, port)
    }

    /// What the broker says to a publication: its reason code, or nothing when it lets nobody in.
    fn publish(&self, place: &Place, who: Option<&str>, topic: &str) -> Option<u8> {
        let port = self.1.to_string();
        // The SVID of the broker names no host.
        let mut all = vec![
            "-V",
            "5",
            "-q",
            "1",
            "-d",
            "-h",
            "127.0.0.1",
            "-p",
            &port,
            "--insecure",
            "--cafile",
        ];
        let ca = place.path().join("ca").display().to_string();
        all.push(&ca);
        all.extend(["-t", topic, "-m", "x"]);
        let files = who.map(|who| {
            [format!("{who}.pem"), format!("{who}_key.pem")]
                .map(|name| place.path().join(name).display().to_string())
        });
        if let Some([cert, key]) = &files {
            all.extend(["--cert", cert, "--key", key]);
        }
        let done = Command::new("mosquitto_pub").args(all).output().unwrap();
        let said = String::from_utf8_lossy(&done.stdout).into_owned();
        let code = said.split("RC:").nth(1)?.split(')').next()?;
        said.contains("PUBACK").then(|| code.parse().unwrap())
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _gone = self.0.wait();
    }
}

fn clock() -> SystemClock {
    SystemClock::new(Floor::new(Timestamp::default()), 0)
}

/// Writes a chain and its key as a program reads them.
fn put(place: &Place, name: &str, chain: &[Vec<u8>], key: &PrivateKey) {
    let mut all = String::new();
    for (number, der) in chain.iter().enumerate() {
        let file = place.pem("x509", &format!("{name}{number}"), der);
        all += &std::fs::read_to_string(file).unwrap();
    }
    place.put(&format!("{name}.pem"), all.as_bytes());
    place.pem("pkey", &format!("{name}_key"), key.as_pkcs8());
}

fn device(place: &Place, pki: &DevicePki, name: &str) -> DeviceCertificate {
    let (csr, key) = request_for(KeyKind::P256, &"spiffe://a/b".parse().unwrap()).unwrap();
    let device = Device {
        common_name: name.into(),
        serial_number: String::new(),
        hosts: Vec::new(),
        used: Used::Client,
    };
    let one = pki
        .issue(&csr, &device, DEVICE_LIFE_SECS, clock().read())
        .unwrap();
    put(place, name, &one.chain, &key);
    one
}

/// MQTT 5, 3.4.2.1: success with nobody listening, and not authorized.
const DONE: [Option<u8>; 2] = [Some(0), Some(16)];
const NOT_AUTHORIZED: Option<u8> = Some(0x87);

#[test]
fn a_broker_knows_workloads_by_their_alias_and_devices_by_their_name_and_nobody_without() {
    let test =
        "a_broker_knows_workloads_by_their_alias_and_devices_by_their_name_and_nobody_without";
    if !has_openssl(test) {
        return;
    }
    if Command::new("mosquitto_pub")
        .arg("--version")
        .output()
        .is_err()
    {
        return common::skip(test, "mosquitto and mosquitto_pub");
    }
    let (place, clock) = (Place::new(), clock());
    let issuer = Issuer::create("iia.local".parse().unwrap(), 3600, 1, clock.read()).unwrap();
    let mut pki = DevicePki::create("cell", KeyKind::P256, clock.read()).unwrap();
    let svid = |name: &str, id: &str, alias: &str, kind: KeyKind| {
        let subject = Subject::with_alias(id.parse().unwrap(), alias).unwrap();
        let made = issuer.issue_with_key(kind, &subject, &common::Everybody, clock.read());
        let (issued, key) = made.unwrap();
        put(&place, name, &issued.chain, &key);
    };
    svid(
        "server",
        "spiffe://iia.local/zone/cell/workload/broker",
        "broker",
        KeyKind::P256,
    );
    svid("lake", LAKE, LAKE, KeyKind::P256);
    svid(
        "edwards",
        "spiffe://iia.local/zone/a/workload/edwards",
        "edwards",
        KeyKind::Ed25519,
    );
    let _sensor = device(&place, &pki, "sensor-7");
    let lost = device(&place, &pki, "lost");
    let roots = [("own", issuer.root()), ("cell", pki.root())];
    let roots =
        roots.map(|(name, der)| std::fs::read_to_string(place.pem("x509", name, der)).unwrap());
    place.put("ca", roots.concat().as_bytes());
    let acl = format!(
        "user {LAKE}\ntopic write lake/#\n\nuser edwards\ntopic write lake/#\n\nuser sensor-7\ntopic write cell/#\n\n\
         user lost\ntopic write cell/#\n"
    );
    place.put("acl", acl.as_bytes());
    {
        let broker = Broker::start(&place, "");
        for (who, topic) in [
            ("lake", "lake/a"),
            ("edwards", "lake/a"),
            ("sensor-7", "cell/a"),
            ("lost", "cell/a"),
        ] {
            assert!(
                DONE.contains(&broker.publish(&place, Some(who), topic)),
                "{who} {topic}"
            );
        }
        // Known, and not allowed: the name that counts is the one of the certificate.
        assert_eq!(
            broker.publish(&place, Some("lake"), "cell/a"),
            NOT_AUTHORIZED
        );
        assert_eq!(
            broker.publish(&place, Some("sensor-7"), "lake/a"),
            NOT_AUTHORIZED
        );
        assert_eq!(
            broker.publish(&place, None, "cell/a"),
            None,
            "without a certificate"
        );
        let foreign = DevicePki::create("cell", KeyKind::P256, clock.read()).unwrap();
        let name = "stranger";
        device(&place, &foreign, name);
        assert_eq!(
            broker.publish(&place, Some(name), "cell/a"),
            None,
            "of another cell"
        );
    }
    pki.revoke(&lost, clock.read()).unwrap();
    let lists = [
        pki.crl(clock.read()).unwrap(),
        pki.root_crl(clock.read()).unwrap(),
    ];
    let lists = lists.map(|der| std::fs::read_to_string(place.pem("crl", "one", &der)).unwrap());
    let crl = place.put("crl", lists.concat().as_bytes());
    let broker = Broker::start(&place, &format!("crlfile {crl}\n"));
    assert!(DONE.contains(&broker.publish(&place, Some("sensor-7"), "cell/a")));
    assert_eq!(
        broker.publish(&place, Some("lost"), "cell/a"),
        None,
        "revoked"
    );
}
