//! The observer of identities on a box that runs: it sees what is given out and used, is silent while all is well, and says so
//! when somebody takes a record out of the issuer's log.

use std::fs::{self, OpenOptions};
use std::path::Path;
use std::time::{Duration, Instant};

use iia::standing::Sights;
use iia_audit::verify::records;
use iia_core::event::{Event, EventKind};
use iia_core::issuance::Issuance;
use iia_core::stream::Stream;

use crate::attack::written;
use crate::demo::Demo;

const PATIENCE: Duration = Duration::from_secs(20);

fn is_of_identity(event: &Event) -> bool {
    let stream = event.field("stream").unwrap_or_default();
    event.kind == EventKind::Finding && stream == Stream::ATTEST_IDENTITY.as_str()
}

/// Takes the last record out of the log.
fn take_one_out(log: &Path) {
    let bytes = fs::read(log).unwrap();
    let (mut rest, mut last) = (bytes.as_slice(), 0);
    while let Some((_, behind)) = Issuance::take(rest).unwrap() {
        last = bytes.len() - rest.len();
        rest = behind;
    }
    let file = OpenOptions::new().write(true).open(log).unwrap();
    file.set_len(last as u64).unwrap();
}

#[test]
fn r_atn_19_a_box_at_peace_is_silent_and_a_record_that_is_gone_is_found() {
    let mut demo = Demo::start(&["--speed", "4", "--no-kill"]);
    demo.until("collect serves");
    let audit = demo.evidence("seg01").join("audit");
    let dir = audit.ancestors().nth(2).unwrap();
    let started = Instant::now();
    let looks = || {
        let said = Sights::of_box(dir).unwrap().unwrap_or_default();
        let one = said.observers.into_iter();
        one.filter(|one| one.stream == Stream::ATTEST_IDENTITY.as_str())
            .map(|one| one.looks)
            .sum::<u64>()
    };
    // The roles' certificates, and a session each.
    while looks() < 12 {
        assert!(started.elapsed() < PATIENCE, "{}", looks());
        std::thread::sleep(Duration::from_millis(50));
    }
    records(&audit, |record| {
        assert!(!is_of_identity(&record.body.event))
    })
    .unwrap();
    let log = dir.join("state/issuance/issuance-00000000000000000001.log");
    take_one_out(&log);
    written(&audit, |event, _| {
        let reason = event.field("reason").unwrap_or_default();
        is_of_identity(event) && reason.starts_with("the issuance log was changed")
    });
    demo.finish();
}
