//! C095: what is set aside is said aloud.

use iia_core::time::parse_utc;

use super::Ground;
use crate::explain;

/// C095: a waiver names the rule, the reason, who answers and until when; and it never sets an error aside.
pub(super) fn sound(ground: &mut Ground<'_>) {
    for entry in ground.of_kind("waiver") {
        for key in ["rule", "reason", "accountable", "expires"] {
            if entry
                .field(key)
                .is_none_or(|field| field.text().trim().is_empty())
            {
                let message = format!("waiver {} does not say its {key}", entry.name);
                ground.tell(
                    "C095",
                    entry.head(),
                    message,
                    "a waiver names rule, reason, accountable and expires",
                );
            }
        }
        if let Some(rule) = entry.field("rule") {
            match explain::rule(rule.text()) {
                Some(known) if known.rejects => {
                    let message = format!("rule {} cannot be set aside", rule.text());
                    ground.tell(
                        "C095",
                        rule.span(),
                        message,
                        "waivers set warnings aside, never errors",
                    );
                }
                Some(_) => {}
                None => {
                    let message = format!("there is no rule {}", rule.text());
                    ground.tell("C095", rule.span(), message, "such as C049");
                }
            }
        }
        let ended = parse_utc(entry.text("expires"))
            .zip(ground.facts.now)
            .is_some_and(|(end, now)| end <= now);
        if ended {
            let message = format!("waiver {} has expired", entry.name);
            ground.tell(
                "C095",
                entry.head(),
                message,
                "mend what it waived, or renew it",
            );
        }
        let message = format!("waiver {}: {}", entry.name, entry.text("reason"));
        ground.warn(
            "C095",
            entry.head(),
            message,
            "it is shown for as long as it holds",
        );
    }
}
