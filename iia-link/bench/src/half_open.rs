//! Handshakes that are begun and never ended: what an honest client notices of two thousand.

use std::time::{Duration, Instant};

use iia_link::rt::Incoming;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::Outcome;
use crate::world::{CLIENT, SERVER, World, loopback, quantile, runtime, target};

const HALF_OPEN: usize = 2000;
const HONEST: usize = 300;

pub(crate) fn run() -> Outcome {
    runtime()?.block_on(measure())
}

async fn measure() -> Outcome {
    let world = World::new()?;
    let server = world.endpoint(SERVER)?;
    let mut listener = server.listen(loopback()).await?;
    let addr = listener.local_addr().ok_or("no address")?;
    tokio::spawn(async move {
        while let Ok(incoming) = listener.accept().await {
            if let Incoming::Session(mut session) = incoming {
                tokio::spawn(async move {
                    while let Ok(Some(question)) = session.recv().await {
                        let _gone = session.send(question).await;
                    }
                });
            }
        }
    });
    let store = world.store(CLIENT)?;
    let honest = async || -> Outcome<Vec<Duration>> {
        let mut times = Vec::with_capacity(HONEST);
        for _ in 0..HONEST {
            let client = world.endpoint_with(CLIENT, store.clone())?;
            let started = Instant::now();
            let mut session = client.connect(addr, target(SERVER)).await?;
            session.call(b"x").await?;
            times.push(started.elapsed());
        }
        Ok(times)
    };
    honest().await?;
    let mut alone = honest().await?;
    let mut silent = Vec::with_capacity(HALF_OPEN);
    for number in 0..HALF_OPEN {
        let mut tcp = TcpStream::connect(addr).await?;
        // Every other one says the beginning of a ClientHello, and then nothing.
        if number % 2 == 0 {
            tcp.write_all(&[22, 3, 1, 4, 0, 1, 0, 3, 252, 3, 3]).await?;
        }
        silent.push(tcp);
    }
    let mut beside = honest().await?;
    println!(
        "| connect, session, call and answer, {HONEST} times | p50 ms | p99 ms |\n|---|--:|--:|"
    );
    for (name, times) in [
        ("alone", &mut alone),
        ("beside 2,000 half-open handshakes", &mut beside),
    ] {
        let (half, late) = (quantile(times, 0.5), quantile(times, 0.99));
        println!(
            "| {name} | {:.2} | {:.2} |",
            half.as_secs_f64() * 1e3,
            late.as_secs_f64() * 1e3
        );
    }
    drop(silent);
    Ok(())
}
