//! What the kernel says of an interface and of sockets that reach beneath its firewall, as bytes: messages of route netlink and of
//! socket diagnosis (RFC 3549; linux/if_link.h, linux/packet_diag.h), and its table of protocols. Lengths are checked; what is
//! cut is not believed.

use alloc::vec::Vec;

/// Bytes of an interface's name at most (IFNAMSIZ, less the end).
pub const NAME_LEN_MAX: usize = 15;
/// Packet sockets that are told apart at most; those beyond it are counted.
pub const SOCKETS_MAX: usize = 4096;
/// Programs of XDP that an interface has at most: one of the driver, one of the kernel, one of the card.
pub const PROGRAMS_MAX: usize = 3;

const HEAD_LEN: usize = 16;
const REQUEST: u16 = 1;
const DUMP: u16 = 0x300;
const ERROR: u16 = 2;
const DONE: u16 = 3;
const GET_LINK: u16 = 18;
const NEW_LINK: u16 = 16;
const BY_FAMILY: u16 = 20;
/// The family of packet sockets.
const PACKET: u8 = 17;

/// What was sent through an interface since it is there.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Sent {
    /// Frames.
    pub frames: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// An interface.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Link {
    /// Its number; another one with its name is another interface.
    pub index: u32,
    /// What it has sent.
    pub sent: Sent,
    /// Numbers of the programs of XDP that are attached to it, [`PROGRAMS_MAX`] at most.
    pub programs: Vec<u32>,
}

/// A packet socket.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Packet {
    /// Its inode, by which descriptors name it.
    pub inode: u32,
    /// The interface that it is bound to; 0 for all.
    pub interface: u32,
    /// Which frames it hears, by their EtherType; 0 for none.
    pub protocol: u16,
    /// Whose it is.
    pub user: Option<u32>,
    /// Whether the kernel hands it frames through a ring.
    pub hears_by_ring: bool,
    /// Whether it hands the kernel frames through a ring.
    pub sends_by_ring: bool,
}

/// How an answer goes on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum End {
    /// With another datagram.
    More,
    /// This was all.
    All,
    /// The kernel refuses, with this number.
    Refused(i32),
    /// It is cut or bent.
    Unclear,
}

/// Asks for an interface; nothing where no interface can have the name.
pub fn ask_link(name: &str) -> Option<Vec<u8>> {
    const NAME: u16 = 3;
    if name.is_empty() || name.len() > NAME_LEN_MAX || name.contains('\0') {
        return None;
    }
    let len = u16::try_from(4 + name.len() + 1).ok()?;
    let mut payload = Vec::from([0; 16]);
    payload.extend_from_slice(&len.to_ne_bytes());
    payload.extend_from_slice(&NAME.to_ne_bytes());
    payload.extend_from_slice(name.as_bytes());
    payload.push(0);
    payload.resize(payload.len().next_multiple_of(4), 0);
    Some(request(GET_LINK, REQUEST, &payload))
}

/// Asks for all packet sockets: whose, where, and with which rings.
pub fn ask_packets() -> Vec<u8> {
    /// Information and rings.
    const SHOW: u32 = 1 | 4;
    let mut payload = Vec::from([PACKET, 0, 0, 0, 0, 0, 0, 0]);
    payload.extend_from_slice(&SHOW.to_ne_bytes());
    payload.extend_from_slice(&[0; 8]);
    request(BY_FAMILY, REQUEST | DUMP, &payload)
}

fn request(kind: u16, flags: u16, payload: &[u8]) -> Vec<u8> {
    let len = u32::try_from(HEAD_LEN + payload.len()).unwrap_or(u32::MAX);
    let mut bytes = Vec::from(len.to_ne_bytes());
    bytes.extend_from_slice(&kind.to_ne_bytes());
    bytes.extend_from_slice(&flags.to_ne_bytes());
    bytes.extend_from_slice(&[0; 8]);
    bytes.extend_from_slice(payload);
    bytes
}

/// The interface that a datagram tells of.
pub fn link(datagram: &[u8]) -> Result<Link, End> {
    let mut told = None;
    let end = messages(datagram, NEW_LINK, |payload| {
        told = Some(read_link(payload)?);
        Some(())
    });
    told.ok_or(end)
}

/// Adds the packet sockets that a datagram tells of; those that find no room are counted.
pub fn packets(datagram: &[u8], told: &mut Vec<Packet>, others: &mut u64) -> End {
    messages(datagram, BY_FAMILY, |payload| {
        let packet = read_packet(payload)?;
        match told.len() < SOCKETS_MAX {
            true => told.push(packet),
            false => *others = others.saturating_add(1),
        }
        Some(())
    })
}

/// How many sockets of AF_XDP there are in a network, by the kernel's table of protocols (`/proc/net/protocols`); nothing
/// where the table is none.
pub fn xdp_sockets(table: &str) -> Option<u32> {
    let mut lines = table.lines().map(str::split_ascii_whitespace);
    let head = lines.next()?;
    head.take(3)
        .eq(["protocol", "size", "sockets"])
        .then_some(())?;
    let mut lines = lines.filter_map(|mut line| (line.next()? == "XDP").then(|| line.nth(1))?);
    // A kernel that has no such sockets has no such line.
    lines.next().map_or(Some(0), |count| count.parse().ok())
}

/// Hands over the payload of each message of a kind, until one is not taken.
fn messages(mut bytes: &[u8], wanted: u16, mut take: impl FnMut(&[u8]) -> Option<()>) -> End {
    while let Some([a, b, c, d, kind, of, ..]) = bytes.first_chunk::<HEAD_LEN>() {
        let len = u32::from_ne_bytes([*a, *b, *c, *d]) as usize;
        let Some(payload) = bytes.get(HEAD_LEN..len) else {
            return End::Unclear;
        };
        match u16::from_ne_bytes([*kind, *of]) {
            DONE => return End::All,
            ERROR => {
                let code = word(payload, 0).map(u32::cast_signed);
                return code.map_or(End::Unclear, |code| End::Refused(code.saturating_neg()));
            }
            kind if kind == wanted && take(payload).is_none() => return End::Unclear,
            _ => {}
        }
        bytes = bytes.get(len.next_multiple_of(4)..).unwrap_or_default();
    }
    match bytes {
        [] => End::More,
        _ => End::Unclear,
    }
}

/// The attributes of a message, type and value; nothing when one does not end within it.
fn attributes<'a>(mut bytes: &'a [u8], mut take: impl FnMut(u16, &'a [u8])) -> Option<()> {
    /// The upper bits say how the value is built.
    const TYPE: u16 = 0x3fff;
    while !bytes.is_empty() {
        let ([a, b, kind @ ..], _) = bytes.split_first_chunk::<4>()?;
        let len = usize::from(u16::from_ne_bytes([*a, *b]));
        take(u16::from_ne_bytes(*kind) & TYPE, bytes.get(4..len)?);
        bytes = bytes.get(len.next_multiple_of(4)..).unwrap_or_default();
    }
    Some(())
}

fn read_link(payload: &[u8]) -> Option<Link> {
    const STATISTICS: u16 = 23;
    const XDP: u16 = 43;
    let (mut sent, mut programs) = (None, Some(Vec::new()));
    attributes(payload.get(16..)?, |kind, value| match kind {
        STATISTICS => sent = read_sent(value),
        XDP => programs = read_programs(value),
        _ => {}
    })?;
    Some(Link {
        index: word(payload, 4)?,
        sent: sent?,
        programs: programs?,
    })
}

/// Of the counters, of 64 bits each, the second and the fourth.
fn read_sent(value: &[u8]) -> Option<Sent> {
    let number = |at: usize| value.get(at * 8..)?.first_chunk().copied();
    Some(Sent {
        frames: u64::from_ne_bytes(number(1)?),
        bytes: u64::from_ne_bytes(number(3)?),
    })
}

/// One program is told twice: by itself, and by the place that it is at.
fn read_programs(value: &[u8]) -> Option<Vec<u32>> {
    const NUMBERS: core::ops::RangeInclusive<u16> = 4..=7;
    let mut programs = Vec::new();
    attributes(value, |kind, value| {
        let number = word(value, 0).filter(|number| *number != 0 && NUMBERS.contains(&kind));
        if let Some(number) = number
            && !programs.contains(&number)
            && programs.len() < PROGRAMS_MAX
        {
            programs.push(number);
        }
    })?;
    programs.sort_unstable();
    Some(programs)
}

fn read_packet(payload: &[u8]) -> Option<Packet> {
    const INFORMATION: u16 = 0;
    const HEARS: u16 = 2;
    const SENDS: u16 = 3;
    const USER: u16 = 5;
    let [PACKET, _, a, b, ..] = payload else {
        return None;
    };
    let mut packet = Packet {
        inode: word(payload, 4)?,
        protocol: u16::from_ne_bytes([*a, *b]),
        ..Packet::default()
    };
    let mut interface = None;
    attributes(payload.get(16..)?, |kind, value| match kind {
        INFORMATION => interface = word(value, 0),
        HEARS => packet.hears_by_ring = true,
        SENDS => packet.sends_by_ring = true,
        USER => packet.user = word(value, 0),
        _ => {}
    })?;
    packet.interface = interface?;
    Some(packet)
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let (word, _) = bytes.get(at..)?.split_first_chunk()?;
    Some(u32::from_ne_bytes(*word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
        let mut bytes = ((4 + value.len()) as u16).to_ne_bytes().to_vec();
        bytes.extend_from_slice(&kind.to_ne_bytes());
        bytes.extend_from_slice(value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    fn said() -> Vec<u8> {
        let counters: Vec<u8> = [9u64, 5, 900, 500]
            .iter()
            .flat_map(|count| count.to_ne_bytes())
            .chain([0; 160])
            .collect();
        let program = |kind| attribute(kind, &77u32.to_ne_bytes());
        let xdp = [attribute(2, &[2]), program(4), program(6)].concat();
        let mut payload = [0, 0, 1, 0, 7, 0, 0, 0].to_vec();
        payload.resize(16, 0);
        payload.extend(attribute(23, &counters));
        payload.extend(attribute(43 | 0x8000, &xdp));
        request(NEW_LINK, 0, &payload)
    }

    fn socket(inode: u32, rings: &[u16]) -> Vec<u8> {
        let mut payload = [PACKET, 3, 3, 0].to_vec();
        payload.extend_from_slice(&inode.to_ne_bytes());
        payload.resize(16, 0);
        payload.extend(attribute(0, &[7, 0, 0, 0, 2, 0, 0, 0]));
        payload.extend(attribute(5, &1000u32.to_ne_bytes()));
        let each = rings.iter().flat_map(|ring| attribute(*ring, &[0; 28]));
        payload.extend(each);
        request(BY_FAMILY, 0, &payload)
    }

    #[test]
    fn an_interface_is_read_as_the_kernel_writes_it() {
        let sent = Sent {
            frames: 5,
            bytes: 500,
        };
        let want = Link {
            index: 7,
            sent,
            programs: [77].into(),
        };
        assert_eq!(link(&said()), Ok(want));
        let gone = request(ERROR, 0, &(-19i32).to_ne_bytes());
        assert_eq!(link(&gone), Err(End::Refused(19)));
    }

    #[test]
    fn packet_sockets_are_read_to_the_last_and_no_more_than_there_is_room_for() {
        let done = request(DONE, 0, &[0; 4]);
        let datagram = [socket(4, &[2]), socket(5, &[3]), done.clone()].concat();
        let (mut told, mut others) = (Vec::new(), 0);
        assert_eq!(packets(&datagram, &mut told, &mut others), End::All);
        let first = Packet {
            inode: 4,
            interface: 7,
            protocol: 3,
            user: Some(1000),
            hears_by_ring: true,
            sends_by_ring: false,
        };
        let second = Packet {
            inode: 5,
            hears_by_ring: false,
            sends_by_ring: true,
            ..first
        };
        assert_eq!(told, [first, second]);
        let one = socket(6, &[]);
        for _ in 0..SOCKETS_MAX {
            assert_eq!(packets(&one, &mut told, &mut others), End::More);
        }
        assert_eq!((told.len(), others), (SOCKETS_MAX, 2));
    }

    #[test]
    fn what_is_cut_is_not_believed() {
        let whole = said();
        for cut in 1..whole.len() {
            assert!(link(&whole[..cut]).is_err(), "{cut}");
        }
        let whole = socket(4, &[2]);
        for cut in 1..whole.len() {
            let (mut told, mut others) = (Vec::new(), 0);
            let end = packets(&whole[..cut], &mut told, &mut others);
            assert_eq!((end, told.len()), (End::Unclear, 0), "{cut}");
        }
    }

    #[test]
    fn the_table_of_protocols_counts_sockets_of_xdp() {
        let head = "protocol  size sockets  memory press maxhdr  slab module     cl co\n";
        let row = "XDP       1088      3      -1   NI       0   no   kernel      n  n\n";
        assert_eq!(xdp_sockets(&[head, row].concat()), Some(3));
        assert_eq!(xdp_sockets(head), Some(0));
        assert_eq!(xdp_sockets(row), None);
        assert_eq!(xdp_sockets(""), None);
        assert_eq!(xdp_sockets(&[head, "XDP 1 many\n"].concat()), None);
    }

    #[test]
    fn only_a_name_that_an_interface_can_have_is_asked_for() {
        assert!(ask_link("fifteen-letters").is_some());
        for bad in ["", "sixteen--letters", "a\0b"] {
            assert_eq!(ask_link(bad), None);
        }
    }
}
