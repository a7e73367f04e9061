//! Techniques of attack on the wire: the engine that the configuration names, its rules, and what it sees as findings.

use std::path::Path;

use anyhow::Context as _;
use iia_capture::detect::{Analyzer as _, Detector, Rules, Sighting, TEXT_LEN_MAX};
use iia_config::engine::{DETECT, Engine};
use iia_core::finding::{Conclusion, Finding, Severity};
use iia_core::observe::Observation;
use iia_core::stream::Stream;
use iia_core::{SpiffeId, Timestamp};

use super::desk::CAPTURE;
use crate::role::rules;

/// Who looks, and at which packet of the capture.
type Here<'a> = (&'a SpiffeId, u64);

/// What looks for attacks; nothing where the configuration names nothing.
#[derive(Default)]
pub(super) struct Sightings(Vec<Detector>);

impl Sightings {
    /// The box's own engines that a workload runs, with the rules that the signed configuration names. Rules that are not
    /// those are not used, and that is an error.
    pub(super) fn of(me: &SpiffeId, engines: &[Engine], dir: &Path) -> anyhow::Result<Self> {
        let mine = engines
            .iter()
            .filter(|engine| engine.engine == DETECT && engine.observer == me.as_str());
        let detectors = mine.map(|engine| Ok(Detector::new(rules(engine, dir)?)));
        detectors.collect::<anyhow::Result<_>>().map(Self)
    }

    /// What an observation makes the engines say.
    pub(super) fn observe(
        &mut self,
        observation: &Observation<'_>,
        here: Here<'_>,
    ) -> Vec<Finding> {
        let mut found = Vec::new();
        for detector in &mut self.0 {
            detector.observe(observation, &mut |sighting| {
                found.push(finding(sighting, here))
            });
        }
        found
    }

    /// What they have left to say.
    pub(super) fn finish(&mut self, here: Here<'_>) -> Vec<Finding> {
        let mut found = Vec::new();
        for detector in &mut self.0 {
            detector.finish(&mut |sighting| found.push(finding(sighting, here)));
        }
        found
    }
}

fn rules(engine: &Engine, dir: &Path) -> anyhow::Result<Rules> {
    match rules::named(engine, dir, TEXT_LEN_MAX as u64)? {
        None => Ok(Rules::built_in()),
        Some(text) => Rules::parse(&text).with_context(|| engine.name.clone()),
    }
}

/// That the rules which the configuration names are not there.
pub(super) fn nobody_looks(now: Timestamp, why: &anyhow::Error) -> Finding {
    Finding {
        ts_ns: now.as_ns(),
        stream: Stream::DETECTION.as_str().into(),
        conclusion: Conclusion::Missing,
        severity: Severity::High,
        contract: String::new(),
        clause: "ruleset".into(),
        source: String::new(),
        destination: String::new(),
        operation: String::new(),
        reason: format!("nobody looks for attacks: {why:#}"),
        evidence: Vec::new(),
    }
}

fn finding(sighting: &Sighting<'_>, here: Here<'_>) -> Finding {
    Finding {
        ts_ns: sighting.first.as_ns(),
        stream: Stream::DETECTION.as_str().into(),
        conclusion: Conclusion::Diverge,
        severity: sighting.rule.severity,
        contract: String::new(),
        clause: sighting.rule.technique.clone(),
        source: sighting.client.to_string(),
        destination: sighting
            .server
            .map(|server| server.to_string())
            .unwrap_or_default(),
        operation: sighting.rule.name.clone(),
        reason: sighting.to_string(),
        evidence: vec![super::evidence(here.0, CAPTURE, here.1)],
    }
}

#[cfg(test)]
mod tests {
    use iia_identity::admission::Sha256;

    use super::*;
    use crate::role::rules::FOLDER;

    const OWN: &str = "rule a\n  technique T0836 Modify Parameter\n  on modbus_tcp\n";

    fn engine(digest: Option<String>) -> Engine {
        Engine {
            name: "own".into(),
            engine: DETECT.into(),
            observer: "spiffe://iia.local/zone/collect/workload/one".into(),
            digest,
        }
    }

    #[test]
    fn rules_are_those_that_the_signed_configuration_names_or_none() {
        let dir = tempfile::tempdir().unwrap();
        let me: SpiffeId = "spiffe://iia.local/zone/collect/workload/one"
            .parse()
            .unwrap();
        let of = |engine: Engine| Sightings::of(&me, &[engine], dir.path());
        assert_eq!(of(engine(None)).unwrap().0.len(), 1);
        let named = || engine(Some(Sha256::of(OWN.as_bytes()).to_string()));
        assert!(of(named()).is_err(), "there are none");
        std::fs::create_dir(dir.path().join(FOLDER)).unwrap();
        let path = dir.path().join(FOLDER).join("own.rules");
        std::fs::write(&path, OWN).unwrap();
        assert_eq!(of(named()).unwrap().0.len(), 1);
        std::fs::write(&path, OWN.replace("T0836", "T0837")).unwrap();
        let error = of(named()).err().unwrap().to_string();
        assert!(error.contains("the configuration names"), "{error}");
        // An engine of somebody else, and one that another workload runs.
        let other = Engine {
            engine: "suricata".into(),
            ..engine(None)
        };
        let elsewhere = Engine {
            observer: "spiffe://iia.local/x".into(),
            ..engine(None)
        };
        assert!([other, elsewhere].map(|engine| of(engine).unwrap().0.len()) == [0, 0]);
    }
}
