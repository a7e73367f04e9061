//! Named limits of the language (GRAMMAR section 3).

/// Bytes of a document when the caller does not raise it.
pub const DOCUMENT_LEN_DEFAULT: usize = 256 * 1024;
/// Bytes of a document at most.
pub const DOCUMENT_LEN_MAX: usize = 16 * 1024 * 1024;
/// Bytes of a line.
pub const LINE_LEN_MAX: usize = 512;
/// Bytes of a name.
pub const NAME_LEN_MAX: usize = 127;
/// Bytes of a key.
pub const KEY_LEN_MAX: usize = 32;
/// Entries of a document.
pub const ENTRIES_MAX: usize = 65_535;
/// Fields and blocks of an entry.
pub const ITEMS_MAX: usize = 1024;
/// Values of a field.
pub const VALUES_MAX: usize = 8;
/// Diagnostics of one run; further ones are not told.
pub const DIAGNOSTICS_MAX: usize = 64;
