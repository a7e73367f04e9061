//! Every door of two boxes that run: which are open, who speaks through them, and what a client of the web gets.

use std::collections::BTreeSet;
use std::process::{Child, Stdio};
use std::time::Duration;

use super::one::capture;
use super::operators::Operators;
use super::place::Place;
use super::running::Running;
use super::two::{pinned, swap_roots};

const BOX: &str = include_str!("../../../../examples/box-pi/box.icl");
const SITE: &str = include_str!("../../../../examples/site/site.icl");
/// What both ends of a link of this project ask for (RFC 7301).
const OUR_PROTOCOL: &str = "iia/1";
/// How long the boxes are listened to, in seconds; `IIA_LISTEN_SECONDS` asks for longer.
const LISTEN_SECONDS: u64 = 3;
/// Ways in which a client of the web begins.
const CLIENTS: [&str; 5] = [
    "--http1.0 http://",
    "--http1.1 http://",
    "--http2-prior-knowledge http://",
    "--http1.1 --insecure https://",
    "--http2 --insecure https://",
];

/// Somebody who keeps every packet of a network.
struct Listener<'a> {
    place: &'a Place,
    child: Child,
}

impl<'a> Listener<'a> {
    fn start(place: &'a Place) -> Self {
        let mut command = place.inside("dumpcap");
        let child = command
            .args(["-q", "-i", "lo", "-w", "heard.pcapng"])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while !place.path("heard.pcapng").exists() {
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { place, child }
    }

    /// What another reader of packets makes of them: the values of a field where a filter holds.
    fn heard(&mut self, filter: &str, field: &str) -> Vec<String> {
        let (place, pid) = (self.place, self.child.id());
        if self.child.try_wait().unwrap().is_none() {
            place.good(&format!("kill -INT {pid}"));
            self.child.wait().unwrap();
        }
        let words = format!("-2 -n -r heard.pcapng -Y {filter} -T fields -e {field}");
        let mut command = place.inside("tshark");
        let output = command.args(words.split(' ')).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let said = String::from_utf8(output.stdout).unwrap();
        said.lines().map(str::to_owned).collect()
    }
}

/// The doors that the kernel says are open: address and port of each TCP socket that waits.
fn doors(place: &Place) -> BTreeSet<String> {
    let said = place.good("ss -Hltn");
    let door = |line: &str| line.split_whitespace().nth(3).map(str::to_owned);
    said.lines().filter_map(door).collect()
}

/// The changes of a box's configuration, and how many records its chain has.
fn told(history: &str) -> (String, usize) {
    let (changes, proven) = history.split_once("proven: ").unwrap();
    let records = proven.split(' ').next().unwrap().parse().unwrap();
    (changes.to_owned(), records)
}

#[test]
fn r_inv_01_no_door_of_a_running_box_speaks_http_and_each_is_declared() {
    let Some(place) = Place::new() else { return };
    let mut listener = Listener::start(&place);
    let mut site = Operators::make(&place, ("site", "site.example"));
    let mut seg01 = Operators::make(&place, ("seg01", "iia.local"));
    let key = |name: &str| place.text(name).trim().to_owned();
    site.begin("");
    let (witness, mirror) = (key("site/public/witness"), key("site/public/mirror"));
    seg01.begin(&format!("--witness {witness} --mirror {mirror}"));
    swap_roots(&place);
    let log = key("seg01/public/log");
    let mut above = Running::start(&place, &format!("run site --below {log}"));
    let (code, said) = site.apply(&pinned(SITE, "iia.local", &seg01.pin), 60);
    assert_eq!(code, 0, "{said}");
    above.until("the box runs under");
    let words = format!("run seg01 --replay {} --speed 0", capture());
    let mut below = Running::start(&place, &words);
    let (code, said) = seg01.apply(&pinned(BOX, "site.example", &site.pin), 60);
    assert_eq!(code, 0, "{said}");
    below.until("the box runs under");
    let asked = std::env::var("IIA_LISTEN_SECONDS").ok();
    let seconds = asked.map_or(LISTEN_SECONDS, |asked| asked.parse().unwrap());
    std::thread::sleep(Duration::from_secs(seconds));

    // R-INV-02: whoever dials out asks for our protocol and no other, as another reader of packets sees it.
    let asked = listener.heard("tls.handshake.type==1", "tls.handshake.extensions_alpn_str");
    eprintln!("{seconds} s: {} sessions begun", asked.len());
    assert!(asked.len() > 10, "{asked:?}");
    let others: Vec<_> = asked
        .iter()
        .filter(|asked| *asked != OUR_PROTOCOL)
        .collect();
    assert!(others.is_empty(), "{others:?}");
    let web = listener.heard(
        "http||http2||tcp.port==80||tcp.port==443||tcp.port==8080",
        "frame.number",
    );
    assert!(web.is_empty(), "{web:?}");

    // R-INV-05: whatever is open is declared, and by the same list everything is there.
    let open = doors(&place);
    let declared_by_seg01 = place.good("iia surface seg01-1.icl");
    let declared = place.good("iia surface site-1.icl") + &declared_by_seg01;
    for door in &open {
        assert!(
            declared.contains(door.as_str()),
            "{door} is not in\n{declared}"
        );
    }
    assert!(open.len() >= 8, "{open:?}");
    assert_eq!(place.good("ss -Hlun"), "", "nothing waits for datagrams");

    // R-INV-01: a client of the web gets nothing anywhere, and nothing changes by what it sends.
    let history = format!("iia config history seg01 --key {log}");
    let (changes, records) = told(&place.good(&history));
    for door in &open {
        for client in CLIENTS {
            let words = format!(
                "curl --silent --show-error --max-time 5 --include --data revision=2 {client}{door}/config"
            );
            let (code, said) = place.run(&words);
            assert_ne!(code, 0, "{words}: {said}");
            // A status line; that what came was none ("Received HTTP/0.9"), the client says itself: it was an alert of TLS.
            let answered = said.lines().any(|line| line.starts_with("HTTP/"));
            assert!(!answered, "{words}: {said}");
            assert!(!said.contains("timed out"), "{words}: {said}");
        }
    }
    let after = told(&place.good(&history));
    assert_eq!(after.0, changes);
    let doors_of_seg01 = open
        .iter()
        .filter(|door| declared_by_seg01.contains(door.as_str()));
    assert!(
        after.1 >= records + doors_of_seg01.count(),
        "each door tells whom it refused"
    );
    assert_eq!(doors(&place), open);
    assert_eq!(below.end("TERM"), Some(0));
    assert_eq!(above.end("TERM"), Some(0));
}
