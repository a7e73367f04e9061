//! Images of our own, written so that the same files give the same bytes: no clock, no order of a directory, no user.
//!
//! One layer, a plain tar, and beside it only what is needed to run it. The time in it is that of the source
//! (`SOURCE_DATE_EPOCH`). Whoever signs gets the payload and hands back the signature: keys are not seen here.

mod attach;
mod dir;
mod tar;
mod write;

pub use attach::attach;
pub use dir::write_dir;
pub use tar::PATH_LEN_MAX;
pub use write::{FILES_MAX, Image};
