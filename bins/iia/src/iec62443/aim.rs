//! Which security level a configuration aims at, of the box and of its zones.

use iia_config::parse::Document;
use iia_contract::tree::Entry;
use iia_core::digest::{Context, Digest};
use iia_core::level::{SecurityLevel, Sl4NeedsDiode, Topology, claim};

/// What a configuration aims at.
#[derive(Clone, Debug)]
pub struct Aim {
    /// The digest of the configuration.
    pub artifact: String,
    /// The box's level; none when it says none.
    pub level: Option<SecurityLevel>,
    /// Zones that aim at a level, by their own words or by the box's.
    pub zones: Vec<(String, SecurityLevel)>,
    /// How the box is built.
    pub topology: Topology,
}

/// The level that a zone aims at, its own or the box's; none when nobody said one.
pub fn target(document: &Document, zone: &Entry<'_>) -> Option<SecurityLevel> {
    SecurityLevel::numbered(match zone.text("sl_target") {
        "" => of_box(document, "sl_target"),
        own => own,
    })
}

fn of_box<'d>(document: &'d Document, key: &str) -> &'d str {
    let mut policies = document.of_kind("policy");
    let field = policies.find_map(|policy| policy.field(key));
    field.map_or("", |field| field.text())
}

impl Aim {
    /// Reads what a configuration aims at; nothing says of software that it aims at level 4.
    ///
    /// # Errors
    /// [`Sl4NeedsDiode`].
    pub fn of(document: &Document) -> Result<Self, Sl4NeedsDiode> {
        let topology = match of_box(document, "topology") {
            "two_box_diode" => Topology::TwoBoxDiode,
            _ => Topology::SingleBox,
        };
        let zones = document.of_kind("zone");
        let zones = zones.filter_map(|zone| Some((zone.name.into(), target(document, &zone)?)));
        let aim = Self {
            artifact: Digest::of(Context::Artifact, document.text().as_bytes()).to_string(),
            level: SecurityLevel::numbered(of_box(document, "sl_target")),
            zones: zones.collect(),
            topology,
        };
        for level in aim.zones.iter().map(|(_, level)| *level).chain(aim.level) {
            claim(level, topology)?;
        }
        Ok(aim)
    }

    /// What it says, for a reader; whether it is what was in force at the end.
    pub(super) fn lines(&self, is_in_force: bool) -> Vec<String> {
        let level = self.level.map_or_else(
            || "no level".into(),
            |level| format!("security level {} (SL-T)", level.number()),
        );
        let stands = match is_in_force {
            true => "which was in force at the end",
            false => "WHICH WAS NOT IN FORCE at the end",
        };
        let mut lines = vec![format!(
            "aimed at: {level}, by configuration {}, {stands}",
            self.artifact
        )];
        let others = self.zones.iter();
        let others: Vec<String> = others
            .filter(|(_, level)| Some(*level) != self.level)
            .map(|(zone, level)| format!("{zone} SL-T {}", level.number()))
            .collect();
        if !others.is_empty() {
            lines.push(format!("zones that aim at another: {}", others.join(", ")));
        }
        if self.topology == Topology::TwoBoxDiode {
            lines.push("two boxes and a diode: no record of one box shows the diode".into());
        }
        lines
    }
}
