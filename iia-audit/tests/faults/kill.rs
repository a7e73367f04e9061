//! The process is killed at any moment.

use crate::writer::{Writer, holds};
use crate::{Random, common, cycles};

#[test]
fn whatever_was_acknowledged_before_a_kill_is_there() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut dir = tempfile::tempdir().unwrap();
    drop(common::create(dir.path()));
    let (mut kills, mut records) = (0, 0);
    for cycle in 0..cycles(40) {
        // A log that was killed often is read as a whole each time, so that a new one begins now and then.
        if cycle % 50 == 49 {
            dir = tempfile::tempdir().unwrap();
            drop(common::create(dir.path()));
        }
        let mut writer = Writer::start(dir.path());
        writer.let_run(random.below(12));
        std::thread::sleep(std::time::Duration::from_micros(random.below(3_000)));
        records = holds(dir.path(), writer.kill());
        kills += 1;
    }
    assert!(kills > 0 && records > 0);
}
