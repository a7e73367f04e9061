//! The same envelope as DSSE JSON: there and back without loss, and a second implementation that agrees.
#![cfg(feature = "dsse")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests"
)]

mod common;

use std::io::Write as _;
use std::process::{Command, Stdio};

use common::{config_text, key, trust};
use iia_config::envelope::dsse::{from_json, to_json};
use iia_config::envelope::{open, seal};
use iia_config::trust::Class;
use iia_core::digest::hex;
use iia_core::sign::Signer as _;

#[test]
fn there_and_back_is_the_same_envelope() {
    let bytes = seal(
        Class::Config,
        config_text(1, None).as_bytes(),
        &[&key("ann"), &key("cem")],
    )
    .unwrap();
    let json = to_json(&bytes).unwrap();
    assert_eq!(from_json(json.as_bytes()).unwrap(), bytes);
    assert_eq!(to_json(&from_json(json.as_bytes()).unwrap()).unwrap(), json);
}

#[test]
fn json_that_says_more_or_less_is_refused() {
    let json = to_json(&seal(Class::Config, b"x", &[&key("ann")]).unwrap()).unwrap();
    for (what, bent) in [
        ("another field", json.replacen('{', "{\"x\": 1,", 1)),
        (
            "payload twice",
            json.replacen('{', "{\"payload\": \"eA==\",", 1),
        ),
        ("no payload", json.replace("payload\":", "load\":")),
        ("type", json.replace("iia.config", "other.config")),
        ("keyid", json.replace("keyid\": \"", "keyid\": \"X")),
        ("base64", json.replace("eA==", "eB==")),
        ("not JSON", "iia-sig 1".into()),
        ("deep", "[".repeat(100_000)),
    ] {
        assert!(from_json(bent.as_bytes()).is_err(), "{what}");
    }
}

/// Python with `securesystemslib`, from `$IIA_SECURESYSTEMSLIB_PYTHON` or the path.
fn python(test: &str, script: &str, input: &str) -> Option<String> {
    let python = std::env::var("IIA_SECURESYSTEMSLIB_PYTHON").unwrap_or_else(|_| "python3".into());
    let known = Command::new(&python)
        .args(["-c", "import securesystemslib.dsse, cryptography"])
        .output();
    if !known.is_ok_and(|known| known.status.success()) {
        assert!(
            std::env::var_os("IIA_REQUIRE_ALL").is_none(),
            "securesystemslib is missing"
        );
        eprintln!("SKIPPED: {test}: python package securesystemslib[crypto] is missing");
        return None;
    }
    let mut child = Command::new(&python)
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn securesystemslib_verifies_what_we_sign() {
    let (ann, cem) = (key("ann"), key("cem"));
    let bytes = seal(
        Class::Config,
        config_text(1, None).as_bytes(),
        &[&ann, &cem],
    )
    .unwrap();
    let script = r#"
import sys, json
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey
lines = sys.stdin.read().split("\n", 2)
keys = [SSlibKey(k.split(":")[0], "ed25519", "ed25519", {"public": k.split(":")[1]}) for k in lines[:2]]
envelope = Envelope.from_dict(json.loads(lines[2]))
print(sorted(envelope.verify(keys, 2)))
try:
    envelope.payload += b" "
    envelope.verify(keys, 2)
    print("verified what was not signed")
except Exception as error:
    print(type(error).__name__)
"#;
    let line = |key: &iia_core::sign::SoftwareKey| {
        let public = key.public_key();
        format!("{}:{}\n", public.key_id(), hex(public.as_bytes()))
    };
    let input = format!("{}{}{}", line(&ann), line(&cem), to_json(&bytes).unwrap());
    let Some(said) = python("securesystemslib_verifies_what_we_sign", script, &input) else {
        return;
    };
    let mut ids = [
        ann.public_key().key_id().to_string(),
        cem.public_key().key_id().to_string(),
    ];
    ids.sort();
    assert_eq!(
        said,
        format!("['{}', '{}']\nVerificationError\n", ids[0], ids[1])
    );
}

#[test]
fn we_open_what_securesystemslib_signs() {
    let ann = key("ann");
    let script = r#"
import sys, json
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.dsse import Envelope
from securesystemslib.signer import CryptoSigner, SSlibKey
keyid, seed, kind, text = sys.stdin.read().split("\n", 3)
private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed))
public = private.public_key().public_bytes_raw().hex()
signer = CryptoSigner(private, SSlibKey(keyid, "ed25519", "ed25519", {"public": public}))
envelope = Envelope(text.encode(), kind, {})
envelope.sign(signer)
print(json.dumps(envelope.to_dict()))
"#;
    let seed = iia_core::digest::Digest::of(iia_core::digest::Context::File, b"ann");
    let text = config_text(1, None);
    let input = format!(
        "{}\n{}\n{}\n{text}",
        ann.public_key().key_id(),
        hex(seed.as_bytes()),
        Class::Config.payload_type()
    );
    let Some(json) = python("we_open_what_securesystemslib_signs", script, &input) else {
        return;
    };
    let bytes = from_json(json.as_bytes()).unwrap();
    let opened = open(&bytes, Class::Config, &trust("")).map(|opened| opened.body.to_vec());
    assert_eq!(opened.unwrap(), text.as_bytes());
    // Ed25519 signatures are a function of key and message: ours has the same bytes.
    assert_eq!(
        bytes,
        seal(Class::Config, text.as_bytes(), &[&ann]).unwrap()
    );
}
