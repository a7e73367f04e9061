//! The observer of admission: what it says of a policy of containers is what skopeo does with it, and whatever lets more or
//! less run than the artifact says is a finding.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test may fail"
)]
#![allow(dead_code, reason = "each test uses its part")]

#[path = "brokers/change.rs"]
mod change;
#[path = "admission/policies.rs"]
mod policies;
#[path = "../../iia-contract/tests/net/programs.rs"]
mod programs;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use change::Change;
use iia_attest::correlator::Correlator as _;
use iia_attest::policy_drift::File;
use iia_attest::policy_drift::admission::{
    AdmissionDrift, ContainerPolicy, Image, Loaded, Reference, Root, Seen, Takes,
};
use iia_config::limits;
use iia_config::parse::parse;
use iia_config::validate::{Facts, validate};
use iia_contract::Catalog;
use iia_contract::compile::{Permit as _, Policy, admission::Admitted};
use iia_contract::topology::Topology;
use iia_core::finding::{Conclusion, Finding};
use iia_core::{Digest, Timestamp, digest::Context};
use policies::{OPENING, REFUSED, SAME};
use programs::{has, skip};

fn file(path: &str, text: &str) -> File {
    File {
        path: path.into(),
        bytes: text.as_bytes().to_vec(),
        owner: None,
        written: None,
    }
}

fn pem(label: &str, bytes: &[u8]) -> String {
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        STANDARD.encode(bytes)
    )
}

fn example() -> (Topology, Catalog) {
    let read = |path: &str| {
        fs::read_to_string(format!("{}/../{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
    };
    let text = read("examples/box-pi/box.icl") + &read("iia-config/tests/data/cell.icl");
    let document = parse(text.as_bytes(), limits::DOCUMENT_LEN_MAX).unwrap();
    let checked = validate(&document, &Facts::of_box("seg01")).unwrap();
    (checked.deploy.topology, checked.catalog)
}

/// A box as it should be: what its artifact says, and what is loaded.
struct Sound {
    observer: AdmissionDrift,
    loaded: Loaded,
    policy: Policy<Admitted>,
}

fn sound(dir: &str) -> Sound {
    let (topology, catalog) = example();
    let (policy, _) = Admitted::compile(&catalog, &topology);
    assert!(policy.allowed.len() > 1);
    let root = Digest::of(Context::File, b"root");
    let reference = Reference {
        keys: vec![pem("PUBLIC KEY", b"build").into_bytes()],
        images: vec![Image {
            path: format!("{dir}/images/api"),
            repository: "localhost/api".into(),
        }],
        signed: Some(
            policy
                .allowed
                .keys()
                .map(|one| one.digest.clone())
                .collect(),
        ),
        roots: BTreeMap::from([
            ("enterprise.example".to_owned(), BTreeSet::from([root])),
            ("other.example".to_owned(), BTreeSet::new()),
        ]),
    };
    let believed = |domain: &str, text: String| Root {
        domain: domain.into(),
        bundle: file(&format!("/etc/iia/{domain}"), &text),
    };
    let loaded = Loaded {
        admitted: Some(file("/etc/iia/admission.json", &Admitted::write(&policy))),
        containers: Some(file(
            "/etc/containers/policy.json",
            &policies::BASE.replace("DIR", dir),
        )),
        keys: vec![file("/etc/iia/build.pub", &pem("PUBLIC KEY", b"build"))],
        named: vec![
            file(&format!("{dir}/build.pub"), &pem("PUBLIC KEY", b"build")),
            file(&format!("{dir}/other.pub"), &pem("PUBLIC KEY", b"other")),
        ],
        roots: vec![
            believed("enterprise.example", pem("CERTIFICATE", b"root")),
            believed("other.example", pem("CERTIFICATE", b"whichever")),
        ],
    };
    Sound {
        observer: AdmissionDrift::new(&catalog, &topology, reference),
        loaded,
        policy,
    }
}

fn look(observer: &mut AdmissionDrift, loaded: Loaded) -> Vec<Finding> {
    observer.handle_observation(Timestamp::from_secs(1), Seen::Loaded(Box::new(loaded)));
    core::iter::from_fn(|| observer.poll_finding()).collect()
}

/// An image in a directory: a configuration and no layers.
fn image(dir: &Path) {
    fs::create_dir_all(dir).unwrap();
    let config =
        r#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#;
    fs::write(dir.join("config"), config).unwrap();
    let said = Command::new("sha256sum")
        .arg(dir.join("config"))
        .output()
        .unwrap()
        .stdout;
    let digest = String::from_utf8(said)
        .unwrap()
        .get(..64)
        .unwrap()
        .to_owned();
    fs::rename(dir.join("config"), dir.join(&digest)).unwrap();
    let manifest = format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json","config":{{"mediaType":"application/vnd.docker.container.image.v1+json","size":{},"digest":"sha256:{digest}"}},"layers":[]}}"#,
        config.len(),
    );
    fs::write(dir.join("manifest.json"), manifest).unwrap();
    fs::write(dir.join("version"), "Directory Transport Version: 1.1\n").unwrap();
}

/// What skopeo does with an unsigned image by a policy; nothing where it does not load the policy.
fn does(policy: &Path, from: &str) -> Option<Takes> {
    let out = tempfile::tempdir().unwrap();
    let to = format!("dir:{}", out.path().join("out").display());
    let done = Command::new("skopeo")
        .arg("--policy")
        .arg(policy)
        .args(["copy", from, &to])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    match done.status.success() {
        true => Some(Takes::Anything),
        false if said.contains("rejected by policy") => Some(Takes::Nothing),
        false if said.contains("ignature was required") => Some(Takes::Signed),
        false => {
            assert!(said.contains("olicy"), "{said}");
            None
        }
    }
}

/// Places that images lie in, of both kinds.
const PLACES: [(&str, &str); 7] = [
    ("dir", "images/api"),
    ("dir", "images/api/below"),
    ("dir", "images/collector"),
    ("dir", "images/api-2"),
    ("dir", "elsewhere"),
    ("oci", "layouts/api"),
    ("oci", "layouts"),
];

#[test]
fn what_the_observer_says_of_a_policy_is_what_skopeo_does() {
    let test = "what_the_observer_says_of_a_policy_is_what_skopeo_does";
    if !has("skopeo") {
        return skip(test, "skopeo");
    }
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().canonicalize().unwrap();
    let at = |name: &str| root.join(name).display().to_string();
    for (transport, place) in PLACES {
        match transport {
            "dir" => image(&root.join(place)),
            _ => {
                fs::create_dir_all(root.join(place)).unwrap();
                let from = format!("dir:{}", at("elsewhere"));
                let to = format!("oci:{}:v1", at(place));
                let done = Command::new("skopeo")
                    .args(["--insecure-policy", "copy", &from, &to])
                    .output()
                    .unwrap();
                assert!(
                    done.status.success(),
                    "{}",
                    String::from_utf8_lossy(&done.stderr)
                );
            }
        }
    }
    for name in ["build", "other"] {
        fs::write(
            root.join(format!("{name}.pub")),
            pem("PUBLIC KEY", name.as_bytes()),
        )
        .unwrap();
    }
    let fails = |change: &&Change| catch_unwind(AssertUnwindSafe(|| one(change, &root))).is_err();
    let all = OPENING.iter().chain(&SAME).chain(&REFUSED);
    let failed: Vec<&str> = all.filter(fails).map(|one| one.what).collect();
    assert_eq!(failed, [""; 0]);
}

/// One change: skopeo takes images by it, and the observer looks.
fn one(change: &Change, root: &Path) {
    let at = |name: &str| root.join(name).display().to_string();
    let dir = root.display().to_string();
    let spelled = |text: &str| text.replace("DIR", &dir);
    let (text, _) = change.apply(&spelled(policies::BASE), "", &spelled);
    fs::write(root.join("policy.json"), &text).unwrap();
    let shown = file("/etc/containers/policy.json", &text);
    let policy = ContainerPolicy::read(&shown).ok();
    for (transport, place) in PLACES {
        let tag = if transport == "oci" { ":v1" } else { "" };
        let did = does(
            &root.join("policy.json"),
            &format!("{transport}:{}{tag}", at(place)),
        );
        let says = policy
            .as_ref()
            .map(|policy| policy.takes(transport, &at(place)));
        assert_eq!(says, did, "{}: {transport} {place}", change.what);
    }
    let Sound {
        mut observer,
        mut loaded,
        ..
    } = sound(&dir);
    loaded.containers = Some(shown);
    let found = look(&mut observer, loaded);
    eprintln!(
        "{}: {}",
        change.what,
        found
            .first()
            .map_or("no finding", |one| one.reason.as_str())
    );
    let is_same = SAME.iter().any(|same| same.what == change.what);
    assert_eq!(found.is_empty(), is_same, "{}: {found:#?}", change.what);
    let told = found
        .iter()
        .any(|one| one.reason.contains(&spelled(change.words)));
    assert!(told || is_same, "{}: {found:#?}", change.what);
}

/// What somebody does to what is loaded beside the policy of containers, and what must be said of it.
type Done = (&'static str, fn(&mut Loaded), &'static str);

fn text(file: &mut Option<File>, old: &str, new: &str) {
    let file = file.as_mut().unwrap();
    let text = String::from_utf8(file.bytes.clone()).unwrap();
    assert!(text.contains(old), "{old}");
    file.bytes = text.replacen(old, new, 1).into_bytes();
}

const ADMITTED: &str = "\"admitted\":";

const DONE: [Done; 19] = [
    (
        "the list is gone",
        |one| one.admitted = None,
        "there is no list",
    ),
    (
        "the list is nonsense",
        |one| one.admitted = Some(file("/l", "{")),
        "nobody would load /l",
    ),
    (
        "the list has an entry that is none",
        |one| text(&mut one.admitted, "\"workload\"", "\"work\""),
        "nobody would load",
    ),
    (
        "the list lets others run",
        |one| text(&mut one.admitted, "refuse", "allow"),
        "is not refused",
    ),
    (
        "another digest for a workload",
        |one| text(&mut one.admitted, "sha256:", "sha256:0"),
        "pins another digest to it",
    ),
    (
        "a workload of no contract",
        |one| text(&mut one.admitted, "/workload/", "/workload/x"),
        "which no contract lets run here",
    ),
    (
        "a workload goes",
        |one| text(&mut one.admitted, "/workload/", "/workload/x"),
        "and the list does not name it",
    ),
    (
        "the policy of containers is gone",
        |one| one.containers = None,
        "there is no policy of containers",
    ),
    (
        "the policy of containers is nonsense",
        |one| one.containers = Some(file("/p", "[]")),
        "nobody would load /p",
    ),
    (
        "a key that nobody knows",
        |one| one.keys.push(file("/k", "other")),
        "/k may sign what runs, and the trust root does not have that key",
    ),
    (
        "a key goes",
        |one| one.keys.clear(),
        "a key of the trust root may not sign what runs",
    ),
    (
        "the key file of the policy is another",
        |one| one.named[0].bytes = b"other".to_vec(),
        "a key that the trust root does not have",
    ),
    (
        "the key file of the policy is gone",
        |one| one.named.clear(),
        "which was not shown",
    ),
    (
        "a trust domain that nobody knows",
        |one| one.roots[1].domain = "evil.example".into(),
        "evil.example is believed",
    ),
    (
        "a trust domain goes",
        |one| drop(one.roots.pop()),
        "a root of other.example that the artifact has is not believed",
    ),
    (
        "another root",
        |one| one.roots[0].bundle = file("/r", &pem("CERTIFICATE", b"evil")),
        "a root of enterprise.example is believed that the artifact does not have",
    ),
    (
        "a root more",
        |one| {
            one.roots[0]
                .bundle
                .bytes
                .extend(pem("CERTIFICATE", b"evil").into_bytes())
        },
        "a root of enterprise.example is believed that",
    ),
    (
        "no bundle",
        |one| one.roots[0].bundle.bytes = b"{}".to_vec(),
        "is no bundle of enterprise.example",
    ),
    (
        "a thousand keys",
        |one| one.keys = vec![file("/k", "x"); 1000],
        "they were not looked at",
    ),
];

#[test]
fn whatever_lets_more_or_less_run_is_told_once_and_what_comes_back_converges() {
    for (what, change, words) in DONE {
        let Sound {
            mut observer,
            loaded,
            ..
        } = sound("/lib");
        assert_eq!(look(&mut observer, loaded.clone()), [], "{what}");
        assert!(observer.converges());
        let mut changed = loaded.clone();
        change(&mut changed);
        let by = "vi (process 4711, root)".to_owned();
        observer.handle_observation(Timestamp::from_secs(1), Seen::Changed { by });
        let found = look(&mut observer, changed.clone());
        assert!(
            found.iter().any(|one| one.reason.contains(words)),
            "{what}: {found:#?}"
        );
        let is_named = |one: &Finding| one.reason.ends_with("; changed by vi (process 4711, root)");
        assert!(found.iter().all(is_named), "{what}: {found:#?}");
        assert_eq!(look(&mut observer, changed), [], "{what}: told once");
        let back = look(&mut observer, loaded);
        assert_eq!(back.len(), found.len(), "{what}");
        assert!(
            back.iter()
                .all(|one| one.conclusion == Conclusion::Converge)
        );
        assert!(observer.converges());
    }
}

/// What the catalog pins and nobody signed is told, though the list and the catalog agree.
#[test]
fn a_digest_that_nobody_signed_is_told() {
    let (topology, catalog) = example();
    let (policy, _) = Admitted::compile(&catalog, &topology);
    let first = policy.allowed.keys().next().unwrap().digest.clone();
    let others = policy
        .allowed
        .keys()
        .map(|one| one.digest.clone())
        .filter(|one| *one != first);
    let reference = Reference {
        signed: Some(others.collect()),
        ..Reference::default()
    };
    let mut observer = AdmissionDrift::new(&catalog, &topology, reference);
    let found = look(
        &mut observer,
        Loaded {
            admitted: Some(file("/l", &Admitted::write(&policy))),
            ..Loaded::default()
        },
    );
    assert!(!found.is_empty());
    for one in found {
        assert!(
            one.reason.contains("nobody who is trusted signed it"),
            "{one:?}"
        );
        assert!(!one.contract.is_empty() && one.clause == "signature");
    }
}

/// A compiler of the list that forgets a workload or invents one is found out.
#[test]
fn i8_a_compiler_of_the_list_that_errs_is_flagged() {
    let Sound {
        mut observer,
        loaded,
        policy,
    } = sound("/lib");
    for left_out in policy.allowed.keys() {
        let mut fewer = policy.clone();
        fewer.allowed.remove(left_out);
        let mut wrong = loaded.clone();
        wrong.admitted = Some(file("/l", &Admitted::write(&fewer)));
        let found = look(&mut observer, wrong);
        assert!(
            found
                .iter()
                .any(|one| one.source == left_out.workload && one.clause == "admission"),
            "{found:#?}"
        );
        look(&mut observer, loaded.clone());
    }
}
