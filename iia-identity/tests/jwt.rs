//! What is believed of a JWT-SVID, row by row of the standard.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "tests"
)]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use iia_core::Timestamp;
use iia_core::time::{Clock as _, ManualClock, Reading};
use iia_identity::IdentityError;
use iia_identity::bundle::{Bundle, BundleSet, JWT_KEYS_MAX};
use iia_identity::jwt::{AUDIENCES_MAX, JwtError, TOKEN_LEN_MAX, check_audience, verify};
use rcgen::{KeyPair, PublicKeyData as _, SigningKey as _};
use serde_json::{Value, json};

const NOW: i64 = 1_800_000_000;
const WHO: &str = "spiffe://iia.local/zone/lake/workload/lake_writer";
const FOR: &str = "spiffe://iia.local/zone/api/workload/query_server";

fn now() -> Reading {
    ManualClock::new(Timestamp::from_secs(NOW)).read()
}

fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A signer that signs whatever it is given, with its bundle.
struct Maker {
    pair: KeyPair,
}

impl Maker {
    fn new() -> Self {
        let pair = KeyPair::generate().unwrap();
        Self { pair }
    }

    fn jwk(&self) -> Value {
        let (x, y) = self.pair.der_bytes()[1..].split_at(32);
        json!({"kty": "EC", "crv": "P-256", "use": "jwt-svid", "kid": "k", "x": b64(x), "y": b64(y)})
    }

    fn bundles(&self) -> BundleSet {
        set(&self.jwk())
    }

    fn sign(&self, signed: &str) -> String {
        let der = self.pair.sign(signed.as_bytes()).unwrap();
        // SEQUENCE of two INTEGERs, each at most 33 bytes.
        let (mut fixed, mut rest) = (Vec::new(), &der[2..]);
        for _ in 0..2 {
            let (number, after) = rest[2..].split_at(rest[1].into());
            let number = number.strip_prefix(&[0]).unwrap_or(number);
            fixed.extend(vec![0; 32 - number.len()]);
            fixed.extend(number);
            rest = after;
        }
        format!("{signed}.{}", b64(fixed))
    }

    fn text(&self, header: &str, claims: &str) -> String {
        self.sign(&format!("{}.{}", b64(header), b64(claims)))
    }

    fn token(&self, header: &Value, claims: &Value) -> String {
        self.text(&header.to_string(), &claims.to_string())
    }
}

fn set(jwk: &Value) -> BundleSet {
    let bundle = Bundle::parse(json!({ "keys": [jwk] }).to_string().as_bytes());
    let mut set = BundleSet::default();
    set.expect("iia.local".parse().unwrap()).unwrap();
    let domain = "iia.local".parse().unwrap();
    set.update(&domain, bundle.unwrap()).unwrap();
    set
}

fn header() -> Value {
    json!({"alg": "ES256", "kid": "k", "typ": "JWT"})
}

fn claims() -> Value {
    json!({"sub": WHO, "aud": [FOR], "exp": NOW + 300, "iat": NOW})
}

fn with(mut value: Value, name: &str, to: Value) -> Value {
    value[name] = to;
    value
}

fn without(mut value: Value, name: &str) -> Value {
    value.as_object_mut().unwrap().remove(name);
    value
}

fn outcome(maker: &Maker, header: &Value, claims: &Value) -> Result<String, JwtError> {
    let token = maker.token(header, claims);
    let said = verify(&token, FOR, &maker.bundles(), now().wall);
    said.map(|claims| claims.id().to_string())
}

fn malformed(outcome: Result<String, JwtError>) -> &'static str {
    match outcome {
        Err(JwtError::Malformed { rule }) => rule,
        other => panic!("{other:?}"),
    }
}

#[test]
fn only_compact_serialization_is_read() {
    let maker = Maker::new();
    let token = maker.token(&header(), &claims());
    let parts: Vec<&str> = token.split('.').collect();
    let flat = json!({"protected": parts[0], "payload": parts[1], "signature": parts[2]});
    for other in [
        flat.to_string(),
        json!({"payload": parts[1], "signatures": [flat]}).to_string(),
        String::new(),
        "..".into(),
        format!("{}.{}", parts[0], parts[1]),
        format!("{token}."),
        format!("{token}.{token}"),
        format!(" {token}"),
        format!("{}=.{}.{}", parts[0], parts[1], parts[2]),
    ] {
        let said = verify(&other, FOR, &maker.bundles(), now().wall);
        assert!(
            matches!(said, Err(JwtError::Malformed { .. })),
            "{other}: {said:?}"
        );
    }
    assert!(verify(&token, FOR, &maker.bundles(), now().wall).is_ok());
}

#[test]
fn no_header_but_the_permitted_ones() {
    let maker = Maker::new();
    for name in [
        "crit", "jku", "jwk", "x5u", "x5c", "x5t", "cty", "b64", "ALG", "",
    ] {
        let bad = with(header(), name, json!("x"));
        let rule = malformed(outcome(&maker, &bad, &claims()));
        assert!(rule.contains("not permitted"), "{name}: {rule}");
    }
    assert!(outcome(&maker, &without(header(), "typ"), &claims()).is_ok());
}

#[test]
fn no_algorithm_but_those_of_the_standard_and_of_the_key() {
    let maker = Maker::new();
    for name in [
        "none", "None", "HS256", "HS512", "EdDSA", "es256", "RSA1_5", "ES256K", "",
    ] {
        let bad = with(header(), "alg", json!(name));
        assert_eq!(
            outcome(&maker, &bad, &claims()),
            Err(JwtError::Algorithm),
            "{name}"
        );
    }
    for bad in [without(header(), "alg"), with(header(), "alg", json!(1))] {
        assert_eq!(outcome(&maker, &bad, &claims()), Err(JwtError::Algorithm));
    }
    // Permitted, but of another kind of key than the one that is named.
    for name in ["ES384", "ES512", "RS256", "PS512"] {
        let bad = with(header(), "alg", json!(name));
        assert_eq!(
            outcome(&maker, &bad, &claims()),
            Err(JwtError::Algorithm),
            "{name}"
        );
    }
}

#[test]
fn the_algorithm_is_judged_before_anything_else() {
    let maker = Maker::new();
    // Everything else is wrong as well, and it is still the algorithm that is told.
    let bad = json!({"alg": "HS256", "crit": ["x"], "typ": "x"});
    assert_eq!(outcome(&maker, &bad, &json!([])), Err(JwtError::Algorithm));
}

#[test]
fn typ_is_jwt_or_jose_or_absent() {
    let maker = Maker::new();
    for good in [
        header(),
        with(header(), "typ", json!("JOSE")),
        without(header(), "typ"),
    ] {
        assert!(outcome(&maker, &good, &claims()).is_ok(), "{good}");
    }
    for typ in [
        json!("jwt"),
        json!("at+jwt"),
        json!(""),
        json!(null),
        json!(["JWT"]),
    ] {
        let rule = malformed(outcome(&maker, &with(header(), "typ", typ), &claims()));
        assert!(rule.contains("2.3"), "{rule}");
    }
}

#[test]
fn the_subject_is_the_spiffe_id_of_a_workload() {
    let maker = Maker::new();
    assert_eq!(outcome(&maker, &header(), &claims()), Ok(WHO.into()));
    for sub in [json!(null), json!(7), json!([WHO])] {
        let rule = malformed(outcome(&maker, &header(), &with(claims(), "sub", sub)));
        assert!(rule.contains("3.1"), "{rule}");
    }
    malformed(outcome(&maker, &header(), &without(claims(), "sub")));
    malformed(outcome(
        &maker,
        &header(),
        &with(claims(), "sub", json!("spiffe://iia.local")),
    ));
    for sub in [
        "https://iia.local/a",
        "spiffe://iia.local/a/",
        "spiffe://iia.local/a\n",
        "x",
    ] {
        let said = outcome(&maker, &header(), &with(claims(), "sub", json!(sub)));
        let bad = |error: &_| matches!(error, IdentityError::BadSpiffeId(_));
        assert!(
            matches!(said, Err(JwtError::Identity(ref error)) if bad(error)),
            "{sub}"
        );
    }
}

#[test]
fn an_audience_is_there_and_is_ours() {
    let maker = Maker::new();
    let aud = |aud: Value| outcome(&maker, &header(), &with(claims(), "aud", aud));
    assert!(aud(json!(FOR)).is_ok());
    assert!(aud(json!(["x", FOR])).is_ok());
    for other in [
        json!([]),
        json!("x"),
        json!(["x"]),
        json!(""),
        json!(["", "x"]),
    ] {
        assert_eq!(aud(other.clone()), Err(JwtError::Audience), "{other}");
    }
    malformed(aud(json!({ "x": FOR })));
    malformed(outcome(&maker, &header(), &without(claims(), "aud")));
    // Nobody is the audience of a token by having no name.
    let token = maker.token(&header(), &with(claims(), "aud", json!("")));
    let said = verify(&token, "", &maker.bundles(), now().wall);
    assert_eq!(said.unwrap_err(), JwtError::Audience);
}

#[test]
fn an_expiry_is_there_and_times_are_kept() {
    let maker = Maker::new();
    let exp = |exp: Value| outcome(&maker, &header(), &with(claims(), "exp", exp));
    malformed(outcome(&maker, &header(), &without(claims(), "exp")));
    malformed(exp(json!("1800000300")));
    for late in [
        json!(NOW),
        json!(NOW - 1),
        json!(0),
        json!(-1),
        json!(NOW as f64 + 0.9),
    ] {
        assert_eq!(exp(late.clone()), Err(JwtError::Expired), "{late}");
    }
    assert!(exp(json!(NOW + 1)).is_ok());
    assert!(exp(json!(NOW as f64 + 1.5)).is_ok());
    assert!(exp(json!(1e300)).is_ok());
    for name in ["nbf", "iat"] {
        let at = |at: Value| outcome(&maker, &header(), &with(claims(), name, at));
        assert!(at(json!(NOW + 60)).is_ok());
        assert_eq!(at(json!(NOW + 61)), Err(JwtError::NotYetValid));
        malformed(at(json!("now")));
    }
}

#[test]
fn a_token_of_our_own_lives_an_hour_at_most() {
    let maker = Maker::new();
    let mut own = maker.bundles();
    own.set_own("iia.local".parse().unwrap());
    let said = |exp: i64| {
        let token = maker.token(&header(), &with(claims(), "exp", json!(exp)));
        verify(&token, FOR, &own, now().wall).map(|claims| claims.expires().as_secs())
    };
    assert_eq!(said(NOW + 3660), Ok(NOW + 3660));
    assert_eq!(said(NOW + 3661), Err(JwtError::TooLong));
}

#[test]
fn only_keys_for_tokens_verify_tokens_and_only_under_their_name() {
    let maker = Maker::new();
    let token = maker.token(&header(), &claims());
    let said = |jwk: Value| verify(&token, FOR, &set(&jwk), now().wall).map(|_| ());
    assert_eq!(said(maker.jwk()), Ok(()));
    for other in [
        with(maker.jwk(), "use", json!("x509-svid")),
        with(maker.jwk(), "use", json!("sig")),
        without(maker.jwk(), "use"),
        with(maker.jwk(), "kid", json!("K")),
        with(maker.jwk(), "kid", json!("")),
        without(maker.jwk(), "kid"),
        with(maker.jwk(), "crv", json!("P-384")),
        with(maker.jwk(), "x", json!("AAAA")),
    ] {
        assert_eq!(said(other.clone()), Err(JwtError::UnknownKey), "{other}");
    }
    let unnamed = maker.token(&without(header(), "kid"), &claims());
    let said = verify(&unnamed, FOR, &maker.bundles(), now().wall);
    assert_eq!(said.unwrap_err(), JwtError::UnknownKey);
}

#[test]
fn the_bundle_of_the_subjects_own_trust_domain_counts() {
    let (ours, theirs) = (Maker::new(), Maker::new());
    let mut bundles = ours.bundles();
    let other = || "other.example".parse().unwrap();
    bundles.expect(other()).unwrap();
    let bundle = Bundle::parse(json!({ "keys": [theirs.jwk()] }).to_string().as_bytes());
    bundles.update(&other(), bundle.unwrap()).unwrap();
    let foreign = with(claims(), "sub", json!("spiffe://other.example/a"));
    let said = |token: String| verify(&token, FOR, &bundles, now().wall).map(|_| ());
    assert_eq!(said(theirs.token(&header(), &foreign)), Ok(()));
    assert_eq!(
        said(ours.token(&header(), &foreign)),
        Err(JwtError::Signature)
    );
    let unknown = with(claims(), "sub", json!("spiffe://third.example/a"));
    let error = JwtError::Identity(IdentityError::UnknownTrustDomain);
    assert_eq!(said(ours.token(&header(), &unknown)), Err(error));
}

#[test]
fn every_changed_character_of_a_token_is_seen() {
    let maker = Maker::new();
    let (token, bundles) = (maker.token(&header(), &claims()), maker.bundles());
    for at in 0..token.len() {
        for by in ["A", "z", ".", "="] {
            let mut other = token.clone();
            other.replace_range(at..=at, by);
            let said = verify(&other, FOR, &bundles, now().wall);
            assert!(other == token || said.is_err(), "{at} {by}");
        }
        assert!(verify(&token[..at], FOR, &bundles, now().wall).is_err());
    }
}

#[test]
fn a_name_twice_and_other_json_is_refused() {
    let maker = Maker::new();
    let claims = claims().to_string();
    let header = header().to_string();
    let twice = claims.replacen('{', r#"{"sub":"spiffe://iia.local/x","#, 1);
    for (header, claims) in [
        (&header[..], &twice[..]),
        (r#"{"alg":"ES256","kid":"k","kid":"k"}"#, &claims),
        (&header, "7"),
        (&header, "{}{}"),
        ("[]", &claims),
    ] {
        let token = maker.text(header, claims);
        let said = verify(&token, FOR, &maker.bundles(), now().wall);
        assert!(
            matches!(said, Err(JwtError::Malformed { .. })),
            "{header} {claims}"
        );
    }
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(30_000), "]".repeat(30_000));
    let token = maker.text(&header, &deep);
    let said = verify(
        &token[..TOKEN_LEN_MAX.min(token.len())],
        FOR,
        &maker.bundles(),
        now().wall,
    );
    assert!(said.is_err());
}

#[test]
fn limits_of_tokens_and_audiences_hold_at_max_and_one_over() {
    let maker = Maker::new();
    let sized = |len: usize| {
        let pad = with(claims(), "pad", json!("x".repeat(len)));
        maker.token(&header(), &pad)
    };
    let base = sized(0).len();
    let fits = (TOKEN_LEN_MAX - base) / 4 * 3 - 3;
    let over = |token: &str| {
        let said = verify(token, FOR, &maker.bundles(), now().wall);
        matches!(said, Err(JwtError::OverLimit { .. }))
    };
    assert!(!over(&sized(fits)));
    assert!(over(&sized(fits + 12)));
    let many = |count: usize| vec!["a".to_owned(); count];
    assert_eq!(check_audience(&many(AUDIENCES_MAX)), Ok(()));
    assert!(check_audience(&many(AUDIENCES_MAX + 1)).is_err());
    assert_eq!(check_audience(&["a".repeat(2048)]), Ok(()));
    assert!(check_audience(&["a".repeat(2049)]).is_err());
    assert!(check_audience(&[]).is_err());
    assert!(check_audience(&["a".into(), String::new()]).is_err());
}

#[test]
fn keys_of_a_bundle_have_a_limit_and_a_name_each() {
    let maker = Maker::new();
    let keys = |count: usize| {
        let named = |number: usize| with(maker.jwk(), "kid", json!(number.to_string()));
        let keys: Vec<Value> = (0..count).map(named).collect();
        Bundle::parse(json!({ "keys": keys }).to_string().as_bytes())
    };
    assert_eq!(keys(JWT_KEYS_MAX).unwrap().jwt_keys().len(), JWT_KEYS_MAX);
    assert!(matches!(
        keys(JWT_KEYS_MAX + 1),
        Err(IdentityError::TooManyRoots { .. })
    ));
    let twice = json!({ "keys": [maker.jwk(), maker.jwk()] }).to_string();
    let said = Bundle::parse(twice.as_bytes());
    assert!(matches!(said, Err(IdentityError::BadBundle { .. })));
}
