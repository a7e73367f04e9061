//! Framing: the MBAP header of seven bytes and the PDU behind it.

/// Bytes of an MBAP header.
pub const MBAP_LEN: usize = 7;
/// Bytes of a PDU at most: one more than the standard lets (V1.1b3, 4.1), because controllers in the field send it.
pub const PDU_LEN_MAX: usize = 254;

/// An application data unit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Adu<'a> {
    /// Wireshark: `mbtcp.trans_id`.
    pub transaction: u16,
    /// Wireshark: `mbtcp.unit_id`.
    pub unit: u8,
    /// Function code and data.
    pub pdu: &'a [u8],
    /// Bytes of the whole unit.
    pub len: usize,
}

/// What stands at the start of some bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Framing<'a> {
    /// A whole unit.
    Whole(Adu<'a>),
    /// The beginning of one, as far as can be seen.
    Partial,
    /// No unit can start like this.
    Not,
}

/// Looks at the start of `bytes`.
#[inline]
pub fn frame(bytes: &[u8]) -> Framing<'_> {
    let Some((head, rest)) = bytes.split_first_chunk::<MBAP_LEN>() else {
        return if could_start(bytes) {
            Framing::Partial
        } else {
            Framing::Not
        };
    };
    let [t1, t2, p1, p2, l1, l2, unit] = *head;
    let len = usize::from(u16::from_be_bytes([l1, l2]));
    if p1 | p2 != 0 || !(2..=PDU_LEN_MAX + 1).contains(&len) {
        return Framing::Not;
    }
    let Some(pdu) = rest.get(..len - 1) else {
        return Framing::Partial;
    };
    Framing::Whole(Adu {
        transaction: u16::from_be_bytes([t1, t2]),
        unit,
        pdu,
        len: len + 6,
    })
}

/// Whether fewer bytes than a header may still become one.
fn could_start(bytes: &[u8]) -> bool {
    let zero = |at: usize| bytes.get(at).is_none_or(|byte| *byte == 0);
    zero(2) && zero(3) && zero(4)
}
