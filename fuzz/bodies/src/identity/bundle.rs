//! Bundles and bundle maps of strangers.

use iia_identity::bundle::{Bundle, BundleMap, BundleSet, ROOTS_MAX};
use iia_identity::verify::check_authority;

use super::ROOT;
use crate::input::Input;

/// What a reader does with a key.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Fate {
    Taken,
    Ignored,
    Refused,
}

/// Keys by what they are: `CERT` stands for a root in base64.
const KEYS: [(&str, Fate); 14] = [
    (
        r#"{"kty":"EC","use":"x509-svid","x5c":["CERT"]}"#,
        Fate::Taken,
    ),
    (
        r#"{"x5c":["CERT","x"],"kid":"a","use":"x509-svid","kty":"EC","z":[{}]}"#,
        Fate::Taken,
    ),
    (
        r#"{"kty":"EC","use":"x509-svid","x5c":["CERT"],"crv":"P-256"}"#,
        Fate::Taken,
    ),
    (
        r#"{"kty":"EC","use":"jwt-svid","x5c":["CERT"]}"#,
        Fate::Ignored,
    ),
    (
        r#"{"kty":"AKP","use":"x509-svid","x5c":["CERT"]}"#,
        Fate::Ignored,
    ),
    (r#"{"use":"x509-svid","x5c":["CERT"]}"#, Fate::Ignored),
    (r#"{"kty":"EC","x5c":["CERT"]}"#, Fate::Ignored),
    (r#"{"kty":"EC","use":"x509-svid","x5c":[]}"#, Fate::Ignored),
    (r#"{"kty":"EC","use":"x509-svid"}"#, Fate::Ignored),
    (
        r#"{"kty":"RSA","use":"x509-svid","x5c":["CERT"]}"#,
        Fate::Refused,
    ),
    (
        r#"{"kty":"EC","use":"x509-svid","x5c":["AAAA"]}"#,
        Fate::Refused,
    ),
    (
        r#"{"kty":"EC","use":"x509-svid","x5c":["%"]}"#,
        Fate::Refused,
    ),
    (
        r#"{"kty":"EC","kty":"EC","use":"x509-svid","x5c":["CERT"]}"#,
        Fate::Refused,
    ),
    (r#"["EC","x509-svid","CERT"]"#, Fate::Refused),
];

/// Sequence numbers as text, and as which number they are read; the last three are none.
const NUMBERS: [(&str, Option<u64>); 6] = [
    ("0", Some(0)),
    ("7", Some(7)),
    ("18446744073709551615", Some(u64::MAX)),
    ("18446744073709551616", None),
    ("-1", None),
    ("1.0", None),
];

/// Half of the inputs are documents as they are, the other half is put together from the tables.
pub fn bundle(data: &[u8]) {
    let mut input = Input(data);
    if input.byte() % 2 == 0 {
        document(input.0);
    } else {
        put_together(input);
    }
}

fn document(json: &[u8]) {
    if let Ok(bundle) = Bundle::parse(json) {
        sound(&bundle);
    }
    let Ok(map) = BundleMap::parse(json) else {
        return;
    };
    let again = map.to_json().map(|json| BundleMap::parse(&json));
    let again = again.expect("what was read is written").expect("and read");
    // The hint of each bundle is left out, and nothing else.
    assert_eq!(again.to_json(), map.to_json());
}

fn sound(bundle: &Bundle) {
    assert!(bundle.roots().len() <= ROOTS_MAX);
    for root in bundle.roots() {
        assert_eq!(check_authority(root, None), Ok(()));
    }
    let json = bundle.to_json().expect("what was read is written");
    assert_eq!(Bundle::parse(&json).as_ref(), Ok(bundle));
}

fn put_together(mut input: Input<'_>) {
    let one = Bundle::new(vec![ROOT.to_vec()], 1).and_then(|bundle| bundle.to_json());
    let one = String::from_utf8(one.expect("the fixture is a root")).expect("JSON is UTF-8");
    let (_, cert) = one.split_once(r#""x5c":[""#).expect("x5c");
    let (cert, _) = cert.split_once('"').expect("its end");
    let (number, sequence) = NUMBERS[usize::from(input.byte()) % NUMBERS.len()];
    let (mut keys, mut taken, mut refused) = (Vec::new(), 0, sequence.is_none());
    while !input.is_empty() && keys.len() < 2 * ROOTS_MAX {
        let (key, fate) = KEYS[usize::from(input.byte()) % KEYS.len()];
        keys.push(key.replace("CERT", cert));
        taken += usize::from(fate == Fate::Taken);
        refused |= fate == Fate::Refused || taken > ROOTS_MAX;
    }
    let json = format!(
        r#"{{"spiffe_sequence":{number},"keys":[{}]}}"#,
        keys.join(",")
    );
    let got = Bundle::parse(json.as_bytes());
    assert_eq!(got.is_err(), refused, "{json}");
    let map = format!(r#"{{"trust_domains":{{"iia.local":{json}}}}}"#);
    assert_eq!(BundleMap::parse(map.as_bytes()).is_err(), refused);
    let Ok(bundle) = got else { return };
    assert_eq!((bundle.roots().len(), bundle.sequence()), (taken, sequence));
    sound(&bundle);
    let domain = "iia.local".parse().expect("a trust domain");
    let mut set = BundleSet::default();
    assert!(
        set.update(&domain, bundle.clone()).is_err(),
        "nobody expects it"
    );
    assert_eq!(set.expect(domain.clone()), Ok(()));
    assert_eq!(set.update(&domain, bundle.clone()), Ok(()));
    assert_eq!(set.update(&domain, bundle), Ok(()), "the same again");
}
