//! What numbers of DHCP are called.

/// A message of DHCP for IPv4 (RFC 2132, 9.6; RFC 3203, 4; RFC 4388, 6).
pub(super) const fn v4(number: u8) -> Option<&'static str> {
    Some(match number {
        1 => "discover",
        2 => "offer",
        3 => "request",
        4 => "decline",
        5 => "ack",
        6 => "nak",
        7 => "release",
        8 => "inform",
        9 => "force_renew",
        10 => "lease_query",
        11 => "lease_unassigned",
        12 => "lease_unknown",
        13 => "lease_active",
        _ => return None,
    })
}

/// A message of DHCP for IPv6 (RFC 8415, 7.3; RFC 5007, 4.2.1).
pub(super) const fn v6(number: u8) -> Option<&'static str> {
    Some(match number {
        1 => "solicit",
        2 => "advertise",
        3 => "request",
        4 => "confirm",
        5 => "renew",
        6 => "rebind",
        7 => "reply",
        8 => "release",
        9 => "decline",
        10 => "reconfigure",
        11 => "information_request",
        12 => "relay_forward",
        13 => "relay_reply",
        14 => "lease_query",
        15 => "lease_query_reply",
        _ => return None,
    })
}

/// What came of a request for IPv6 (RFC 8415, 21.13).
pub(super) const fn status(number: u16) -> Option<&'static str> {
    Some(match number {
        0 => "success",
        1 => "unspec_fail",
        2 => "no_addrs_avail",
        3 => "no_binding",
        4 => "not_on_link",
        5 => "use_multicast",
        6 => "no_prefix_avail",
        _ => return None,
    })
}
