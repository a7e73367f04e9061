//! Configuration artifacts, approvals and trust documents.

use iia_config::approval::{self, Memory, Used, Wanted};
use iia_config::envelope::{self, open};
use iia_config::format::canonical;
use iia_config::limits::{DIAGNOSTICS_MAX, DOCUMENT_LEN_DEFAULT};
use iia_config::parse::Document;
use iia_config::trust::{Class, Trust, key_text};
use iia_config::validate::{self, Facts};
use iia_core::Timestamp;
use iia_core::digest::{Context, Digest};
use iia_core::sign::Signer as _;
use iia_core::time::{Clock as _, Floor, ManualClock};

use crate::audit::key;
use crate::input::{Input, bend};

fn parsed(data: &[u8]) -> Option<Document> {
    match iia_config::parse::parse(data, DOCUMENT_LEN_DEFAULT) {
        Ok(document) => Some(document),
        Err(found) => {
            assert!((1..=DIAGNOSTICS_MAX).contains(&found.len()));
            let text = String::from_utf8_lossy(data);
            for diagnostic in &found {
                assert!(diagnostic.span.start as usize <= data.len());
                assert!(!diagnostic.render("fuzz.icl", &text).is_empty());
            }
            None
        }
    }
}

/// A document that parses has a canonical text, which parses, and whose canonical text it is itself.
pub fn parse(data: &[u8]) {
    let Some(document) = parsed(data) else {
        return;
    };
    let text = canonical(&document);
    let again = match iia_config::parse::parse(text.as_bytes(), DOCUMENT_LEN_DEFAULT) {
        Ok(again) => again,
        // The canonical form indents, and so may pass a limit that the input kept to.
        Err(found) => {
            let over = |code: &str| code.starts_with("P4");
            assert!(
                found.iter().all(|diagnostic| over(diagnostic.code)),
                "{found:?}\n{text}"
            );
            return;
        }
    };
    assert_eq!(canonical(&again), text);
    assert_eq!(again.entries().len(), document.entries().len());
    assert_eq!(again.comments().len(), document.comments().len());
}

/// Whatever stands in a document, validation answers within its limits; so does the reading of a trust document.
pub fn validate(data: &[u8]) {
    if let Err(found) = Trust::parse(data) {
        assert!(!found.is_empty());
    }
    let Some(document) = parsed(data) else {
        return;
    };
    match validate::validate(&document, &Facts::of_box("seg01")) {
        Ok(checked) => assert!(checked.warnings.len() <= DIAGNOSTICS_MAX),
        Err(found) => assert!((1..=DIAGNOSTICS_MAX).contains(&found.len())),
    }
    let _catalog = validate::catalog(&document);
}

fn trust() -> Trust {
    let operator = |name: &str, seed: u8, class: &str| {
        let public = key_text(&key(seed).public_key());
        format!("key {name} {{\n  operator {name}\n  public {public}\n  class {class}\n}}\n")
    };
    let text = format!(
        "iia-config 1\n{}{}",
        operator("alice", 1, "config"),
        operator("bob", 2, "approval")
    );
    match Trust::parse(text.as_bytes()) {
        Ok(trust) => trust,
        Err(found) => panic!("{found:?}"),
    }
}

/// An envelope opens to the bytes that were signed, and with any one bit turned it does not open.
pub fn envelope(data: &[u8]) {
    let trust = trust();
    for class in [Class::Config, Class::Approval] {
        if let Ok(opened) = open(data, class, &trust) {
            assert!(data.ends_with(opened.body) && !opened.operators.is_empty());
        }
    }
    let mut input = Input(data);
    let at = input.u64();
    let Ok(sealed) = envelope::seal(Class::Config, input.0, &[&key(1)]) else {
        return;
    };
    let opened = open(&sealed, Class::Config, &trust);
    let digest = Digest::of(Context::Artifact, input.0);
    assert_eq!(
        opened.as_ref().map(|opened| (opened.body, opened.digest)),
        Ok((input.0, digest))
    );
    assert!(open(&sealed, Class::Approval, &trust).is_err());
    let bent = bend(&sealed, at);
    assert!(open(&bent, Class::Config, &trust).is_err(), "{at}");
    let stranger = envelope::seal(Class::Config, input.0, &[&key(9)]);
    assert!(stranger.is_ok_and(|bytes| open(&bytes, Class::Config, &trust).is_err()));
}

const APPROVAL: &str =
    "iia-approval 1\n\napproval go 1.0.0 {\n  purpose apply\n  class config\n  artifact ";

/// Only an approval that names artifact, box and an open window is one; the text around it comes from the input.
pub fn approval(data: &[u8]) {
    let mut input = Input(data);
    let artifact = Digest::of(Context::Artifact, b"fuzz");
    let clock = ManualClock::new(Timestamp::from_secs(1_800_000_000));
    let text = match input.byte() % 2 {
        0 => input.0.to_vec(),
        _ => [format!("{APPROVAL}{artifact}\n").as_bytes(), input.0].concat(),
    };
    let wanted = Wanted {
        class: Class::Config,
        artifact,
        authors: &["alice".into()],
        newer: true,
    };
    let Ok(sealed) = envelope::seal(Class::Approval, &text, &[&key(2)]) else {
        return;
    };
    let trust = trust();
    let check = |bytes: &[u8], box_name: &str, used: &[Used]| {
        let memory = Memory {
            box_name,
            held: &[],
            used,
            floor: Floor::default(),
        };
        approval::check(bytes, &wanted, (&trust, &memory), clock.read())
    };
    let _unsigned = check(input.0, "seg01", &[]);
    let Ok(approval) = check(&sealed, "seg01", &[]) else {
        return;
    };
    let body = String::from_utf8_lossy(&text);
    assert!(
        body.contains(&artifact.to_string()) && body.contains("seg01"),
        "{body}"
    );
    assert_eq!(approval.operators, ["bob"]);
    assert!(check(&sealed, "seg01", &[approval.used()]).is_err());
    assert!(check(&sealed, "seg02", &[]).is_err() || body.contains("seg02"));
}
