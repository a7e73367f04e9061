//! What happens to roles, in words: for the chain and for the screen.

use iia_core::event::{Event, EventKind};
use iia_core::time::Clock as _;

use super::Heard;
use crate::proof::tell;
use crate::screen::Tone;
use crate::supervise::News;
use crate::workload::clock;

/// What a piece of news is for the chain, and for the screen.
pub(super) fn told(news: &News) -> (Option<Event>, Option<Heard>) {
    let event = |kind| Event::new(kind, clock().read().wall);
    let heard = |role: &str, tone, text: String| {
        let role = role.to_owned();
        Some(Heard { role, tone, text })
    };
    match news {
        News::Started {
            role,
            pid,
            runs_as,
            given,
        } => {
            let event = event(EventKind::WorkloadStarted)
                .with("role", role.as_str())
                .with("pid", pid.to_string())
                .with("user", runs_as.words());
            let event = match given {
                Some(given) => given.tell(event),
                None => event,
            };
            (Some(event), None)
        }
        News::Ready { role } => (None, heard(role, Tone::Good, format!("{role} serves"))),
        News::Said { role, text } => {
            let tone = match (role.as_str(), text.starts_with("refused")) {
                ("notebook" | "laptop", false) => Tone::Good,
                ("notebook" | "notebook_beyond" | "laptop", true) => Tone::Bad,
                _ => Tone::Note,
            };
            (None, heard(role, tone, format!("{role}: {text}")))
        }
        News::Issued { told, key } => (Some(tell(*key, crate::issue::event(told))), None),
        News::NotAdmitted { role, refused } => {
            let heard = heard(role, Tone::Bad, refused.to_string());
            (Some(refused.event(clock().read().wall)), heard)
        }
        News::Noted { event, trouble } => {
            let trouble = trouble.clone();
            let said = trouble.and_then(|text| heard("box", Tone::Bad, text));
            (Some(event.clone()), said)
        }
        News::NoSecrets { role, refused } => {
            let heard = heard(role, Tone::Bad, refused.to_string());
            (Some(refused.event(role)), heard)
        }
        News::Refused { id, denied } => {
            let event = denied.event(id, clock().read().wall);
            let name = id.zone_workload().map_or("", |(_, name)| name);
            let text = format!("{name}: no SVID for {id}: {denied}");
            (Some(event), heard(name, Tone::Bad, text))
        }
        News::Finished { .. } | News::LinkRefused { .. } | News::Outage { .. } => (None, None),
        News::Fell { role } => {
            let event = event(EventKind::WorkloadStopped).with("role", role.as_str());
            let text = format!("{role} fell and is started again");
            let heard = heard(role, Tone::Note, text);
            (Some(event.with("outcome", "fell")), heard)
        }
        News::Ended { role, clean } => {
            let outcome = if *clean { "finished" } else { "failed" };
            let event = event(EventKind::WorkloadStopped).with("role", role.as_str());
            (Some(event.with("outcome", outcome)), None)
        }
    }
}
