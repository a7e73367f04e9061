//! What lies on the disk of this box: rendered files, the states that gated calls made, and the files of its keys.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use iia_attest::config::{Aspect, Element, Kind, Running, State, running};
use iia_core::Timestamp;
use iia_core::digest::{Context, Digest};

use crate::boxdir::BoxDir;

/// States that gated calls made, each a file.
const STATES: [&str; 5] = ["trust_roots", "idps", "bindings", "catalog", "endpoints"];
/// The call whose state is a tree of files.
const SERVICES: &str = "services";
/// Rendered files that are read at most, and bytes of one.
const FILES_MAX: usize = 4096;
const FILE_LEN_MAX: u64 = 4 * 1024 * 1024;
/// The key that another one follows with each seal, so that its file is another all the time.
const MOVING: &str = "audit-ratchet";

/// What lies there, and the digest of each state that a gated call made, as it is now.
#[derive(Default)]
pub(super) struct OnDisk {
    pub(super) running: Vec<Running>,
    /// By the name of the call; a tree has one of its files, and one of the file with its name.
    pub(super) states: BTreeMap<&'static str, Vec<Digest>>,
}

pub(super) fn look(dir: &BoxDir) -> OnDisk {
    let mut found = OnDisk::default();
    for name in STATES {
        let bytes = fs::read(dir.state().join(name)).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        found.running.extend(running::lines(name, &text));
        found.state(name, Digest::of(Context::State, &bytes));
    }
    let rendered = dir.path().join(SERVICES);
    if rendered.is_dir() {
        let mut files = Vec::new();
        tree(&rendered, Path::new(""), &mut files);
        let each = files.iter();
        let each = each.map(|(path, bytes, _)| (path.as_str(), bytes.as_slice()));
        found.state(SERVICES, running::tree(each));
        let read = files
            .iter()
            .map(|(path, bytes, about)| running::file(path, bytes, about.mode(), about.uid()));
        found.running.extend(read);
    }
    // Where nothing is rendered, there is nothing.
    let bytes = fs::read(dir.state().join(SERVICES)).unwrap_or_default();
    found.state(SERVICES, Digest::of(Context::State, &bytes));
    found.running.extend(keys(&dir.keys()));
    found
}

impl OnDisk {
    fn state(&mut self, call: &'static str, digest: Digest) {
        self.states.entry(call).or_default().push(digest);
    }
}

/// Path, bytes and the rest of each file below a directory.
fn tree(root: &Path, below: &Path, files: &mut Vec<(String, Vec<u8>, Metadata)>) {
    let entries = fs::read_dir(root.join(below)).into_iter().flatten();
    for entry in entries.flatten() {
        let path = below.join(entry.file_name());
        let Ok(about) = entry.metadata() else {
            continue;
        };
        if about.is_dir() {
            tree(root, &path, files);
        } else if about.len() <= FILE_LEN_MAX && files.len() < FILES_MAX {
            let Ok(bytes) = fs::read(entry.path()) else {
                continue;
            };
            files.push((path.to_string_lossy().into_owned(), bytes, about));
        }
    }
}

/// Files of keys, by what the kernel says of them: an observer reads no secret. What is written over or put in another's place
/// has another number or another time of its last change, which no program can set.
fn keys(dir: &Path) -> Vec<Running> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let read = entries.filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        let about = entry.metadata().ok()?;
        (!name.starts_with(MOVING)).then(|| key(&name, &about))
    });
    read.take(FILES_MAX).collect()
}

fn key(name: &str, about: &Metadata) -> Running {
    let changed = Timestamp::from_secs(about.ctime()) + about.ctime_nsec();
    let content = format!("file {} of {changed}", about.ino());
    let state = State::default()
        .with(Aspect::Content, content)
        .with(Aspect::Mode, format!("{:04o}", about.mode() & 0o7777))
        .with(Aspect::Owner, about.uid().to_string());
    Running::new(Element::new(Kind::File, format!("keys/{name}")), state)
}
