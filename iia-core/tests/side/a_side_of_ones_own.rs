use iia_core::zone::{Side, SideType};

enum Backdoor {}

impl SideType for Backdoor {
    const SIDE: Side = Side::Outbound;
}

fn main() {}
