//! What observers are shown.

use iia_attest::aggregate::{Aggregator, Answers, Board, Job, Sink, Told};
use iia_attest::correlator::Correlator as _;
use iia_attest::policy_drift::{DIFFERENCES_MAX, Policy, PolicyDrift, Seen};
use iia_contract::Catalog;
use iia_contract::topology::Topology;
use iia_core::Timestamp;
use iia_core::event::{Event, EventKind};

/// Whatever is listed, the observer tells a bounded number of findings, and tells nothing twice.
pub fn policy(data: &[u8]) {
    let outline = String::from_utf8_lossy(data).into_owned();
    let _ = Policy::read(data, &outline);
    let mut observer = PolicyDrift::new(&Catalog::default(), &Topology::default());
    let mut told = [0, 0];
    for count in &mut told {
        let seen = Seen::Listing {
            listing: data.to_vec(),
            outline: outline.clone(),
            interfaces: Vec::new(),
        };
        observer.handle_observation(Timestamp::from_ns(1), seen);
        *count = core::iter::from_fn(|| observer.poll_finding()).count();
    }
    assert!(told[0] <= DIFFERENCES_MAX + 2 && told[1] == 0, "{told:?}");
}

/// Records of findings, each a block of lines `key value`: whatever is read is the same when it is written and read again,
/// and what stands is counted and stays within its limits.
pub fn told(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut board = Board::default();
    let Ok(mut aggregator) = Aggregator::new(Answers::default(), &[Sink::Journal]) else {
        return;
    };
    let mut good = 0;
    for block in text.split("\n\n") {
        let start = Event::new(EventKind::Finding, Timestamp::from_ns(1));
        let event = block.lines().fold(start, |event, line| {
            let (key, value) = line.split_once(' ').unwrap_or((line, ""));
            event.with(key, value)
        });
        let Ok(told) = Told::read(&event) else {
            continue;
        };
        good += 1;
        let again = Told::read(&told.event());
        // A value that is too long was cut, and names another cause.
        assert!(again.is_ok_and(|again| again == told || block.len() > 1024));
        board.recall(&told);
        aggregator.handle_finding(Timestamp::from_ns(2), told.finding);
    }
    assert!(board.len() + board.over().count() <= good);
    assert!(aggregator.board().len() <= good);
    while let Some(Job::Deliver(alert)) = aggregator.poll_job(Timestamp::from_ns(3), Sink::Journal)
    {
        assert!(!alert.to_line().contains(char::is_control));
        aggregator.handle_outcome(Timestamp::from_ns(3), Sink::Journal, Ok(()));
    }
}
