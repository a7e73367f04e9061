use iia_core::zone::{Inbound, Outbound, Port, Zone};

fn main() {
    let lake = Port::<Inbound>::new(Zone::AcsLake).unwrap();
    let api = Port::<Outbound>::new(Zone::ItApi).unwrap();
    api.join(&lake);
}
