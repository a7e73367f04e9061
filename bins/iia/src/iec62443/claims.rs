//! What a box claims of IEC 62443-3-3:2013, and which records show it.
//!
//! Numbers and names are those of the standard. Where the design this box is built to gives a requirement another number or
//! name, that stands beside it.

use iia_core::event::{Event, EventKind};

/// A claim: a system requirement, and what the box does for it.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// The number in the standard, such as `SR 3.9`.
    pub sr: &'static str,
    /// The name in the standard.
    pub name: &'static str,
    /// What the design calls it, where that differs.
    pub label: &'static str,
    /// What the box does.
    pub does: &'static str,
    /// The requirement of `docs/requirements.md` whose tests show that it does.
    pub id: &'static str,
    /// Which records show it.
    pub shows: &'static [Shows],
}

/// Records that show something.
#[derive(Clone, Copy, Debug)]
pub struct Shows {
    /// Their kind.
    pub kind: EventKind,
    /// What tells them from others of the kind, in words; empty for all of them.
    pub which: &'static str,
    /// Whether an event of the kind is one of them.
    pub when: fn(&Event) -> bool,
}

impl Shows {
    /// Whether an event is one of them.
    pub fn is_shown_by(&self, event: &Event) -> bool {
        event.kind == self.kind && (self.when)(event)
    }
}

const fn all(kind: EventKind) -> Shows {
    Shows {
        kind,
        which: "",
        when: |_| true,
    }
}

const fn some(kind: EventKind, which: &'static str, when: fn(&Event) -> bool) -> Shows {
    Shows { kind, which, when }
}

fn is(event: &Event, key: &str, values: &[&str]) -> bool {
    event
        .field(key)
        .is_some_and(|found| values.contains(&found))
}

/// Whether nobody who approved was an author.
fn has_two_people(event: &Event) -> bool {
    let operators = event.field("operators").unwrap_or_default();
    operators
        .split_once(" approved by ")
        .is_some_and(|(authors, approvers)| {
            let mut approvers = approvers.split(' ');
            approvers.all(|one| !one.is_empty() && !authors.split(' ').any(|author| author == one))
        })
}

/// The foundational requirements, by number.
pub const FOUNDATIONAL: [(&str, &str); 7] = [
    ("FR 1", "Identification and authentication control"),
    ("FR 2", "Use control"),
    ("FR 3", "System integrity"),
    ("FR 4", "Data confidentiality"),
    ("FR 5", "Restricted data flow"),
    ("FR 6", "Timely response to events"),
    ("FR 7", "Resource availability"),
];

/// The claims, in the order of the standard.
pub const CLAIMS: [Claim; 24] = [
    Claim {
        sr: "SR 1.1",
        name: "Human user identification and authentication",
        label: "",
        does: "Operators authenticate at an identity provider, with a second factor",
        id: "R-FRM-01",
        shows: &[all(EventKind::Authentication)],
    },
    Claim {
        sr: "SR 1.2",
        name: "Software process and device identification and authentication",
        label: "",
        does: "Every workload has a short-lived SPIFFE identity, or none and no link",
        id: "R-IDN-06",
        shows: &[all(EventKind::SvidIssued), all(EventKind::SvidRefused)],
    },
    Claim {
        sr: "SR 2.1",
        name: "Authorization enforcement",
        label: "",
        does: "A link, a question or a call that no contract names is refused",
        id: "R-FRM-02",
        shows: &[
            all(EventKind::ConduitRejected),
            all(EventKind::Authorisation),
        ],
    },
    Claim {
        sr: "SR 2.1 RE 4",
        name: "Dual approval",
        label: "SR 2.4, two-person integrity",
        does: "What one operator signed another approves before it is put in force",
        id: "R-FRM-02",
        shows: &[some(
            EventKind::ArtifactApplied,
            "signed and approved by different people",
            has_two_people,
        )],
    },
    Claim {
        sr: "SR 2.4",
        name: "Mobile code",
        label: "SR 3.4, mobile code restrictions",
        does: "A workload's image is started only when its signature and digest are those agreed",
        id: "R-IMG-06",
        shows: &[some(EventKind::ArtifactVerified, "of images", |event| {
            is(event, "class", &["image"])
        })],
    },
    Claim {
        sr: "SR 2.8",
        name: "Auditable events",
        label: "",
        does: "Every security event is a record of the chain",
        id: "R-AUD-01",
        shows: &[
            all(EventKind::SessionOpened),
            all(EventKind::SessionClosed),
            all(EventKind::WorkloadStarted),
            all(EventKind::WorkloadStopped),
            all(EventKind::GatedCall),
            all(EventKind::KernelAudit),
        ],
    },
    Claim {
        sr: "SR 2.10",
        name: "Response to audit processing failures",
        label: "",
        does: "Events that were lost are counted in the chain; a torn end is put aside and told",
        id: "R-AUD-10",
        shows: &[all(EventKind::RecordsLost), all(EventKind::LogRecovered)],
    },
    Claim {
        sr: "SR 2.11",
        name: "Timestamps",
        label: "",
        does: "Each minute the state of the clock and its largest error are on record",
        id: "R-PAP-04",
        shows: &[all(EventKind::TimeState)],
    },
    Claim {
        sr: "SR 2.12",
        name: "Non-repudiation",
        label: "",
        does: "Who signed and who approved a change is on record with its digest",
        id: "R-FRM-02",
        shows: &[
            all(EventKind::ArtifactVerified),
            all(EventKind::ArtifactAuthorised),
        ],
    },
    Claim {
        sr: "SR 3.1",
        name: "Communication integrity",
        label: "",
        does: "Every hop is a mutually authenticated TLS 1.3 link under a contract",
        id: "R-IMG-06",
        shows: &[all(EventKind::SessionOpened)],
    },
    Claim {
        sr: "SR 3.4",
        name: "Software and information integrity",
        label: "SR 3.4, also of updates",
        does: "What is put in force is signed, applied whole or not at all, and confirmed by an observer",
        id: "R-UPD-06",
        shows: &[
            all(EventKind::ArtifactVerified),
            all(EventKind::ArtifactConfirmed),
            all(EventKind::SignatureFailed),
            some(EventKind::Finding, "on configuration or image", |event| {
                is(
                    event,
                    "stream",
                    &["ot.attestation.config", "ot.attestation.image"],
                )
            }),
        ],
    },
    Claim {
        sr: "SR 3.5",
        name: "Input validation",
        label: "",
        does: "An artifact is parsed and validated before it is staged, or refused with its rule",
        id: "R-FRM-03",
        shows: &[
            all(EventKind::ArtifactParsed),
            all(EventKind::ArtifactValidated),
            all(EventKind::ArtifactRejected),
        ],
    },
    Claim {
        sr: "SR 3.9",
        name: "Protection of audit information",
        label: "SR 3.9, audit data integrity",
        does: "Records are chained, heads signed and cosigned by the next box up, and all of it verifies offline",
        id: "R-AUD-12",
        shows: &[
            all(EventKind::HeadPublished),
            all(EventKind::HeadWitnessed),
            all(EventKind::SegmentSealed),
        ],
    },
    Claim {
        sr: "SR 4.1",
        name: "Information confidentiality",
        label: "",
        does: "What passes between workloads is encrypted; of secrets at rest there is no record",
        id: "R-SEC-07",
        shows: &[all(EventKind::SessionOpened)],
    },
    Claim {
        sr: "SR 4.3",
        name: "Use of cryptography",
        label: "SR 4.3, cryptographic key management",
        does: "A change of keys is on record",
        id: "R-SEC-07",
        shows: &[all(EventKind::KeyChanged)],
    },
    Claim {
        sr: "SR 5.1",
        name: "Network segmentation",
        label: "",
        does: "The firewall of the zones is loaded from the signed contracts alone",
        id: "R-FRM-05",
        shows: &[some(EventKind::GatedCall, "of the firewall", |event| {
            is(event, "call", &["firewall"])
        })],
    },
    Claim {
        sr: "SR 5.2",
        name: "Zone boundary protection",
        label: "",
        does: "What crosses the boundary is on record, and what no contract allows is refused or told",
        id: "R-FRM-05",
        shows: &[
            all(EventKind::BoundaryCrossed),
            all(EventKind::ConduitRejected),
            all(EventKind::PacketLogged),
            all(EventKind::ContractViolation),
        ],
    },
    Claim {
        sr: "SR 5.4",
        name: "Application partitioning",
        label: "",
        does: "Each role is a process of its own with an identity of its own zone",
        id: "R-FRM-05",
        shows: &[all(EventKind::WorkloadStarted)],
    },
    Claim {
        sr: "SR 6.1",
        name: "Audit log accessibility",
        label: "",
        does: "The head goes to the next box up, and questions that were answered are on record",
        id: "R-FRM-06",
        shows: &[all(EventKind::HeadWitnessed), all(EventKind::QueryServed)],
    },
    Claim {
        sr: "SR 6.2",
        name: "Continuous monitoring",
        label: "",
        does: "Traffic is captured and judged, observers tell what differs, and silence shows",
        id: "R-FRM-06",
        shows: &[
            all(EventKind::CaptureOpened),
            all(EventKind::CaptureClosed),
            all(EventKind::ContractViolation),
            all(EventKind::Finding),
            all(EventKind::IntrusionAlert),
        ],
    },
    Claim {
        sr: "SR 7.1",
        name: "Denial of service protection",
        label: "SR 7.1, resource availability",
        does: "A consumer that asks beyond its quota is refused",
        id: "R-FRM-07",
        shows: &[some(
            EventKind::Authorisation,
            "refused for its quota",
            |event| is(event, "code", &["IIA-EDG-0401", "IIA-EDG-0402"]),
        )],
    },
    Claim {
        sr: "SR 7.4",
        name: "Control system recovery and reconstitution",
        label: "SR 7.1, resource availability",
        does: "What is not confirmed in time goes back; what fell is started again",
        id: "R-UPD-06",
        shows: &[
            some(EventKind::ArtifactApplied, "going back", |event| {
                is(event, "purpose", &["go_back", "restore"])
            }),
            some(EventKind::WorkloadStopped, "fell", |event| {
                is(event, "outcome", &["fell"])
            }),
        ],
    },
    Claim {
        sr: "SR 7.6",
        name: "Network and security configuration settings",
        label: "",
        does: "What is in force is an artifact with a digest, confirmed by an observer",
        id: "R-FRM-07",
        shows: &[
            all(EventKind::ArtifactApplied),
            all(EventKind::ArtifactConfirmed),
        ],
    },
    Claim {
        sr: "SR 7.7",
        name: "Least functionality",
        label: "",
        does: "Nothing listens or connects but what the signed list names",
        id: "R-INV-05",
        shows: &[],
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use iia_core::Timestamp;

    use super::*;

    /// Names of the standard by number, as far as they are claimed here (IEC 62443-3-3:2013, clauses 5 to 11).
    const STANDARD: [(&str, &str); 24] = [
        ("SR 1.1", "Human user identification and authentication"),
        (
            "SR 1.2",
            "Software process and device identification and authentication",
        ),
        ("SR 2.1", "Authorization enforcement"),
        ("SR 2.1 RE 4", "Dual approval"),
        ("SR 2.4", "Mobile code"),
        ("SR 2.8", "Auditable events"),
        ("SR 2.10", "Response to audit processing failures"),
        ("SR 2.11", "Timestamps"),
        ("SR 2.12", "Non-repudiation"),
        ("SR 3.1", "Communication integrity"),
        ("SR 3.4", "Software and information integrity"),
        ("SR 3.5", "Input validation"),
        ("SR 3.9", "Protection of audit information"),
        ("SR 4.1", "Information confidentiality"),
        ("SR 4.3", "Use of cryptography"),
        ("SR 5.1", "Network segmentation"),
        ("SR 5.2", "Zone boundary protection"),
        ("SR 5.4", "Application partitioning"),
        ("SR 6.1", "Audit log accessibility"),
        ("SR 6.2", "Continuous monitoring"),
        ("SR 7.1", "Denial of service protection"),
        ("SR 7.4", "Control system recovery and reconstitution"),
        ("SR 7.6", "Network and security configuration settings"),
        ("SR 7.7", "Least functionality"),
    ];

    #[test]
    fn numbers_and_names_are_those_of_the_standard_and_every_foundation_is_claimed() {
        let claimed: Vec<(&str, &str)> =
            CLAIMS.iter().map(|claim| (claim.sr, claim.name)).collect();
        assert_eq!(claimed, STANDARD);
        let foundations: BTreeSet<&str> = CLAIMS
            .iter()
            .filter_map(|claim| claim.sr.get(..4))
            .collect();
        let named: BTreeSet<String> = FOUNDATIONAL
            .iter()
            .map(|(fr, _)| fr.replace("FR", "SR"))
            .collect();
        assert!(foundations.into_iter().eq(named.iter().map(String::as_str)));
    }

    #[test]
    fn every_claim_names_a_requirement_of_the_page() {
        let page = include_str!("../../../../docs/requirements.md");
        for claim in &CLAIMS {
            assert!(page.contains(&format!("| {} |", claim.id)), "{}", claim.sr);
        }
    }

    #[test]
    fn nobody_approves_what_he_signed() {
        for (operators, want) in [
            ("ann approved by bob", true),
            ("ann carl approved by bob", true),
            ("ann approved by ann", false),
            ("ann bob approved by bob", false),
            ("ann approved by ", false),
            ("ann", false),
        ] {
            let event = Event::new(EventKind::ArtifactApplied, Timestamp::default());
            assert_eq!(
                has_two_people(&event.with("operators", operators)),
                want,
                "{operators}"
            );
        }
    }
}
