//! Replies of a store: whatever it sends, a task ends, and what is stored was read back and is locked.

use std::sync::LazyLock;

use iia_core::Timestamp;
use iia_core::digest::{Context, Digest};
use iia_edge::vault::xml::{DEPTH_MAX, TEXT_LEN_MAX, walk};
use iia_edge::vault::{
    Address, Attack, Exchange, Get, List, Lost, Probe, Put, Reply, Store, Style, Task, Verdict,
};

use crate::input::Input;

const NOW: Timestamp = Timestamp::from_secs(1_795_938_000);
/// Calls of one task that are answered.
const CALLS_MAX: usize = 200;
const STATUS: [u16; 8] = [200, 204, 301, 400, 403, 404, 500, 503];

static STORE: LazyLock<Store> = LazyLock::new(|| {
    let address = Address {
        endpoint: "https://store.example".into(),
        style: Style::Path,
        region: "eu-1".into(),
        bucket: "evidence".into(),
    };
    Store::new(address, ("id", "secret", None)).unwrap()
});

/// The input as an XML document, and as the replies to one of the tasks.
pub fn reply(data: &[u8]) {
    let walked = walk(data, |path, text| {
        assert!((1..=DEPTH_MAX + 1).contains(&path.len()));
        assert!(text.len() <= TEXT_LEN_MAX);
    });
    assert!(walked.is_ok() || walked.is_err());
    let mut input = Input(data);
    match input.byte() % 4 {
        0 => put(input),
        1 => probe(input),
        2 => list(input),
        _ => get(input),
    }
}

/// Runs a task on the replies in the input; `None` when it did not end well.
fn run<T: Task>(task: T, mut input: Input<'_>) -> Option<T> {
    let mut exchange = Exchange::new(task);
    for _ in 0..CALLS_MAX {
        let Some((_, call)) = exchange.poll_call() else {
            return Some(exchange.into_task());
        };
        let request = STORE.sign(&call, NOW);
        assert!(request.url.starts_with("https://store.example/evidence/"));
        let outcome = answer(&mut input);
        exchange.handle(NOW, outcome).ok()?;
    }
    None
}

fn answer(input: &mut Input<'_>) -> Result<Reply, Lost> {
    let kind = input.byte();
    if kind == 255 {
        let detail = "lost".into();
        return Err(Lost { detail });
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut headers = Vec::new();
    if kind & 8 != 0 {
        headers.push(("x-amz-version-id".into(), text(input.piece())));
    }
    if kind & 16 != 0 {
        headers.push(("Date".into(), text(input.piece())));
    }
    Ok(Reply {
        status: STATUS[usize::from(kind % 8)],
        headers,
        body: input.piece().to_vec(),
    })
}

fn put(input: Input<'_>) {
    let until = NOW + 1_000_000_000;
    let put = Put::new("log/seg", b"x".to_vec(), until).unwrap();
    let Some(stored) = run(put, input).and_then(Put::stored) else {
        return;
    };
    assert!(stored.until() >= until);
    assert_eq!(stored.digest(), Digest::of(Context::File, b"x"));
    assert!(!stored.version().is_empty() && stored.version() != "null");
    assert!(stored.version().bytes().all(|b| b.is_ascii_graphic()));
}

fn probe(input: Input<'_>) {
    let Some(probe) = run(Probe::new(&STORE, NOW), input) else {
        return;
    };
    let (report, proven) = probe.finish().unwrap();
    let held = report
        .attempts
        .iter()
        .filter(|one| one.verdict() == Verdict::Held);
    assert_eq!(proven.is_some(), held.count() == Attack::ALL.len());
    assert!(report.to_string().lines().all(|line| line.is_ascii()));
}

fn list(input: Input<'_>) {
    let Some(list) = run(List::new("log/"), input) else {
        return;
    };
    let (versions, _) = list.first_versions();
    assert!(versions.iter().all(|one| one.key.starts_with("log/")));
    for version in versions.into_iter().take(3) {
        let _too_long = Get::new(version).map(|get| get.poll_call());
    }
}

fn get(input: Input<'_>) {
    let version = iia_edge::vault::Version {
        key: "log/seg".into(),
        id: "v".into(),
        len: 1,
    };
    if let Some(get) = run(Get::new(version).unwrap(), input) {
        assert!(get.bytes().is_some());
    }
}
