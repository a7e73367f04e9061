//! The program as whoever builds uses it; skopeo and tar read what it wrote.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const EPOCH: &str = "1790000000";

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        place.good("key build.key");
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, line: &str) -> Output {
        Command::new(env!("CARGO_BIN_EXE_iia-image"))
            .args(line.split(' '))
            .env("SOURCE_DATE_EPOCH", EPOCH)
            .current_dir(self.0.path())
            .output()
            .unwrap()
    }

    fn good(&self, line: &str) -> String {
        let done = self.run(line);
        assert!(done.status.success(), "{line}: {done:?}");
        String::from_utf8(done.stdout).unwrap()
    }

    fn bad(&self, line: &str, code: i32, words: &str) {
        let done = self.run(line);
        let said = String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.code(), Some(code), "{line}: {said}");
        assert!(said.contains(words), "{line}: {said}");
    }

    /// This program itself, in an image.
    fn build(&self, out: &str) -> String {
        let program = env!("CARGO_BIN_EXE_iia-image");
        fs::write(self.path("motd"), "hello").unwrap();
        self.good(&format!(
            "build --out {out} --name v1 --program {program} --file /etc/motd=motd --argument --version --label a=b"
        ))
    }
}

/// Every file below a directory with its bytes.
fn tree(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(tree(&path));
        } else {
            found.push((path.clone(), fs::read(&path).unwrap()));
        }
    }
    found.sort();
    found
}

/// R-IMG-01: two builds, bit for bit.
#[test]
fn two_builds_are_the_same_bit_for_bit_and_another_time_is_another_image() {
    let place = Place::new();
    assert_eq!(place.build("one"), place.build("two"));
    let below = |name: &str| {
        let base = place.path(name);
        let relative = |(path, bytes): (PathBuf, Vec<u8>)| {
            (path.strip_prefix(&base).unwrap().to_owned(), bytes)
        };
        tree(&base).into_iter().map(relative).collect::<Vec<_>>()
    };
    assert_eq!(below("one"), below("two"));
    assert_eq!(below("one").len(), 5);
    let program = env!("CARGO_BIN_EXE_iia-image");
    let other = place.good(&format!(
        "build --out three --name v1 --program {program} --epoch 1"
    ));
    assert_ne!(other, place.build("four"));
    place.bad("build --out one --name v1 --program x", 2, "there already");
}

#[test]
fn a_signed_image_verifies_and_an_unsigned_or_changed_one_does_not() {
    let place = Place::new();
    let digest = place.build("box");
    place.bad("verify box --key build.key.pub", 1, "IIA-IDN-0121");
    place.good("sign box --key build.key --reference box.example/iia/box");
    let said = place.good("verify box --key build.key.pub");
    assert_eq!(said, format!("{} is signed and whole\n", digest.trim()));
    place.good("key other.key --ed25519");
    place.bad("verify box --key other.key.pub", 1, "IIA-IDN-0121");
    // A second signature beside the first: either key suffices.
    place.good("sign box --key other.key --reference box.example/iia/box");
    place.good("verify box --key other.key.pub");
    place.good("verify box --key build.key.pub");
    let parts = tree(&place.path("box/blobs"));
    let (layer, mut bytes) = parts
        .into_iter()
        .max_by_key(|(_, bytes)| bytes.len())
        .unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(layer, bytes).unwrap();
    place.bad("verify box --key build.key.pub", 1, "IIA-IDN-0220");
    place.bad("verify nowhere --key build.key.pub", 2, "IIA-IDN-0520");
    place.bad("key build.key", 2, "build.key");
}

/// Others read what was written, and run what is in it.
#[test]
fn skopeo_copies_and_inspects_our_image_and_tar_unpacks_a_program_that_runs() {
    let test = "skopeo_copies_and_inspects_our_image_and_tar_unpacks_a_program_that_runs";
    let place = Place::new();
    let digest = place.build("box");
    let skopeo = |line: &str| {
        let run = Command::new("skopeo")
            .args(line.split(' '))
            .current_dir(place.0.path())
            .output();
        run.map(|done| {
            assert!(done.status.success(), "{line}: {done:?}");
            String::from_utf8(done.stdout).unwrap()
        })
    };
    if skopeo("--version").is_err() {
        eprintln!("SKIPPED: {test}: skopeo");
        assert!(std::env::var_os("IIA_REQUIRE_ALL").is_none_or(|all| all != "1"));
        return;
    }
    let said = skopeo("inspect oci:box:v1").unwrap();
    for words in [
        digest.trim(),
        "\"Architecture\": \"amd64\"",
        "\"a\": \"b\"",
        "2026-09-21T14:13:20Z",
    ] {
        assert!(
            said.contains(words) || cfg!(not(target_arch = "x86_64")),
            "{words}: {said}"
        );
    }
    skopeo("--insecure-policy copy oci:box:v1 dir:copied").unwrap();
    let manifest = fs::read(place.path("copied/manifest.json")).unwrap();
    let sum = iia_identity::admission::Sha256::of(&manifest).to_string();
    assert_eq!(sum, digest.trim(), "skopeo hands on the same manifest");
    let (layer, _) = tree(&place.path("copied"))
        .into_iter()
        .max_by_key(|(_, bytes)| bytes.len())
        .unwrap();
    fs::create_dir(place.path("root")).unwrap();
    let done = Command::new("tar")
        .arg("-xf")
        .arg(layer)
        .arg("-C")
        .arg(place.path("root"))
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
    assert_eq!(fs::read(place.path("root/etc/motd")).unwrap(), b"hello");
    let ran = Command::new(place.path("root/usr/bin/iia-image"))
        .arg("--version")
        .output()
        .unwrap();
    assert!(
        String::from_utf8_lossy(&ran.stdout).starts_with("iia-image "),
        "{ran:?}"
    );
}

#[test]
fn a_program_is_signed_by_a_bundle_over_its_digest() {
    let place = Place::new();
    fs::write(place.path("program"), "x").unwrap();
    place.good("sign-program program --key build.key --out program.json");
    let bundle = fs::read(place.path("program.json")).unwrap();
    let mut keys = iia_identity::admission::Keys::default();
    keys.add(&fs::read(place.path("build.key.pub")).unwrap())
        .unwrap();
    let digest = iia_identity::admission::Sha256::of(b"x");
    let mut content = || Ok(Vec::new());
    assert_eq!(
        iia_identity::admission::verify_bundle(&bundle, &digest, &mut content, &keys),
        Ok(())
    );
}
