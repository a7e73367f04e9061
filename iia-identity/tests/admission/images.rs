//! Images of a layout: admitted whole, pinned and signed, or refused by the code of what is wrong.

use iia_core::event::EventKind;
use iia_core::{SpiffeId, Timestamp};
use iia_identity::admission::{
    Admission, AdmissionError, Admitted as _, Keys, Layout, Pins, Sha256, payload,
};
use iia_identity::image::{Image, attach};
use iia_identity::issue::KeyKind;
use std::fs;
use std::path::{Path, PathBuf};

use crate::{NAME, Pin, admission, code, image, key, keys, lake};

fn blob(dir: &Path, digest: &str) -> PathBuf {
    dir.join("blobs/sha256")
        .join(digest.strip_prefix("sha256:").unwrap())
}

#[test]
fn an_image_that_is_pinned_and_signed_is_admitted_and_its_workload_gets_an_identity_until_it_ends()
{
    for kind in [KeyKind::P256, KeyKind::Ed25519] {
        let (dir, key) = (tempfile::tempdir().unwrap(), key(kind));
        let digest = image(dir.path(), &key);
        let admission = admission(&key, digest);
        assert_eq!(admission.admitted(&lake()), None);
        assert_eq!(admission.admit_image(&lake(), dir.path(), None), Ok(digest));
        assert_eq!(
            admission.admit_image(&lake(), dir.path(), Some("v1")),
            Ok(digest)
        );
        assert_eq!(admission.admitted(&lake()), Some(digest.to_string()));
        admission.withdraw(&lake());
        assert!(
            admission.admitted(&lake()).is_some(),
            "it was admitted twice"
        );
        admission.withdraw(&lake());
        assert_eq!(admission.admitted(&lake()), None);
    }
}

#[test]
fn an_image_without_contract_signature_or_name_is_refused_by_its_own_code() {
    let (dir, own, other) = (
        tempfile::tempdir().unwrap(),
        key(KeyKind::P256),
        key(KeyKind::P256),
    );
    let digest = image(dir.path(), &own);
    let try_as = |admission: &Admission, id: &SpiffeId| admission.admit_image(id, dir.path(), None);
    let somebody = "spiffe://iia.local/zone/a/workload/b".parse().unwrap();
    assert_eq!(
        code(try_as(&admission(&own, digest), &somebody)),
        "IIA-IDN-0120"
    );
    assert_eq!(
        code(try_as(&admission(&own, Sha256::of(b"other")), &lake())),
        "IIA-IDN-0120"
    );
    assert_eq!(
        code(try_as(&admission(&other, digest), &lake())),
        "IIA-IDN-0121"
    );
    let nobody = Admission::new(Keys::default(), Box::new(Pin(lake(), digest)));
    assert_eq!(code(try_as(&nobody, &lake())), "IIA-IDN-0121");
    let got = admission(&own, digest).admit_image(&lake(), dir.path(), Some("v2"));
    assert_eq!(code(got), "IIA-IDN-0021");
    let nowhere = dir.path().join("nowhere");
    assert_eq!(
        code(admission(&own, digest).admit_image(&lake(), &nowhere, None)),
        "IIA-IDN-0520"
    );
    let refused = try_as(&admission(&other, digest), &lake()).unwrap_err();
    assert_eq!(admission(&other, digest).admitted(&lake()), None);
    // What the chain and whoever watches over assets are told.
    let now = Timestamp::from_secs(1_800_000_000);
    let event = refused.event(now);
    assert_eq!(
        (event.kind, event.check()),
        (EventKind::SignatureFailed, Ok(()))
    );
    assert_eq!(event.field("digest"), Some(digest.to_string().as_str()));
    assert_eq!(
        (event.field("step"), event.field("code")),
        (Some("admission"), Some("IIA-IDN-0121"))
    );
    let finding = refused.finding(now);
    assert_eq!(
        (finding.stream.as_str(), finding.source.as_str()),
        ("ot.attestation.image", lake().as_str())
    );
    assert!(
        finding.reason.contains("no trusted key has signed"),
        "{}",
        finding.reason
    );
}

/// R-IMG-04: one bit of any part of it, and it does not start.
#[test]
fn one_turned_bit_anywhere_in_an_image_is_refused() {
    let (dir, key) = (tempfile::tempdir().unwrap(), key(KeyKind::P256));
    let digest = image(dir.path(), &key);
    let admission = admission(&key, digest);
    let admit = || admission.admit_image(&lake(), dir.path(), None);
    let mut parts: Vec<PathBuf> = fs::read_dir(dir.path().join("blobs/sha256"))
        .unwrap()
        .map(|one| one.unwrap().path())
        .collect();
    assert_eq!(
        parts.len(),
        6,
        "layer, configuration, manifest; payload, configuration, manifest"
    );
    // The configuration of a signature says nothing that anybody reads.
    let index = Layout::open(dir.path()).unwrap().index().unwrap();
    let of_signature = fs::read(blob(dir.path(), &index[1].digest.to_string())).unwrap();
    let unread: serde_json::Value = serde_json::from_slice(&of_signature).unwrap();
    let unread = blob(dir.path(), unread["config"]["digest"].as_str().unwrap());
    parts.retain(|part| *part != unread);
    for part in parts {
        let whole = fs::read(&part).unwrap();
        for at in (0..whole.len()).step_by(whole.len() / 16 + 1) {
            let mut bent = whole.clone();
            bent[at] ^= 1;
            fs::write(&part, &bent).unwrap();
            assert!(admit().is_err(), "{} {at}", part.display());
        }
        fs::write(&part, &whole[1..]).unwrap();
        assert!(admit().is_err(), "{}", part.display());
        fs::write(&part, [whole.as_slice(), b"x"].concat()).unwrap();
        assert!(admit().is_err(), "{}", part.display());
        fs::write(&part, &whole).unwrap();
        assert!(admit().is_ok());
    }
}

#[test]
fn limits_of_images_hold_at_max_and_one_over() {
    use iia_identity::admission::{
        MANIFEST_LEN_MAX, Manifest, PARTS_MAX, SIGNATURES_MAX, parse_index,
    };
    use iia_identity::image::{FILES_MAX, PATH_LEN_MAX};
    let part = serde_json::json!({ "digest": Sha256::of(b"").to_string(), "size": 0 });
    let manifest = |count: usize| {
        serde_json::json!({ "schemaVersion": 2, "config": part, "layers": vec![&part; count] })
            .to_string()
    };
    assert_eq!(
        Manifest::parse(manifest(PARTS_MAX).as_bytes())
            .unwrap()
            .layers
            .len(),
        PARTS_MAX
    );
    let over = Manifest::parse(manifest(PARTS_MAX + 1).as_bytes());
    assert_eq!(
        over,
        Err(AdmissionError::TooLarge {
            what: "parts",
            max: 1024
        })
    );
    let long = usize::try_from(MANIFEST_LEN_MAX).unwrap();
    let padded = |len: usize| {
        let text = manifest(1);
        text.clone() + &" ".repeat(len - text.len())
    };
    assert!(Manifest::parse(padded(long).as_bytes()).is_ok());
    let over = Manifest::parse(padded(long + 1).as_bytes());
    assert!(matches!(over, Err(AdmissionError::TooLarge { .. })));
    for bad in [
        "{}",
        "{\"schemaVersion\":1}",
        "{\"schemaVersion\":2}",
        "[]",
        "nothing",
    ] {
        assert!(
            Manifest::parse(bad.as_bytes()).is_err() && parse_index(bad.as_bytes()).is_err(),
            "{bad}"
        );
    }

    let (dir, key) = (tempfile::tempdir().unwrap(), key(KeyKind::P256));
    let mut image = Image::new("amd64", 0);
    let good = format!("a/{}", "b".repeat(PATH_LEN_MAX - 2));
    for bad in ["/a", "a//b", "a/../b", "./a", "", &format!("{good}c")] {
        let mut image = Image::new("amd64", 0);
        image.put(bad, Vec::new(), false).unwrap();
        assert!(
            matches!(
                image.write(dir.path(), "v1"),
                Err(AdmissionError::BadImage { .. })
            ),
            "{bad}"
        );
    }
    image.put(&good, Vec::new(), false).unwrap();
    let digest = image.write(dir.path(), "v1").unwrap();
    for number in 1..FILES_MAX {
        image.put(&number.to_string(), Vec::new(), false).unwrap();
    }
    assert!(matches!(
        image.put("z", Vec::new(), false),
        Err(AdmissionError::TooLarge { .. })
    ));

    // Signatures of strangers before the good one: within the limit it is found, beyond it the image is refused.
    let (stranger, payload) = (crate::key(KeyKind::P256), payload(&digest, NAME));
    for _ in 1..SIGNATURES_MAX {
        attach(
            dir.path(),
            &digest,
            &payload,
            &stranger.sign(&payload).unwrap(),
        )
        .unwrap();
    }
    let index = fs::read(dir.path().join("index.json")).unwrap();
    attach(dir.path(), &digest, &payload, &key.sign(&payload).unwrap()).unwrap();
    let admission = admission(&key, digest);
    assert_eq!(
        admission.admit_image(&lake(), dir.path(), Some("v1")),
        Ok(digest)
    );
    fs::write(dir.path().join("index.json"), index).unwrap();
    for by in [&stranger, &key] {
        attach(dir.path(), &digest, &payload, &by.sign(&payload).unwrap()).unwrap();
    }
    assert_eq!(
        code(admission.admit_image(&lake(), dir.path(), Some("v1"))),
        "IIA-IDN-0420"
    );
}

#[test]
fn no_more_workloads_are_admitted_than_the_limit() {
    use iia_identity::admission::WORKLOADS_MAX;
    struct All;
    impl Pins for All {
        fn pins(&self, _: &SpiffeId, _: &Sha256) -> bool {
            true
        }
    }
    let (dir, key) = (tempfile::tempdir().unwrap(), key(KeyKind::Ed25519));
    image(dir.path(), &key);
    let admission = Admission::new(keys(&key), Box::new(All));
    let id = |number: usize| {
        format!("spiffe://iia.local/zone/a/workload/w{number}")
            .parse()
            .unwrap()
    };
    let admit = |number| admission.admit_image(&id(number), dir.path(), None);
    assert!((0..WORKLOADS_MAX).all(|number| admit(number).is_ok()));
    assert_eq!(code(admit(WORKLOADS_MAX)), "IIA-IDN-0420");
    assert!(admit(0).is_ok(), "one that runs already");
    admission.withdraw(&id(1));
    assert!(admit(WORKLOADS_MAX).is_ok());
}
