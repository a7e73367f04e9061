//! What durable records cost, beside SQLite, redb and fjall on the same disk, and what verification and proofs cost as a log
//! grows.
//!
//! `cargo run --release` in this directory; figures are in `docs/audit-performance.md`. Parts are `producers`, `bulk`, `verify`
//! and `growth`: all, or those that are named. `IIA_BENCH_DIR` names the disk, `IIA_BENCH_GROWTH` the largest log.

mod append;
mod grown;
mod ours;
mod peers;
mod verify;

fn main() {
    let named: Vec<String> = std::env::args().skip(1).collect();
    let is_asked = |part: &str| named.is_empty() || named.iter().any(|name| name == part);
    if is_asked("producers") {
        append::producers();
    }
    if is_asked("bulk") {
        append::bulk();
    }
    if is_asked("verify") {
        verify::all();
    }
    if is_asked("growth") {
        grown::all();
    }
}

/// A directory on the disk that is measured.
fn dir() -> tempfile::TempDir {
    let at =
        std::env::var_os("IIA_BENCH_DIR").map_or_else(|| "target".into(), std::path::PathBuf::from);
    std::fs::create_dir_all(&at).expect("a directory");
    tempfile::tempdir_in(at).expect("a directory")
}
