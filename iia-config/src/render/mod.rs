//! Renderers: the files of what a box runs, generated from its artifact. Pure: the same artifact, the same bytes.
//!
//! Nothing here decides. What may run, where it answers and who may ask is in the artifact; a renderer only says it
//! in the words of the program that will do it, and closes every door that the artifact does not name.

mod bundle;
mod chrony;
mod compose;
mod deploy;
mod dnsmasq;
mod hardening;
mod mosquitto;
mod podman;
mod quadlet;
pub(crate) mod rules;
mod samba;
pub(crate) mod schema;
mod service_unit;
mod suricata;
mod systemd;

use std::collections::BTreeMap;

use iia_contract::compile::{Flows, Topology, flows};

pub use bundle::{BundleError, FILES_MAX, bundle, unbundle};
pub use deploy::{Deploy, Serves, Service, Unit};
pub use suricata::{NAME as SIGNATURE_ENGINE, SETTINGS as SIGNATURE_SETTINGS};

use crate::validate::Checked;

/// Files by path below the directory of rendered services.
pub type Files = BTreeMap<String, String>;

/// Where programs find what they need at run time.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Places {
    /// The rendered files.
    pub etc: String,
    /// What services keep, and their keys.
    pub lib: String,
    /// Sockets and process ids.
    pub run: String,
}

impl Default for Places {
    fn default() -> Self {
        Self {
            etc: "/var/lib/iia/services".into(),
            lib: "/var/lib/iia/run".into(),
            run: "/run/iia".into(),
        }
    }
}

/// What renderers of workloads read.
struct Site<'a> {
    topology: &'a Topology,
    flows: Flows,
    places: &'a Places,
}

/// Every file of a box, at the places that the system image has.
pub fn files(checked: &Checked) -> Files {
    files_at(checked, &Places::default())
}

/// Every file of a box.
pub fn files_at(checked: &Checked, places: &Places) -> Files {
    let mut files = Files::new();
    let head = head(checked);
    for service in &checked.deploy.services {
        let rendered = match service.serves {
            Serves::Dhcp | Serves::Dns => dnsmasq::files(service, places),
            Serves::Files => samba::files(service, places),
            Serves::Mqtt => mosquitto::files(service, places, checked),
            Serves::Ntp => chrony::files(service, places),
        };
        files.extend(rendered);
        files.extend([service_unit::file(service, places)]);
    }
    let topology = &checked.deploy.topology;
    let site = Site {
        topology,
        flows: flows(&checked.catalog, topology),
        places,
    };
    for unit in &checked.deploy.units {
        files.extend(systemd::file(unit, &site));
        files.extend(quadlet::file(unit, &site));
    }
    files.extend(compose::file(&checked.deploy.units, &site));
    let mut files: Files = files
        .into_iter()
        .map(|(path, text)| (path, format!("{head}{text}")))
        .collect();
    // JSON has no comments.
    files.extend(podman::file(&checked.deploy.units, places));
    files
}

/// The first lines of every file that may have comments.
fn head(checked: &Checked) -> String {
    let (name, version, revision) = (&checked.name, checked.version, checked.revision);
    format!(
        "# Rendered from {name} {version}, revision {revision}. A change by hand is undone and reported.\n"
    )
}
