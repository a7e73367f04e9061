//! One stream: an answer at once, then another whenever something changes or an SVID nears the half of its life.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use super::answer::{Answer, Fault};
use super::connection::Caller;
use super::limits::READER_WAIT;
use super::news::News;
use crate::workload::Attested;

/// Messages that wait for a reader at most.
const WAITING_MAX: usize = 1;
/// The clock is looked at this often while an SVID lives: the machine may have slept.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// The call as it is named, what it gives, and how it is answered for a process.
pub(super) struct Profile<T> {
    pub(super) call: &'static str,
    pub(super) kind: &'static str,
    pub(super) answer: fn(&super::Api, &Attested) -> Result<Answer<T>, Fault>,
}

/// Starts a stream for a caller.
pub(super) fn stream<T>(
    caller: &Arc<Caller>,
    profile: Profile<T>,
) -> impl Stream<Item = Result<T, Status>> + Send + use<T>
where
    T: Clone + PartialEq + Send + Sync + 'static,
{
    let (sender, receiver) = mpsc::channel(WAITING_MAX);
    tokio::spawn(run(Arc::clone(caller), profile, sender));
    ReceiverStream::new(receiver)
}

async fn run<T>(caller: Arc<Caller>, profile: Profile<T>, reader: mpsc::Sender<Result<T, Status>>)
where
    T: Clone + PartialEq + Send + Sync + 'static,
{
    let mut changes = caller.api.shared.changes.subscribe();
    let mut last: Option<T> = None;
    loop {
        changes.borrow_and_update();
        let answered = caller.answer(profile.call, |api, seen| (profile.answer)(api, seen));
        let (item, renew_ns) = match answered.await {
            Ok((who, answer)) => {
                // Bundles that are as they were are no news.
                let same = last.as_ref() == Some(&answer.message);
                for id in &answer.ids {
                    let kind = profile.kind;
                    caller.api.tell(&News::Issued {
                        who: &who,
                        id,
                        kind,
                    });
                }
                last = Some(answer.message.clone());
                ((!same).then_some(Ok(answer.message)), answer.renew_ns)
            }
            Err(status) => (Some(Err(status)), None),
        };
        let ends = matches!(item, Some(Err(_)));
        if let Some(item) = item {
            match tokio::time::timeout(READER_WAIT, reader.send(item)).await {
                Ok(Ok(())) if !ends => {}
                Ok(_) => return,
                Err(_) => return caller.close("its process does not read"),
            }
        }
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return },
            () = due(&caller, renew_ns) => {}
            () = reader.closed() => return,
        }
    }
}

/// Waits until an answer is due by the box's own clock; without a time, for ever.
async fn due(caller: &Caller, renew_ns: Option<i64>) {
    let Some(renew_ns) = renew_ns else {
        return std::future::pending().await;
    };
    let at = caller.api.shared.clock.read().wall + renew_ns;
    loop {
        let left_ns = at.since_ns(caller.api.shared.clock.read().wall);
        let Ok(left_ns @ 1..) = u64::try_from(left_ns) else {
            return;
        };
        tokio::time::sleep(Duration::from_nanos(left_ns).min(LOOK_EVERY)).await;
    }
}
