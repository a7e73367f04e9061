//! Function and exception codes in the words of the standard (V1.1b3, 6 and 7).

/// The name of a function code; `None` for one that the standard does not define.
pub const fn function(code: u8) -> Option<&'static str> {
    Some(match code {
        1 => "read coils",
        2 => "read discrete inputs",
        3 => "read holding registers",
        4 => "read input registers",
        5 => "write single coil",
        6 => "write single register",
        7 => "read exception status",
        8 => "diagnostics",
        11 => "get comm event counter",
        12 => "get comm event log",
        15 => "write multiple coils",
        16 => "write multiple registers",
        17 => "report server id",
        20 => "read file record",
        21 => "write file record",
        22 => "mask write register",
        23 => "read/write multiple registers",
        24 => "read fifo queue",
        43 => "encapsulated interface transport",
        // Not in the standard, and common in the field.
        90 => "unity (Schneider)",
        _ => return None,
    })
}

/// The name of an exception code; `None` for one that the standard does not define.
pub const fn exception(code: u8) -> Option<&'static str> {
    Some(match code {
        1 => "illegal function",
        2 => "illegal data address",
        3 => "illegal data value",
        4 => "server device failure",
        5 => "acknowledge",
        6 => "server device busy",
        7 => "negative acknowledge",
        8 => "memory parity error",
        10 => "gateway path unavailable",
        11 => "gateway target device failed to respond",
        _ => return None,
    })
}
