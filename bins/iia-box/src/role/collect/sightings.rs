//! Techniques of attack on the wire: the engines that the configuration names, their rules, and what they see as findings.

use std::path::Path;

use anyhow::Context as _;
use iia_capture::detect::{Analyzer, Detector, Rules, Sighting, TEXT_LEN_MAX};
#[cfg(feature = "yara")]
use iia_capture::detect::{YARA_LEN_MAX, Yara, YaraRules};
use iia_config::engine::{DETECT, Engine, YARA};
use iia_core::finding::{Conclusion, Finding, Severity};
use iia_core::observe::Observation;
use iia_core::stream::Stream;
use iia_core::{SpiffeId, Timestamp};

use super::desk::CAPTURE;
use crate::role::rules;

/// Who looks, and at which packet of the capture.
type Here<'a> = (&'a SpiffeId, u64);
/// The directory of the box, and the time where it can be trusted.
type Place<'a> = (&'a Path, Option<Timestamp>);

/// What looks for attacks; nothing where the configuration names nothing.
#[derive(Default)]
pub(super) struct Sightings(Vec<Box<dyn Analyzer + Send>>);

impl Sightings {
    /// The box's own engines that a workload runs, with the rules that a signed artifact names. Rules that are not those, or that
    /// have ended, are not used, and that is an error.
    pub(super) fn of(me: &SpiffeId, engines: &[Engine], place: Place<'_>) -> anyhow::Result<Self> {
        let mine = engines
            .iter()
            .filter(|engine| engine.observer == me.as_str());
        let analyzers = mine.filter_map(|engine| match engine.engine.as_str() {
            DETECT => Some(detector(engine, place)),
            YARA => Some(yara(engine, place)),
            _ => None,
        });
        analyzers.collect::<anyhow::Result<_>>().map(Self)
    }

    /// What an observation makes the engines say.
    pub(super) fn observe(
        &mut self,
        observation: &Observation<'_>,
        here: Here<'_>,
    ) -> Vec<Finding> {
        let mut found = Vec::new();
        for analyzer in &mut self.0 {
            analyzer.observe(observation, &mut |sighting| {
                found.push(finding(sighting, here))
            });
        }
        found
    }

    /// What they have left to say.
    pub(super) fn finish(&mut self, here: Here<'_>) -> Vec<Finding> {
        let mut found = Vec::new();
        for analyzer in &mut self.0 {
            analyzer.finish(&mut |sighting| found.push(finding(sighting, here)));
        }
        found
    }
}

type Made = anyhow::Result<Box<dyn Analyzer + Send>>;

fn detector(engine: &Engine, (dir, now): Place<'_>) -> Made {
    let rules = match rules::named(engine, dir, (TEXT_LEN_MAX as u64, now))? {
        None => Rules::built_in(),
        Some(text) => Rules::parse(&text).with_context(|| engine.name.clone())?,
    };
    Ok(Box::new(Detector::new(rules)))
}

/// YARA's rules: none come with the box.
#[cfg(feature = "yara")]
fn yara(engine: &Engine, (dir, now): Place<'_>) -> Made {
    let text = rules::named(engine, dir, (YARA_LEN_MAX as u64, now))?;
    let text = text.with_context(|| format!("{}: no rules are named", engine.name))?;
    let rules = YaraRules::parse(&text).with_context(|| engine.name.clone())?;
    Ok(Box::new(Yara::new(rules)))
}

#[cfg(not(feature = "yara"))]
fn yara(engine: &Engine, _place: Place<'_>) -> Made {
    anyhow::bail!("{}: rules of YARA are left out of this build", engine.name)
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
    const ME: &str = "spiffe://iia.local/zone/collect/workload/one";
    const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

    fn engine(digest: Option<String>) -> Engine {
        Engine {
            name: "own".into(),
            engine: DETECT.into(),
            observer: ME.into(),
            digest,
            expires: None,
        }
    }

    fn named(text: &str) -> Engine {
        engine(Some(Sha256::of(text.as_bytes()).to_string()))
    }

    /// How many look, or why nobody does.
    fn look(engine: Engine, dir: &Path) -> Result<usize, String> {
        let me: SpiffeId = ME.parse().unwrap();
        let sightings = Sightings::of(&me, &[engine], (dir, Some(NOW)));
        sightings
            .map(|sightings| sightings.0.len())
            .map_err(|error| format!("{error:#}"))
    }

    /// A box with these rules in their place.
    fn box_with(text: &str) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join(FOLDER)).unwrap();
        std::fs::write(dir.path().join(FOLDER).join("own.rules"), text).unwrap();
        dir
    }

    #[test]
    fn rules_are_those_that_the_signed_configuration_names_or_none() {
        let empty = tempfile::tempdir().unwrap();
        assert_eq!(look(engine(None), empty.path()), Ok(1));
        assert!(look(named(OWN), empty.path()).is_err(), "there are none");
        assert_eq!(look(named(OWN), box_with(OWN).path()), Ok(1));
        let other = box_with(&OWN.replace("T0836", "T0837"));
        let error = look(named(OWN), other.path()).unwrap_err();
        assert!(error.contains("IIA-CFG-0231"), "{error}");
        // An engine of somebody else, and one that another workload runs.
        let other = Engine {
            engine: "suricata".into(),
            ..engine(None)
        };
        let elsewhere = Engine {
            observer: "spiffe://iia.local/x".into(),
            ..engine(None)
        };
        assert!([other, elsewhere].map(|engine| look(engine, empty.path())) == [Ok(0), Ok(0)]);
    }

    #[test]
    fn r_zon_14_rules_that_have_ended_are_not_read() {
        let dir = box_with(OWN);
        for (expires, want) in [
            (1, Ok(1)),
            (0, Err("IIA-CFG-0350")),
            (-1, Err("IIA-CFG-0350")),
        ] {
            let expires = Some(Timestamp::from_secs(1_800_000_000 + expires));
            let engine = Engine {
                expires,
                ..named(OWN)
            };
            let found = look(engine, dir.path());
            match want {
                Ok(_) => assert_eq!(found, Ok(1)),
                Err(code) => assert!(found.unwrap_err().contains(code)),
            }
        }
    }

    /// What is made of a message that somebody publishes.
    #[cfg(feature = "yara")]
    fn published(
        payload: &[u8],
        look: impl FnOnce(&Observation<'_>) -> Vec<Finding>,
    ) -> Vec<Finding> {
        use iia_core::observe::{Between, Field, Flow, Outcome, Protocol, Said, Transport, Value};
        let asked = [Field {
            name: "mqtt.msg",
            value: Value::Bytes(payload),
        }];
        let flow = Flow {
            orig_h: [10, 0, 0, 1].into(),
            orig_p: 40_000,
            resp_h: [10, 0, 0, 2].into(),
            resp_p: 1883,
            transport: Transport::Tcp,
            vlan: 0,
        };
        look(&Observation::Said(Said {
            ts: NOW,
            between: Between::Flow(flow),
            from_orig: true,
            protocol: Protocol::Mqtt,
            what: "publish",
            outcome: Outcome::Stated,
            latency_ns: None,
            asked: &asked,
            answered: &[],
        }))
    }

    #[cfg(feature = "yara")]
    #[test]
    fn r_zon_14_rules_of_yara_are_those_that_are_signed() {
        const YARAS: &str = "rule a { strings: $a = \"iia\" condition: $a }";
        let of = |engine: Engine| Engine {
            engine: YARA.into(),
            ..engine
        };
        let dir = box_with(YARAS);
        assert_eq!(look(of(named(YARAS)), dir.path()), Ok(1));
        let (me, engines) = (ME.parse().unwrap(), [of(named(YARAS))]);
        let mut sightings = Sightings::of(&me, &engines, (dir.path(), Some(NOW))).unwrap();
        let found = published(b"an iia inside", |seen| sightings.observe(seen, (&me, 7)));
        let told: Vec<_> = found
            .iter()
            .map(|one| (one.operation.as_str(), one.clause.as_str()))
            .collect();
        assert_eq!(told, [("a", "T0863")]);
        assert!(published(b"nothing", |seen| sightings.observe(seen, (&me, 8))).is_empty());
        assert!(
            look(of(engine(None)), dir.path()).is_err(),
            "none come with the box"
        );
        let error = look(of(named(OWN)), dir.path()).unwrap_err();
        assert!(error.contains("IIA-CFG-0231"), "{error}");
        let bad = box_with("rule a { condition: other }");
        let error = look(of(named("rule a { condition: other }")), bad.path()).unwrap_err();
        assert!(error.contains("not a rule of YARA"), "{error}");
    }
}
