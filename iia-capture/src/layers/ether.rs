//! Ethernet and what stands between it and IP: tags, LLC and SNAP, PPPoE and PPP, MPLS, bridges of providers.

use iia_core::observe::Mac;

use super::{At, Walk};
use crate::net;

/// Labels of an MPLS stack that are looked through at most.
const LABELS_MAX: usize = 16;
/// Below it, what stands in the place of an EtherType is a length (IEEE 802.3, 3.2.6).
const LENGTH_MAX: u16 = 0x05dc;

/// Tags of IEEE 802.1Q and 802.1ad, and the numbers that were used before the latter.
pub(crate) const TAGS: [u16; 4] = [0x8100, 0x88a8, 0x9100, 0x9200];

/// Whether an EtherType is none that a header stands behind here, nor a length.
pub(super) const fn stands_alone(kind: u16) -> bool {
    match kind {
        0x0800 | 0x86dd | 0x8100 | 0x88a8 | 0x9100 | 0x9200 => false,
        0x8926 | 0x893f | 0x88e7 | 0x6558 | 0x8847 | 0x8848 | 0x8864 | 0x8870 => false,
        kind => kind > LENGTH_MAX,
    }
}

impl<'a> Walk<'a> {
    /// An Ethernet frame: its ends are the innermost from here on. The VLAN around it stays until it has a tag itself.
    pub(super) fn ethernet(&mut self, frame: &'a [u8]) -> Option<At<'a>> {
        let (destination, rest) = frame.split_first_chunk()?;
        let (source, rest) = rest.split_first_chunk()?;
        let (kind, rest) = rest.split_first_chunk()?;
        (self.link.source, self.link.destination) = (Mac(*source), Mac(*destination));
        (self.tagged, self.cooked) = (false, false);
        Some(At::Typed(u16::from_be_bytes(*kind), rest))
    }

    /// What an EtherType announces.
    pub(super) fn typed(&mut self, kind: u16, rest: &'a [u8]) -> Option<At<'a>> {
        self.link.ethertype = kind;
        match kind {
            0x0800 | 0x86dd => Some(At::Ip(rest)),
            _ if TAGS.contains(&kind) => {
                let (tag, behind) = rest.split_first_chunk::<2>()?;
                if !core::mem::replace(&mut self.tagged, true) {
                    self.link.vlan = u16::from_be_bytes(*tag) & 0x0fff;
                }
                after(behind)
            }
            // VN-tag, and the E-tag of IEEE 802.1BR: where in a switch the frame belongs.
            0x8926 => after(rest.get(4..)?),
            0x893f => after(rest.get(6..)?),
            // The I-tag of IEEE 802.1ah, 9.7: flags and the service, then the customer's frame.
            0x88e7 => Some(At::Ethernet(rest.get(4..)?)),
            0x6558 => Some(At::Ethernet(rest)),
            0x8847 | 0x8848 => Some(At::Mpls(rest)),
            0x8864 => session(rest),
            // What Linux calls a frame of 802.3 with LLC.
            4 if self.cooked => llc(self, rest),
            ..=LENGTH_MAX if self.cooked => {
                self.link.ethertype = 0;
                Some(At::Frame(rest))
            }
            0x8870 => llc(self, rest),
            ..=LENGTH_MAX => {
                let len = usize::from(kind);
                llc(self, rest.get(..len).unwrap_or(rest))
            }
            _ => Some(At::Frame(rest)),
        }
    }
}

/// An EtherType stands here.
fn after(bytes: &[u8]) -> Option<At<'_>> {
    let (kind, rest) = bytes.split_first_chunk()?;
    Some(At::Typed(u16::from_be_bytes(*kind), rest))
}

/// Logical link control (IEEE 802.2), with SNAP where it announces an EtherType (RFC 1042).
fn llc<'a>(walk: &mut Walk<'a>, bytes: &'a [u8]) -> Option<At<'a>> {
    match bytes {
        [0xaa, 0xaa, 3, 0, 0, 0 | 0xf8, a, b, rest @ ..] => {
            let kind = u16::from_be_bytes([*a, *b]);
            // A number that is no EtherType means nothing here, and must not be taken for a length again.
            if kind > LENGTH_MAX {
                return Some(At::Typed(kind, rest));
            }
        }
        [6, 6, 3, rest @ ..] => return Some(At::Ip(rest)),
        _ => {}
    }
    walk.link.ethertype = 0;
    Some(At::Frame(bytes))
}

/// A PPPoE session (RFC 2516, 4): version and type 1, code 0.
fn session(bytes: &[u8]) -> Option<At<'_>> {
    let ([0x11, 0, _, _, l1, l2], rest) = bytes.split_first_chunk::<6>()? else {
        return Some(At::Frame(bytes));
    };
    let len = usize::from(u16::from_be_bytes([*l1, *l2]));
    Some(At::Ppp(rest.get(..len).unwrap_or(rest)))
}

/// PPP (RFC 1661, 2), with or without address and control, its protocol in one byte or two.
pub(super) fn ppp<'a>(walk: &mut Walk<'a>, bytes: &'a [u8]) -> Option<At<'a>> {
    let behind = bytes.strip_prefix(&[0xff, 3]).unwrap_or(bytes);
    let (protocol, rest) = match behind {
        [short, rest @ ..] if short & 1 == 1 => (u16::from(*short), rest),
        [a, b, rest @ ..] => (u16::from_be_bytes([*a, *b]), rest),
        _ => return None,
    };
    match protocol {
        0x0021 | 0x0057 => Some(At::Ip(rest)),
        0x0281 | 0x0283 => Some(At::Mpls(rest)),
        _ => {
            walk.link.ethertype = 0;
            Some(At::Frame(bytes))
        }
    }
}

/// MPLS (RFC 3032): labels do not say what they carry, so that only what can be nothing else is taken: IP by its version
/// (RFC 4928, 3), Ethernet behind a control word (RFC 4448, 4.6) or alone, where IP or a tag follows in it.
pub(super) fn mpls<'a>(walk: &mut Walk<'a>, bytes: &'a [u8]) -> Option<At<'a>> {
    let mut rest = bytes;
    for _ in 0..LABELS_MAX {
        let ([_, _, third, _], behind) = rest.split_first_chunk::<4>()?;
        rest = behind;
        if third & 1 == 1 {
            break;
        }
    }
    let behind_word = || rest.get(4..).filter(|frame| carries_ip(frame));
    match rest.first()? >> 4 {
        4 | 6 if carries_ip(rest) && !is_ip(rest) => Some(At::Ethernet(rest)),
        4 | 6 => Some(At::Ip(rest)),
        0 if behind_word().is_some() => behind_word().map(At::Ethernet),
        _ if carries_ip(rest) => Some(At::Ethernet(rest)),
        _ => {
            walk.link.ethertype = 0x8847;
            Some(At::Frame(rest))
        }
    }
}

/// Whether bytes can be an Ethernet frame with IP, address resolution or a tag in it.
fn carries_ip(frame: &[u8]) -> bool {
    let Some([a, b, first, ..]) = frame.get(12..) else {
        return false;
    };
    match u16::from_be_bytes([*a, *b]) {
        0x0800 => first >> 4 == 4,
        0x86dd => first >> 4 == 6,
        kind => kind == 0x0806 || TAGS.contains(&kind),
    }
}

/// Whether bytes have an IP header that can be read.
fn is_ip(bytes: &[u8]) -> bool {
    !matches!(net::segment(bytes), Err(net::NoSegment::Malformed))
}

/// Links that name no protocol, or one that differs by system: the IP version says the same.
pub(super) fn by_version(ip: &[u8]) -> Option<At<'_>> {
    matches!(ip.first()? >> 4, 4 | 6).then_some(At::Ip(ip))
}
