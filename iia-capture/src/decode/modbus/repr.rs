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
    /// Whether it keeps the rules of its function.
    pub sound: bool,
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
    /// Reads a request PDU; `None` when it is empty or a response. Addresses are told as far as they stand there, even
    /// where the rules are broken.
    #[inline]
    pub fn parse(pdu: &'a [u8]) -> Option<Self> {
        let (func, data) = pdu.split_first()?;
        if *func & 0x80 != 0 {
            return None;
        }
        let (read, write, sound) = match *func {
            0 => (None, None, false),
            1..=4 => {
                let read = run(*func, data);
                (read, None, data.len() == 4 && sound_run(*func, read))
            }
            5 | 6 | 15 | 16 | 22 => {
                let (write, sound) = write(*func, data);
                (None, write, sound)
            }
            23 => {
                let (first, second) = data.split_at_checked(4).unwrap_or((data, &[]));
                let (read, (write, sound)) = (run(23, first), many(16, second));
                (read, write, sound && sound_run(23, read))
            }
            _ => (None, None, true),
        };
        Some(Request {
            func: *func,
            read,
            write,
            sound,
            data,
        })
    }
}

fn write(func: u8, data: &[u8]) -> (Option<Span<'_>>, bool) {
    match func {
        5 => single_coil(data),
        6 => single_register(data),
        22 => mask(data),
        _ => many(func, data),
    }
}

fn words(data: &[u8]) -> Option<(u32, u32)> {
    let [a, b, c, d] = *data.first_chunk()?;
    Some((
        u32::from(u16::from_be_bytes([a, b])),
        u32::from(u16::from_be_bytes([c, d])),
    ))
}

/// A span without values.
fn bare(table: Table, addr: u32, count: u32) -> Span<'static> {
    Span {
        table,
        addr,
        count,
        values: Values::None,
    }
}

fn run(func: u8, data: &[u8]) -> Option<Span<'static>> {
    let (addr, count) = words(data)?;
    Some(bare(read_table(func)?, addr, count))
}

fn sound_run(func: u8, span: Option<Span<'_>>) -> bool {
    span.is_some_and(|span| {
        (1..=count_max(func)).contains(&span.count) && span.addr + span.count <= 0x1_0000
    })
}

fn single_coil(data: &[u8]) -> (Option<Span<'static>>, bool) {
    let Some((addr, value)) = words(data) else {
        return (None, false);
    };
    let values = match value {
        0xff00 => Values::Bits(ON),
        0 => Values::Bits(OFF),
        _ => Values::None,
    };
    let span = Span {
        values,
        ..bare(Table::Coil, addr, 1)
    };
    (Some(span), data.len() == 4 && values != Values::None)
}

fn single_register(data: &[u8]) -> (Option<Span<'_>>, bool) {
    let span = words(data).map(|(addr, _)| Span {
        values: Values::Words(data.get(2..4).unwrap_or_default()),
        ..bare(Table::HoldingRegister, addr, 1)
    });
    (span, data.len() == 4)
}

fn many(func: u8, data: &[u8]) -> (Option<Span<'_>>, bool) {
    let Some((addr, count)) = words(data) else {
        return (None, false);
    };
    let (table, want) = match func {
        15 => (Table::Coil, count.div_ceil(8)),
        _ => (Table::HoldingRegister, count * 2),
    };
    let span = bare(table, addr, count);
    let Some((bytes, values)) = data.get(4..).and_then(<[u8]>::split_first) else {
        return (Some(span), false);
    };
    let sound = u32::from(*bytes) == want
        && values.len() == usize::from(*bytes)
        && sound_run(func, Some(span));
    let values = match func {
        _ if !sound => Values::None,
        15 => Values::Bits(values),
        _ => Values::Words(values),
    };
    (Some(Span { values, ..span }), sound)
}

fn mask(data: &[u8]) -> (Option<Span<'static>>, bool) {
    // What is written depends on what was there: the masks are no value.
    let span = words(data).map(|(addr, _)| bare(Table::HoldingRegister, addr, 1));
    (span, data.len() == 6)
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
        if code & 0x80 != 0 {
            let [exception] = *data else { return None };
            return Some(Response {
                exception: Some(exception),
                ..plain
            });
        }
        match func {
            0 => None,
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
            5 | 6 | 22 => match write(func, data) {
                (write, true) => Some(Response { write, ..plain }),
                _ => None,
            },
            15 | 16 => Some(Response {
                write: Some(written(func, data)?),
                ..plain
            }),
            _ => Some(plain),
        }
    }

    /// Whether it can be the answer to a request: so many values, or the same write repeated.
    pub fn fits(&self, request: &Request<'_>) -> bool {
        let count = request.read.map_or(0, |span| span.count);
        let values = match self.values {
            Values::None => true,
            Values::Bits(bytes) => bytes.len() as u64 == u64::from(count.div_ceil(8)),
            Values::Words(bytes) => bytes.len() as u64 == u64::from(count) * 2,
        };
        values && self.repeats(request)
    }

    fn repeats(&self, request: &Request<'_>) -> bool {
        match (self.func, self.write, request.write) {
            (5 | 6, mine, theirs) => mine == theirs,
            (22, ..) => self.data == request.data,
            (_, Some(mine), Some(theirs)) => (mine.addr, mine.count) == (theirs.addr, theirs.count),
            _ => true,
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
    let sound = (1..=count_max(func)).contains(&count) && addr + count <= 0x1_0000;
    sound.then_some(bare(table, addr, count))
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
        let three = Request::parse(&[3, 0, 10, 0, 3]).unwrap();
        assert!(response.fits(&request) && !response.fits(&three));
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
            let request = Request::parse(pdu);
            assert_eq!(request.is_some_and(|r| r.sound), sound, "{pdu:?}");
        }
        let broken = Request::parse(&[3, 0, 7, 0, 0]).and_then(|request| request.read);
        assert_eq!(broken.map(|span| (span.addr, span.count)), Some((7, 0)));
        assert_eq!(
            Response::parse(&[0x83, 2]).and_then(|r| r.exception),
            Some(2)
        );
        assert!(Response::parse(&[0x83]).is_none());
        assert!(Response::parse(&[3, 3, 0, 1, 0]).is_none());
    }

    #[test]
    fn an_answer_repeats_the_write_it_answers() {
        for (request, response, fits) in [
            (&[5u8, 0, 1, 0xff, 0][..], &[5u8, 0, 1, 0xff, 0][..], true),
            (&[5, 0, 1, 0xff, 0], &[5, 0, 1, 0, 0], false),
            (&[6, 0, 1, 0, 9], &[6, 0, 1, 0, 8], false),
            (&[16, 0, 3, 0, 1, 2, 0, 5], &[16, 0, 3, 0, 1], true),
            (&[16, 0, 3, 0, 1, 2, 0, 5], &[16, 0, 4, 0, 1], false),
            (&[22, 0, 1, 0, 2, 0, 3], &[22, 0, 1, 0, 2, 0, 4], false),
        ] {
            let (asked, answered) = (Request::parse(request).unwrap(), Response::parse(response));
            assert_eq!(
                answered.is_some_and(|r| r.fits(&asked)),
                fits,
                "{request:?}"
            );
        }
    }
}
