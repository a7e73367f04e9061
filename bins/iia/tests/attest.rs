//! `iia attest` on a quote and a log of others: words for an auditor, and an exit code.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn vectors(test: &str, folder: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let shared = std::env::var_os("IIA_SHARED").map_or(beside, PathBuf::from);
    let dir = shared.join("vectors").join(folder);
    if dir.is_dir() {
        return Some(dir);
    }
    let line = format!("SKIPPED: {test}: the vectors ({})", dir.display());
    assert!(std::env::var_os("IIA_REQUIRE_ALL").is_none(), "{line}");
    eprintln!("{line}");
    None
}

fn iia(words: &[&str]) -> (Option<i32>, String, String) {
    let done = Command::new(env!("CARGO_BIN_EXE_iia"))
        .args(words)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (done.status.code(), text(&done.stdout), text(&done.stderr))
}

#[test]
fn a_quote_is_judged_in_words_and_by_the_exit_code() {
    let Some(dir) = vectors("a_quote_is_judged_in_words_and_by_the_exit_code", "tpm") else {
        return;
    };
    let path = |name: &str| dir.join(name).to_str().unwrap().to_owned();
    let nonce = "6595f9487947af353379e77371e8c48bcd8409b3f674fe1449fe39df5e329577";
    let (attest, signature, key, values) = (
        path("attest.bin"),
        path("sig.tpmt"),
        path("ak_pub.tpmt"),
        path("pcrs_0_4_10.bin"),
    );
    let base = [
        "attest",
        "quote",
        "--attest",
        &attest,
        "--signature",
        &signature,
        "--key",
        &key,
    ];
    let ask = |more: &[&str]| iia(&[&base[..], more].concat());
    let (code, said, _) = ask(&["--nonce", nonce, "--values", &values]);
    assert_eq!(code, Some(0), "{said}");
    for part in [
        "affirming\n",
        "key       000b0dd05f5e8fcadf186d14ebbb256baedb7141baf0cf5c746ec2f2399bd98cabe5\n",
        "clock     162949 ms, 2 starts, 0 restarts, safe\n",
        "sha256 10 622e222db250df8c0842786e6d7e876aaf70431a7f2b3b370ed21ce4bdef2ed1\n",
    ] {
        assert!(said.contains(part), "{part}{said}");
    }
    let bad = format!("sha256:10={}", "00".repeat(32));
    let (code, said, _) = ask(&["--nonce", "00", "--values", &values, "--good", &bad]);
    assert_eq!(code, Some(1));
    for part in [
        "contraindicated\n",
        "  contraindicated: IIA-ATT-0103: the nonce is not",
        "  contraindicated: IIA-ATT-0203: PCR 10 of sha256",
    ] {
        assert!(said.contains(part), "{part}{said}");
    }
    // What is no quote is refused in words too, and what is no key ends it.
    let (code, said, _) = iia(&[
        "attest",
        "quote",
        "--attest",
        &signature,
        "--signature",
        &signature,
        "--key",
        &key,
        "--nonce",
        nonce,
    ]);
    assert_eq!(
        (code, said.lines().next()),
        (Some(1), Some("contraindicated"))
    );
    let (code, _, complained) = iia(&[
        "attest",
        "quote",
        "--attest",
        &attest,
        "--signature",
        &signature,
        "--key",
        &attest,
        "--nonce",
        nonce,
    ]);
    assert_eq!(code, Some(2));
    assert!(complained.contains("IIA-ATT-0003"), "{complained}");
    for words in [["--nonce", "0"], ["--nonce", "xy"]] {
        assert_eq!(ask(&words).0, Some(2));
    }
    for good in ["sha256:7", "md5:7=00", "sha256:7=00", "sha256:x=00"] {
        assert_eq!(
            ask(&["--nonce", nonce, "--good", good]).0,
            Some(2),
            "{good}"
        );
    }
}

#[test]
fn a_log_is_shown_with_the_registers_it_makes() {
    let Some(dir) = vectors("a_log_is_shown_with_the_registers_it_makes", "eventlog") else {
        return;
    };
    let file = dir.join("go-eventlog_glinux-alex.bin");
    let (code, said, _) = iia(&["attest", "log", file.to_str().unwrap()]);
    assert_eq!(code, Some(0));
    for part in [
        "   0   - EV_NO_ACTION profile 2.0 errata 0\n",
        "started from locality 3\n",
        "EV_EFI_VARIABLE_DRIVER_CONFIG \"SecureBoot\" = 00\n",
        "EV_SEPARATOR end of firmware\n",
        "sha256  7 ",
    ] {
        assert!(said.contains(part), "{part}\n{said}");
    }
    let place = tempfile::tempdir().unwrap();
    let cut = place.path().join("cut");
    let bytes = fs::read(&file).unwrap();
    fs::write(&cut, &bytes[..bytes.len() - 1]).unwrap();
    let (code, said, complained) = iia(&["attest", "log", cut.to_str().unwrap()]);
    assert_eq!((code, said.as_str()), (Some(2), ""));
    assert!(complained.contains("IIA-ATT-0004: event "), "{complained}");
}
