//! `ot.attestation.policy_drift` of admission: what may run here, as the compiler has it, with one thing changed, as data.
//!
//! Time is that of one look.

use std::collections::BTreeMap;
use std::error::Error;

use iia_attest::correlator::Correlator as _;
use iia_attest::policy_drift::File;
use iia_attest::policy_drift::admission::{AdmissionDrift, Image, Loaded, Reference, Seen};
use iia_config::limits;
use iia_config::parse::parse;
use iia_config::validate::{Facts, validate};
use iia_contract::compile::{Permit as _, admission::Admitted};
use iia_core::finding::{Conclusion, Finding};

use super::{Outcome, now};

const KEY: &str = "-----BEGIN PUBLIC KEY-----\nYnVpbGQ=\n-----END PUBLIC KEY-----\n";
const OTHER: &str = "-----BEGIN PUBLIC KEY-----\nb3RoZXI=\n-----END PUBLIC KEY-----\n";
const POLICY: &str = r#"{
  "default": [{ "type": "reject" }],
  "transports": { "dir": { "/lib/images/api": [{
    "type": "sigstoreSigned",
    "keyPath": "/lib/build.pub",
    "signedIdentity": { "type": "exactRepository", "dockerRepository": "localhost/api" }
  }] } }
}
"#;

fn file(path: &str, text: &str) -> File {
    File {
        path: path.into(),
        bytes: text.as_bytes().to_vec(),
        owner: None,
        written: None,
    }
}

/// Does it once; nothing where this is no fault of admission.
pub(crate) fn run(done: &str) -> Result<Option<Outcome>, Box<dyn Error>> {
    let text = concat!(
        include_str!("../../box-pi/box.icl"),
        include_str!("../../../iia-config/tests/data/cell.icl")
    );
    let document = parse(text.as_bytes(), limits::DOCUMENT_LEN_MAX);
    let document = document.map_err(|found| format!("{found:?}"))?;
    let checked = validate(&document, &Facts::of_box("seg01"));
    let checked = checked.map_err(|found| format!("{found:?}"))?;
    let (catalog, topology) = (checked.catalog, checked.deploy.topology);
    let (policy, _) = Admitted::compile(&catalog, &topology);
    let reference = Reference {
        keys: vec![KEY.as_bytes().to_vec()],
        images: vec![Image {
            path: "/lib/images/api".into(),
            repository: "localhost/api".into(),
        }],
        signed: Some(
            policy
                .allowed
                .keys()
                .map(|one| one.digest.clone())
                .collect(),
        ),
        roots: BTreeMap::new(),
    };
    let mut loaded = Loaded {
        admitted: Some(file("/etc/iia/admission.json", &Admitted::write(&policy))),
        containers: Some(file("/etc/containers/policy.json", POLICY)),
        keys: vec![file("/etc/iia/build.pub", KEY)],
        named: vec![file("/lib/build.pub", KEY)],
        roots: Vec::new(),
    };
    let mut observer = AdmissionDrift::new(&catalog, &topology, reference);
    if let Some(early) = look(&mut observer, &loaded) {
        return Err(format!("told before anything was done: {}", early.reason).into());
    }
    let acted = now();
    match done {
        "admission: a key more may sign" => loaded.keys.push(file("/etc/iia/other.pub", OTHER)),
        "admission: insecureAcceptAnything" => {
            let open = POLICY.replace("\"reject\"", "\"insecureAcceptAnything\"");
            loaded.containers = Some(file("/etc/containers/policy.json", &open));
        }
        _ => return Ok(None),
    }
    let told = look(&mut observer, &loaded);
    Ok(Some(told.map_or_else(Outcome::silent, |one| {
        Outcome::told(acted, now(), one)
    })))
}

/// The first finding that is none of peace.
fn look(observer: &mut AdmissionDrift, loaded: &Loaded) -> Option<Finding> {
    observer.handle_observation(now(), Seen::Loaded(Box::new(loaded.clone())));
    let mut found = std::iter::from_fn(|| observer.poll_finding());
    found.find(|one| one.conclusion != Conclusion::Converge)
}
