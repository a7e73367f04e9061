//! Sockets of other programs, ended by the kernel: `ss` is the judge, and a stock broker with stock clients the victim.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use iia_link::rt::destroy::{allowed, destroy, sockets};

/// Whether this machine lets us, and has the programs; said aloud where not, and a failure where everything is required.
fn there(test: &str, programs: &[&str]) -> bool {
    let missing = programs
        .iter()
        .find(|program| Command::new(program).arg("-h").output().is_err());
    let why = match (missing, allowed()) {
        (Some(program), _) => (*program).to_owned(),
        (None, Err(error)) => format!("a kernel that ends sockets: {error}"),
        (None, Ok(_)) => return true,
    };
    let line = format!("SKIPPED: {test}: {why}\n");
    assert!(
        std::env::var_os("IIA_REQUIRE_ALL").is_none_or(|all| all != "1"),
        "{line}"
    );
    let _closed = std::io::stderr().write_all(line.as_bytes());
    false
}

/// What `ss` sees of established sockets from `address` at a port of this machine.
fn judge(address: &str, port: u16) -> usize {
    let address = if address.contains(':') {
        format!("[{address}]")
    } else {
        address.to_owned()
    };
    let arguments = [
        "-Htn",
        "state",
        "established",
        "dst",
        &address,
        "sport",
        "=",
        &port.to_string(),
    ];
    let done = Command::new("ss").args(arguments).output().unwrap();
    assert!(done.status.success());
    done.stdout.iter().filter(|byte| **byte == b'\n').count()
}

#[test]
fn one_peers_connections_end_and_no_others() {
    if !there("one_peers_connections_end_and_no_others", &["ss"]) {
        return;
    }
    for (server, peer, bystander) in [
        ("127.0.0.1:0", "127.0.7.1:0", "127.0.7.2:0"),
        ("[::1]:0", "[::1]:0", "127.0.7.2:0"),
    ] {
        let listener = TcpListener::bind(server).unwrap();
        let other = TcpListener::bind("127.0.0.1:0").unwrap();
        let (addr, other_addr) = (listener.local_addr().unwrap(), other.local_addr().unwrap());
        let (victim, _far) = joined(peer, &listener, addr);
        let (mut witness, mut beside) = joined(bystander, &other, other_addr);
        let ip = victim.local_addr().unwrap().ip();
        assert_eq!(judge(&ip.to_string(), addr.port()), 1);
        assert_eq!(destroy(ip, Some(addr.port())).unwrap(), 1);
        assert_eq!(judge(&ip.to_string(), addr.port()), 0, "ss sees none");
        victim
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        assert!(
            (&victim).read(&mut [0]).is_err(),
            "the peer is told by a reset"
        );
        assert_eq!(destroy(ip, Some(addr.port())).unwrap(), 0);
        witness.write_all(b"x").unwrap();
        beside.read_exact(&mut [0]).unwrap();
        // Who waits for others goes on waiting.
        drop(joined(peer, &listener, addr));
    }
}

fn joined(from: &str, listener: &TcpListener, addr: SocketAddr) -> (TcpStream, TcpStream) {
    let from: SocketAddr = from.parse().unwrap();
    let socket = rustix::net::socket(
        if from.is_ipv4() {
            rustix::net::AddressFamily::INET
        } else {
            rustix::net::AddressFamily::INET6
        },
        rustix::net::SocketType::STREAM,
        None,
    )
    .unwrap();
    rustix::net::bind(&socket, &from).unwrap();
    rustix::net::connect(&socket, &addr).unwrap();
    (TcpStream::from(socket), listener.accept().unwrap().0)
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _reaped = self.0.wait();
    }
}

/// A broker that keeps a client whatever is said of it has no choice.
#[test]
fn a_stock_client_of_a_stock_broker_is_cut() {
    if !there(
        "a_stock_client_of_a_stock_broker_is_cut",
        &["ss", "mosquitto", "mosquitto_sub"],
    ) {
        return;
    }
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("mosquitto.conf");
    std::fs::write(
        &config,
        format!("listener {port} 127.0.0.1\nallow_anonymous true\nuser root\n"),
    )
    .unwrap();
    let mut broker = Command::new("mosquitto")
        .arg("-v")
        .arg("-c")
        .arg(&config)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(broker.stderr.take().unwrap())
        .lines()
        .map_while(Result::ok);
    let _broker = Running(broker);
    let mut until = |text: &str| log.find(|line| line.contains(text)).is_some();
    assert!(until("running"));
    let client = |address: &str, name: &str| {
        let port = port.to_string();
        let arguments = [
            "-h",
            "127.0.0.1",
            "-p",
            &port,
            "-t",
            "t",
            "-A",
            address,
            "-i",
            name,
        ];
        Running(
            Command::new("mosquitto_sub")
                .args(arguments)
                .stderr(Stdio::null())
                .spawn()
                .unwrap(),
        )
    };
    let _bystander = client("127.0.8.2", "bystander");
    assert!(until("Sending SUBACK to bystander"));
    let _revoked = client("127.0.8.1", "revoked");
    assert!(until("Sending SUBACK to revoked"));
    let peer: IpAddr = "127.0.8.1".parse().unwrap();
    assert_eq!(destroy(peer, Some(port)).unwrap(), 1);
    assert_eq!((judge("127.0.8.1", port), judge("127.0.8.2", port)), (0, 1));
    assert!(until("revoked"), "the broker says so");
}

#[test]
fn an_answer_of_the_kernel_that_is_cut_or_wrong_is_refused() {
    let message = |kind: u16, body: &[u8]| {
        let mut bytes = u32::try_from(16 + body.len())
            .unwrap()
            .to_ne_bytes()
            .to_vec();
        bytes.extend_from_slice(&kind.to_ne_bytes());
        bytes.extend_from_slice(&[0; 10]);
        bytes.extend_from_slice(body);
        bytes
    };
    let good = message(20, &[7; 72]);
    assert_eq!(sockets(&good).unwrap().0.len(), 1);
    assert!(sockets(&message(3, &[0; 4])).unwrap().1);
    for cut in 16..good.len() {
        assert!(sockets(&good[..cut]).is_err(), "{cut}");
    }
    assert!(sockets(&message(2, &(-1i32).to_ne_bytes())).is_err());
    assert!(sockets(&message(2, &i32::MIN.to_ne_bytes())).is_err());
    assert!(sockets(&message(20, &[7; 8])).is_err());
    assert!(
        sockets(&[0; 64]).is_err(),
        "a length of nothing does not go on for ever"
    );
}
