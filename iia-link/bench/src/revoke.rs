//! Ten thousand live connections, and identities among them that are revoked: how soon it is over, and that nothing is
//! accepted afterwards.

use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use iia_identity::svid::Store;
use iia_link::rt::{Endpoint, Incoming, Message, Session};
use tokio::sync::mpsc;

use crate::Outcome;
use crate::world::{SERVER, World, loopback, quantile, runtime, target};

const SINGLES: usize = 200;
const MANY: usize = 1000;
const SESSIONS: usize = 10_000;
const CONNECTIONS_OF_ONE: usize = 8_500;
const EVERY: Duration = Duration::from_secs(1);

#[derive(Default)]
struct Judge {
    /// Identities whose revocation has begun and returned.
    raised: Vec<AtomicBool>,
    accepted: AtomicU64,
    after: AtomicU64,
}

pub(crate) fn run() -> Outcome {
    runtime()?.block_on(measure())
}

async fn measure() -> Outcome {
    let world = World::new()?;
    let server = world.endpoint(SERVER)?;
    let mut listener = server.listen(loopback()).await?;
    let addr = listener.local_addr().ok_or("no address")?;
    let judge = Arc::new(Judge {
        raised: (0..SINGLES + 2).map(|_| AtomicBool::new(false)).collect(),
        ..Judge::default()
    });
    let (ended, mut ends) = mpsc::unbounded_channel();
    let mut opened = 0;
    for identity in 0..SINGLES + 2 {
        let count = match identity {
            SINGLES => MANY,
            number if number > SINGLES => SESSIONS - MANY - SINGLES,
            _ => 1,
        };
        let store: Arc<Store> = world.store(&name(identity))?;
        let shared = world.endpoint_with(&name(identity), Arc::clone(&store))?;
        for number in 0..count {
            // A process has 20,000 files at most here: the last sessions share connections.
            let client: Endpoint = match number < CONNECTIONS_OF_ONE {
                true => world.endpoint_with(&name(identity), Arc::clone(&store))?,
                false => shared.clone(),
            };
            let near = client.connect(addr, target(SERVER)).await?;
            let Incoming::Session(far) = listener.accept().await? else {
                return Err("refused".into());
            };
            tokio::spawn(serve(*far, identity, Arc::clone(&judge)));
            tokio::spawn(speak(near, identity, opened, ended.clone()));
            opened += 1;
        }
    }
    println!(
        "{opened} sessions are open, on connections of their own but for the last 300; each says something once a second; both ends are in this process.\n"
    );
    tokio::time::sleep(EVERY * 4).await;
    let mut singles = Vec::with_capacity(SINGLES);
    for identity in 0..SINGLES {
        singles.push(fall(&server, &judge, identity, (1, &mut ends)).await?);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let many = fall(&server, &judge, SINGLES, (MANY, &mut ends)).await?;
    let rest = fall(
        &server,
        &judge,
        SINGLES + 1,
        (SESSIONS - MANY - SINGLES, &mut ends),
    )
    .await?;
    let (half, late) = (quantile(&mut singles, 0.5), quantile(&mut singles, 0.99));
    println!("| until the peer sees its connections end | |\n|---|--:|");
    println!(
        "| one session, {SINGLES} times, p50 | {:.3} ms |",
        half.as_secs_f64() * 1e3
    );
    println!("| one session, p99 | {:.3} ms |", late.as_secs_f64() * 1e3);
    println!(
        "| an identity with {MANY} sessions, the last of them | {:.1} ms |",
        many.as_secs_f64() * 1e3
    );
    println!(
        "| an identity with {} sessions, the last of them | {:.1} ms |",
        SESSIONS - MANY - SINGLES,
        rest.as_secs_f64() * 1e3
    );
    println!(
        "| messages accepted before | {} |",
        judge.accepted.load(Ordering::Relaxed)
    );
    println!(
        "| messages accepted after `revoke` | {} |",
        judge.after.load(Ordering::Relaxed)
    );
    Ok(())
}

fn name(identity: usize) -> String {
    format!("spiffe://iia.local/zone/collect/workload/c{identity}")
}

/// Revokes one identity, and waits until all of its sessions have ended.
async fn fall(
    server: &Endpoint,
    judge: &Judge,
    identity: usize,
    (count, ends): (usize, &mut mpsc::UnboundedReceiver<(usize, Instant)>),
) -> Outcome<Duration> {
    let id = name(identity).parse()?;
    let started = Instant::now();
    server.revoke(&id);
    judge.raised[identity].store(true, Ordering::SeqCst);
    let mut last = started;
    for _ in 0..count {
        let (whose, at) = ends.recv().await.ok_or("nobody ends")?;
        assert_eq!(whose, identity, "only who is revoked ends");
        last = last.max(at);
    }
    Ok(last - started)
}

/// Takes messages; one that is given out by a poll that began after the revocation is one too many.
async fn serve(mut session: Session, identity: usize, judge: Arc<Judge>) {
    loop {
        let mut next = pin!(session.recv());
        let message = poll_fn(|context| {
            let raised = judge.raised[identity].load(Ordering::SeqCst);
            match next.as_mut().poll(context) {
                Poll::Ready(message) => Poll::Ready((raised, message)),
                Poll::Pending => Poll::Pending,
            }
        });
        match message.await {
            (false, Ok(Some(_))) => judge.accepted.fetch_add(1, Ordering::Relaxed),
            (true, Ok(Some(_))) => judge.after.fetch_add(1, Ordering::Relaxed),
            _ => return,
        };
    }
}

async fn speak(
    mut session: Session,
    identity: usize,
    number: usize,
    ended: mpsc::UnboundedSender<(usize, Instant)>,
) {
    tokio::time::sleep(EVERY * (number as u32 % 1000) / 1000).await;
    let mut beat = tokio::time::interval(EVERY);
    loop {
        tokio::select! {
            _ = session.recv() => break,
            _ = beat.tick() => {}
        }
        if session.send(Message::push(vec![7; 256])).await.is_err() {
            break;
        }
    }
    let _over = ended.send((identity, Instant::now()));
}
