//! Sets of rules that operators signed: for which box, which texts, until when.

use std::sync::LazyLock;

use iia_config::engine::{DETECT, RulesetError, SignedRules, YARA};
use iia_config::envelope::seal;
use iia_config::trust::{Class, Trust, key_text};
use iia_config::validate::Facts;
use iia_core::Timestamp;
use iia_core::digest::{Context, Digest};

use crate::input::{Input, key};

const IVY: u8 = 4;
/// 2027-01-15T08:00:00Z.
const EXPIRES: i64 = 1_800_000_000;

static TRUST: LazyLock<Trust> = LazyLock::new(|| {
    let public = key_text(&iia_core::sign::Signer::public_key(&key(IVY)));
    let text = format!(
        "iia-config 1\n\nkey ivy {{\n  operator ivy\n  public {public}\n  class ruleset\n}}\n"
    );
    Trust::parse(text.as_bytes()).unwrap_or_else(|found| panic!("{found:?}"))
});

fn open(envelope: &[u8]) -> Result<SignedRules, RulesetError> {
    SignedRules::open(envelope, &TRUST, &Facts::of_box("seg01"))
}

fn signed(text: &[u8], seed: u8) -> Vec<u8> {
    seal(Class::Ruleset, text, &[&key(seed)]).unwrap_or_else(|error| panic!("{error}"))
}

/// What nobody signed names no rules; what is signed names texts by digest, and these pass as those bytes, for that engine and
/// before their end only.
pub fn ruleset(data: &[u8]) {
    assert!(open(data).is_err());
    let mut input = Input(data);
    match input.byte() % 4 {
        0 => text(input.0, IVY),
        1 => text(input.0, IVY + 1),
        _ => made(&mut input),
    }
}

/// Any text under a signature: an engine has a digest, and takes no other bytes.
fn text(body: &[u8], seed: u8) {
    let opened = open(&signed(body, seed));
    assert!(seed == IVY || opened.is_err());
    let Ok(rules) = opened else { return };
    assert_eq!(rules.operators, ["ivy"]);
    for engine in &rules.engines {
        assert!(engine.digest.is_some());
        let other = engine.check(body, None);
        assert_eq!(other, Err(RulesetError::OtherRules));
    }
}

/// A set that names these bytes.
fn made(input: &mut Input<'_>) {
    let engine = [DETECT, YARA][usize::from(input.byte() % 2)];
    let (at, turned) = (i64::from(input.byte() as i8), input.byte());
    let rules = input.0;
    let digest = Digest::of(Context::File, rules);
    let text = format!(
        "iia-config 1\n\nartifact seg01.rules 1.0.0 {{\n  revision 1\n  issued 2026-11-24T06:00:00Z\n  target seg01\n}}\n\n\
         ruleset own {{\n  kind scan\n  engine {engine}\n  observer spiffe://iia.local/zone/collect/workload/one\n  \
         digest {digest}\n  expires 2027-01-15T08:00:00Z\n}}\n"
    );
    let mut envelope = signed(text.as_bytes(), IVY);
    let set = open(&envelope).unwrap_or_else(|error| panic!("{error}"));
    let now = Some(Timestamp::from_secs(EXPIRES + at));
    let passed = set.check(engine, rules, now).cloned();
    assert_eq!(passed.is_ok(), at < 0, "{passed:?}");
    assert_eq!(
        set.check(engine, rules, None),
        Err(RulesetError::TimeUnknown)
    );
    let more = [rules, b" "].concat();
    assert_eq!(set.check(engine, &more, now), Err(RulesetError::OtherRules));
    assert_eq!(
        set.check("suricata", rules, now),
        Err(RulesetError::NotNamed)
    );
    if turned != 0 {
        let len = envelope.len();
        if let Some(byte) = envelope.get_mut(rules.len() * 37 % len) {
            *byte ^= turned;
        }
        assert!(open(&envelope).is_err());
    }
}
