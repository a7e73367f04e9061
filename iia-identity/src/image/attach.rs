//! Puts a signature beside an image in its layout, where cosign, skopeo and Podman look for it.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::write::{MANIFEST, named, part, text, write};
use crate::admission::{AdmissionError, Layout, PARTS_MAX, Sha256};

/// Adds a signature over a payload, under the tag `sha256-….sig` of the image; earlier ones under it stay.
///
/// # Errors
/// [`AdmissionError::BadImage`], [`AdmissionError::TooLarge`], [`AdmissionError::Environment`].
pub fn attach(
    dir: &Path,
    image: &Sha256,
    payload: &[u8],
    signature: &[u8],
) -> Result<(), AdmissionError> {
    let layout = Layout::open(dir)?;
    let tag = format!("sha256-{}.sig", image.to_hex());
    let index = layout.index_bytes()?;
    let mut index: Value = serde_json::from_slice(&index).map_err(|_| bad())?;
    let all = index.get_mut("manifests").and_then(Value::as_array_mut);
    let all = all.ok_or(bad())?;
    let name = |one: &Value| {
        let name = one.pointer("/annotations/org.opencontainers.image.ref.name");
        name.and_then(Value::as_str) == Some(tag.as_str())
    };
    let mut layers = match all.iter().find(|one| name(one)) {
        Some(before) => earlier(&layout, before)?,
        None => Vec::new(),
    };
    all.retain(|one| !name(one));
    if layers.len() >= PARTS_MAX || all.len() >= PARTS_MAX {
        let (what, max) = ("parts", 1024);
        return Err(AdmissionError::TooLarge { what, max });
    }
    let kind = "application/vnd.dev.cosign.simplesigning.v1+json";
    let mut layer = part(dir, kind, payload)?;
    if let Some(layer) = layer.as_object_mut() {
        let said = json!({ "dev.cosignproject.cosign/signature": STANDARD.encode(signature) });
        layer.insert("annotations".into(), said);
    }
    layers.push(layer);
    let digests: Vec<Option<&Value>> = layers.iter().map(|layer| layer.get("digest")).collect();
    let config = json!({
        "architecture": "", "os": "", "config": {}, "rootfs": { "type": "layers", "diff_ids": digests },
    });
    let config = part(
        dir,
        "application/vnd.oci.image.config.v1+json",
        &text(&config),
    )?;
    let manifest = json!({
        "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers,
    });
    all.push(named(part(dir, MANIFEST, &text(&manifest))?, &tag));
    write(&dir.join("index.json"), &text(&index))
}

/// The signatures that are there already.
fn earlier(layout: &Layout, before: &Value) -> Result<Vec<Value>, AdmissionError> {
    let digest = before.get("digest").and_then(Value::as_str).ok_or(bad())?;
    let manifest = layout.small(&digest.parse()?, crate::admission::MANIFEST_LEN_MAX)?;
    let manifest: Value = serde_json::from_slice(&manifest).map_err(|_| bad())?;
    let layers = manifest.get("layers").and_then(Value::as_array);
    layers.cloned().ok_or(bad())
}

const fn bad() -> AdmissionError {
    AdmissionError::BadImage {
        what: "the index or a manifest in it",
    }
}
