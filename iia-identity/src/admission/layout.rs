//! OCI image layouts on disk: an index, manifests, and every part under the name of its digest.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{AdmissionError, Sha256};
use crate::bundle::json::once;

/// Largest index or manifest in bytes.
pub const MANIFEST_LEN_MAX: u64 = 1024 * 1024;
/// Largest configuration or layer in bytes.
pub const LAYER_LEN_MAX: u64 = 4 * 1024 * 1024 * 1024;
/// Manifests in an index, or layers in a manifest, at most.
pub const PARTS_MAX: usize = 1024;

/// A part of an image as another part names it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Descriptor {
    /// What it is.
    pub media_type: String,
    /// Its name.
    pub digest: Sha256,
    /// Its length.
    pub size: u64,
    /// What is said about it: key and value.
    pub annotations: Vec<(String, String)>,
}

impl Descriptor {
    fn of(value: &Value) -> Result<Self, AdmissionError> {
        let text = |key| value.get(key).and_then(Value::as_str);
        let said = value.get("annotations").and_then(Value::as_object);
        let said = said.into_iter().flatten();
        Ok(Self {
            media_type: text("mediaType").unwrap_or_default().to_owned(),
            digest: text("digest")
                .ok_or(bad("a part without a digest"))?
                .parse()?,
            size: value
                .get("size")
                .and_then(Value::as_u64)
                .ok_or(bad("a part without a size"))?,
            annotations: said
                .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
                .collect(),
        })
    }

    /// What is said under a key.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        let mut said = self.annotations.iter();
        said.find(|(known, _)| known == key)
            .map(|(_, value)| value.as_str())
    }
}

/// A manifest: what an image, or a signature that is stored like one, is made of.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Manifest {
    /// The configuration.
    pub config: Descriptor,
    /// The layers, lowest first.
    pub layers: Vec<Descriptor>,
    /// The manifest that this one is about.
    pub subject: Option<Descriptor>,
}

impl Manifest {
    /// Reads an image manifest.
    ///
    /// # Errors
    /// [`AdmissionError::BadImage`], [`AdmissionError::BadDigest`], [`AdmissionError::TooLarge`].
    pub fn parse(json: &[u8]) -> Result<Self, AdmissionError> {
        let value = document(json)?;
        let config = value.get("config").ok_or(bad("no configuration"))?;
        Ok(Self {
            config: Descriptor::of(config)?,
            layers: descriptors(&value, "layers")?,
            subject: value.get("subject").map(Descriptor::of).transpose()?,
        })
    }
}

/// Reads the manifests of an index.
///
/// # Errors
/// As [`Manifest::parse`].
pub fn parse_index(json: &[u8]) -> Result<Vec<Descriptor>, AdmissionError> {
    descriptors(&document(json)?, "manifests")
}

fn document(json: &[u8]) -> Result<Value, AdmissionError> {
    if u64::try_from(json.len()).is_ok_and(|len| len > MANIFEST_LEN_MAX) {
        let (what, max) = ("bytes in a manifest", MANIFEST_LEN_MAX);
        return Err(AdmissionError::TooLarge { what, max });
    }
    let value = once(json).ok_or(bad("not JSON, or a name occurs twice"))?;
    match value.get("schemaVersion").and_then(Value::as_u64) {
        Some(2) => Ok(value),
        _ => Err(bad("schemaVersion is not 2")),
    }
}

fn descriptors(value: &Value, key: &str) -> Result<Vec<Descriptor>, AdmissionError> {
    let parts = value.get(key).and_then(Value::as_array);
    let parts = parts.ok_or(bad("no list of parts"))?;
    if parts.len() > PARTS_MAX {
        let (what, max) = ("parts", 1024);
        return Err(AdmissionError::TooLarge { what, max });
    }
    parts.iter().map(Descriptor::of).collect()
}

/// A layout on disk.
#[derive(Clone, Debug)]
pub struct Layout(PathBuf);

impl Layout {
    /// Opens a layout of version 1.
    ///
    /// # Errors
    /// [`AdmissionError::BadImage`], [`AdmissionError::Environment`].
    pub fn open(dir: &Path) -> Result<Self, AdmissionError> {
        let marker = read(&dir.join("oci-layout"), 4096)?;
        let version = once(&marker).and_then(|value| {
            let version = value.get("imageLayoutVersion")?.as_str()?.to_owned();
            Some(version)
        });
        match version.as_deref() {
            Some("1.0.0") => Ok(Self(dir.into())),
            _ => Err(bad("not a layout of version 1.0.0")),
        }
    }

    /// What its index names.
    ///
    /// # Errors
    /// As [`parse_index`].
    pub fn index(&self) -> Result<Vec<Descriptor>, AdmissionError> {
        parse_index(&self.index_bytes()?)
    }

    pub(crate) fn index_bytes(&self) -> Result<Vec<u8>, AdmissionError> {
        read(&self.0.join("index.json"), MANIFEST_LEN_MAX)
    }

    /// The bytes of a small part, found to be those of its name.
    ///
    /// # Errors
    /// [`AdmissionError::Changed`], [`AdmissionError::TooLarge`], [`AdmissionError::Environment`].
    pub fn small(&self, digest: &Sha256, max: u64) -> Result<Vec<u8>, AdmissionError> {
        let bytes = read(&self.blob(digest), max)?;
        match Sha256::of(&bytes) == *digest {
            true => Ok(bytes),
            false => Err(changed(digest)),
        }
    }

    /// Whether a part is what its name and its length say.
    ///
    /// # Errors
    /// As [`Layout::small`].
    pub fn check(&self, part: &Descriptor) -> Result<(), AdmissionError> {
        let file = open(&self.blob(&part.digest))?;
        let (digest, len) = Sha256::of_reader(file, part.size.min(LAYER_LEN_MAX))?;
        match (digest, len) == (part.digest, part.size) {
            true => Ok(()),
            false => Err(changed(&part.digest)),
        }
    }

    pub(crate) fn blob(&self, digest: &Sha256) -> PathBuf {
        self.0.join("blobs/sha256").join(digest.to_hex())
    }
}

fn read(path: &Path, max: u64) -> Result<Vec<u8>, AdmissionError> {
    let mut bytes = Vec::new();
    let read = open(path)?.take(max + 1).read_to_end(&mut bytes);
    let len = read.map_err(|_| unreadable())?;
    if u64::try_from(len).is_ok_and(|len| len > max) {
        let what = "bytes in a file";
        return Err(AdmissionError::TooLarge { what, max });
    }
    Ok(bytes)
}

/// Opens a plain file; a pipe or a device would never end.
fn open(path: &Path) -> Result<File, AdmissionError> {
    let known = std::fs::symlink_metadata(path).map_err(|_| unreadable())?;
    if !known.is_file() {
        return Err(bad("a part is no plain file"));
    }
    File::open(path).map_err(|_| unreadable())
}

const fn unreadable() -> AdmissionError {
    AdmissionError::Environment {
        what: "read a part of an image",
    }
}

fn changed(digest: &Sha256) -> AdmissionError {
    let digest = digest.to_string();
    AdmissionError::Changed { digest }
}

const fn bad(what: &'static str) -> AdmissionError {
    AdmissionError::BadImage { what }
}
