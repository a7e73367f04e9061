//! What is signed: the envelope, its JSON, and the keys. Signatures are real ones; most inputs end before they are
//! reached, so that one that does reach them costs little on the whole.

use std::sync::LazyLock;

use iia_config::envelope::{Armour, Opened, dsse, open, seal};
use iia_config::keys;
use iia_config::trust::{Class, Trust, key_text};
use iia_core::digest::{Context, Digest};
use iia_core::sign::Signer;

use crate::input::{Input, key};

/// ann signs configurations, bob approves; a stranger's key is 9.
pub(super) static TRUST: LazyLock<Trust> = LazyLock::new(|| {
    let operator = |name: &str, seed: u8, class: &str| {
        let public = key_text(&key(seed).public_key());
        format!("key {name} {{\n  operator {name}\n  public {public}\n  class {class}\n}}\n")
    };
    let text = format!(
        "iia-config 1\n{}{}",
        operator("ann", 1, "config"),
        operator("bob", 2, "approval")
    );
    Trust::parse(text.as_bytes()).unwrap_or_else(|found| panic!("{found:?}"))
});

/// Envelopes with the class that they open as, if they do.
static SEALED: LazyLock<Vec<(Vec<u8>, Option<Class>)>> = LazyLock::new(|| {
    let sealed = |class, body: &[u8], seeds: &[u8], good: bool| {
        let keys: Vec<_> = seeds.iter().map(|seed| key(*seed)).collect();
        let signers: Vec<&dyn Signer> = keys.iter().map(|key| key as &dyn Signer).collect();
        let bytes = seal(class, body, &signers).unwrap_or_else(|error| panic!("{error}"));
        (bytes, good.then_some(class))
    };
    vec![
        sealed(Class::Config, b"iia-config 1\n", &[1], true),
        sealed(Class::Approval, b"iia-approval 1\n", &[2], true),
        sealed(Class::Config, b"", &[1], true),
        sealed(Class::Config, b"iia-config 1\n", &[1, 9], false),
        sealed(Class::Config, b"iia-config 1\n", &[1, 2], false),
        sealed(Class::Config, b"iia-config 1\n", &[9], false),
        sealed(Class::Image, b"iia-config 1\n", &[1], false),
        sealed(Class::Config, b"iia-config 1\n", &[], false),
    ]
});

/// An envelope bent in any way opens to nothing, unless it is once more one that was signed, to the byte.
pub fn envelope(data: &[u8]) {
    let mut input = Input(data);
    let at = usize::from(input.byte());
    let Some((whole, _)) = SEALED.get(at % SEALED.len()) else {
        return;
    };
    let bent = bent(whole, &mut input);
    for wanted in [Class::Config, Class::Approval] {
        let signed =
            |(bytes, class): &(Vec<u8>, Option<Class>)| *bytes == bent && *class == Some(wanted);
        let opened = open(&bent, wanted, &TRUST);
        assert_eq!(opened.is_ok(), SEALED.iter().any(signed), "{opened:?}");
        if let Ok(opened) = opened {
            promises(&bent, &opened);
        }
    }
}

fn promises(bytes: &[u8], opened: &Opened<'_>) {
    assert!(bytes.ends_with(opened.body));
    assert_eq!(opened.digest, Digest::of(Context::Artifact, opened.body));
    assert_eq!(opened.operators.len(), 1);
}

/// Pieces are taken out, put in or turned; then the header is made to fit the body again, or it is not.
fn bent(whole: &[u8], input: &mut Input<'_>) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    let fits = input.byte() == 1 && input.sum().is_multiple_of(16);
    while !input.is_empty() {
        let [low, high, how] = input.array();
        let at = usize::from(u16::from_le_bytes([low, high])) % (bytes.len() + 1);
        let len = usize::from(how >> 4).min(bytes.len() - at);
        let into = match how & 3 {
            0 => input.take((how >> 4).into()).to_vec(),
            1 => bytes.get(at..at + len).unwrap_or_default().repeat(2),
            2 => bytes
                .get(at..at + len)
                .unwrap_or_default()
                .iter()
                .map(|b| b ^ 1 << (how >> 2 & 3))
                .collect(),
            _ => Vec::new(),
        };
        bytes.splice(at..at + len, into);
    }
    if fits { fitted(&bytes) } else { bytes }
}

/// The same with `size` and `digest` of the body, which anybody can put right.
fn fitted(bytes: &[u8]) -> Vec<u8> {
    let text = bytes.windows(4).position(|window| window == b"\n--\n");
    let Some((head, body)) = text.and_then(|at| bytes.split_at_checked(at + 4)) else {
        return bytes.to_vec();
    };
    let mut lines: Vec<Vec<u8>> = head.split(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
    let right = [
        format!("size {}", body.len()),
        format!("digest {}", Digest::of(Context::Artifact, body)),
    ];
    lines
        .iter_mut()
        .skip(2)
        .zip(right)
        .for_each(|(line, right)| *line = right.into_bytes());
    [&lines.join(&b'\n'), body].concat()
}

/// The armour has one spelling; it goes to JSON and comes back as the same bytes, and so does what was JSON first.
pub fn dsse(data: &[u8]) {
    let mut input = Input(data);
    match input.byte() {
        0 => armour(input.0),
        1 => armour(&fitted(input.0)),
        _ => {
            let Ok(bytes) = dsse::from_json(input.0) else {
                return;
            };
            assert!(Armour::parse(&bytes).is_ok());
            armour(&bytes);
        }
    }
}

fn armour(bytes: &[u8]) {
    let Ok(armour) = Armour::parse(bytes) else {
        return;
    };
    assert_eq!(armour.to_bytes(), bytes);
    let json = dsse::to_json(bytes).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(dsse::from_json(json.as_bytes()).as_deref(), Ok(bytes));
}

/// A key file is a key or none; what is none says so, and nobody is asked for a passphrase of what has none.
pub fn keys(data: &[u8]) {
    let mut asked = 0;
    let read = keys::parse(data, &mut || {
        asked += 1;
        None
    });
    assert!(asked <= 1);
    if let Ok(key) = &read {
        assert_eq!(asked, 0);
        assert!(data.len() >= 32);
        assert_eq!(
            keys::parse_public(&key_text(&key.public_key())),
            Ok(key.public_key())
        );
    }
    let public = std::str::from_utf8(data).map(keys::parse_public);
    if let Ok(Ok(public)) = public {
        assert_eq!(keys::parse_public(&key_text(&public)), Ok(public));
    }
}
