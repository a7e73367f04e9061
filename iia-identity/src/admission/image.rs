//! Verifies an image of a layout on disk: every part is what the manifest says, and a trusted key signed the manifest.

use super::layout::{Descriptor, Layout, MANIFEST_LEN_MAX, Manifest};
use super::payload::{BUNDLE_TYPE, PAYLOAD_LEN_MAX, verify_bundle, verify_payload};
use super::{AdmissionError, Keys, Sha256};

/// Signatures of one image that are looked at, at most.
pub const SIGNATURES_MAX: usize = 64;
const PAYLOAD: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
const NAME: &str = "org.opencontainers.image.ref.name";
const KIND: &str = "kind";

/// The digest of the only image of a layout, or of the one with this reference name.
///
/// # Errors
/// [`AdmissionError::BadImage`] where there is none, or more than one.
pub fn find_image(layout: &Layout, name: Option<&str>) -> Result<Sha256, AdmissionError> {
    let index = layout.index()?;
    let mut images = index.iter().filter(|one| {
        let named = one.annotation(NAME);
        name.map_or(!is_signature(one), |name| named == Some(name))
    });
    match (images.next(), images.next()) {
        (Some(image), None) => Ok(image.digest),
        (None, _) => Err(AdmissionError::BadImage {
            what: "no such image in the index",
        }),
        _ => Err(AdmissionError::BadImage {
            what: "more than one such image in the index",
        }),
    }
}

fn is_signature(one: &Descriptor) -> bool {
    let tag = one.annotation(NAME).unwrap_or_default();
    tag.ends_with(".sig") || one.annotation(KIND) == Some("dev.cosignproject.cosign/sigs")
}

/// Verifies the image with this digest and all its parts.
///
/// Signatures are sought where cosign puts them: under the tag `sha256-….sig`, where `cosign save` names them, or in a
/// manifest whose subject is the image.
///
/// # Errors
/// [`AdmissionError::NotSigned`] when no signature counts, [`AdmissionError::Changed`] for a part that is another.
pub fn verify_image(layout: &Layout, image: &Sha256, keys: &Keys) -> Result<(), AdmissionError> {
    if !is_signed(layout, image, keys)? {
        let digest = image.to_string();
        return Err(AdmissionError::NotSigned { digest });
    }
    // A signature over an index of platforms says nothing of its parts until they are read: images only.
    let manifest = Manifest::parse(&layout.small(image, MANIFEST_LEN_MAX)?)?;
    layout.check(&manifest.config)?;
    manifest
        .layers
        .iter()
        .try_for_each(|part| layout.check(part))
}

fn is_signed(layout: &Layout, image: &Sha256, keys: &Keys) -> Result<bool, AdmissionError> {
    let tag = format!("sha256-{}.sig", image.to_hex());
    let mut looked = 0;
    for one in layout.index()?.iter().filter(|one| one.digest != *image) {
        let named = one.annotation(NAME) == Some(&tag) || is_signature(one);
        // What is no manifest, or is about another image, is none of ours; a bad signature beside a good one does no harm.
        let Ok(bytes) = layout.small(&one.digest, MANIFEST_LEN_MAX) else {
            continue;
        };
        let Ok(manifest) = Manifest::parse(&bytes) else {
            continue;
        };
        let about = manifest.subject.as_ref().map(|subject| subject.digest);
        if !named && about != Some(*image) {
            continue;
        }
        for layer in &manifest.layers {
            looked += 1;
            if looked > SIGNATURES_MAX {
                let (what, max) = ("signatures", 64);
                return Err(AdmissionError::TooLarge { what, max });
            }
            if counts(layout, layer, image, keys) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Whether one signature is of a trusted key and over this image.
fn counts(layout: &Layout, layer: &Descriptor, image: &Sha256, keys: &Keys) -> bool {
    let max = u64::try_from(PAYLOAD_LEN_MAX).unwrap_or(u64::MAX);
    let Ok(bytes) = layout.small(&layer.digest, max) else {
        return false;
    };
    if layer.media_type == BUNDLE_TYPE {
        let mut manifest = || layout.small(image, MANIFEST_LEN_MAX);
        return verify_bundle(&bytes, image, &mut manifest, keys).is_ok();
    }
    let signature = layer.annotation(SIGNATURE);
    layer.media_type == PAYLOAD
        && signature.is_some_and(|signature| {
            verify_payload(&bytes, signature, keys).is_ok_and(|signed| signed == *image)
        })
}
