//! Long messages, short ones together, short ones to and fro: ours, bare TLS, yamux over TLS, QUIC, interleaved.

use std::time::{Duration, Instant};

use iia_link::rt::{Incoming, Message, Session};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader, BufWriter};

use crate::Outcome;
use crate::bare::Bare;
use crate::muxes::{self, Pair};
use crate::world::{CLIENT, SERVER, World, cpu, loopback, median, quantile, runtime, target};

const ROUNDS: usize = 5;
const LONG: usize = 1 << 20;
const LONGS: usize = 600;
const SHORT: usize = 256;
pub(crate) const SHORTS: usize = 1_000_000;
const TRIPS: usize = 20_000;

/// MiB a second, MiB a CPU second, messages a second, and a round trip's median and 99th percentile.
#[derive(Default)]
struct Row {
    long: Vec<f64>,
    long_cpu: Vec<f64>,
    short: Vec<f64>,
    half: Vec<f64>,
    late: Vec<f64>,
}

pub(crate) fn run() -> Outcome {
    let (world, bare) = (World::new()?, Bare::new()?);
    let runtime = runtime()?;
    let names = ["ours", "bare rustls", "yamux over rustls", "quinn"];
    let mut rows: [Row; 4] = Default::default();
    for _ in 0..ROUNDS {
        for (name, row) in names.iter().zip(&mut rows) {
            runtime.block_on(async {
                match *name {
                    "ours" => ours(&world, row).await,
                    "bare rustls" => theirs(muxes::bare(&bare).await?, row).await,
                    "yamux over rustls" => theirs(muxes::yamux(&bare).await?, row).await,
                    _ => theirs(muxes::quic(&bare).await?, row).await,
                }
            })?;
        }
    }
    println!(
        "| over loopback, two threads | MiB/s in 1 MiB | MiB per CPU s | to bare | {SHORT}-byte messages/s, together | round trip p50 µs | p99 µs |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|");
    let floor = median(&mut rows[1].long);
    for (name, row) in names.iter().zip(&mut rows) {
        let long = median(&mut row.long);
        println!(
            "| {name} | {long:.0} | {:.0} | {:.2} | {:.0} | {:.1} | {:.1} |",
            median(&mut row.long_cpu),
            long / floor,
            median(&mut row.short),
            median(&mut row.half),
            median(&mut row.late)
        );
    }
    Ok(())
}

pub(crate) async fn pair(world: &World) -> Outcome<(Session, Session)> {
    let (server, client) = (world.endpoint(SERVER)?, world.endpoint(CLIENT)?);
    let mut listener = server.listen(loopback()).await?;
    let addr = listener.local_addr().ok_or("no address")?;
    let near = client.connect(addr, target(SERVER)).await?;
    match listener.accept().await? {
        Incoming::Session(far) => Ok((near, *far)),
        Incoming::Refused(refused) => Err(format!("{refused:?}").into()),
    }
}

async fn ours(world: &World, row: &mut Row) -> Outcome {
    let (mut near, mut far) = pair(world).await?;
    let reader = tokio::spawn(async move {
        for _ in 0..LONGS + SHORTS {
            far.recv().await?.ok_or("end")?;
        }
        far.send(Message::push(Vec::new())).await?;
        // Each answer is what was asked.
        while let Some(question) = far.recv().await? {
            far.send(question).await?;
        }
        Outcome::Ok(())
    });
    let (started, before) = (Instant::now(), cpu());
    let long = Message::push(vec![7; LONG]);
    for _ in 0..LONGS {
        near.send(long.clone()).await?;
    }
    let long_time = (started.elapsed(), cpu() - before);
    let started = Instant::now();
    let short = Message::push(vec![7; SHORT]);
    for _ in 0..SHORTS {
        near.feed(&short).await?;
    }
    near.flush();
    near.recv().await?.ok_or("end")?;
    let short_time = started.elapsed();
    let mut trips = Vec::with_capacity(TRIPS);
    for _ in 0..TRIPS {
        let started = Instant::now();
        near.send(short.clone()).await?;
        near.recv().await?.ok_or("end")?;
        trips.push(started.elapsed());
    }
    drop(near);
    reader.await??;
    row.put(long_time, short_time, &mut trips);
    Ok(())
}

/// The same over a stream of bytes: four bytes of length before each message.
async fn theirs(pair: Pair, row: &mut Row) -> Outcome {
    let Pair { near, far, _alive } = pair;
    let reader = tokio::spawn(async move {
        let (read, mut write) = tokio::io::split(far);
        let mut read = BufReader::with_capacity(64 * 1024, read);
        for _ in 0..LONGS + SHORTS {
            std::hint::black_box(message(&mut read).await?);
        }
        write.write_all(&[0; 4]).await?;
        write.flush().await?;
        for _ in 0..TRIPS {
            let question = message(&mut read).await?;
            let mut answer = Vec::with_capacity(4 + question.len());
            answer.extend_from_slice(&(question.len() as u32).to_be_bytes());
            answer.extend_from_slice(&question);
            write.write_all(&answer).await?;
            write.flush().await?;
        }
        Outcome::Ok(())
    });
    let (read, write) = tokio::io::split(near);
    let mut read = BufReader::with_capacity(64 * 1024, read);
    let mut write = BufWriter::with_capacity(64 * 1024, write);
    let (started, before) = (Instant::now(), cpu());
    let long = vec![7; LONG];
    for _ in 0..LONGS {
        write.write_u32(LONG as u32).await?;
        write.write_all(&long).await?;
    }
    write.flush().await?;
    let long_time = (started.elapsed(), cpu() - before);
    let started = Instant::now();
    let short = vec![7; SHORT];
    for _ in 0..SHORTS {
        write.write_u32(SHORT as u32).await?;
        write.write_all(&short).await?;
    }
    write.flush().await?;
    message(&mut read).await?;
    let short_time = started.elapsed();
    let mut trips = Vec::with_capacity(TRIPS);
    for _ in 0..TRIPS {
        let started = Instant::now();
        write.write_u32(SHORT as u32).await?;
        write.write_all(&short).await?;
        write.flush().await?;
        message(&mut read).await?;
        trips.push(started.elapsed());
    }
    reader.await??;
    row.put(long_time, short_time, &mut trips);
    Ok(())
}

async fn message(read: &mut (impl tokio::io::AsyncRead + Unpin)) -> Outcome<Vec<u8>> {
    let len = read.read_u32().await? as usize;
    let mut payload = vec![0; len];
    read.read_exact(&mut payload).await?;
    Ok(payload)
}

impl Row {
    fn put(
        &mut self,
        (long, long_cpu): (Duration, Duration),
        short: Duration,
        trips: &mut [Duration],
    ) {
        self.long.push(LONGS as f64 / long.as_secs_f64());
        self.long_cpu.push(LONGS as f64 / long_cpu.as_secs_f64());
        self.short.push(SHORTS as f64 / short.as_secs_f64());
        self.half.push(quantile(trips, 0.5).as_secs_f64() * 1e6);
        self.late.push(quantile(trips, 0.99).as_secs_f64() * 1e6);
    }
}
