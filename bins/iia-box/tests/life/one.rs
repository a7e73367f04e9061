//! One box, with nobody above it that it could reach.

use std::io::Read as _;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::operators::Operators;
use super::place::Place;
use super::running::Running;
use iia_core::digest::{Context, Digest};

const BOX: &str = include_str!("../../../../examples/box-pi/box.icl");

pub(crate) fn capture() -> String {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/captures/press-line.pcap");
    path.canonicalize().unwrap().display().to_string()
}

/// The next revision, in which one line is another.
fn revised(text: &str, revision: u64, (old, new): (&str, &str)) -> String {
    let digest = Digest::of(Context::Artifact, text.as_bytes());
    let start = text.find("  revision ").unwrap();
    let issued = text.find("  issued ").unwrap();
    let head = format!(
        "{}  revision {revision}\n  previous {digest}\n",
        &text[..start]
    );
    let rest = text[issued..].replacen(old, new, 1);
    assert_ne!(rest, text[issued..], "{old}");
    head + &rest
}

/// Where the query server answers before and after, as the kernel writes it: 127.90.33.2 and 127.90.33.3, port 7443.
const QUERY_SERVER: [&str; 2] = ["02215A7F:1D13", "03215A7F:1D13"];

fn listens(place: &Place, address: &str) -> bool {
    let table = place.good("cat /proc/self/net/tcp");
    table
        .lines()
        .any(|line| line.contains(address) && line.contains(" 0A "))
}

/// Somebody who has the address to which the chain's keeper is moved.
struct Taken(std::process::Child);

impl Taken {
    fn new(place: &Place) -> Self {
        let python = std::env::var("IIA_PYTHON").unwrap_or_else(|_| "python3".into());
        let listen = "import socket, time\n\
                      door = socket.create_server(('127.90.22.2', 7444))\n\
                      print('open', flush=True)\ntime.sleep(600)";
        let mut command = place.inside(&python);
        let mut child = command
            .args(["-c", listen])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut word = [0; 4];
        child
            .stdout
            .as_mut()
            .unwrap()
            .read_exact(&mut word)
            .unwrap();
        Self(child)
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let _over = self.0.kill();
        let _over = self.0.wait();
    }
}

#[test]
fn r_inv_20_a_box_follows_what_is_applied_and_nothing_else() {
    let Some(place) = Place::new() else { return };
    place.bad("iia-box run seg01 --below x", "seg01");
    let mut operators = Operators::make(&place, ("seg01", "iia.local"));
    operators.begin("");
    place.bad(
        "iia-box new seg01 --box seg01 --domain iia.local",
        "exists already",
    );
    place.bad("iia-box run seg01 --replay nowhere.pcap", "nowhere.pcap");
    let words = format!("run seg01 --replay {} --speed 0", capture());
    let mut running = Running::start(&place, &words);
    // R-HWC-02: it says what encrypts its links, as the kernel tells of the processor.
    let flags = place.good("cat /proc/cpuinfo").to_lowercase();
    let has_aes = flags.split_whitespace().any(|flag| flag == "aes");
    running.until(match has_aes {
        true => "links are encrypted with the processor's own AES",
        false => "links are encrypted by SOFTWARE",
    });
    running.until("waits for its first configuration");
    place.bad(&format!("iia-box {words}"), "this box runs already");

    // The first configuration: on trial until its roles serve.
    let (code, said) = operators.apply(BOX, 60);
    assert_eq!(code, 0, "{said}");
    running.until("pins no certificate, so that nobody of site.example is believed");
    running.until("the box runs under");
    running.until("on trial and in force here: signed");

    // A change while it runs: the roles are those of the new text.
    let silence = ("  silence 10s", "  silence 20s");
    let contract = "contract iia.contract.device.historian_press_b 1.0.0";
    let second = revised(BOX, 2, (contract, &contract.replace("1.0.0", "1.1.0")));
    let at = second
        .find("contract iia.contract.device.historian_press_b")
        .unwrap();
    let second = second[..at].to_owned() + &second[at..].replacen(silence.0, silence.1, 1);
    // With it the query server moves to another address: its identity stays, its binding and its endpoint are others.
    let second = second.replace("127.90.33.2", "127.90.33.3");
    assert!(listens(&place, QUERY_SERVER[0]) && !listens(&place, QUERY_SERVER[1]));
    let (code, said) = operators.apply(&second, 60);
    assert_eq!(code, 0, "{said}");
    let under = running.until("the box runs under");
    assert!(
        under.contains(&Digest::of(Context::Artifact, second.as_bytes()).to_string()),
        "{under}"
    );

    assert!(!listens(&place, QUERY_SERVER[0]) && listens(&place, QUERY_SERVER[1]));

    // One that nobody can run is not confirmed, and what was in force before runs again.
    let moved = ("listen tls/127.90.22.2:7443", "listen tls/127.90.22.2:7444");
    let taken = Taken::new(&place);
    let third = revised(&second, 3, moved);
    let (code, said) = operators.apply(&third, 6);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("went back"), "{said}");
    running.until("tried again in");
    running.until("the box runs under");
    drop(taken);

    // The supervisor is killed: its roles go, and the next one finds everything as it was.
    let roles = "role audit seg01";
    assert_eq!(place.alive(roles), 1);
    running.end("KILL");
    let killed = Instant::now();
    while place.alive(" seg01") > 0 {
        assert!(
            killed.elapsed() < Duration::from_secs(10),
            "roles outlive their supervisor"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    let mut running = Running::start(&place, &words);
    running.until("the box runs under");
    // Its observer takes up what it knew: nothing is there that was not intended.
    let seen = running.until("ot.attestation.config");
    assert!(seen.contains("is in force"), "{seen}");
    assert_eq!(running.end("TERM"), Some(0));
    assert_eq!(place.alive(" seg01"), 0);

    // Whoever takes the directory away takes the claim on the box along: it ends, so that no other begins beside it.
    let mut running = Running::start(&place, &words);
    running.until("the box runs under");
    place.good("mv seg01 aside");
    running.until("the box's directory was taken away under it");
    assert_eq!(running.ends(), Some(1));
    assert_eq!(place.alive(" seg01"), 0);
    place.bad("ls seg01", "No such file");
    place.good("mv aside seg01");

    let key = place.text("seg01/public/log");
    let (code, said) = place.run(&format!("iia config history seg01 --key {}", key.trim()));
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("proven: "), "{said}");
    assert!(
        said.contains("signed by ann: signature verifies again"),
        "{said}"
    );
}
