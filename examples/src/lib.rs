//! Runnable examples live in `examples/`, tests that span crates in `tests/`.
#![forbid(unsafe_code)]
