//! Placeholder until the role lands.
fn main() {}
