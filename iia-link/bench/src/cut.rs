//! A stock client of a stock broker, over mutual TLS, is cut by the kernel: until both sockets are gone, and until the
//! broker says so.

use std::io::{BufRead as _, BufReader};
use std::net::IpAddr;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use iia_link::rt::destroy::destroy;

use crate::Outcome;
use crate::world::{CLIENT, SERVER, World, quantile};

const RUNS: usize = 200;
const PATIENCE: Duration = Duration::from_secs(10);

/// A child process that ends with this value.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _reaped = self.0.wait();
    }
}

pub(crate) fn run() -> Outcome {
    let (world, dir) = (World::new()?, tempfile::tempdir()?);
    let [root, leaf, key] = world.files(dir.path(), SERVER, "server")?;
    let [_, client_leaf, client_key] = world.files(dir.path(), CLIENT, "client")?;
    let port = free_port()?;
    let config = dir.path().join("mosquitto.conf");
    std::fs::write(
        &config,
        format!(
            "listener {port} 127.0.0.1\ncafile {}\ncertfile {}\nkeyfile {}\nrequire_certificate true\nallow_anonymous true\nuser root\n",
            root.display(),
            leaf.display(),
            key.display()
        ),
    )?;
    let mut broker = Command::new("mosquitto")
        .arg("-v")
        .arg("-c")
        .arg(&config)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    let (lines, log) = mpsc::channel();
    let output = BufReader::new(broker.stderr.take().ok_or("stderr")?);
    let _broker = Running(broker);
    std::thread::spawn(move || {
        for line in output.lines().map_while(Result::ok) {
            if lines.send((Instant::now(), line)).is_err() {
                return;
            }
        }
    });
    await_line(&log, "running")?;
    let client = |address: &str, name: &str| -> Outcome<Running> {
        let child = Command::new("mosquitto_sub")
            .args([
                "-h",
                "127.0.0.1",
                "-p",
                &port.to_string(),
                "-t",
                "t",
                "-A",
                address,
                "-i",
                name,
                "--insecure",
                "--cafile",
            ])
            .arg(&root)
            .arg("--cert")
            .arg(&client_leaf)
            .arg("--key")
            .arg(&client_key)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Running(child))
    };
    let _bystander = client("127.0.9.9", "bystander")?;
    await_line(&log, "Sending SUBACK to bystander")?;
    let (mut gone, mut told) = (Vec::new(), Vec::new());
    for run in 0..RUNS {
        let (address, name) = (format!("127.0.1.{}", run % 250 + 1), format!("client{run}"));
        let peer: IpAddr = address.parse()?;
        let running = client(&address, &name)?;
        await_line(&log, &format!("Sending SUBACK to {name}"))?;
        assert!(lives(&address)?, "there is a session to cut");
        let started = Instant::now();
        let ended = destroy(peer, Some(port))?;
        assert_eq!(ended, 1, "one socket of the broker");
        while lives(&address)? {
            assert!(started.elapsed() < PATIENCE, "it lives on");
        }
        gone.push(started.elapsed());
        let at = await_line(&log, &name)?;
        told.push(at.saturating_duration_since(started));
        drop(running);
        assert!(!judge(&address, port)?, "ss sees the session that was cut");
    }
    assert!(judge("127.0.9.9", port)?, "nobody else was cut");
    let version = Command::new("mosquitto").arg("-h").output()?;
    let version = String::from_utf8_lossy(&version.stdout)
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned();
    println!(
        "| {version}, mosquitto_sub over mutual TLS, {RUNS} runs | p50 ms | p99 ms | worst ms |\n|---|--:|--:|--:|"
    );
    for (what, times) in [
        ("both sockets gone", &mut gone),
        ("the broker says the client is gone", &mut told),
    ] {
        let all = [0.5, 0.99, 1.0].map(|share| quantile(times, share).as_secs_f64() * 1e3);
        println!("| {what} | {:.2} | {:.2} | {:.2} |", all[0], all[1], all[2]);
    }
    Ok(())
}

pub(crate) fn free_port() -> Outcome<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?
        .local_addr()?
        .port())
}

fn await_line(log: &mpsc::Receiver<(Instant, String)>, text: &str) -> Outcome<Instant> {
    loop {
        let (at, line) = log
            .recv_timeout(PATIENCE)
            .map_err(|_| format!("the broker never says: {text}"))?;
        if line.contains(text) {
            return Ok(at);
        }
    }
}

/// Whether the kernel has an established socket with this address at either end.
fn lives(address: &str) -> Outcome<bool> {
    let IpAddr::V4(ip) = address.parse()? else {
        return Err("IPv4".into());
    };
    let wanted = format!("{:08X}:", u32::from_le_bytes(ip.octets()));
    let table = std::fs::read_to_string("/proc/net/tcp")?;
    Ok(table.lines().skip(1).any(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        fields.get(3) == Some(&"01")
            && fields
                .get(1..3)
                .is_some_and(|ends| ends.iter().any(|end| end.starts_with(&wanted)))
    }))
}

/// The judge: whether `ss` sees an established session of this address with the broker.
fn judge(address: &str, port: u16) -> Outcome<bool> {
    let done = Command::new("ss")
        .args([
            "-Htn",
            "state",
            "established",
            "dst",
            address,
            "sport",
            "=",
            &port.to_string(),
        ])
        .output()?;
    if !done.status.success() {
        return Err(String::from_utf8_lossy(&done.stderr).into());
    }
    Ok(!done.stdout.is_empty())
}
