//! What observers are shown.

use iia_attest::correlator::Correlator as _;
use iia_attest::policy_drift::{DIFFERENCES_MAX, Policy, PolicyDrift, Seen};
use iia_contract::Catalog;
use iia_contract::topology::Topology;
use iia_core::Timestamp;

/// Whatever is listed, the observer tells a bounded number of findings, and tells nothing twice.
pub fn policy(data: &[u8]) {
    let outline = String::from_utf8_lossy(data).into_owned();
    let _ = Policy::read(data, &outline);
    let mut observer = PolicyDrift::new(&Catalog::default(), &Topology::default());
    let mut told = [0, 0];
    for count in &mut told {
        let seen = Seen::Listing {
            listing: data.to_vec(),
            outline: outline.clone(),
            interfaces: Vec::new(),
        };
        observer.handle_observation(Timestamp::from_ns(1), seen);
        *count = core::iter::from_fn(|| observer.poll_finding()).count();
    }
    assert!(told[0] <= DIFFERENCES_MAX + 2 && told[1] == 0, "{told:?}");
}
