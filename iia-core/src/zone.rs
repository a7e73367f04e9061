//! Zones, sides and conduits as types: what may touch what inside one box (001:119-148).

use core::fmt;
use core::marker::PhantomData;
use core::str::FromStr;

use crate::code::{Code, Coded};

/// One of the four partitions of a box.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Side {
    /// Faces the control network.
    Inbound,
    /// The partition in the middle, which everything crosses.
    Dmz,
    /// Faces everybody else.
    Outbound,
    /// Management, beside the data path.
    Management,
}

/// A zone of the box, by role (001:123-137).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[allow(missing_docs, reason = "the names are the seeds' own, one a role")]
pub enum Zone {
    AcsCollect,
    AcsWitness,
    AcsIoMaster,
    AcsLake,
    AcsNetservices,
    AcsDiodeIn,
    DmzBus,
    DmzAudit,
    DmzAttest,
    ItPublish,
    ItApi,
    ItTunnel,
    MgmtUi,
    MgmtCfg,
}

impl Zone {
    /// Every zone, in the order of the seed's table.
    pub const ALL: [Self; 14] = [
        Self::AcsCollect,
        Self::AcsWitness,
        Self::AcsIoMaster,
        Self::AcsLake,
        Self::AcsNetservices,
        Self::AcsDiodeIn,
        Self::DmzBus,
        Self::DmzAudit,
        Self::DmzAttest,
        Self::ItPublish,
        Self::ItApi,
        Self::ItTunnel,
        Self::MgmtUi,
        Self::MgmtCfg,
    ];

    /// The canonical role name, such as `ot.acs.collect`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AcsCollect => "ot.acs.collect",
            Self::AcsWitness => "ot.acs.witness",
            Self::AcsIoMaster => "ot.acs.io_master",
            Self::AcsLake => "ot.acs.lake",
            Self::AcsNetservices => "ot.acs.netservices",
            Self::AcsDiodeIn => "ot.acs.diode_in",
            Self::DmzBus => "ot.dmz.bus",
            Self::DmzAudit => "ot.dmz.audit",
            Self::DmzAttest => "ot.dmz.attest",
            Self::ItPublish => "ot.it.publish",
            Self::ItApi => "ot.it.api",
            Self::ItTunnel => "ot.it.tunnel",
            Self::MgmtUi => "ot.mgmt.ui",
            Self::MgmtCfg => "ot.mgmt.cfg",
        }
    }

    /// The side that this role implies.
    pub const fn side(self) -> Side {
        match self {
            Self::AcsCollect
            | Self::AcsWitness
            | Self::AcsIoMaster
            | Self::AcsLake
            | Self::AcsNetservices
            | Self::AcsDiodeIn => Side::Inbound,
            Self::DmzBus | Self::DmzAudit | Self::DmzAttest => Side::Dmz,
            Self::ItPublish | Self::ItApi | Self::ItTunnel => Side::Outbound,
            Self::MgmtUi | Self::MgmtCfg => Side::Management,
        }
    }
}

impl FromStr for Zone {
    type Err = ZoneError;

    fn from_str(name: &str) -> Result<Self, ZoneError> {
        Self::ALL
            .into_iter()
            .find(|zone| zone.name() == name)
            .ok_or(ZoneError::UnknownRole)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why two zones may not be joined, or a name is no zone.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ZoneError {
    /// The inbound and the outbound side would be joined without the DMZ (invariant 4).
    #[error("inbound and outbound zones meet only in the internal DMZ")]
    DmzBypass,
    /// The name is not one of the roles.
    #[error("not a zone role of this architecture")]
    UnknownRole,
}

impl Coded for ZoneError {
    fn code(&self) -> Code {
        match self {
            Self::DmzBypass => Code::new("COR", 201),
            Self::UnknownRole => Code::new("COR", 10),
        }
    }
}

/// A permitted joint of two zones; one that bypasses the DMZ cannot be made.
///
/// ```
/// use iia_core::zone::{Conduit, Zone};
/// assert!(Conduit::new(Zone::AcsLake, Zone::DmzBus).is_ok());
/// assert!(Conduit::new(Zone::AcsLake, Zone::ItApi).is_err()); // decision D4
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Conduit {
    source: Zone,
    destination: Zone,
}

impl Conduit {
    /// Joins two zones.
    ///
    /// # Errors
    /// [`ZoneError::DmzBypass`] when one is inbound and the other outbound.
    // IIA 4: inbound zones cannot conduit directly to outbound zones.
    pub const fn new(source: Zone, destination: Zone) -> Result<Self, ZoneError> {
        match (source.side(), destination.side()) {
            (Side::Inbound, Side::Outbound) | (Side::Outbound, Side::Inbound) => {
                Err(ZoneError::DmzBypass)
            }
            _ => Ok(Self {
                source,
                destination,
            }),
        }
    }

    /// Where messages come from.
    pub const fn source(self) -> Zone {
        self.source
    }

    /// Where messages go.
    pub const fn destination(self) -> Zone {
        self.destination
    }
}

/// The inbound side, as a type.
#[derive(Clone, Copy, Debug)]
pub enum Inbound {}
/// The DMZ, as a type.
#[derive(Clone, Copy, Debug)]
pub enum Dmz {}
/// The outbound side, as a type.
#[derive(Clone, Copy, Debug)]
pub enum Outbound {}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Inbound {}
    impl Sealed for super::Dmz {}
    impl Sealed for super::Outbound {}
}

/// A side that code can be written for.
pub trait SideType: sealed::Sealed {
    /// The value of this type.
    const SIDE: Side;
}
impl SideType for Inbound {
    const SIDE: Side = Side::Inbound;
}
impl SideType for Dmz {
    const SIDE: Side = Side::Dmz;
}
impl SideType for Outbound {
    const SIDE: Side = Side::Outbound;
}

/// Sides that may be joined: the DMZ with either, a side with itself, never inbound with outbound.
pub trait Joins<Other: SideType>: SideType {}
impl Joins<Dmz> for Inbound {}
impl Joins<Dmz> for Outbound {}
impl Joins<Inbound> for Dmz {}
impl Joins<Outbound> for Dmz {}
impl<S: SideType> Joins<S> for S {}

/// One end of a hop that knows its side; only legal neighbours can be joined, at compile time.
///
/// ```
/// use iia_core::zone::{Dmz, Inbound, Port, Zone};
/// let lake = Port::<Inbound>::new(Zone::AcsLake).unwrap();
/// let bus = Port::<Dmz>::new(Zone::DmzBus).unwrap();
/// let conduit = lake.join(&bus);
/// assert_eq!(conduit.destination(), Zone::DmzBus);
/// ```
/// An inbound port does not join an outbound one:
/// ```compile_fail
/// use iia_core::zone::{Inbound, Outbound, Port, Zone};
/// let lake = Port::<Inbound>::new(Zone::AcsLake).unwrap();
/// let api = Port::<Outbound>::new(Zone::ItApi).unwrap();
/// lake.join(&api);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Port<S: SideType> {
    zone: Zone,
    side: PhantomData<S>,
}

impl<S: SideType> Port<S> {
    /// The port of `zone`; `None` when the zone lies on another side.
    pub fn new(zone: Zone) -> Option<Self> {
        (zone.side() == S::SIDE).then_some(Self {
            zone,
            side: PhantomData,
        })
    }

    /// Joins two ports whose sides may touch.
    pub fn join<T: SideType>(&self, other: &Port<T>) -> Conduit
    where
        S: Joins<T>,
    {
        Conduit {
            source: self.zone,
            destination: other.zone,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn i4_no_conduit_bypasses_the_dmz() {
        for source in Zone::ALL {
            for destination in Zone::ALL {
                let crosses = matches!(
                    (source.side(), destination.side()),
                    (Side::Inbound, Side::Outbound) | (Side::Outbound, Side::Inbound)
                );
                assert_eq!(
                    Conduit::new(source, destination).is_err(),
                    crosses,
                    "{source} {destination}"
                );
            }
        }
    }

    #[test]
    fn names_parse_back() {
        for zone in Zone::ALL {
            assert_eq!(zone.name().parse(), Ok(zone));
        }
        assert_eq!(
            "ot.acs.nothing".parse::<Zone>(),
            Err(ZoneError::UnknownRole)
        );
    }
}
