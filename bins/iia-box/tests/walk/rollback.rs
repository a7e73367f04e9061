//! A disk that is put back while the boxes run: the log goes on from an older state, with its own key, and the next box up
//! says so at once, and so does the box.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use iia::lake_report::word;
use iia_core::event::EventKind;
use iia_core::stream::Stream;

use crate::attack::{seen_above, written};
use crate::demo::{Demo, files, signal};
use crate::falls::process_of;
use crate::heads::often;

const PATIENCE: Duration = Duration::from_secs(10);

fn copy(from: &Path, to: &Path) {
    for file in files(from) {
        let place = to.join(file.strip_prefix(from).unwrap());
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::copy(file, place).unwrap();
    }
}

/// The log of the box as it was, and the state of its seals, while nobody looks.
fn put_back(demo: &Demo, (log, old): (&Path, &Path)) {
    signal("STOP", demo.pid());
    let keeper = process_of(demo.pid(), ("seg01", "audit")).unwrap();
    signal("KILL", keeper);
    let started = Instant::now();
    while Path::new(&format!("/proc/{keeper}/fd/0")).exists() {
        assert!(started.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(5));
    }
    fs::remove_dir_all(log).unwrap();
    copy(old, log);
    signal("CONT", demo.pid());
}

#[test]
fn r_atn_20_a_disk_that_is_put_back_is_found_by_the_next_box_up() {
    let dir = tempfile::tempdir().unwrap();
    let config = often(dir.path());
    let arguments = [
        "--speed",
        "2",
        "--no-kill",
        "--config",
        config.to_str().unwrap(),
    ];
    let mut demo = Demo::start(&arguments);
    demo.until("collect serves");
    let (log, old) = (demo.evidence("seg01").join("audit"), dir.path().join("old"));
    demo.until("and no contract joins them");
    copy(&log, &old);
    demo.until("write holding_register 110");
    seen_above(&demo, &log);
    put_back(&demo, (&log, &old));
    written(&demo.evidence("site").join("audit"), |event, _| {
        event.kind == EventKind::HeadWitnessed && event.field("outcome") == Some("refused")
    });
    // The box says so itself: what it saw of its log it keeps elsewhere. In which words depends on how far the log has grown again.
    written(&log, |event, _| {
        let reason = event.field("reason").unwrap_or_default();
        reason.contains("an older state") && reason.contains("was put back")
    });
    // The row goes into the lake after the record, when the consumer's refusal has come back.
    std::thread::sleep(Duration::from_secs(5));
    let run = demo.pull_the_plug();
    let batches = run.rows("seg01", &Stream::AUDIT_VERIFY);
    let unsound = batches.iter().flat_map(|batch| {
        (0..batch.num_rows()).filter(|row| {
            let reason = word(batch, "reason", *row).unwrap_or_default();
            reason.contains("does not hold for the consumer")
        })
    });
    assert!(
        unsound.count() > 0,
        "the accounts have the head that was refused"
    );
    let batches = run.rows("site", &Stream::ATTEST_AUDIT_CHAIN);
    let reasons: Vec<&str> = batches
        .iter()
        .flat_map(|batch| (0..batch.num_rows()).filter_map(|row| word(batch, "reason", row)))
        .collect();
    // What the box says itself goes north as well.
    let own = |reason: &&str| {
        reason.contains("seg01/audit holds its head") || reason.contains("an older state of")
    };
    let reasons: Vec<&str> = reasons.into_iter().filter(|reason| !own(reason)).collect();
    assert!(!reasons.is_empty());
    for reason in reasons {
        assert!(
            reason.starts_with("head seg01/audit ")
                && reason.contains(" is not signed for: IIA-AUD-"),
            "{reason}"
        );
    }
}
