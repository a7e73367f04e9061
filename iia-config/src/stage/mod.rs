//! What a box keeps of its artifacts on disk: every envelope in a file of its own, named by its digest and never
//! changed, and one small record that says of each class which is staged, which is applied and which was before. The
//! record is replaced whole, so a crash leaves the answer before or the answer after.

mod disk;
mod error;
mod kept;
mod state;
mod store;

pub use self::disk::{Disk, FileSystem};
pub use self::error::StageError;
pub use self::kept::Kept;
pub use self::state::{KEPT_MAX, OUTBOX_MAX, Phase, Stand, State};
pub use self::store::{Slot, Store};
