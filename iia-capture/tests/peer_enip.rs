//! A real client and a real server of others speak through a relay; what they say is read as they meant it.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use iia_capture::Packet;
use iia_capture::generate::frame;
use iia_capture::pipeline::{Options, Pipeline};
use iia_capture::source::LinkType;
use iia_core::Timestamp;
use iia_core::observe::{Field, Observation};

/// Ends with the test, whatever becomes of it.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn python() -> Command {
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/venv/bin/python");
    let mut python = Command::new(std::env::var_os("IIA_PYTHON").unwrap_or(own.into()));
    python.stdout(Stdio::null()).stderr(Stdio::null());
    python
}

fn there() -> bool {
    let look = python().args(["-c", "import cpppo.server.enip"]).status();
    look.is_ok_and(|status| status.success())
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn connect(port: u16) -> TcpStream {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        match TcpStream::connect(("127.0.0.1", port)) {
            Ok(stream) => return stream,
            Err(error) => assert!(Instant::now() < end, "{error}"),
        }
        thread::yield_now();
    }
}

/// Passes on what one side says, and tells it.
fn pass(mut from: TcpStream, mut to: TcpStream, up: bool, told: &Sender<(bool, Vec<u8>)>) {
    let mut room = [0; 4096];
    while let Ok(len @ 1..) = from.read(&mut room) {
        let bytes = room.get(..len).unwrap();
        told.send((up, bytes.to_vec())).unwrap();
        if to.write_all(bytes).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

/// What a client with these arguments and the server say to each other, in order.
fn conversation(server: u16, arguments: &[&str]) -> Vec<(bool, Vec<u8>)> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (sender, told) = channel();
    let relay = thread::spawn(move || {
        let (client, _) = listener.accept().unwrap();
        let server = connect(server);
        let back = (
            server.try_clone().unwrap(),
            client.try_clone().unwrap(),
            sender.clone(),
        );
        let other = thread::spawn(move || pass(back.0, back.1, false, &back.2));
        pass(client, server, true, &sender);
        other.join().unwrap();
    });
    let mut client = python();
    client
        .args(["-m", "cpppo.server.enip.client", "-a", &address])
        .args(arguments);
    assert!(client.status().unwrap().success(), "{arguments:?}");
    relay.join().unwrap();
    told.iter().collect()
}

/// What is said, an operation with its outcome, tag and values each.
fn read(conversation: &[(bool, Vec<u8>)]) -> Vec<String> {
    let (client, server, mut sequences) =
        (([10, 0, 0, 1], 40_000), ([10, 0, 0, 2], 44818), [1u32, 1]);
    let (mut pipeline, mut seen) = (Pipeline::new(Options::default()), Vec::new());
    let mut sink = |observation: &Observation<'_>| {
        if let Observation::Said(said) = observation {
            let (asked, answered) = (plain(said.asked), plain(said.answered));
            seen.push(format!(
                "{} {}:{asked} ={answered}",
                said.what,
                said.outcome.name()
            ));
        }
    };
    for (up, bytes) in conversation {
        let [mine, theirs] = &mut sequences;
        let (from, to, mine, theirs) = match up {
            true => (client, server, mine, theirs),
            false => (server, client, theirs, mine),
        };
        let data = frame((from.0, to.0), (from.1, to.1), (*mine, *theirs), bytes);
        *mine += u32::try_from(bytes.len()).unwrap();
        let packet = Packet {
            ts: Timestamp::from_secs(1_800_000_000),
            link: LinkType::ETHERNET,
            orig_len: u32::try_from(data.len()).unwrap(),
            data: &data,
        };
        pipeline.handle_packet(&packet, &mut sink);
    }
    pipeline.finish(&mut sink);
    seen
}

fn plain(fields: &[Field<'_>]) -> String {
    let names = [
        "cip.symbol",
        "cip.member",
        "iia.cip.data_type",
        "iia.cip.value",
        "cip.id.product_name",
        "enip.lir.name",
    ];
    let told = fields.iter().filter(|field| names.contains(&field.name));
    told.map(|field| format!(" {}", field.value)).collect()
}

#[test]
fn tags_of_a_real_server_are_read_as_its_client_reads_them() {
    if !there() {
        let all = std::env::var_os("IIA_REQUIRE_ALL").is_some_and(|value| value == "1");
        assert!(!all, "cpppo is missing");
        eprintln!(
            "SKIPPED: tags_of_a_real_server_are_read_as_its_client_reads_them: a Python with cpppo (IIA_PYTHON or target/venv)"
        );
        return;
    }
    let port = free_port();
    let address = format!("127.0.0.1:{port}");
    let mut command = python();
    command.args([
        "-m",
        "cpppo.server.enip",
        "-a",
        &address,
        "SCADA=INT[10]",
        "Level=REAL[4]",
    ]);
    let _server = Server(command.spawn().unwrap());
    drop(connect(port));
    let tags = [
        "SCADA[1-3]=10,20,-30",
        "SCADA[0-4]",
        "Level[0]=(REAL)1.5",
        "Level[0-1]",
    ];
    let want = [
        "write_tag answered: SCADA 1 195 INT 10 20 -30 =",
        "read_tag answered: SCADA 0 = 195 INT 0 10 20 -30 0",
        "write_tag answered: Level 0 202 REAL 1.5 =",
        "read_tag answered: Level 0 = 202 REAL 1.5 0",
    ];
    for way in [&["-d", "0"][..], &["-m", "-d", "0"], &["-m", "-d", "5"]] {
        let seen = read(&conversation(port, &[way, &tags[..]].concat()));
        assert_eq!(
            seen.first().map(String::as_str),
            Some("register_session answered: ="),
            "{seen:?}"
        );
        let mut told = seen.iter();
        for line in want {
            assert!(
                told.any(|said| said == line),
                "{line} of {way:?}: {seen:#?}"
            );
        }
        assert!(
            seen.iter()
                .all(|line| !line.contains("malformed") && !line.contains("orphan")),
            "{seen:?}"
        );
    }
    let seen = read(&conversation(port, &["--list-identity"]));
    assert!(
        seen.iter()
            .any(|line| line == "list_identity answered: = 1756-L61/B LOGIX5561"),
        "{seen:?}"
    );
}
