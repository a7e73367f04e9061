use iia_core::zone::{Conduit, Zone};

fn main() {
    let _bypass = Conduit { source: Zone::AcsLake, destination: Zone::ItApi };
}
