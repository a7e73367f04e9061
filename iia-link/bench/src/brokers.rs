//! Messages of 256 bytes through brokers, over mutual TLS with the same SVIDs: one publisher, one subscriber.

use std::io::{BufRead as _, BufReader, BufWriter, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use iia_identity::tls;
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};

use crate::Outcome;
use crate::cut::{Running, free_port};
use crate::world::{CLIENT, SERVER, World, quantile};

const LEN: usize = 256;
const MESSAGES: usize = 300_000;
const TRIPS: usize = 5000;

type Tls = StreamOwned<ClientConnection, TcpStream>;

pub(crate) fn run() -> Outcome {
    let (world, dir) = (World::new()?, tempfile::tempdir()?);
    let files = world.files(dir.path(), SERVER, "server")?;
    println!(
        "| one publisher, one subscriber, 256 bytes, mutual TLS | received/s | lost | round trip p50 µs |\n|---|--:|--:|--:|"
    );
    let nats = || -> Outcome {
        let port = free_port()?;
        let [root, leaf, key] = &files;
        let config = dir.path().join("nats.conf");
        std::fs::write(
            &config,
            format!(
                "listen: \"127.0.0.1:{port}\"\ntls {{ cert_file: \"{}\", key_file: \"{}\", ca_file: \"{}\", verify: true }}\n",
                leaf.display(),
                key.display(),
                root.display()
            ),
        )?;
        let _server = Running(
            Command::new("nats-server")
                .arg("-c")
                .arg(&config)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()?,
        );
        measure("nats-server", &world, port, &Nats)
    };
    let mosquitto = || -> Outcome {
        let port = free_port()?;
        let [root, leaf, key] = &files;
        let config = dir.path().join("mosquitto.conf");
        std::fs::write(
            &config,
            format!(
                "listener {port} 127.0.0.1\ncafile {}\ncertfile {}\nkeyfile {}\nrequire_certificate true\nallow_anonymous true\nuser root\nmax_queued_messages 0\nset_tcp_nodelay true\n",
                root.display(),
                leaf.display(),
                key.display()
            ),
        )?;
        let _server = Running(
            Command::new("mosquitto")
                .arg("-c")
                .arg(&config)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()?,
        );
        measure("mosquitto, QoS 0", &world, port, &Mqtt)
    };
    for (name, result) in [("nats-server", nats()), ("mosquitto", mosquitto())] {
        if let Err(error) = result {
            println!("| {name} | not measured: {error} | | |");
        }
    }
    Ok(())
}

/// How a broker is spoken to.
trait Protocol: Sync {
    fn begin(&self, tcp: TcpStream, tls: ClientConnection, subscribes: bool) -> Outcome<Tls>;
    fn message(&self) -> Vec<u8>;
    /// Bytes of a message as a subscriber gets it.
    fn delivered(&self) -> usize;
}

fn dial(world: &World, port: u16, protocol: &dyn Protocol, subscribes: bool) -> Outcome<Tls> {
    let config = tls::client_config(&world.store(CLIENT)?, &world.bundles, &SERVER.parse()?)?;
    let tls = ClientConnection::new(Arc::new(config), ServerName::try_from("localhost")?)?;
    let addr = SocketAddr::from(([127, 0, 0, 1], port));
    let started = Instant::now();
    let tcp = loop {
        match TcpStream::connect(addr) {
            Ok(tcp) => break tcp,
            Err(error) if started.elapsed() > Duration::from_secs(5) => return Err(error.into()),
            Err(_) => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    tcp.set_nodelay(true)?;
    tcp.set_read_timeout(Some(Duration::from_secs(5)))?;
    protocol.begin(tcp, tls, subscribes)
}

fn measure(name: &str, world: &World, port: u16, protocol: &dyn Protocol) -> Outcome {
    let mut subscriber = dial(world, port, protocol, true)?;
    let publisher = dial(world, port, protocol, false)?;
    let (message, len) = (protocol.message(), protocol.delivered());
    // Trips first, one at a time.
    let mut publisher = publisher;
    let mut trips = Vec::with_capacity(TRIPS);
    let mut buffer = vec![0; len];
    for _ in 0..TRIPS {
        let started = Instant::now();
        publisher.write_all(&message)?;
        publisher.flush()?;
        subscriber.read_exact(&mut buffer)?;
        trips.push(started.elapsed());
    }
    let started = Instant::now();
    let sending = std::thread::scope(|scope| -> Outcome<(usize, Duration)> {
        let sender = scope.spawn(|| -> Outcome {
            let mut out = BufWriter::with_capacity(64 * 1024, &mut publisher);
            for _ in 0..MESSAGES {
                out.write_all(&message)?;
            }
            out.flush()?;
            Ok(())
        });
        let (mut bytes, mut last) = (0, Instant::now());
        let mut buffer = vec![0; 64 * 1024];
        while bytes < MESSAGES * len {
            match subscriber.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => (bytes, last) = (bytes + read, Instant::now()),
                Err(_) => break,
            }
        }
        sender.join().map_err(|_| "sender")??;
        Ok((bytes / len, last - started))
    });
    let (received, took) = sending?;
    let half = quantile(&mut trips, 0.5).as_secs_f64() * 1e6;
    println!(
        "| {name} | {:.0} | {} | {half:.0} |",
        received as f64 / took.as_secs_f64(),
        MESSAGES - received
    );
    Ok(())
}

struct Nats;

impl Protocol for Nats {
    fn begin(&self, tcp: TcpStream, tls: ClientConnection, subscribes: bool) -> Outcome<Tls> {
        // INFO comes in clear, and TLS after it.
        let mut line = Vec::new();
        let mut reader = BufReader::with_capacity(1, &tcp);
        reader.read_until(b'\n', &mut line)?;
        let mut stream = StreamOwned::new(tls, tcp);
        stream.write_all(b"CONNECT {\"verbose\":false,\"pedantic\":false}\r\n")?;
        if subscribes {
            stream.write_all(b"SUB t 1\r\n")?;
        }
        stream.write_all(b"PING\r\n")?;
        stream.flush()?;
        await_bytes(&mut stream, b"PONG\r\n")?;
        Ok(stream)
    }

    fn message(&self) -> Vec<u8> {
        [b"PUB t 256\r\n".as_slice(), &[b'x'; LEN], b"\r\n"].concat()
    }

    fn delivered(&self) -> usize {
        b"MSG t 1 256\r\n".len() + LEN + 2
    }
}

struct Mqtt;

impl Protocol for Mqtt {
    fn begin(&self, tcp: TcpStream, tls: ClientConnection, subscribes: bool) -> Outcome<Tls> {
        let mut stream = StreamOwned::new(tls, tcp);
        let id = if subscribes { b's' } else { b'p' };
        stream.write_all(&[0x10, 13, 0, 4, b'M', b'Q', b'T', b'T', 4, 2, 0, 0, 0, 1, id])?;
        stream.flush()?;
        await_bytes(&mut stream, &[0x20, 2, 0, 0])?;
        if subscribes {
            stream.write_all(&[0x82, 6, 0, 1, 0, 1, b't', 0])?;
            stream.flush()?;
            await_bytes(&mut stream, &[0x90, 3, 0, 1, 0])?;
        }
        Ok(stream)
    }

    fn message(&self) -> Vec<u8> {
        [&[0x30, 0x83, 0x02, 0, 1, b't'][..], &[b'x'; LEN]].concat()
    }

    fn delivered(&self) -> usize {
        self.message().len()
    }
}

fn await_bytes(stream: &mut Tls, wanted: &[u8]) -> Outcome {
    let mut got = Vec::new();
    while !got.ends_with(wanted) {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        got.extend_from_slice(&byte);
        if got.len() > 8192 {
            return Err("another answer".into());
        }
    }
    Ok(())
}
