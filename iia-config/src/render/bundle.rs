//! Many files as one state, so that a gated call has one digest before and one after.

use iia_core::code::{Code, Coded};

use super::Files;

/// Files of a bundle at most.
pub const FILES_MAX: usize = 4096;

/// Why bytes are no bundle.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// The bytes are not what [`bundle`] writes.
    #[error("not a bundle of files")]
    Malformed,
    /// A path leads out of the directory, or is not plain.
    #[error("a path that is not plain")]
    Path,
    /// There are more files than [`FILES_MAX`].
    #[error("more than {FILES_MAX} files")]
    TooMany,
}

impl Coded for BundleError {
    fn code(&self) -> Code {
        match self {
            Self::Malformed => Code::new("CFG", 60),
            Self::Path => Code::new("CFG", 61),
            Self::TooMany => Code::new("CFG", 460),
        }
    }
}

/// Files as one run of bytes, in order of their paths.
pub fn bundle(files: &Files) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (path, text) in files {
        bytes.extend_from_slice(format!("file {} {path}\n", text.len()).as_bytes());
        bytes.extend_from_slice(text.as_bytes());
    }
    bytes
}

/// The files of a bundle. Paths are plain: lower-case names below the directory, nothing that leads out of it.
///
/// # Errors
/// [`BundleError`].
pub fn unbundle(bytes: &[u8]) -> Result<Files, BundleError> {
    let mut files = Files::new();
    let mut rest = std::str::from_utf8(bytes).map_err(|_| BundleError::Malformed)?;
    while !rest.is_empty() {
        let (path, text, after) = one(rest).ok_or(BundleError::Malformed)?;
        if !is_plain(path) {
            return Err(BundleError::Path);
        }
        let after_last = files
            .last_key_value()
            .is_none_or(|(last, _)| last.as_str() < path);
        if !after_last {
            return Err(BundleError::Malformed);
        }
        files.insert(path.into(), text.into());
        if files.len() > FILES_MAX {
            return Err(BundleError::TooMany);
        }
        rest = after;
    }
    Ok(files)
}

fn one(text: &str) -> Option<(&str, &str, &str)> {
    let (line, rest) = text.split_once('\n')?;
    let (len, path) = line.strip_prefix("file ")?.split_once(' ')?;
    let (text, rest) = rest.split_at_checked(len.parse().ok()?)?;
    Some((path, text, rest))
}

fn is_plain(path: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let name = |name: &str| {
        !name.is_empty() && !name.starts_with('.') && name.len() <= 255 && name.bytes().all(plain)
    };
    path.split('/').count() <= 3 && path.split('/').all(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_bundled_comes_back() {
        let files: Files = [
            ("a/b.conf".to_owned(), "x\nfile 3 c\n".to_owned()),
            ("z".to_owned(), String::new()),
        ]
        .into();
        assert_eq!(unbundle(&bundle(&files)), Ok(files));
        assert_eq!(unbundle(b""), Ok(Files::new()));
    }

    #[test]
    fn no_path_leads_out_of_the_directory() {
        for path in [
            "../x",
            "/etc/passwd",
            "a/../b",
            ".hidden",
            "a//b",
            "",
            "a/b/c/d",
            "a b",
            "a\u{e9}",
        ] {
            let bytes = format!("file 1 {path}\nx");
            assert!(unbundle(bytes.as_bytes()).is_err(), "{path}");
        }
        for bytes in [
            &b"file 9 a\nx"[..],
            b"file a\n",
            b"fil",
            b"file 1 b\nxfile 1 a\nx",
            b"\xff",
        ] {
            assert_eq!(unbundle(bytes), Err(BundleError::Malformed));
        }
    }
}
