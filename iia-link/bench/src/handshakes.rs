//! Whole mutual handshakes for a second of CPU, both ends together: ours with hello and catalog, bare rustls, OpenSSL.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use iia_core::time::Clock as _;
use iia_link::connection::{Connection, Event};
use iia_link::party::Party;

use crate::Outcome;
use crate::bare::Bare;
use crate::world::{CLIENT, SERVER, World, clock, cpu, cpu_of, median, target};

const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(1);

pub(crate) fn run() -> Outcome {
    let (world, bare) = (World::new()?, Bare::new()?);
    let (server, client) = (world.party(SERVER)?, world.party(CLIENT)?);
    let (mut ours, mut theirs, mut refused) = (Vec::new(), Vec::new(), Vec::new());
    let stranger = World::new()?;
    let foreign = stranger.party_trusting(&world, CLIENT)?;
    for _ in 0..ROUNDS {
        ours.push(rate(|| session(&client, &server))?);
        theirs.push(rate(|| bare.handshake())?);
        refused.push(rate(|| refusal(&foreign, &server))?);
    }
    let (ours, theirs, refused) = (median(&mut ours), median(&mut theirs), median(&mut refused));
    println!(
        "| whole mutual TLS 1.3 handshake, P-256, both ends | per CPU second | ours to it |\n|---|--:|--:|"
    );
    println!("| ours, with hello, catalog and answer (X25519MLKEM768) | {ours:.0} | |");
    println!(
        "| bare rustls (X25519MLKEM768) | {theirs:.0} | {:.2} |",
        ours / theirs
    );
    println!(
        "| a peer that is refused, by its certificate | {refused:.0} | {:.2} |",
        ours / refused
    );
    match openssl(&world) {
        Ok((version, rate)) => println!(
            "| {version}, s_server and s_time (X25519) | {rate:.0} | {:.2} |",
            ours / rate
        ),
        Err(error) => println!("| openssl | not measured: {error} | |"),
    }
    Ok(())
}

fn rate(mut once: impl FnMut() -> Outcome) -> Outcome<f64> {
    let (from, started, mut count) = (cpu(), Instant::now(), 0u32);
    while started.elapsed() < ROUND {
        once()?;
        count += 1;
    }
    Ok(f64::from(count) / (cpu() - from).as_secs_f64())
}

/// Both ends of a connection in memory, until one of them has what it waits for.
pub(crate) fn pump(
    client: &mut Connection,
    server: &mut Connection,
    mut done: impl FnMut(&mut Connection, &mut Connection) -> bool,
) -> Outcome {
    let now = clock().read();
    let mut bytes = Vec::with_capacity(16 * 1024);
    for _ in 0..64 {
        bytes.clear();
        client.transmit(&now, &mut bytes)?;
        server.handle_input(&now, &bytes);
        while server.poll_event(&now).is_some() {}
        bytes.clear();
        server.transmit(&now, &mut bytes)?;
        client.handle_input(&now, &bytes);
        if done(client, server) {
            return Ok(());
        }
    }
    Err("no end of it".into())
}

fn session(client: &Arc<Party>, server: &Arc<Party>) -> Outcome {
    let now = clock().read();
    let target = target(SERVER);
    let mut near = Connection::dialling(Arc::clone(client), &target.peer, &now)?;
    let mut far = Connection::dialled(Arc::clone(server), &now)?;
    let mut number = None;
    pump(&mut near, &mut far, |near, _| {
        while let Some(event) = near.poll_event(&now) {
            if matches!(event, Event::Ready) {
                let hello = client.hello(&target).ok();
                number = hello.and_then(|hello| near.open(&now, hello).ok());
            }
        }
        number.is_some_and(|number| matches!(near.answer(number), Ok(Some(()))))
    })
}

fn refusal(client: &Arc<Party>, server: &Arc<Party>) -> Outcome {
    let now = clock().read();
    let mut near = Connection::dialling(Arc::clone(client), &target(SERVER).peer, &now)?;
    let mut far = Connection::dialled(Arc::clone(server), &now)?;
    pump(&mut near, &mut far, |_, far| far.is_over())
}

/// OpenSSL's own server and its own measure, over loopback: CPU of both processes.
fn openssl(world: &World) -> Outcome<(String, f64)> {
    let dir = tempfile::tempdir()?;
    let [root, leaf, key] = world.files(dir.path(), SERVER, "server")?;
    let [_, client_leaf, client_key] = world.files(dir.path(), CLIENT, "client")?;
    let version = String::from_utf8(Command::new("openssl").arg("version").output()?.stdout)?;
    let version = version.split(' ').take(2).collect::<Vec<_>>().join(" ");
    let mut server = Command::new("openssl")
        .args([
            "s_server",
            "-accept",
            "127.0.0.1:0",
            "-tls1_3",
            "-num_tickets",
            "0",
            "-no_cache",
            "-Verify",
            "1",
        ])
        .args(["-verify_return_error", "-groups", "X25519", "-CAfile"])
        .arg(&root)
        .arg("-cert")
        .arg(&leaf)
        .arg("-key")
        .arg(&key)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut output = BufReader::new(server.stdout.take().ok_or("stdout")?);
    let addr = loop {
        let mut line = String::new();
        if output.read_line(&mut line)? == 0 {
            return Err("no s_server".into());
        }
        if let Some(addr) = line.trim_end().strip_prefix("ACCEPT ") {
            break addr.to_owned();
        }
    };
    std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
    let before = cpu_of(server.id())?;
    let children = cpu_of_children()?;
    let done = Command::new("openssl")
        .args(["s_time", "-new", "-time", "5", "-connect", &addr, "-CAfile"])
        .arg(&root)
        .arg("-cert")
        .arg(&client_leaf)
        .arg("-key")
        .arg(&client_key)
        .output()?;
    let spent = cpu_of(server.id())? - before + (cpu_of_children()? - children);
    server.kill()?;
    server.wait()?;
    let text = String::from_utf8(done.stdout)?;
    let line = text
        .lines()
        .find(|line| line.contains("connections in") && line.contains("real"))
        .ok_or(text.clone())?;
    let count: f64 = line.split(' ').next().ok_or("count")?.parse()?;
    std::io::stdout().flush()?;
    Ok((version, count / spent.as_secs_f64()))
}

fn cpu_of_children() -> Outcome<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    let ticks: u64 = fields
        .get(13..15)
        .ok_or("stat")?
        .iter()
        .filter_map(|n| n.parse::<u64>().ok())
        .sum();
    Ok(Duration::from_millis(ticks * 10))
}
