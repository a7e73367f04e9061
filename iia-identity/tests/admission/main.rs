//! Nothing is admitted that no contract pins, that nobody signed, or that is not what its digest says.
#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "../common/mod.rs"]
mod common;
mod images;
mod programs;
mod signatures;

use iia_core::SpiffeId;
use iia_core::code::Coded as _;
use iia_identity::admission::{Admission, BuildKey, Keys, Pins, Refused, Sha256, payload};
use iia_identity::image::{Image, attach};
use iia_identity::issue::KeyKind;
use std::path::Path;

pub(crate) const NAME: &str = "box.example/iia/box";

pub(crate) fn lake() -> SpiffeId {
    "spiffe://iia.local/zone/lake/workload/lake_writer"
        .parse()
        .unwrap()
}

/// A catalog that pins one digest to one workload.
pub(crate) struct Pin(SpiffeId, Sha256);

impl Pins for Pin {
    fn pins(&self, workload: &SpiffeId, digest: &Sha256) -> bool {
        (workload, digest) == (&self.0, &self.1)
    }
}

pub(crate) fn key(kind: KeyKind) -> BuildKey {
    BuildKey::create(kind).unwrap().0
}

pub(crate) fn keys(key: &BuildKey) -> Keys {
    let mut keys = Keys::default();
    keys.add(key.public_pem().as_bytes()).unwrap();
    keys
}

pub(crate) fn admission(key: &BuildKey, digest: Sha256) -> Admission {
    Admission::new(keys(key), Box::new(Pin(lake(), digest)))
}

/// A small image in a layout, signed by a key.
pub(crate) fn image(dir: &Path, key: &BuildKey) -> Sha256 {
    let mut image = Image::new("amd64", 1_800_000_000);
    image
        .put("usr/bin/hello", b"#!/bin/false\n".to_vec(), true)
        .unwrap();
    image.set_entrypoint(vec!["/usr/bin/hello".into()]);
    let digest = image.write(dir, "v1").unwrap();
    let payload = payload(&digest, NAME);
    attach(dir, &digest, &payload, &key.sign(&payload).unwrap()).unwrap();
    digest
}

pub(crate) fn code(refused: Result<impl Sized, Refused>) -> String {
    refused.err().unwrap().error.code().to_string()
}
