//! What the files of each kind of broker say, read as that broker reads them.

pub(super) mod subjects;
pub(super) mod topics;
