//! Durable appends: 64 producers that each wait for their record, and bulk.

use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use iia_audit::log::Committer;
use iia_core::Timestamp;
use iia_core::time::ManualClock;

use crate::ours::{self, event};
use crate::peers::{Fjall, Nothing, Ours, Redb, Sqlite, Store};

const PRODUCERS: usize = 64;
const TURN: Duration = Duration::from_millis(1_500);
const TURNS: usize = 8;

/// Records that producers stored in one turn, a second.
type Turn<'a> = Box<dyn FnMut() -> f64 + 'a>;

/// Medians of turns that are taken one after the other, so that a slow minute meets all.
fn interleaved(title: &str, mut contenders: Vec<(&str, Turn<'_>)>) {
    println!("\n{title}: records a second, median of {TURNS} turns, and ours in its multiples");
    let mut all = vec![Vec::new(); contenders.len()];
    for _ in 0..TURNS {
        for (turns, (_, turn)) in all.iter_mut().zip(&mut contenders) {
            turns.push(turn());
        }
    }
    let medians: Vec<f64> = all
        .iter_mut()
        .map(|turns| {
            turns.sort_by(f64::total_cmp);
            turns[turns.len() / 2]
        })
        .collect();
    for ((name, _), median) in contenders.iter().zip(&medians) {
        println!("  {name:<44} {median:>10.0}  {:>6.2}", medians[0] / median);
    }
}

/// The same group commit for every store: one writer takes all that wait.
#[derive(Default)]
struct Group {
    state: Mutex<(u64, u64, bool)>,
    work: Condvar,
    done: Condvar,
}

impl Group {
    fn run(&self, store: &mut dyn Store) {
        loop {
            let mut state = self.state.lock().expect("lock");
            while state.0 == state.1 && !state.2 {
                state = self.work.wait(state).expect("lock");
            }
            let (submitted, durable, closing) = *state;
            drop(state);
            if submitted == durable && closing {
                return;
            }
            store.commit(usize::try_from(submitted - durable).expect("size"));
            self.state.lock().expect("lock").1 = submitted;
            self.done.notify_all();
        }
    }

    fn append(&self) {
        let mut state = self.state.lock().expect("lock");
        state.0 += 1;
        let mine = state.0;
        self.work.notify_one();
        while state.1 < mine {
            state = self.done.wait(state).expect("lock");
        }
    }
}

/// Producers that wait, for a turn.
fn turn(append: impl Fn() + Send + Sync) -> f64 {
    let started = Instant::now();
    let total: u64 = thread::scope(|scope| {
        let threads: Vec<_> = (0..PRODUCERS)
            .map(|_| {
                scope.spawn(|| {
                    let mut count = 0;
                    while started.elapsed() < TURN {
                        append();
                        count += 1;
                    }
                    count
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("join"))
            .sum()
    });
    total as f64 / started.elapsed().as_secs_f64()
}

fn grouped(store: &mut dyn Store) -> f64 {
    let group = Arc::new(Group::default());
    thread::scope(|scope| {
        let own = Arc::clone(&group);
        let writer = scope.spawn(move || own.run(store));
        let rate = turn(|| group.append());
        group.state.lock().expect("lock").2 = true;
        group.work.notify_one();
        writer.join().expect("join");
        rate
    })
}

pub fn producers() {
    let dirs: Vec<_> = (0..6).map(|_| crate::dir()).collect();
    let mut log = Some(ours::create(dirs[0].path()));
    let mut same = Ours::new(dirs[1].path(), PRODUCERS);
    let mut sqlite = Sqlite::new(dirs[2].path());
    let single = Mutex::new(Sqlite::new(dirs[3].path()));
    let mut redb = Redb::new(dirs[4].path());
    let mut fjall = Fjall::new(dirs[5].path());
    let committer = move || {
        let clock = ManualClock::new(Timestamp::from_secs(1_800_000_000));
        let (committer, producer) =
            Committer::start(log.take().expect("a log"), clock).expect("start");
        let one = event();
        let rate = turn(|| {
            producer
                .submit(one.clone())
                .expect("room")
                .wait()
                .expect("stored")
        });
        log = Some(committer.close().expect("close"));
        rate
    };
    let contenders: Vec<(&str, Turn<'_>)> = vec![
        ("audit log, its own group commit", Box::new(committer)),
        (
            "audit log, the peers' group commit",
            Box::new(|| grouped(&mut same)),
        ),
        (
            "SQLite WAL FULL, the same group commit",
            Box::new(|| grouped(&mut sqlite)),
        ),
        (
            "SQLite WAL FULL, a transaction a record",
            Box::new(|| turn(|| single.lock().expect("lock").commit(1))),
        ),
        (
            "redb, the same group commit",
            Box::new(|| grouped(&mut redb)),
        ),
        (
            "fjall, the same group commit",
            Box::new(|| grouped(&mut fjall)),
        ),
        (
            "nothing stored, the same group commit",
            Box::new(|| grouped(&mut Nothing)),
        ),
    ];
    interleaved(
        "64 producers, each waiting for its record of 300 bytes",
        contenders,
    );
}

pub fn bulk() {
    const RECORDS: usize = 10_000;
    let dirs: Vec<_> = (0..4).map(|_| crate::dir()).collect();
    let mut stores: Vec<(&str, Box<dyn Store>)> = vec![
        (
            "audit log, with chain and tree",
            Box::new(Ours::new(dirs[0].path(), RECORDS)),
        ),
        ("SQLite WAL FULL", Box::new(Sqlite::new(dirs[1].path()))),
        ("redb", Box::new(Redb::new(dirs[2].path()))),
        ("fjall", Box::new(Fjall::new(dirs[3].path()))),
    ];
    let contenders = stores
        .iter_mut()
        .map(|(name, store)| {
            let turn: Turn<'_> = Box::new(|| {
                let started = Instant::now();
                store.commit(RECORDS);
                RECORDS as f64 / started.elapsed().as_secs_f64()
            });
            (*name, turn)
        })
        .collect();
    interleaved("10,000 records a commit", contenders);
}
