//! Out of the vault again: which versions there are, and one object.

use iia_core::Timestamp;

use super::{Call, OBJECT_LEN_MAX, Reply, Task, VaultError};

/// Versions that are listed at most.
pub const VERSIONS_MAX: usize = 1_000_000;
const PAGES_MAX: usize = 10_000;

/// One version of an object.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Version {
    /// The object's key.
    pub key: String,
    /// Which version.
    pub id: String,
    /// Its bytes, as the store says.
    pub len: u64,
}

/// Lists every version below a prefix.
#[derive(Debug)]
pub struct List {
    prefix: String,
    found: Vec<Version>,
    pages: usize,
    next: Option<(String, String)>,
    done: bool,
}

impl List {
    /// Will list what is below `prefix`.
    pub fn new(prefix: &str) -> Self {
        Self {
            prefix: prefix.to_owned(),
            found: Vec::new(),
            pages: 0,
            next: None,
            done: false,
        }
    }

    /// The first version of each key, and how many were written over one. Whoever holds the vault's credentials can
    /// hide an object behind newer versions and markers of deletion; the one that was locked is the first.
    pub fn first_versions(self) -> (Vec<Version>, usize) {
        let all = self.found.len();
        let mut first: Vec<Version> = Vec::new();
        // Stores list the newest version of a key first.
        for version in self.found {
            match first.last_mut() {
                Some(last) if last.key == version.key => *last = version,
                _ => first.push(version),
            }
        }
        let over = all - first.len();
        (first, over)
    }
}

impl Task for List {
    fn poll_call(&self) -> Option<Call> {
        let marker = self.next.as_ref();
        let marker = marker.map(|(key, version)| (key.as_str(), version.as_str()));
        (!self.done).then(|| Call::list(&self.prefix, marker))
    }

    fn handle_reply(&mut self, _now: Timestamp, reply: Reply) -> Result<(), VaultError> {
        if !reply.is_good() {
            return Err(reply.refused());
        }
        let mut page = reply.page()?;
        let stuck = page.next.is_some() && page.next == self.next;
        let outside = |version: &Version| !version.key.starts_with(&self.prefix);
        if stuck || page.versions.iter().any(outside) {
            return Err(VaultError::BadReply {
                what: "list of versions",
            });
        }
        self.pages += 1;
        self.found.append(&mut page.versions);
        if self.found.len() > VERSIONS_MAX || self.pages > PAGES_MAX {
            return Err(VaultError::TooMuch {
                what: "versions in the bucket",
                len: self.found.len() as u64,
                max: VERSIONS_MAX as u64,
            });
        }
        self.done = page.next.is_none();
        self.next = page.next;
        Ok(())
    }
}

/// Reads one version.
#[derive(Debug)]
pub struct Get {
    version: Version,
    bytes: Option<Vec<u8>>,
}

impl Get {
    /// Will read it.
    ///
    /// # Errors
    /// [`VaultError::TooMuch`].
    pub fn new(version: Version) -> Result<Self, VaultError> {
        if version.len > OBJECT_LEN_MAX as u64 {
            return Err(VaultError::TooMuch {
                what: "bytes of an object",
                len: version.len,
                max: OBJECT_LEN_MAX as u64,
            });
        }
        Ok(Self {
            version,
            bytes: None,
        })
    }

    /// Its bytes, once they are here.
    pub fn bytes(self) -> Option<Vec<u8>> {
        self.bytes
    }
}

impl Task for Get {
    fn poll_call(&self) -> Option<Call> {
        let version = &self.version;
        self.bytes
            .is_none()
            .then(|| Call::get(&version.key, Some(&version.id)))
    }

    fn handle_reply(&mut self, _now: Timestamp, reply: Reply) -> Result<(), VaultError> {
        if !reply.is_good() {
            return Err(reply.refused());
        }
        if reply.body.len() > OBJECT_LEN_MAX {
            return Err(VaultError::TooMuch {
                what: "bytes of an object",
                len: reply.body.len() as u64,
                max: OBJECT_LEN_MAX as u64,
            });
        }
        self.bytes = Some(reply.body);
        Ok(())
    }
}
