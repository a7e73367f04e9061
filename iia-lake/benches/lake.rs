//! Measured once the lake can be driven at full speed; see `iia bench decode`.

fn main() {}
