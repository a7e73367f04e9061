//! The list of what is open on the box, held against where somebody was answered.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use iia_config::validate::Checked;
use iia_contract::compile::Permit as _;
use iia_contract::compile::surface::Open;

use super::rig::{OUTSIDE, ip};

/// R-INV-05: wherever a packet was answered, at the box itself too, the list says who answers; and of each place over
/// TCP that is in the list somebody was answered.
pub(super) fn every_place_that_answers(
    checked: &Checked,
    places: &BTreeMap<String, IpAddr>,
    answered: &BTreeSet<(&str, &str, u16)>,
) {
    let own = |from: &str| OUTSIDE.iter().find(|(name, ..)| *name == from);
    let at = answered.iter().map(|(from, to, port)| {
        let addr = match *to {
            "the box" => own(from).map(|(_, own, _)| ip(own)),
            to => places.get(to).copied(),
        };
        format!("tcp/{}", SocketAddr::new(addr.unwrap(), *port))
    });
    let (list, _) = Open::compile(&checked.catalog, &checked.deploy.topology);
    let listed = list.allowed.keys().map(|open| open.place.clone());
    let tcp = |place: &String| place.starts_with("tcp/");
    assert_eq!(
        at.collect::<BTreeSet<_>>(),
        listed.filter(tcp).collect::<BTreeSet<_>>()
    );
}
