//! What a workload of the box was refused, or refused itself, when it dialled: told by its process, counted by the
//! supervisor, so that whoever is refused all the time fills no chain.

use iia_core::code::Coded as _;
use iia_core::event::{Event, EventKind};
use iia_core::{SpiffeId, Timestamp};
use iia_identity::pipe::Refusal;
use iia_link::LinkError;
use iia_link::rt::Target;

use crate::tally::Tally;

/// Longest text that a process may say of it, in characters.
const TEXT_LEN_MAX: usize = 256;

/// The refusal that an error is; `None` for one of the network, which nobody decided.
pub(crate) fn of(target: &Target, error: &LinkError) -> Option<Refusal> {
    let unproven = match error {
        LinkError::Identity(_)
        | LinkError::ForeignPreface { .. }
        | LinkError::HttpPreface
        | LinkError::NotTls
        | LinkError::OldTls
        | LinkError::Tls => true,
        LinkError::Catalog(_)
        | LinkError::ContractEnded
        | LinkError::Refused { .. }
        | LinkError::Revoked => false,
        _ => return None,
    };
    let code = match error {
        LinkError::Refused { code } => code.clone(),
        other => other.code().to_string(),
    };
    Some(Refusal {
        peer: target.peer.to_string(),
        contract: target.contract.clone(),
        operation: target.operation.clone(),
        code,
        reason: error.to_string(),
        unproven,
    })
}

fn shortened(mut refusal: Refusal) -> Refusal {
    for text in [
        &mut refusal.peer,
        &mut refusal.contract,
        &mut refusal.operation,
        &mut refusal.code,
        &mut refusal.reason,
    ] {
        if let Some((at, _)) = text.char_indices().nth(TEXT_LEN_MAX) {
            text.truncate(at);
        }
    }
    refusal
}

fn event(refusal: &Refusal, id: &str, (now, count): (Timestamp, u64)) -> Event {
    let kind = match refusal.unproven {
        true => EventKind::Authentication,
        false => EventKind::ConduitRejected,
    };
    Event::new(kind, now)
        .with("outcome", "refused")
        .with("side", "dialling")
        .with("id", id)
        .with("peer", refusal.peer.as_str())
        .with("contract", refusal.contract.as_str())
        .with("operation", refusal.operation.as_str())
        .with("code", refusal.code.as_str())
        .with("reason", refusal.reason.as_str())
        .with("count", count.to_string())
}

/// How often each was refused what.
#[derive(Default)]
pub(crate) struct Refusals(Tally<(String, Refusal)>);

impl Refusals {
    /// A workload was refused something; gives the event of it, unless it stood in one a moment ago.
    pub(crate) fn take(
        &mut self,
        id: &SpiffeId,
        refusal: Refusal,
        now: Timestamp,
    ) -> Option<Event> {
        let kind = (id.to_string(), shortened(refusal));
        let (id, refusal) = self.0.take(kind, now)?;
        Some(event(&refusal, &id, (now, 1)))
    }

    /// What is to be told by now: how often it happened since it was told last. What has stopped is forgotten.
    pub(crate) fn settle(&mut self, now: Timestamp) -> Vec<Event> {
        counted(self.0.settle(now), now)
    }

    /// Everything that was not told.
    pub(crate) fn close(&mut self, now: Timestamp) -> Vec<Event> {
        counted(self.0.close(now), now)
    }
}

fn counted(counts: Vec<((String, Refusal), u64)>, now: Timestamp) -> Vec<Event> {
    let event =
        |((id, refusal), count): ((String, Refusal), u64)| event(&refusal, &id, (now, count));
    counts.into_iter().map(event).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tally::KINDS_MAX;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(secs)
    }

    fn refusal(code: &str) -> Refusal {
        Refusal {
            code: code.into(),
            ..Refusal::default()
        }
    }

    fn id() -> SpiffeId {
        "spiffe://iia.local/zone/a/workload/b".parse().unwrap()
    }

    #[test]
    fn the_first_is_told_at_once_and_the_rest_is_counted() {
        let mut refusals = Refusals::default();
        let first = refusals
            .take(&id(), refusal("IIA-LNK-0102"), at(0))
            .unwrap();
        assert_eq!(first.field("count"), Some("1"));
        for _ in 0..1000 {
            assert!(
                refusals
                    .take(&id(), refusal("IIA-LNK-0102"), at(1))
                    .is_none()
            );
        }
        assert!(
            refusals
                .take(&id(), refusal("IIA-LNK-0103"), at(2))
                .is_some()
        );
        assert!(refusals.settle(at(59)).is_empty());
        let told = refusals.settle(at(60));
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].field("count"), Some("1000"));
        assert!(refusals.settle(at(180)).is_empty());
        // It has stopped, so that the next one is news.
        assert!(
            refusals
                .take(&id(), refusal("IIA-LNK-0102"), at(181))
                .is_some()
        );
        assert!(
            refusals
                .take(&id(), refusal("IIA-LNK-0102"), at(181))
                .is_none()
        );
        assert_eq!(refusals.close(at(181)).len(), 1);
    }

    #[test]
    fn a_process_that_says_everything_fills_no_memory_and_no_chain() {
        let mut refusals = Refusals::default();
        let mut told = 0;
        for number in 0..KINDS_MAX * 2 {
            let long = format!("{number}-{}", "x".repeat(100_000));
            told += usize::from(refusals.take(&id(), refusal(&long), at(0)).is_some());
        }
        assert_eq!(told, KINDS_MAX + 1);
        let rest: u64 = refusals
            .close(at(1))
            .iter()
            .map(|event| event.field("count").unwrap().parse::<u64>().unwrap())
            .sum();
        assert_eq!(rest as usize + told, KINDS_MAX * 2);
        let longest = |event: &Event| event.field("code").unwrap().chars().count();
        let event = Refusals::default().take(&id(), refusal(&"x".repeat(1 << 20)), at(0));
        assert_eq!(longest(&event.unwrap()), TEXT_LEN_MAX);
    }
}
