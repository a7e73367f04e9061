//! What an approval says, read once from its canonical text.

use iia_contract::raw::{Number, Version};
use iia_contract::shape;
use iia_contract::tree::{Entry, Field};
use iia_core::Timestamp;
use iia_core::digest::Digest;
use iia_core::time::{SECOND_NS, parse_utc};

use super::{ApprovalError, Maintenance};
use crate::format;
use crate::limits::DOCUMENT_LEN_DEFAULT;
use crate::parse::{Magic, parse};
use crate::trust::Class;

/// Longest window of an approval, in nanoseconds: 90 days.
pub const WINDOW_MAX_NS: i64 = 90 * 86_400 * SECOND_NS;

/// Whether an approval leads forward or back.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Purpose {
    /// To a newer artifact.
    Apply,
    /// Back to an artifact that the box held.
    Revert,
}

/// What an approval says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Grant {
    /// Its name.
    pub name: String,
    /// Its version: a higher one takes the place of a lower one.
    pub version: Version,
    /// Forward or back.
    pub purpose: Purpose,
    /// What kind of artifact.
    pub class: Class,
    /// Which artifact.
    pub artifact: Digest,
    /// Boxes by name.
    pub boxes: Vec<String>,
    /// Named sets of boxes.
    pub fleets: Vec<String>,
    /// When it was written.
    pub issued: Timestamp,
    /// From when; this moment is inside.
    pub not_before: Timestamp,
    /// Until when; this moment is inside.
    pub not_after: Timestamp,
    /// Only within one of these; always when there are none.
    pub maintenance: Vec<Maintenance>,
    /// Whether two operators must sign besides a sole author.
    pub two_person: bool,
}

impl Grant {
    /// Reads an approval's text, which must be canonical.
    ///
    /// # Errors
    /// [`ApprovalError::Malformed`].
    pub fn parse(text: &[u8]) -> Result<Self, ApprovalError> {
        let bad = |what| ApprovalError::Malformed { what };
        let document = parse(text, DOCUMENT_LEN_DEFAULT).map_err(|_| bad("the text"))?;
        let entry = document.only().ok_or(bad("it holds one entry"))?;
        if document.magic != Magic::Approval || entry.kind != "approval" {
            return Err(bad("it begins with `iia-approval 1` and holds `approval`"));
        }
        if !shape::check(&super::schema::APPROVAL, &entry).is_empty() {
            return Err(bad("a field is missing, unknown or of another type"));
        }
        if !format::is_canonical(&document) {
            return Err(bad("the text is not canonical"));
        }
        if repeats(&entry) {
            return Err(bad("a line stands twice"));
        }
        Self::read(&entry)
    }

    fn read(entry: &Entry<'_>) -> Result<Self, ApprovalError> {
        let bad = |what| ApprovalError::Malformed { what };
        let text = |key: &str| entry.text(key);
        let names = |key: &str| {
            entry
                .fields(key)
                .map(|field| field.text().to_owned())
                .collect()
        };
        let time = |key: &str| parse_utc(text(key)).ok_or(bad("a time is none"));
        let maintenance = entry.fields("maintenance").map(maintenance);
        let grant = Self {
            name: entry.name.to_owned(),
            version: entry.version.ok_or(bad("it has no version"))?,
            purpose: match text("purpose") {
                "apply" => Purpose::Apply,
                _ => Purpose::Revert,
            },
            class: Class::of_name(text("class")).ok_or(bad("class"))?,
            artifact: text("artifact")
                .parse()
                .map_err(|_| bad("artifact is no b3 hash"))?,
            boxes: names("box"),
            fleets: names("fleet"),
            issued: time("issued")?,
            not_before: time("not_before")?,
            not_after: time("not_after")?,
            maintenance: maintenance
                .collect::<Option<_>>()
                .ok_or(bad("a maintenance window is none"))?,
            two_person: text("two_person") == "on",
        };
        if grant.boxes.is_empty() && grant.fleets.is_empty() {
            return Err(bad("it names neither a box nor a fleet"));
        }
        if !(0..=WINDOW_MAX_NS).contains(&grant.not_after.since_ns(grant.not_before)) {
            return Err(bad("its window is none, or longer than 90 days"));
        }
        if grant.issued > grant.not_before {
            return Err(bad("it was written after its window begins"));
        }
        Ok(grant)
    }
}

/// Whether a line stands twice; they are sorted, so such lines are neighbours.
fn repeats(entry: &Entry<'_>) -> bool {
    let mut lines = entry.all().map(|field| field.line());
    let mut last = lines.next();
    lines.any(|line| {
        let same = last.as_ref() == Some(&line);
        last = Some(line);
        same
    })
}

fn maintenance(field: Field<'_>) -> Option<Maintenance> {
    let ns = |index| field.number(index).and_then(Number::as_ns);
    Maintenance::new(field.text(), ns(1)?, ns(2)?)
}
