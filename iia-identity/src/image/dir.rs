//! An image as a directory that Podman and skopeo load offline and check by policy (`dir:`): a layout bears no signature
//! that they read.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::write::{text, write};
use crate::admission::{AdmissionError, Layout, MANIFEST_LEN_MAX, Manifest, Sha256};

/// Writes an image of a layout, and a signature over it, into a directory of the transport `dir:`.
///
/// # Errors
/// [`AdmissionError::Changed`], [`AdmissionError::BadImage`], [`AdmissionError::Environment`].
pub fn write_dir(
    layout: &Layout,
    image: &Sha256,
    (payload, signature): (&[u8], &[u8]),
    out: &Path,
) -> Result<(), AdmissionError> {
    let failed = |_| AdmissionError::Environment {
        what: "write an image",
    };
    fs::create_dir_all(out).map_err(failed)?;
    let bytes = layout.small(image, MANIFEST_LEN_MAX)?;
    let manifest = Manifest::parse(&bytes)?;
    for part in manifest.layers.iter().chain([&manifest.config]) {
        layout.check(part)?;
        let to = out.join(part.digest.to_hex());
        fs::copy(layout.blob(&part.digest), to).map_err(failed)?;
    }
    write(&out.join("version"), b"Directory Transport Version: 1.1\n")?;
    write(&out.join("manifest.json"), &bytes)?;
    let attached = json!({
        "mimeType": "application/vnd.dev.cosign.simplesigning.v1+json",
        "payload": STANDARD.encode(payload),
        "annotations": { "dev.cosignproject.cosign/signature": STANDARD.encode(signature) },
    });
    let signature = [b"\0sigstore-json\n".as_slice(), &text(&attached)].concat();
    write(&out.join("signature-1"), &signature)
}
