//! Meaning: what a request asks for and what a response says. Unknown function codes keep their bytes.

use iia_core::observe::{Span, Table, Values};

/// A request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Request<'a> {
    /// Wireshark: `modbus.func_code`.
    pub func: u8,
    /// What it wants to read; values come with the response.
    pub read: Option<Span<'a>>,
    /// What it writes.
    pub write: Option<Span<'a>>,
    /// The bytes behind the function code.
    pub data: &'a [u8],
}

/// A response.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Response<'a> {
    /// The function code without the exception bit.
    pub func: u8,
    /// Wireshark: `modbus.exception_code`.
    pub exception: Option<u8>,
    /// Values read, without their addresses.
    pub values: Values<'a>,
    /// What was written, as the server repeats it.
    pub write: Option<Span<'a>>,
    /// The bytes behind the function code.
    pub data: &'a [u8],
}

const ON: &[u8] = &[1];
const OFF: &[u8] = &[0];

/// The table that a function reads.
const fn read_table(func: u8) -> Option<Table> {
    match func {
        1 => Some(Table::Coil),
        2 => Some(Table::DiscreteInput),
        3 | 23 => Some(Table::HoldingRegister),
        4 => Some(Table::InputRegister),
        _ => None,
    }
}

/// Bits or registers of one request at most (V1.1b3, 6.1 to 6.17).
const fn count_max(func: u8) -> u32 {
    match func {
        1 | 2 => 2000,
        15 => 1968,
        16 => 123,
        23 => 125,
        _ => 125,
    }
}

impl<'a> Request<'a> {
    /// Reads a request PDU; `None` when it breaks the rules of its function.
    #[inline]
    pub fn parse(pdu: &'a [u8]) -> Option<Self> {
        let (func, data) = pdu.split_first()?;
        if *func == 0 || *func & 0x80 != 0 {
            return None;
        }
        let plain = Request {
            func: *func,
            read: None,
            write: None,
            data,
        };
        match *func {
            1..=4 => Some(Request {
                read: Some(run(*func, data, data.len() == 4)?),
                ..plain
            }),
            5 => Some(Request {
                write: Some(single_coil(data)?),
                ..plain
            }),
            6 => Some(Request {
                write: Some(single_register(data)?),
                ..plain
            }),
            15 | 16 => Some(Request {
                write: Some(many(*func, data)?),
                ..plain
            }),
            22 => Some(Request {
                write: Some(mask(data)?),
                ..plain
            }),
            23 => {
                let (read, write) = data.split_at_checked(4)?;
                let (read, write) = (run(23, read, true)?, many(16, write)?);
                Some(Request {
                    read: Some(read),
                    write: Some(write),
                    ..plain
                })
            }
            _ => Some(plain),
        }
    }
}

fn words(data: &[u8]) -> Option<(u32, u32)> {
    let [a, b, c, d] = *data.first_chunk()?;
    Some((
        u32::from(u16::from_be_bytes([a, b])),
        u32::from(u16::from_be_bytes([c, d])),
    ))
}

fn run(func: u8, data: &[u8], whole: bool) -> Option<Span<'static>> {
    let (addr, count) = words(data)?;
    let sound = whole && (1..=count_max(func)).contains(&count) && addr + count <= 0x1_0000;
    sound.then_some(Span {
        table: read_table(func)?,
        addr,
        count,
        values: Values::None,
    })
}

fn single_coil(data: &[u8]) -> Option<Span<'static>> {
    let (addr, value) = words(data).filter(|_| data.len() == 4)?;
    let values = match value {
        0xff00 => ON,
        0 => OFF,
        _ => return None,
    };
    Some(Span {
        table: Table::Coil,
        addr,
        count: 1,
        values: Values::Bits(values),
    })
}

fn single_register(data: &[u8]) -> Option<Span<'_>> {
    let (addr, _) = words(data).filter(|_| data.len() == 4)?;
    Some(Span {
        table: Table::HoldingRegister,
        addr,
        count: 1,
        values: Values::Words(data.get(2..)?),
    })
}

fn many(func: u8, data: &[u8]) -> Option<Span<'_>> {
    let (addr, count) = words(data)?;
    let (bytes, values) = data.get(4..)?.split_first()?;
    let (table, want, values) = match func {
        15 => (Table::Coil, count.div_ceil(8), Values::Bits(values)),
        _ => (Table::HoldingRegister, count * 2, Values::Words(values)),
    };
    let len = data.len() - 5;
    let sound = (1..=count_max(func)).contains(&count)
        && u32::from(*bytes) == want
        && len == usize::from(*bytes)
        && addr + count <= 0x1_0000;
    sound.then_some(Span {
        table,
        addr,
        count,
        values,
    })
}

fn mask(data: &[u8]) -> Option<Span<'static>> {
    let (addr, _) = words(data).filter(|_| data.len() == 6)?;
    // What is written depends on what was there: the masks are no value.
    Some(Span {
        table: Table::HoldingRegister,
        addr,
        count: 1,
        values: Values::None,
    })
}

impl<'a> Response<'a> {
    /// Reads a response PDU; `None` when it breaks the rules of its function.
    #[inline]
    pub fn parse(pdu: &'a [u8]) -> Option<Self> {
        let (code, data) = pdu.split_first()?;
        let func = code & 0x7f;
        let plain = Response {
            func,
            exception: None,
            values: Values::None,
            write: None,
            data,
        };
        if func == 0 {
            return None;
        }
        if code & 0x80 != 0 {
            let [exception] = *data else { return None };
            return Some(Response {
                exception: Some(exception),
                ..plain
            });
        }
        match func {
            1 | 2 => Some(Response {
                values: Values::Bits(counted(data)?),
                ..plain
            }),
            3 | 4 | 23 => {
                let values = counted(data).filter(|values| values.len() % 2 == 0)?;
                Some(Response {
                    values: Values::Words(values),
                    ..plain
                })
            }
            5 => Some(Response {
                write: Some(single_coil(data)?),
                ..plain
            }),
            6 => Some(Response {
                write: Some(single_register(data)?),
                ..plain
            }),
            15 | 16 => Some(Response {
                write: Some(written(func, data)?),
                ..plain
            }),
            22 => Some(Response {
                write: Some(mask(data)?),
                ..plain
            }),
            _ => Some(plain),
        }
    }

    /// Whether the values fit a request for so many.
    pub fn fits(&self, count: u32) -> bool {
        match self.values {
            Values::None => true,
            Values::Bits(bytes) => bytes.len() as u64 == u64::from(count.div_ceil(8)),
            Values::Words(bytes) => bytes.len() as u64 == u64::from(count) * 2,
        }
    }
}

fn counted(data: &[u8]) -> Option<&[u8]> {
    let (bytes, values) = data.split_first()?;
    (usize::from(*bytes) == values.len() && *bytes > 0).then_some(values)
}

fn written(func: u8, data: &[u8]) -> Option<Span<'static>> {
    let (addr, count) = words(data).filter(|_| data.len() == 4)?;
    let table = if func == 15 {
        Table::Coil
    } else {
        Table::HoldingRegister
    };
    (1..=count_max(func)).contains(&count).then_some(Span {
        table,
        addr,
        count,
        values: Values::None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn register_reads_are_counted_as_registers_and_not_as_coils() {
        let request = Request::parse(&[3, 0, 10, 0, 2]).unwrap();
        assert_eq!(
            request.read.map(|span| (span.table, span.addr, span.count)),
            Some((Table::HoldingRegister, 10, 2))
        );
        let response = Response::parse(&[3, 4, 0, 1, 0, 2]).unwrap();
        assert!(response.fits(2) && !response.fits(3));
        assert_eq!(response.values, Values::Words(&[0, 1, 0, 2]));
    }

    #[test]
    fn rules_of_each_function_hold() {
        for (pdu, sound) in [
            (&[1u8, 0, 0, 7, 0xd0][..], true),
            (&[1, 0, 0, 7, 0xd1], false),
            (&[3, 0xff, 0xff, 0, 1], true),
            (&[3, 0xff, 0xff, 0, 2], false),
            (&[3, 0, 0, 0, 0], false),
            (&[3, 0, 0, 0], false),
            (&[5, 0, 1, 0xff, 0], true),
            (&[5, 0, 1, 0x12, 0], false),
            (&[15, 0, 0, 0, 9, 2, 1, 1], true),
            (&[15, 0, 0, 0, 9, 1, 1], false),
            (&[16, 0, 0, 0, 1, 2, 0, 5], true),
            (&[16, 0, 0, 0, 2, 2, 0, 5], false),
            (&[22, 0, 0, 0, 1, 0, 2], true),
            (&[23, 0, 0, 0, 1, 0, 5, 0, 1, 2, 0, 9], true),
            (&[23, 0, 0, 0, 1, 0, 5, 0, 1, 2, 0], false),
            (&[43, 14, 1, 0], true),
            (&[100], true),
            (&[0, 1], false),
            (&[0x83, 2], false),
            (&[], false),
        ] {
            assert_eq!(Request::parse(pdu).is_some(), sound, "{pdu:?}");
        }
        assert_eq!(
            Response::parse(&[0x83, 2]).and_then(|r| r.exception),
            Some(2)
        );
        assert!(Response::parse(&[0x83]).is_none());
        assert!(Response::parse(&[3, 3, 0, 1, 0]).is_none());
    }
}
