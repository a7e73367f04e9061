//! What an idle session holds: the growth of the resident memory of a process that has one end of many.

use iia_link::rt::Incoming;

use crate::Outcome;
use crate::world::{CLIENT, SERVER, World, loopback, runtime, target};

const SESSIONS: usize = 4000;

/// Both ends in two processes would need one issuer in both; so the ends are in one, and what both hold is halved.
pub(crate) fn run() -> Outcome {
    let runtime = runtime()?;
    let world = World::new()?;
    let (connections, rest) = runtime.block_on(hold(&world))?;
    println!("| an idle session, one end of it, {SESSIONS} of them | KiB resident |\n|---|--:|");
    println!("| on a connection of its own | {connections:.1} |");
    println!("| sharing a connection with 63 others | {rest:.1} |");
    Ok(())
}

async fn hold(world: &World) -> Outcome<(f64, f64)> {
    let server = world.endpoint(SERVER)?;
    let mut listener = server.listen(loopback()).await?;
    let addr = listener.local_addr().ok_or("no address")?;
    let mut held = Vec::with_capacity(4 * SESSIONS);
    let store = world.store(CLIENT)?;
    let mut sizes = Vec::new();
    let endpoint = world.endpoint_with(CLIENT, store.clone())?;
    for shared in [false, true] {
        let before = resident()?;
        for _ in 0..SESSIONS {
            // Under another SVID no connection is shared.
            if !shared {
                store.replace(world.svid(CLIENT)?);
            }
            held.push(endpoint.connect(addr, target(SERVER)).await?);
            match listener.accept().await? {
                Incoming::Session(far) => held.push(*far),
                Incoming::Refused(refused) => return Err(format!("{refused:?}").into()),
            }
        }
        sizes.push((resident()? - before) as f64 / 1024.0 / (2 * SESSIONS) as f64);
    }
    Ok((sizes[0], sizes[1]))
}

fn resident() -> Outcome<i64> {
    let statm = std::fs::read_to_string("/proc/self/statm")?;
    let pages: i64 = statm.split(' ').nth(1).ok_or("statm")?.parse()?;
    Ok(pages * 4096)
}
