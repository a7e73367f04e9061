//! What numbers of the DNS are called (registry "Domain Name System (DNS) Parameters").

/// What a message is for (RFC 6895, 2.2).
pub(super) const fn opcode(number: u8) -> &'static str {
    match number {
        0 => "query",
        1 => "inverse_query",
        2 => "status",
        4 => "notify",
        5 => "update",
        6 => "stateful_operation",
        _ => "unassigned",
    }
}

/// What came of it (RFC 6895, 2.3).
pub(super) const fn rcode(number: u8) -> Option<&'static str> {
    Some(match number {
        0 => "no_error",
        1 => "format_error",
        2 => "server_failure",
        3 => "no_such_name",
        4 => "not_implemented",
        5 => "refused",
        6 => "name_exists",
        7 => "rrset_exists",
        8 => "no_such_rrset",
        9 => "not_authoritative",
        10 => "name_not_in_zone",
        _ => return None,
    })
}

/// A record's type (RFC 6895, 3.1).
pub(super) const fn kind(number: u16) -> Option<&'static str> {
    Some(match number {
        1 => "A",
        2 => "NS",
        5 => "CNAME",
        6 => "SOA",
        10 => "NULL",
        12 => "PTR",
        13 => "HINFO",
        15 => "MX",
        16 => "TXT",
        28 => "AAAA",
        33 => "SRV",
        35 => "NAPTR",
        39 => "DNAME",
        41 => "OPT",
        43 => "DS",
        46 => "RRSIG",
        47 => "NSEC",
        48 => "DNSKEY",
        50 => "NSEC3",
        52 => "TLSA",
        64 => "SVCB",
        65 => "HTTPS",
        249 => "TKEY",
        250 => "TSIG",
        251 => "IXFR",
        252 => "AXFR",
        255 => "ANY",
        257 => "CAA",
        _ => return None,
    })
}

/// A record's class (RFC 6895, 3.2).
pub(super) const fn class(number: u16) -> Option<&'static str> {
    Some(match number {
        1 => "IN",
        3 => "CH",
        4 => "HS",
        254 => "NONE",
        255 => "ANY",
        _ => return None,
    })
}
