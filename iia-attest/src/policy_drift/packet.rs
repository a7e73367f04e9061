//! A packet that was never sent: what an observer asks a policy about.

use alloc::string::String;
use core::fmt;
use core::net::IpAddr;

use iia_contract::topology::L4;

/// Where the kernel asks its policy.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Hook {
    /// From one interface to another.
    Forward,
    /// To the box itself.
    Input,
    /// From the box itself.
    Output,
}

impl Hook {
    /// Every one of them.
    pub const ALL: [Self; 3] = [Self::Forward, Self::Input, Self::Output];

    /// The kernel's own word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Forward => "forward",
            Self::Input => "input",
            Self::Output => "output",
        }
    }
}

/// The first packet of a connection.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Packet {
    /// Where it is.
    pub hook: Hook,
    /// The interface it came in by; empty for what the box itself sends.
    pub from: String,
    /// The interface it leaves by; empty for what the box itself gets.
    pub to: String,
    /// Who sends it.
    pub source: IpAddr,
    /// To whom.
    pub destination: IpAddr,
    /// The transport.
    pub l4: L4,
    /// The port it comes from.
    pub source_port: u16,
    /// The port it goes to.
    pub port: u16,
}

impl fmt::Display for Packet {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            source,
            destination,
            port,
            ..
        } = self;
        let l4 = self.l4.name();
        write!(to, "{source} to {destination} at {l4}/{port}")?;
        if !self.from.is_empty() {
            write!(to, ", in by {}", self.from)?;
        }
        if !self.to.is_empty() {
            write!(to, ", out by {}", self.to)?;
        }
        Ok(())
    }
}
