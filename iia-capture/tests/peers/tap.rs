//! Another implementation as a process, and a tap between its two ends that keeps what passes as packets.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use iia_capture::generate::frame;

const CLIENT: ([u8; 4], u16) = ([10, 20, 0, 10], 40_000);
const SERVER: ([u8; 4], u16) = ([10, 20, 0, 21], 4840);
/// Bytes of a segment.
const SEGMENT_LEN: usize = 1400;

/// Packets with their moments.
pub type Packets = Vec<(i64, Vec<u8>)>;

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/opcua.py")
}

/// Whether the other implementation is there; says so aloud when it is not.
pub fn python(test: &str) -> bool {
    let there = Command::new("python3")
        .args(["-c", "import asyncua"])
        .output();
    let there = there.is_ok_and(|output| output.status.success());
    let all = std::env::var_os("IIA_REQUIRE_ALL").is_some_and(|value| value == "1");
    assert!(
        there || !all,
        "{test}: the Python package asyncua is missing"
    );
    if !there {
        eprintln!("SKIPPED: {test}: the Python package asyncua");
    }
    there
}

/// Runs one of the script's parts to its end.
pub fn run(arguments: &[&str]) -> String {
    let output = Command::new("python3")
        .arg(script())
        .args(arguments)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{errors}");
    text
}

/// A server that runs.
pub struct Peer {
    process: Child,
    port: u16,
    folder: PathBuf,
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Peer {
    /// Starts one; its keys are kept in a folder.
    pub fn server(folder: &Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let mut command = Command::new("python3");
        command
            .arg(script())
            .args(["server", &port.to_string()])
            .arg(folder);
        let mut process = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        assert_eq!(line.trim(), "ready");
        Self {
            process,
            port,
            folder: folder.into(),
        }
    }

    /// Has a client talk to it through the tap: the packets, and what the client says that it did.
    pub fn client(&self, mode: &str) -> (Packets, String) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let tap = listener.local_addr().unwrap().port().to_string();
        let passed = Arc::new(Mutex::new(Vec::new()));
        let (port, seen) = (self.port, passed.clone());
        let carried = thread::spawn(move || {
            let client = listener.accept().unwrap().0;
            let server = TcpStream::connect(("127.0.0.1", port)).unwrap();
            carry(&client, &server, &seen);
        });
        let done = run(&["client", &tap, self.folder.to_str().unwrap(), mode]);
        carried.join().unwrap();
        let passed = passed.lock().unwrap();
        (packets(&passed), done)
    }
}

/// What passed, in order: whether from the client, and the bytes.
type Passed = Mutex<Vec<(bool, Vec<u8>)>>;

fn carry(client: &TcpStream, server: &TcpStream, seen: &Arc<Passed>) {
    let one = |from: &TcpStream, to: &TcpStream, from_client| {
        let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
        let seen = seen.clone();
        move || {
            let mut buffer = vec![0; 100_000];
            while let Ok(len @ 1..) = from.read(&mut buffer) {
                // Kept before it goes on, so that no answer stands before its question.
                seen.lock()
                    .unwrap()
                    .push((from_client, buffer[..len].to_vec()));
                if to.write_all(&buffer[..len]).is_err() {
                    break;
                }
            }
            let _ = to.shutdown(Shutdown::Both);
        }
    };
    let back = thread::spawn(one(server, client, false));
    one(client, server, true)();
    back.join().unwrap();
}

/// The packets that would have carried it.
fn packets(passed: &[(bool, Vec<u8>)]) -> Packets {
    const FLAGS: usize = 14 + 20 + 13;
    let mut ns = i64::try_from(
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs(),
    )
    .unwrap()
        * 1_000_000_000;
    let mut all = Packets::new();
    let mut sequences = [1u32, 1];
    let mut put = |ns: &mut i64, bytes| {
        *ns += 1000;
        all.push((*ns, bytes));
    };
    for (from, to, flags) in [(CLIENT, SERVER, 0x02), (SERVER, CLIENT, 0x12)] {
        let mut syn = frame((from.0, to.0), (from.1, to.1), (0, 1), &[]);
        syn[FLAGS] = flags;
        put(&mut ns, syn);
    }
    for (from_client, bytes) in passed {
        let (from, to) = if *from_client {
            (CLIENT, SERVER)
        } else {
            (SERVER, CLIENT)
        };
        for part in bytes.chunks(SEGMENT_LEN) {
            let (own, other) = (usize::from(!from_client), usize::from(*from_client));
            let sequence = (sequences[own], sequences[other]);
            put(
                &mut ns,
                frame((from.0, to.0), (from.1, to.1), sequence, part),
            );
            sequences[own] += u32::try_from(part.len()).unwrap();
        }
    }
    all
}

/// A datagram of UDP to the port of publishers.
pub fn datagram(payload: &[u8]) -> Vec<u8> {
    let len = u16::try_from(payload.len() + 8).unwrap();
    let mut bytes = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0];
    bytes.extend((len + 20).to_be_bytes());
    bytes.extend([0, 0, 0x40, 0, 64, 17, 0, 0]);
    bytes.extend([CLIENT.0, SERVER.0].concat());
    bytes.extend([CLIENT.1, SERVER.1, len, 0].map(u16::to_be_bytes).concat());
    bytes.extend(payload);
    bytes
}

/// Writes packets as a capture of nanoseconds.
pub fn write_pcap(path: &Path, packets: &[(i64, Vec<u8>)]) {
    let mut bytes = [0xa1b2_3c4d_u32, 0x0004_0002, 0, 0, 262_144, 1]
        .map(u32::to_le_bytes)
        .concat();
    for (ns, data) in packets {
        let (seconds, rest) = (ns / 1_000_000_000, ns % 1_000_000_000);
        let len = u32::try_from(data.len()).unwrap();
        let head = [
            u32::try_from(seconds).unwrap(),
            u32::try_from(rest).unwrap(),
            len,
            len,
        ];
        bytes.extend(head.map(u32::to_le_bytes).concat());
        bytes.extend(data);
    }
    std::fs::write(path, bytes).unwrap();
}
