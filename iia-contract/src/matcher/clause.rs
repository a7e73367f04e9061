//! The clauses that an observation can break.

/// The clause that an observation breaks, or that covers it; later ones came nearer to being covered.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Clause {
    /// No contract names this server and port, or this receiver and EtherType.
    Server,
    /// No contract names who speaks.
    Source,
    /// It goes the wrong way: the box pulls and nobody pushes; whoever may only subscribe does not publish.
    Direction,
    /// Who speaks may not speak to whom it does.
    Destination,
    /// It speaks from the network of another zone than its identity names.
    Zone,
    /// Another protocol is spoken there than the contract says.
    Protocol,
    /// It is answered elsewhere than the contract says.
    Listener,
    /// The client may not ask there.
    Client,
    /// It is on another VLAN than the contract says.
    Vlan,
    /// The unit is not listed.
    Unit,
    /// The message breaks the protocol's rules.
    Malformed,
    /// The operation is not listed.
    Operation,
    /// The function is neither a listed read, a listed write nor listed itself.
    Function,
    /// The tag is not declared.
    Tag,
    /// It writes, and the contract lists no write at all.
    ReadOnly,
    /// It writes outside what is listed.
    Write,
    /// It reads outside what is listed.
    Read,
    /// The stream is not exposed.
    Stream,
    /// The topic lies outside what is listed.
    Topic,
    /// A value lies outside its sound range.
    Value,
    /// The message is larger than agreed.
    Payload,
    /// There is more of it than agreed.
    Rate,
}

impl Clause {
    /// Every clause.
    pub const ALL: [Self; 22] = [
        Self::Server,
        Self::Source,
        Self::Direction,
        Self::Destination,
        Self::Zone,
        Self::Protocol,
        Self::Listener,
        Self::Client,
        Self::Vlan,
        Self::Unit,
        Self::Malformed,
        Self::Operation,
        Self::Function,
        Self::Tag,
        Self::ReadOnly,
        Self::Write,
        Self::Read,
        Self::Stream,
        Self::Topic,
        Self::Value,
        Self::Payload,
        Self::Rate,
    ];

    /// The name in records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Source => "source",
            Self::Direction => "direction",
            Self::Destination => "destination",
            Self::Zone => "zone",
            Self::Protocol => "protocol",
            Self::Listener => "listener",
            Self::Client => "client",
            Self::Vlan => "vlan",
            Self::Unit => "unit",
            Self::Malformed => "malformed",
            Self::Operation => "operation",
            Self::Function => "function",
            Self::Tag => "tag",
            Self::ReadOnly => "read_only",
            Self::Write => "write",
            Self::Read => "read",
            Self::Stream => "stream",
            Self::Topic => "topic",
            Self::Value => "value",
            Self::Payload => "payload",
            Self::Rate => "rate",
        }
    }
}
