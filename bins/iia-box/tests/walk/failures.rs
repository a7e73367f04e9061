//! R-PAP-18 as a user sees it: `scripts/failures` brings about three failures, one after the other, and the box says what each is.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::demo::Demo;

/// What is done, and words of what the box says of it.
const STORY: [(&str, &str); 4] = [
    ("A box begins", "is in force"),
    ("1. Certificate misconfiguration", "failed in its handshake"),
    ("2. Namespace violation", "route 10.99.0.0/24 dev leak"),
    (
        "3. Monitoring isolation",
        "seen is there to see only, and has sent 1 frame (60 bytes)",
    ),
];

#[test]
fn r_pap_18_three_failures_one_after_the_other_each_with_its_finding_in_words() {
    let network = Command::new("unshare")
        .args(["--net", "true"])
        .stderr(Stdio::null())
        .status();
    if !network.is_ok_and(|status| status.success()) {
        let line = "SKIPPED: three failures: no network namespaces without root";
        assert!(std::env::var_os("IIA_REQUIRE_ALL").is_none(), "{line}");
        return eprintln!("{line}");
    }
    let _one = Demo::claim();
    let place = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/failures");
    let done = Command::new("sh")
        .arg(script)
        .arg(place.path().join("run"))
        .env("IIA_BOX", env!("CARGO_BIN_EXE_iia-box"))
        .output()
        .unwrap();
    let said = String::from_utf8([done.stdout, done.stderr].concat()).unwrap();
    assert!(done.status.success(), "{said}");
    let mut rest = said.as_str();
    for (step, finding) in STORY {
        for words in [step, finding] {
            let (_, behind) = rest
                .split_once(words)
                .unwrap_or_else(|| panic!("{words}: {said}"));
            rest = behind;
        }
    }
}
