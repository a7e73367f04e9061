//! The policy that a box renders for Podman, read by skopeo: what is not signed, lies elsewhere or comes from elsewhere is
//! refused.
#![expect(clippy::unwrap_used, reason = "tests")]

mod tree;

use std::fs;
use std::path::Path;
use std::process::Command;

use iia_config::parse::parse;
use iia_config::render::{Places, files_at};
use iia_config::validate::{Facts, validate};
use iia_identity::admission::{BuildKey, Layout, payload};
use iia_identity::image::{Image, write_dir};
use iia_identity::issue::KeyKind;
use tree::{read, skip};

/// Whoever Debian's skopeo is built by took the verification of sigstore out: it then refuses what is signed as well.
const WITHOUT: &str = "sigstore disabled";

fn policy(lib: &Path) -> String {
    let text = read("examples/box-pi/box.icl") + &read("iia-config/tests/data/cell.icl");
    let document = parse(text.as_bytes(), iia_config::limits::DOCUMENT_LEN_MAX).unwrap();
    let checked = validate(&document, &Facts::of_box("seg01")).unwrap();
    let places = Places {
        lib: lib.display().to_string(),
        ..Places::default()
    };
    let mut files = files_at(&checked, &places);
    files.remove("podman/policy.json").unwrap()
}

/// Copies by the policy; what is said when it is refused.
fn copy(policy: &Path, from: &str, to: &Path) -> Result<(), String> {
    let to = format!("dir:{}", to.display());
    let done = Command::new("skopeo")
        .arg("--policy")
        .arg(policy)
        .args(["copy", from, &to])
        .output()
        .unwrap();
    match done.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&done.stderr).into_owned()),
    }
}

#[test]
fn skopeo_takes_signed_images_of_the_box_and_nothing_else() {
    let test = "skopeo_takes_signed_images_of_the_box_and_nothing_else";
    if Command::new("skopeo").arg("--version").output().is_err() {
        return skip(test, "skopeo");
    }
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let text = policy(dir.path());
    let parsed: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(parsed.pointer("/default/0/type").unwrap(), "reject");
    fs::write(at("policy.json"), &text).unwrap();
    let (key, _) = BuildKey::create(KeyKind::P256).unwrap();
    fs::write(at("build.pub"), key.public_pem()).unwrap();
    let mut image = Image::new("amd64", 1_790_000_000);
    image
        .put("usr/bin/api", b"#!/bin/false\n".to_vec(), true)
        .unwrap();
    let digest = image.write(&at("layout"), "v1").unwrap();
    let layout = Layout::open(&at("layout")).unwrap();
    let put = |name: &str, reference: &str, key: &BuildKey| {
        let payload = payload(&digest, reference);
        let signature = key.sign(&payload).unwrap();
        write_dir(&layout, &digest, (&payload, &signature), &at(name)).unwrap();
    };
    fs::create_dir(at("images")).unwrap();
    let own = "localhost/iia-box";
    let (other, _) = BuildKey::create(KeyKind::P256).unwrap();
    put("images/api", own, &key);
    put("images/collector", own, &other);
    put("images/lake", "localhost/another", &key);
    put("elsewhere", own, &key);
    let try_dir = |name: &str| {
        copy(
            &at("policy.json"),
            &format!("dir:{}", at(name).display()),
            &at("out"),
        )
    };
    let layout_name = format!("oci:{}:v1", at("layout").display());
    let from_layout = copy(&at("policy.json"), &layout_name, &at("out")).unwrap_err();
    assert!(from_layout.contains("rejected by policy"), "{from_layout}");
    let elsewhere = try_dir("elsewhere").unwrap_err();
    assert!(elsewhere.contains("rejected by policy"), "{elsewhere}");
    let signed = try_dir("images/api");
    match &signed {
        Err(said) if said.contains(WITHOUT) => {
            eprintln!("{test}: this skopeo verifies no sigstore signature, and refuses all")
        }
        signed => assert_eq!(signed, &Ok(())),
    }
    for name in ["images/collector", "images/lake"] {
        assert!(try_dir(name).is_err(), "{name}");
    }
    fs::remove_file(at("images/api/signature-1")).unwrap();
    let unsigned = try_dir("images/api").unwrap_err();
    assert!(
        unsigned.contains("A signature was required, but no signature exists"),
        "{unsigned}"
    );
}
