//! The authority for JWT-SVIDs; PyJWT reads its tokens, and we read PyJWT's own in all nine algorithms.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::path::PathBuf;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use iia_core::gate::{Ask, Gate, Refusal};
use iia_core::time::{Clock as _, ManualClock, Reading, TimeState};
use iia_core::{SpiffeId, Timestamp};
use iia_identity::IdentityError;
use iia_identity::bundle::{Bundle, BundleSet};
use iia_identity::issue::Issuer;
use iia_identity::jwt::{JWT_LIFE_SECS, JwtAuthority, JwtError, verify};
use serde_json::{Value, json};

const NOW: i64 = 1_800_000_000;
const WHO: &str = "spiffe://iia.local/zone/lake/workload/lake_writer";
const FOR: &str = "spiffe://iia.local/zone/api/workload/query_server";

struct All;

impl Gate for All {
    fn permits(&self, _: &Ask<'_>) -> Result<(), Refusal> {
        Ok(())
    }
    fn knows(&self, workload: &SpiffeId) -> bool {
        !workload.path().ends_with("stranger")
    }
}

fn now() -> Reading {
    ManualClock::new(Timestamp::from_secs(NOW)).read()
}

fn id(text: &str) -> SpiffeId {
    text.parse().unwrap()
}

fn authority() -> JwtAuthority {
    JwtAuthority::create("iia.local".parse().unwrap()).unwrap()
}

fn set(jwk: &Value) -> BundleSet {
    let bundle = Bundle::parse(json!({ "keys": [jwk] }).to_string().as_bytes());
    let mut set = BundleSet::default();
    set.expect("iia.local".parse().unwrap()).unwrap();
    let domain = "iia.local".parse().unwrap();
    set.update(&domain, bundle.unwrap()).unwrap();
    set
}

fn claims() -> Value {
    json!({"sub": WHO, "aud": [FOR], "exp": NOW + 300, "iat": NOW})
}

#[test]
fn a_token_is_what_the_standard_asks_for() {
    let jwt = authority();
    let token = jwt.issue(&id(WHO), &[FOR.into()], &All, now()).unwrap();
    let part = |number: usize| -> Value {
        let part = token.split('.').nth(number).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    };
    let header = json!({"alg": "ES256", "kid": jwt.key().kid(), "typ": "JWT"});
    assert_eq!(part(0), header);
    let claims = json!({"sub": WHO, "aud": [FOR], "iat": NOW, "exp": NOW + JWT_LIFE_SECS});
    assert_eq!(part(1), claims);
    assert_eq!(token.split('.').count(), 3);
}

#[test]
fn no_contract_no_token_and_none_while_time_is_unknown() {
    let jwt = authority();
    let ask = |who: &str, now| jwt.issue(&id(who), &[FOR.into()], &All, now);
    let refused = |error: IdentityError| Err(JwtError::Identity(error));
    for who in [
        "spiffe://iia.local/zone/x/workload/stranger",
        "spiffe://other.example/zone/lake/workload/lake_writer",
        "spiffe://iia.local",
    ] {
        assert_eq!(ask(who, now()), refused(IdentityError::NoContract), "{who}");
    }
    let state = TimeState::Unknown;
    let unknown = Reading { state, ..now() };
    assert_eq!(ask(WHO, unknown), refused(IdentityError::TimeUnknown));
}

#[test]
fn an_authority_that_was_kept_signs_with_the_same_key() {
    let jwt = authority();
    let again = JwtAuthority::restore("iia.local".parse().unwrap(), &jwt.secret()).unwrap();
    assert_eq!(again.key(), jwt.key());
    let token = again.issue(&id(WHO), &[FOR.into()], &All, now()).unwrap();
    let mut bundles = BundleSet::default();
    let domain = || "iia.local".parse().unwrap();
    bundles.add_jwt_key(domain(), jwt.key().clone()).unwrap();
    let claims = verify(&token, FOR, &bundles, now().wall).unwrap();
    assert_eq!(claims.id(), &id(WHO));
    assert!(JwtAuthority::restore(domain(), b"no key").is_err());
}

#[test]
fn the_key_is_another_than_that_of_certificates() {
    let issuer = Issuer::create("iia.local".parse().unwrap(), 3600, 1, now()).unwrap();
    let jwt = authority();
    let bundle = Bundle::new(vec![issuer.root().to_vec()], 1).unwrap();
    let bundle = bundle.with_jwt_key(jwt.key().clone()).unwrap();
    let document: Value = serde_json::from_slice(&bundle.to_json().unwrap()).unwrap();
    let [root, token] = document["keys"].as_array().unwrap().as_slice() else {
        panic!("{document}");
    };
    assert_eq!(
        (&root["use"], &root["kid"]),
        (&json!("x509-svid"), &Value::Null)
    );
    assert_eq!(
        (&token["use"], &token["kid"]),
        (&json!("jwt-svid"), &json!(jwt.key().kid()))
    );
    assert_ne!(root["x"], token["x"]);
    assert_eq!(Bundle::parse(document.to_string().as_bytes()), Ok(bundle));
}

fn python(test: &str) -> Option<PathBuf> {
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/venv/bin/python3");
    let python = std::env::var_os("IIA_PYTHON").map_or_else(|| own.into(), PathBuf::from);
    let imports = Command::new(&python)
        .args(["-c", "import jwt, cryptography"])
        .output();
    if imports.is_ok_and(|done| done.status.success()) {
        return Some(python);
    }
    common::skip(test, "a Python with PyJWT (IIA_PYTHON or target/venv)");
    None
}

fn judge(python: &PathBuf, arguments: &[&str]) -> String {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/judges/jwt_svid.py");
    let done = Command::new(python).arg(script).args(arguments).output();
    let done = done.unwrap();
    let error = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{error}");
    String::from_utf8(done.stdout).unwrap()
}

#[test]
fn pyjwt_reads_our_token_and_our_bundle() {
    let Some(python) = python("pyjwt_reads_our_token_and_our_bundle") else {
        return;
    };
    let jwt = authority();
    let wall = iia_core::time::SystemClock::new(iia_core::time::Floor::default(), 0).read();
    let token = jwt.issue(&id(WHO), &[FOR.into()], &All, wall).unwrap();
    let bundle = Bundle::default().with_jwt_key(jwt.key().clone()).unwrap();
    let jwks = String::from_utf8(bundle.jwks().unwrap()).unwrap();
    let said = judge(&python, &["read", &jwks, &token, FOR]);
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((&said["sub"], &said["aud"]), (&json!(WHO), &json!([FOR])));
    let said = judge(&python, &["read", &jwks, &token, "another"]);
    assert_eq!(said.trim(), "InvalidAudienceError");
}

#[test]
fn we_read_pyjwts_tokens_in_all_nine_algorithms() {
    let Some(python) = python("we_read_pyjwts_tokens_in_all_nine_algorithms") else {
        return;
    };
    let claims = claims().to_string();
    let said = judge(&python, &["make", &claims]);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 9);
    let mut tokens = Vec::new();
    for line in lines {
        let [name, jwk, token] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        let bundles = set(&serde_json::from_str(jwk).unwrap());
        let claims = verify(token, FOR, &bundles, now().wall);
        assert_eq!(
            claims.map(|claims| claims.id().clone()),
            Ok(id(WHO)),
            "{name}"
        );
        tokens.push((name.to_owned(), bundles, token.to_owned()));
    }
    // Nobody's signature is anybody else's.
    for (number, (name, bundles, _)) in tokens.iter().enumerate() {
        for (other, (_, _, token)) in tokens.iter().enumerate() {
            let good = verify(token, FOR, bundles, now().wall).is_ok();
            assert_eq!(good, number == other, "{name} {other}");
        }
    }
}
