use iia_core::zone::{Dmz, Inbound, Outbound, Port, Zone};

fn main() {
    let lake = Port::<Inbound>::new(Zone::AcsLake).unwrap();
    let bus = Port::<Dmz>::new(Zone::DmzBus).unwrap();
    let api = Port::<Outbound>::new(Zone::ItApi).unwrap();
    lake.join(&bus);
    bus.join(&api);
    api.join(&bus);
    lake.join(&lake);
}
