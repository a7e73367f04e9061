//! Replies that do not come, come too late, or come from a store in trouble.

use iia_core::time::SECOND_NS;
use iia_edge::vault::{
    CLOCK_ERROR_MAX_S, Exchange, Lost, Put, Reply, TRIES_MAX, Task, VaultError, WAIT_MAX_MS,
};

use crate::model::{Lie, Model, NOW, reply, run};

fn put() -> Put {
    let until = NOW + 40 * 86_400 * SECOND_NS;
    Put::new("log/seg", b"records".to_vec(), until).unwrap()
}

fn lost() -> Result<Reply, Lost> {
    Err(Lost {
        detail: "reset".into(),
    })
}

#[test]
fn every_single_loss_is_made_good_and_nothing_is_sent_twice() {
    let mut clean = Model::new(Lie::None);
    run(put(), |request| Ok(clean.answer(request))).unwrap();
    for at in 0..clean.seen.len() {
        for carried_out in [false, true] {
            let (mut model, mut count) = (Model::new(Lie::None), 0);
            let done = run(put(), |request| {
                count += 1;
                if count == at + 1 {
                    if carried_out {
                        model.answer(request);
                    }
                    return lost();
                }
                Ok(model.answer(request))
            });
            let stored = done.unwrap().stored().unwrap();
            assert_eq!(stored.len(), 7);
            assert_eq!(
                stored.version(),
                "v1",
                "loss of call {at}, carried out: {carried_out}"
            );
        }
    }
}

#[test]
fn a_store_in_trouble_is_tried_again_and_not_for_ever() {
    for status in [408, 429, 500, 502, 503, 504] {
        let mut tries = 0;
        let refused = run(put(), |_| {
            tries += 1;
            Ok(reply(status, "<Error><Code>SlowDown</Code></Error>"))
        });
        assert!(
            matches!(
                refused,
                Err(VaultError::Unreachable {
                    tries: TRIES_MAX,
                    ..
                })
            ),
            "{status}"
        );
        assert_eq!(tries, TRIES_MAX);
    }
    for status in [301, 400, 403, 409, 412, 501] {
        let mut tries = 0;
        let refused = run(put(), |_| {
            tries += 1;
            Ok(reply(status, ""))
        });
        assert!(
            matches!(refused, Err(VaultError::Refused { .. })),
            "{status}"
        );
        assert_eq!(tries, 1);
    }
}

#[test]
fn waits_grow_and_end() {
    let mut exchange = Exchange::new(put());
    let mut waits = Vec::new();
    while exchange.handle(NOW, lost()).is_ok() {
        waits.push(exchange.poll_call().unwrap().0);
    }
    assert_eq!(waits, [500, 1000, 2000, 4000, 8000]);
    assert!(waits.iter().all(|wait| *wait <= WAIT_MAX_MS));
}

#[test]
fn clocks_that_differ_are_told() {
    let at = |seconds: i64| {
        let mut exchange = Exchange::new(put());
        exchange.handle(NOW + seconds * SECOND_NS, Ok(reply(404, "")))
    };
    let max = CLOCK_ERROR_MAX_S.cast_signed();
    for good in [0, max, -max] {
        assert_eq!(at(good), Ok(()), "{good}");
    }
    for bad in [max + 1, -max - 1, 365 * 86_400] {
        let seconds = bad.unsigned_abs();
        assert_eq!(at(bad), Err(VaultError::ClockSkew { seconds }), "{bad}");
    }
    let skewed = Reply {
        status: 403,
        body: b"<Error><Code>RequestTimeTooSkewed</Code></Error>".to_vec(),
        ..Reply::default()
    };
    let told = Exchange::new(put()).handle(NOW, Ok(skewed));
    assert_eq!(told, Err(VaultError::ClockSkew { seconds: 0 }));
}

#[test]
fn a_task_that_is_done_asks_nothing_more() {
    let mut model = Model::new(Lie::None);
    let done = run(put(), |request| Ok(model.answer(request))).unwrap();
    assert!(done.poll_call().is_none() && done.was_sent());
}
