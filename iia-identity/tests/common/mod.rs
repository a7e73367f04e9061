//! What several tests of this crate need: the shared vectors, and saying aloud what cannot run.
#![allow(dead_code, reason = "every test file uses some of it")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use iia_core::SpiffeId;
use iia_core::gate::{Ask, Gate, Refusal};

/// What a test says that cannot run here: aloud, and as a failure where everything is required.
pub(crate) fn skip(test: &str, missing: &str) {
    let line = format!("SKIPPED: {test}: {missing}\n");
    assert!(
        std::env::var_os("IIA_REQUIRE_ALL").is_none_or(|all| all != "1"),
        "{line}"
    );
    let _closed = std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes());
}

/// A folder of the shared vectors.
pub(crate) fn vectors(test: &str, name: &str) -> Option<PathBuf> {
    let shared = std::env::var_os("IIA_SHARED").map(|shared| PathBuf::from(shared).join("vectors"));
    let own = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/vectors"));
    let dir = std::env::var_os("IIA_VECTORS")
        .map(PathBuf::from)
        .or(shared)
        .unwrap_or_else(own);
    let dir = dir.join(name);
    if dir.is_dir() {
        return Some(dir);
    }
    skip(
        test,
        &format!("{} (IIA_SHARED or IIA_VECTORS)", dir.display()),
    );
    None
}

/// A catalog that knows everybody.
pub(crate) struct Everybody;

impl Gate for Everybody {
    fn permits(&self, _: &Ask<'_>) -> Result<(), Refusal> {
        Ok(())
    }
    fn knows(&self, _: &SpiffeId) -> bool {
        true
    }
}

/// Where others and we part, counted: case, what they do, what we do.
pub(crate) type Parted = BTreeMap<(String, String, String), usize>;

/// Counts one case in which we do otherwise.
pub(crate) fn part(parted: &mut Parted, case: &str, they: &str, we: &str) {
    if they != we {
        let key = (case.to_owned(), they.to_owned(), we.to_owned());
        *parted.entry(key).or_default() += 1;
    }
}

/// What SPIFFE.md says about a source: every disagreement, and no other.
pub(crate) fn check_parted(source: &str, found: &Parted) {
    let page = include_str!("../../SPIFFE.md");
    let mut written = Parted::new();
    for line in page.lines() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        if let ["", of, case, number, they, we, clause, ""] = cells[..]
            && of == source
        {
            assert!(!clause.is_empty(), "{line}");
            let key = (case.to_owned(), they.to_owned(), we.to_owned());
            written.insert(key, number.parse().unwrap());
        }
    }
    assert_eq!(&written, found, "SPIFFE.md and what {source} shows");
}
