//! One capability stays: that of changing the network. Everything else goes before anything is read.

use rustix::io::Errno;
use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, capability_is_in_bounding_set,
    clear_ambient_capability_set, configure_capability_in_ambient_set,
    remove_capability_from_bounding_set, set_capabilities, set_no_new_privs,
};

use crate::error::Error;

/// What nft and conntrack need.
const KEPT: CapabilitySet = CapabilitySet::NET_ADMIN;

/// Drops every other capability for good, also for the programs that are started from here.
pub(crate) fn drop_all_but_the_network() -> Result<(), Error> {
    drop_all().map_err(Error::Privilege)
}

fn drop_all() -> Result<(), Errno> {
    set_no_new_privs(true)?;
    let had = capabilities(None)?;
    for capability in CapabilitySet::all().difference(KEPT).iter() {
        drop_from_bounding_set(capability, &had)?;
    }
    clear_ambient_capability_set()?;
    let kept = had.permitted.intersection(KEPT);
    let sets = CapabilitySets {
        effective: kept,
        permitted: kept,
        inheritable: kept,
    };
    set_capabilities(None, sets)?;
    // WHY: a user that is not root hands a capability on to a program it starts only through the ambient set.
    if kept == KEPT {
        configure_capability_in_ambient_set(KEPT, true)?;
    }
    let has = capabilities(None)?;
    if has == sets {
        Ok(())
    } else {
        Err(Errno::PERM)
    }
}

/// Without the right to lower the bounding set there is nothing in it to be gained: nobody gains by a start.
fn drop_from_bounding_set(capability: CapabilitySet, had: &CapabilitySets) -> Result<(), Errno> {
    match capability_is_in_bounding_set(capability) {
        // The kernel is older than the list of capabilities.
        Err(Errno::INVAL) | Ok(false) => Ok(()),
        Err(error) => Err(error),
        Ok(true) if had.effective.contains(CapabilitySet::SETPCAP) => {
            remove_capability_from_bounding_set(capability)
        }
        Ok(true) => Ok(()),
    }
}
