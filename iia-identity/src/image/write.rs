//! From files to an OCI layout with one image.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use iia_core::Timestamp;
use serde_json::{Value, json};

use super::tar;
use crate::admission::{AdmissionError, Sha256};

/// Files of an image at most.
pub const FILES_MAX: usize = 4096;
pub(super) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// What is to be in an image.
#[derive(Clone, Debug, Default)]
pub struct Image {
    files: BTreeMap<String, Content>,
    entrypoint: Vec<String>,
    labels: BTreeMap<String, String>,
    architecture: String,
    seconds: u64,
}

/// A file of an image.
#[derive(Clone, Debug)]
pub(super) struct Content {
    pub(super) bytes: Vec<u8>,
    pub(super) executable: bool,
}

impl Image {
    /// An empty image for an architecture as Go names it (`amd64`, `arm64`), made at `seconds` since the epoch.
    pub fn new(architecture: &str, seconds: u64) -> Self {
        Self {
            architecture: architecture.into(),
            seconds,
            ..Self::default()
        }
    }

    /// Puts a file at a path from the root, without a slash before it.
    ///
    /// # Errors
    /// [`AdmissionError::TooLarge`] above [`FILES_MAX`].
    pub fn put(
        &mut self,
        path: &str,
        bytes: Vec<u8>,
        executable: bool,
    ) -> Result<(), AdmissionError> {
        if self.files.len() >= FILES_MAX {
            let (what, max) = ("files", 4096);
            return Err(AdmissionError::TooLarge { what, max });
        }
        let content = Content { bytes, executable };
        self.files.insert(path.into(), content);
        Ok(())
    }

    /// What is run when nothing else is said.
    pub fn set_entrypoint(&mut self, command: Vec<String>) {
        self.entrypoint = command;
    }

    /// A label, such as `org.opencontainers.image.revision`.
    pub fn label(&mut self, key: &str, value: &str) {
        self.labels.insert(key.into(), value.into());
    }

    /// Writes a layout with this image under a reference name; gives the digest of its manifest.
    ///
    /// # Errors
    /// [`AdmissionError::BadImage`] for a path that no tar has, [`AdmissionError::Environment`].
    pub fn write(&self, dir: &Path, name: &str) -> Result<Sha256, AdmissionError> {
        fs::create_dir_all(dir.join("blobs/sha256")).map_err(|_| failed())?;
        let mut layer = Vec::new();
        let files = self.files.iter();
        let files = files.map(|(path, content)| (path.as_str(), content));
        tar::write(&mut layer, files, self.seconds)?;
        let layer = part(dir, "application/vnd.oci.image.layer.v1.tar", &layer)?;
        let config = self.config(layer.get("digest"));
        let config = part(
            dir,
            "application/vnd.oci.image.config.v1+json",
            &text(&config),
        )?;
        let manifest = text(&json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": config,
            "layers": [layer],
        }));
        let named = named(part(dir, MANIFEST, &manifest)?, name);
        let index = json!({ "schemaVersion": 2, "manifests": [named] });
        write(&dir.join("index.json"), &text(&index))?;
        let marker = json!({ "imageLayoutVersion": "1.0.0" });
        write(&dir.join("oci-layout"), &text(&marker))?;
        Ok(Sha256::of(&manifest))
    }

    fn config(&self, layer: Option<&Value>) -> Value {
        let seconds = i64::try_from(self.seconds).unwrap_or(i64::MAX);
        let created = Timestamp::from_secs(seconds).to_string();
        json!({
            "created": created,
            "architecture": self.architecture,
            "os": "linux",
            "config": {
                "Entrypoint": self.entrypoint,
                "Labels": self.labels,
                "User": "65532:65532",
            },
            "rootfs": { "type": "layers", "diff_ids": [layer] },
            "history": [{ "created": created, "created_by": "iia image build" }],
        })
    }
}

/// Writes a part under the name of its digest; gives its descriptor.
pub(super) fn part(dir: &Path, media_type: &str, bytes: &[u8]) -> Result<Value, AdmissionError> {
    let digest = Sha256::of(bytes);
    write(&dir.join("blobs/sha256").join(digest.to_hex()), bytes)?;
    Ok(json!({ "mediaType": media_type, "digest": digest.to_string(), "size": bytes.len() }))
}

pub(super) fn named(mut descriptor: Value, name: &str) -> Value {
    if let Some(map) = descriptor.as_object_mut() {
        let said = json!({ "org.opencontainers.image.ref.name": name });
        map.insert("annotations".into(), said);
    }
    descriptor
}

/// JSON without spaces; the names of an object are in order.
pub(super) fn text(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), AdmissionError> {
    fs::write(path, bytes).map_err(|_| failed())
}

const fn failed() -> AdmissionError {
    AdmissionError::Environment {
        what: "write an image",
    }
}
