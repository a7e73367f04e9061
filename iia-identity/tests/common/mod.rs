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

/// Programs of others that judge what we make.
pub(crate) mod judge {
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::process::{Command, Output};

    /// A directory for files that a judge reads.
    pub(crate) struct Place(tempfile::TempDir);

    impl Place {
        pub(crate) fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        pub(crate) fn path(&self) -> &Path {
            self.0.path()
        }

        /// Writes a file.
        pub(crate) fn put(&self, name: &str, bytes: &[u8]) -> String {
            let path = self.0.path().join(name);
            fs::write(&path, bytes).unwrap();
            path.to_str().unwrap().into()
        }

        /// Writes something DER as PEM, by OpenSSL's own hand: `x509`, `crl` or `pkey`.
        pub(crate) fn pem(&self, kind: &str, name: &str, der: &[u8]) -> String {
            let from = self.put(&format!("{name}.der"), der);
            let to = self.0.path().join(format!("{name}.pem"));
            let to: String = to.to_str().unwrap().into();
            openssl(&[kind, "-inform", "der", "-in", &from, "-out", &to]);
            to
        }
    }

    /// Whether OpenSSL 3 is there; says so where it is not.
    pub(crate) fn has_openssl(test: &str) -> bool {
        let there = Command::new("openssl").arg("version").output();
        let there = there.is_ok_and(|done| done.stdout.starts_with(b"OpenSSL 3."));
        if !there {
            super::skip(test, "openssl 3");
        }
        there
    }

    /// What OpenSSL answers when it must not fail.
    pub(crate) fn openssl(arguments: &[&str]) -> String {
        let done = try_openssl(arguments);
        let error = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{arguments:?}: {error}");
        String::from_utf8_lossy(&done.stdout).into()
    }

    /// What OpenSSL answers.
    pub(crate) fn try_openssl(arguments: &[&str]) -> Output {
        Command::new("openssl").args(arguments).output().unwrap()
    }

    /// Whether OpenSSL believes a chain at a time, by the strict reading of the standard.
    pub(crate) fn believes(root: &str, between: Option<&str>, leaf: &str, more: &[&str]) -> bool {
        let mut all = vec!["verify", "-x509_strict", "-check_ss_sig", "-CAfile", root];
        all.extend(between.into_iter().flat_map(|one| ["-untrusted", one]));
        all.extend(more);
        all.push(leaf);
        try_openssl(&all).status.success()
    }

    /// A Python that has a module; says so where there is none.
    pub(crate) fn python(test: &str, module: &str) -> Option<PathBuf> {
        let own = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/venv/bin/python");
        let python = std::env::var_os("IIA_PYTHON").map_or_else(|| own.into(), PathBuf::from);
        let import = format!("import {module}");
        let imports = Command::new(&python).args(["-c", &import]).output();
        if imports.is_ok_and(|done| done.status.success()) {
            return Some(python);
        }
        super::skip(test, &format!("a Python with {module} (IIA_PYTHON)"));
        None
    }
}
