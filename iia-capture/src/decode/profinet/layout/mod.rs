//! What stands in a block, as tables (IEC 61158-6-10, 5.2).

mod alarm;
mod connect;
mod control;
mod device;
mod identity;
mod port;
mod record;
mod ring;
mod subframe;

use super::walk::Step;

pub(super) use alarm::STATUS;

/// The layout of a block's body; `version` is the lower part of its version.
pub(super) fn of(kind: u16, version: u64) -> Option<&'static [Step]> {
    alarm::of(kind)
        .or_else(|| connect::of(kind))
        .or_else(|| subframe::of(kind))
        .or_else(|| control::of(kind))
        .or_else(|| record::of(kind, version))
        .or_else(|| identity::of(kind, version))
        .or_else(|| device::of(kind, version))
        .or_else(|| port::of(kind, version))
        .or_else(|| ring::of(kind, version))
}
