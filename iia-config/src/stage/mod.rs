//! What a box keeps of its artifacts on disk: every envelope in a file of its own, named by its digest and never
//! changed, and one small record that says which is staged, which is applied and which was before. The record is
//! replaced whole, so a crash leaves the answer before or the answer after.

mod disk;
mod error;
mod state;
mod store;

pub use self::disk::{Disk, FileSystem};
pub use self::error::StageError;
pub use self::state::{KEPT_MAX, Kept, OUTBOX_MAX, Phase, State};
pub use self::store::{Slot, Store};
