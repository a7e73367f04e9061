//! What a process starts has no way to the TPM that the process speaks to, and keeps it from nobody.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;
mod machine;

use std::process::{Child, Command};
use std::thread;
use std::time::Duration;

use iia_identity::tpm::{HardwareError, LOST_MAX, Tpm, apart};
use machine::Machine;

const PATIENCE: Duration = Duration::from_secs(20);
const SOON: Duration = Duration::from_millis(500);
const CHILDREN_MAX: usize = 500;

fn begin() -> Child {
    Command::new("sleep").arg("60").spawn().unwrap()
}

fn end(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn what_is_started_meanwhile_has_no_way_to_the_tpm_and_threads_that_wait_are_bounded() {
    let test = "what_is_started_meanwhile_has_no_way_to_the_tpm_and_threads_that_wait_are_bounded";
    let Some(mut machine) = Machine::start(test) else {
        return;
    };
    // It waits until nobody speaks to the TPM, and then the TPM serves whoever comes next.
    let tpm = Tpm::open(&machine.address()).unwrap();
    let waits = thread::spawn(|| apart(PATIENCE, begin));
    thread::sleep(SOON);
    assert!(!waits.is_finished());
    tpm.registers(&[0]).unwrap();
    drop(tpm);
    let child = waits.join().unwrap();
    let tpm = Tpm::open_within(&machine.address(), SOON).unwrap();

    // What is started otherwise has the connection, and this TPM serves one at a time.
    let asks = thread::spawn(move || {
        let answers = std::iter::repeat_with(|| tpm.registers(&[0]));
        answers.filter_map(Result::err).next().unwrap()
    });
    let mut others = Vec::new();
    while !asks.is_finished() && others.len() < CHILDREN_MAX {
        others.push(begin());
    }
    let silent = |error: &HardwareError| matches!(error, HardwareError::Tpm { .. });
    let error = asks.join().unwrap();
    assert!(silent(&error), "{error}");
    // Nobody waits for what does not answer; but no more than so many threads do.
    apart(Duration::ZERO, || ());
    for _ in 1..LOST_MAX {
        let error = Tpm::open_within(&machine.address(), Duration::from_millis(1)).unwrap_err();
        assert!(silent(&error), "{error}");
    }
    let error = Tpm::open_within(&machine.address(), SOON).unwrap_err();
    assert_eq!(error, HardwareError::Busy);
    end(child);
    others.into_iter().for_each(end);
    // They end with their TPM.
    machine.reboot();
    let opens = || Tpm::open_within(&machine.address(), PATIENCE).is_ok();
    assert!((0..100).any(|_| opens() || {
        thread::sleep(Duration::from_millis(50));
        false
    }));
}
