//! The walk of `docs/operator-walkthrough.md` up to the applier, with the real program.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::fs;
use std::path::Path;
use std::process::Command;

struct Walk(tempfile::TempDir);

impl Walk {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let text = include_str!("../../../examples/box-pi/box.icl");
        fs::write(dir.path().join("box.icl"), text).unwrap();
        let walk = Self(dir);
        let mut trust = String::from("iia-config 1\n");
        for (name, class) in [("ann", "config"), ("bob", "approval"), ("cem", "approval")] {
            walk.good(&format!("key new {name}"));
            trust += &format!(
                "\n{}",
                walk.good(&format!("key import {name} --name {name} --class {class}"))
            );
        }
        fs::write(walk.path("trust.icl"), trust).unwrap();
        walk
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    /// Exit code and everything that was said.
    fn run(&self, words: &str) -> (i32, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_iia"))
            .arg("config")
            .args(words.split(' '))
            .current_dir(self.0.path())
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        (
            output.status.code().unwrap(),
            String::from_utf8(said).unwrap(),
        )
    }

    #[track_caller]
    fn good(&self, words: &str) -> String {
        let (code, said) = self.run(words);
        assert_eq!(code, 0, "{words}: {said}");
        said
    }

    #[track_caller]
    fn bad(&self, words: &str, why: &str) {
        let (code, said) = self.run(words);
        assert!(code != 0 && said.contains(why), "{words}: {code} {said}");
    }
}

fn bend(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from));
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

#[test]
fn an_artifact_goes_from_its_author_to_the_box() {
    let walk = Walk::new();
    walk.good("sign box.icl --key ann -o box.sig");
    assert!(
        walk.good("verify box.sig --trust trust.icl")
            .contains("good: signed by ann")
    );
    walk.good("begin --dir box --box seg01 --trust trust.icl");
    assert!(
        walk.good("submit --dir box --box seg01 box.sig")
            .contains("staged config b3:")
    );
    let status = walk.good("status --dir box");
    assert!(
        status.contains("staged   revision 1") && status.contains("applied  nothing"),
        "{status}"
    );
    walk.good("approve box.sig --key bob --box seg01 --name first --two-person -o one.sig");
    walk.good("sign one.sig --key cem -o two.sig");
    assert!(
        walk.good("verify two.sig --trust trust.icl")
            .contains("good: signed by bob, cem")
    );
    walk.good("envelope to-json two.sig -o two.json");
    walk.good("envelope from-json two.json -o back.sig");
    assert_eq!(
        fs::read(walk.path("back.sig")).unwrap(),
        fs::read(walk.path("two.sig")).unwrap()
    );
}

#[test]
fn what_goes_wrong_is_said() {
    let walk = Walk::new();
    walk.good("key new mallory");
    for (key, out) in [
        ("ann", "box.sig"),
        ("mallory", "mallory.sig"),
        ("bob", "bob.sig"),
    ] {
        walk.good(&format!("sign box.icl --key {key} -o {out}"));
    }
    walk.bad("sign box.icl --key ann -o box.sig", "there already");
    walk.good("begin --dir box --box seg01 --trust trust.icl");
    walk.bad(
        "begin --dir box --box seg01 --trust trust.icl",
        "IIA-CFG-0331",
    );
    walk.bad("submit --dir box --box seg01 mallory.sig", "IIA-CFG-0105");
    walk.bad("submit --dir box --box seg01 bob.sig", "IIA-CFG-0106");
    walk.bad("submit --dir box --box seg02 box.sig", "C081");
    walk.bad("submit --dir nowhere --box seg01 box.sig", "state record");
    walk.bad(
        "approve box.icl --key bob --box seg01 --name x -o x.sig",
        "no signed artifact",
    );
    walk.bad(
        "approve box.sig --key bob --name x -o x.sig",
        "neither a box nor a fleet",
    );
    walk.bad(
        "approve box.sig --key bob --box seg01 --name x --hours 9999 -o x.sig",
        "90 days",
    );
    bend(&walk.path("box.sig"), "target seg01", "target seg09");
    walk.bad("submit --dir box --box seg01 box.sig", "IIA-CFG-0001");
    walk.bad("verify box.sig --trust trust.icl", "refused");
    bend(&walk.path("box.icl"), "  target seg01", "   target seg01");
    walk.bad("sign box.icl --key ann -o other.sig", "not canonical");
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(walk.path("ann"), fs::Permissions::from_mode(0o644)).unwrap();
    walk.bad("key show ann", "make it 600");
}

#[test]
fn a_change_is_seen_before_it_is_signed() {
    let walk = Walk::new();
    fs::copy(walk.path("box.icl"), walk.path("new.icl")).unwrap();
    assert!(
        walk.good("diff box.icl new.icl")
            .contains("nothing changes")
    );
    bend(
        &walk.path("new.icl"),
        "  write holding_register 100 101\n",
        "",
    );
    walk.bad("diff box.icl new.icl", "- write holding_register 100 101");
    walk.bad("diff box.icl new.icl", "closes (1)");
    walk.bad("diff box.icl new.icl", "2.0.0 is due: TOO LOW");
    walk.good("plan box.icl box.icl");
}
