//! The vault against stores that lie, lose, hang and ramble; real stores are judged in `bins/iia-vault/tests`.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

mod evidence;
mod losses;
mod model;
mod probe;
mod replies;
mod roundtrip;
