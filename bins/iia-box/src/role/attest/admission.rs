//! Admission: by which policy images of containers are taken, and which key Podman asks, as they lie on this box, against the
//! units of the signed artifact and the key of whoever builds the box's own program, as it was when the role started.
//!
//! What may run as which workload is not looked at: the supervisor derives it from the artifact itself, and nothing on the
//! disk can widen it.

use iia_attest::policy_drift::File;
use iia_attest::policy_drift::admission::{AdmissionDrift, Image, Loaded, Reference, Seen};
use iia_config::render::Places;
use iia_contract::topology::Topology;
use iia_core::stream::Stream;

use super::broker::{SERVICES, file};
use super::listens::{Listens, each_second};
use super::senses::{Heard, Sense, Source};
use crate::admit;
use crate::boxdir::BoxDir;
use crate::workload::Workload;

/// The policy, below the rendered files.
const POLICY: &str = "podman/policy.json";
/// The key of whoever builds, below what services keep, as Podman reads it.
const KEY: &str = "build.pub";
/// What services keep, below the box's directory.
const KEPT: &str = "run";

/// The observer and whoever looks for it, where the artifact has containers.
pub(super) fn of(workload: &Workload) -> Option<(Box<dyn Sense>, Source)> {
    let containers = workload.containers();
    if containers.is_empty() {
        return None;
    }
    let files = Files {
        dir: workload.dir().clone(),
        places: Places::default(),
    };
    let image = |(name, repository): (String, String)| Image {
        path: format!("{}/images/{name}", files.places.lib),
        repository,
    };
    let reference = Reference {
        keys: files.own().into_iter().map(|key| key.bytes).collect(),
        images: containers.into_iter().map(image).collect(),
        ..Reference::default()
    };
    let unpinned = Topology {
        pins: Vec::new(),
        ..workload.topology().clone()
    };
    let observer = AdmissionDrift::new(workload.catalog(), &unpinned, reference);
    let takes = |heard: &Heard| match heard {
        Heard::Admission(seen) => Some(vec![Seen::clone(seen)]),
        _ => None,
    };
    let source = each_second(move || Heard::Admission(Box::new(files.look())));
    Some((
        Listens::on(Stream::ATTEST_POLICY_DRIFT, observer, takes),
        source,
    ))
}

/// What is loaded, where it lies.
struct Files {
    dir: BoxDir,
    places: Places,
}

impl Files {
    fn look(&self) -> Seen {
        let place = self.dir.path().join(SERVICES).join(POLICY);
        let path = format!("{}/{POLICY}", self.places.etc);
        // What is gone is told as that: nothing says then which images are taken.
        let containers = match place.exists() {
            true => file(&place, path).map(Some),
            false => Ok(None),
        };
        match containers {
            Ok(containers) => Seen::Loaded(Box::new(Loaded {
                containers,
                keys: self.own().into_iter().collect(),
                named: self.named().into_iter().collect(),
                ..Loaded::default()
            })),
            Err(why) => Seen::Unreadable { why },
        }
    }

    /// The key that the policy names.
    fn named(&self) -> Option<File> {
        let place = self.dir.path().join(KEPT).join(KEY);
        file(&place, format!("{}/{KEY}", self.places.lib)).ok()
    }

    /// The key by which the box's own program is admitted.
    fn own(&self) -> Option<File> {
        let place = admit::build_key(&self.dir);
        file(&place, place.display().to_string()).ok()
    }
}
