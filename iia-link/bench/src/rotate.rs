//! A million requests while both ends get a new SVID twenty times a second.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use iia_link::rt::Incoming;

use crate::Outcome;
use crate::world::{CLIENT, SERVER, World, loopback, runtime, target};

const REQUESTS: u64 = 1_000_000;
const WORKERS: u64 = 8;
/// Requests of a session; then another is opened, which shows the newest SVID.
const REQUESTS_OF_SESSION: u64 = 250;
const EVERY: Duration = Duration::from_millis(50);

pub(crate) fn run() -> Outcome {
    runtime()?.block_on(measure())
}

async fn measure() -> Outcome {
    let world = Arc::new(World::new()?);
    let (server_store, client_store) = (world.store(SERVER)?, world.store(CLIENT)?);
    let server = world.endpoint_with(SERVER, Arc::clone(&server_store))?;
    let mut listener = server.listen(loopback()).await?;
    let addr = listener.local_addr().ok_or("no address")?;
    let credentials = Arc::new(AtomicU64::new(0));
    tokio::spawn(async move {
        while let Ok(Incoming::Session(mut session)) = listener.accept().await {
            tokio::spawn(async move {
                while let Ok(Some(question)) = session.recv().await {
                    if session.send(question).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    let (done, rotations) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU64::new(0)),
    );
    let rotator = {
        let client_store = Arc::clone(&client_store);
        let (done, rotations, world) = (
            Arc::clone(&done),
            Arc::clone(&rotations),
            Arc::clone(&world),
        );
        std::thread::spawn(move || -> Outcome {
            let mut next = Instant::now();
            while !done.load(Ordering::Relaxed) {
                next += EVERY;
                server_store.replace(world.svid(SERVER)?);
                client_store.replace(world.svid(CLIENT)?);
                rotations.fetch_add(1, Ordering::Relaxed);
                std::thread::sleep(next.saturating_duration_since(Instant::now()));
            }
            Ok(())
        })
    };
    let (started, failures) = (Instant::now(), Arc::new(AtomicU64::new(0)));
    let endpoint = world.endpoint_with(CLIENT, Arc::clone(&client_store))?;
    let mut workers = Vec::new();
    for _ in 0..WORKERS {
        let (endpoint, failures, credentials) = (
            endpoint.clone(),
            Arc::clone(&failures),
            Arc::clone(&credentials),
        );
        workers.push(tokio::spawn(async move {
            for _ in 0..REQUESTS / WORKERS / REQUESTS_OF_SESSION {
                let Ok(mut session) = endpoint.connect(addr, target(SERVER)).await else {
                    failures.fetch_add(REQUESTS_OF_SESSION, Ordering::Relaxed);
                    continue;
                };
                credentials.fetch_add(1, Ordering::Relaxed);
                for _ in 0..REQUESTS_OF_SESSION {
                    if session.call(&[7; 256]).await.is_err() {
                        failures.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
        }));
    }
    for worker in workers {
        worker.await?;
    }
    let took = started.elapsed();
    done.store(true, Ordering::Relaxed);
    rotator.join().map_err(|_| "rotator")??;
    let rotations = rotations.load(Ordering::Relaxed);
    println!(
        "| {REQUESTS} requests, {WORKERS} workers, {} sessions | |\n|---|--:|",
        credentials.load(Ordering::Relaxed)
    );
    println!(
        "| requests a second | {:.0} |",
        REQUESTS as f64 / took.as_secs_f64()
    );
    println!(
        "| rotations a second, of either end | {:.1} |",
        rotations as f64 / took.as_secs_f64()
    );
    println!("| rotations | {rotations} |");
    println!(
        "| requests that failed | {} |",
        failures.load(Ordering::Relaxed)
    );
    Ok(())
}
