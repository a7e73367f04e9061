//! Sides are types: what may not touch does not compile.

use iia_core::zone::{Conduit, Dmz, Inbound, Outbound, Port, SideType, Zone};

#[test]
fn i4_inbound_and_outbound_ports_do_not_compile_together() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/side/neighbours.rs");
    cases.compile_fail("tests/side/inbound_to_outbound.rs");
    cases.compile_fail("tests/side/outbound_to_inbound.rs");
    cases.compile_fail("tests/side/a_side_of_ones_own.rs");
    cases.compile_fail("tests/side/conduit_by_hand.rs");
}

#[test]
fn i4_a_port_is_of_the_side_of_its_zone() {
    fn agrees<S: SideType>(zone: Zone) {
        assert_eq!(
            Port::<S>::new(zone).is_some(),
            zone.side() == S::SIDE,
            "{zone}"
        );
    }
    for zone in Zone::ALL {
        agrees::<Inbound>(zone);
        agrees::<Dmz>(zone);
        agrees::<Outbound>(zone);
    }
}

#[test]
fn i4_types_and_values_allow_the_same() {
    fn joins<A: SideType + iia_core::zone::Joins<B>, B: SideType>() {
        for (source, destination) in pairs() {
            let ports = Port::<A>::new(source).zip(Port::<B>::new(destination));
            let Some((from, to)) = ports else { continue };
            assert_eq!(Ok(from.join(&to)), Conduit::new(source, destination));
        }
    }
    joins::<Inbound, Dmz>();
    joins::<Dmz, Inbound>();
    joins::<Dmz, Outbound>();
    joins::<Outbound, Dmz>();
    joins::<Inbound, Inbound>();
    joins::<Outbound, Outbound>();
    joins::<Dmz, Dmz>();
}

fn pairs() -> impl Iterator<Item = (Zone, Zone)> {
    Zone::ALL
        .into_iter()
        .flat_map(|source| Zone::ALL.map(|destination| (source, destination)))
}
