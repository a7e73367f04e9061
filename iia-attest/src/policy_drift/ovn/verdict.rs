//! What a virtual network does with the first packet of a connection: the ACLs of the switches that it passes.

use alloc::format;
use alloc::string::String;
use core::net::IpAddr;

use iia_contract::scope::Net as Network;
use iia_contract::topology::L4;

use super::expr::{Constant, Expr, Match, Op};
use super::tables::{Acl, Net, Port, Switch};

/// A packet, and by which ports it passes a switch.
#[derive(Clone, Debug)]
pub(super) struct Passing<'p> {
    pub(super) inport: &'p str,
    pub(super) outport: &'p str,
    pub(super) packet: &'p Packet,
}

/// The first packet of a connection.
#[derive(Clone, Debug)]
pub(super) struct Packet {
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    pub(super) l4: L4,
    pub(super) port: u16,
}

/// The port from which a probe comes.
const SOURCE_PORT: u16 = 40_404;

/// What becomes of a packet, and by what, in words.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    Passes(String),
    Dropped(String),
    /// The observer does not know what this says.
    Unclear(String),
}

/// Whether something is true of a packet; nothing where the observer cannot tell.
type Truth = Option<bool>;

impl Net {
    /// What becomes of a packet that one port sends to another, and how many ACLs were asked.
    pub(super) fn verdict(&self, from: &Port, to: &Port, packet: &Packet) -> (Verdict, usize) {
        let (Some(here), Some(there)) =
            (self.switches.get(from.switch), self.switches.get(to.switch))
        else {
            return (Verdict::Dropped("a port of no switch".into()), 1);
        };
        let asked = here.acls.len() + there.acls.len() + 1;
        if from.switch == to.switch {
            return (self.through(here, &from.name, &to.name, packet), asked);
        }
        let (Some(out), Some(back)) = (&here.router, &there.router) else {
            return (Verdict::Dropped("a switch that no router joins".into()), 1);
        };
        let first = match self.through(here, &from.name, out, packet) {
            Verdict::Passes(by) => by,
            other => return (other, asked),
        };
        let second = match self.through(there, back, &to.name, packet) {
            Verdict::Passes(by) => by,
            other => return (other, asked),
        };
        // What a rule allows says more than what none was about.
        let by = if second.is_empty() { first } else { second };
        (Verdict::Passes(by), asked)
    }

    /// Through one switch: what ports send is asked about, and then what they get.
    fn through(&self, switch: &Switch, inport: &str, outport: &str, packet: &Packet) -> Verdict {
        let passing = Passing {
            inport,
            outport,
            packet,
        };
        let mut passed = String::new();
        for (is_from, is_late) in [(true, false), (true, true), (false, false)] {
            let stage = |acl: &Acl| acl.is_from == is_from && (!is_from || acl.is_late == is_late);
            match self.stage(switch, &passing, &stage) {
                Verdict::Passes(by) if by.is_empty() => {}
                Verdict::Passes(by) => passed = by,
                other => return other,
            }
        }
        Verdict::Passes(passed)
    }

    fn stage(
        &self,
        switch: &Switch,
        passing: &Passing<'_>,
        stage: &dyn Fn(&Acl) -> bool,
    ) -> Verdict {
        let acls = || {
            switch
                .acls
                .iter()
                .filter_map(|at| self.acls.get(*at))
                .filter(|acl| stage(acl))
        };
        let mut is_any = false;
        let mut decided: Option<&Acl> = None;
        let mut passed_tier = None;
        for acl in acls() {
            is_any = true;
            let is_behind =
                decided.is_some_and(|one| (one.tier, one.priority) != (acl.tier, acl.priority));
            if is_behind {
                break;
            }
            if passed_tier == Some(acl.tier) {
                continue;
            }
            let by = || format!("{} ({})", acl.text, switch.name);
            match self.matches(&acl.said, passing) {
                None => return Verdict::Unclear(by()),
                Some(false) => {}
                Some(true) if acl.action == "pass" => passed_tier = Some(acl.tier),
                Some(true) if decided.is_some_and(|one| drops(one) != drops(acl)) => {
                    return Verdict::Unclear(by());
                }
                Some(true) => decided = decided.or(Some(acl)),
            }
        }
        let by = |acl: &Acl| format!("{} ({})", acl.text, switch.name);
        match decided {
            Some(acl) => match drops(acl) {
                Some(true) => Verdict::Dropped(by(acl)),
                Some(false) => Verdict::Passes(by(acl)),
                None => Verdict::Unclear(by(acl)),
            },
            None if self.drops && is_any => {
                Verdict::Dropped(format!("what no ACL is about ({})", switch.name))
            }
            None => Verdict::Passes(String::new()),
        }
    }

    fn matches(&self, said: &Match, passing: &Passing<'_>) -> Truth {
        match said {
            Match::Sound(expr) => self.holds(expr, passing),
            Match::Ignored => Some(false),
            Match::Unknown => None,
        }
    }

    fn holds(&self, expr: &Expr, passing: &Passing<'_>) -> Truth {
        match expr {
            Expr::Always(always) => Some(*always),
            // What is negated and is no name is a flag that the observer does not follow.
            Expr::Not(_) => None,
            Expr::All(terms) => fold(terms.iter().map(|term| self.holds(term, passing)), false),
            Expr::Any(terms) => fold(terms.iter().map(|term| self.holds(term, passing)), true),
            Expr::Is(word) => is(word, passing.packet),
            Expr::Compare(field, op, constants) => self.compare(field, *op, constants, passing),
        }
    }

    fn compare(&self, field: &str, op: Op, constants: &[Constant], passing: &Passing<'_>) -> Truth {
        let packet = passing.packet;
        match field {
            "inport" => self.is_port(passing.inport, op, constants),
            "outport" => self.is_port(passing.outport, op, constants),
            "ip4.src" | "ip6.src" => self.is_addr(packet.source, field, op, constants),
            "ip4.dst" | "ip6.dst" => self.is_addr(packet.destination, field, op, constants),
            "ip.proto" => is_number(protocol(packet.l4), op, constants),
            "eth.type" => is_number(
                if packet.source.is_ipv4() {
                    0x800
                } else {
                    0x86dd
                },
                op,
                constants,
            ),
            _ => {
                let (l4, end) = field.split_once('.')?;
                let port = match (l4, end) {
                    ("tcp" | "udp" | "sctp", "src") => SOURCE_PORT,
                    ("tcp" | "udp" | "sctp", "dst") => packet.port,
                    ("icmp" | "icmp4" | "icmp6" | "arp" | "nd", _) => return Some(false),
                    _ => return None,
                };
                match l4 == packet.l4.name() {
                    true => is_number(u64::from(port), op, constants),
                    false => Some(false),
                }
            }
        }
    }

    fn is_port(&self, port: &str, op: Op, constants: &[Constant]) -> Truth {
        let is = |constant: &Constant| match constant {
            Constant::Text(name) => Some(name == port),
            Constant::Group(group) => Some(self.groups.get(group)?.contains(port)),
            _ => None,
        };
        equal(op, fold(constants.iter().map(is), true)?)
    }

    fn is_addr(&self, addr: IpAddr, field: &str, op: Op, constants: &[Constant]) -> Truth {
        if field.starts_with("ip4") != addr.is_ipv4() {
            return Some(false);
        }
        let within = |text: &str| Some(network(text)?.contains(addr));
        let is = |constant: &Constant| match constant {
            Constant::Word(text) => within(text),
            Constant::Set(name) => {
                let members = self.sets.get(name)?;
                fold(members.iter().map(|text| within(text)), true)
            }
            _ => None,
        };
        equal(op, fold(constants.iter().map(is), true)?)
    }
}

/// Whether an action drops; nothing where the observer does not know it.
fn drops(acl: &Acl) -> Truth {
    match acl.action.as_str() {
        "drop" | "reject" => Some(true),
        "allow" | "allow-related" | "allow-stateless" => Some(false),
        _ => None,
    }
}

/// Whether all are true, or whether any is: `ends` is what settles it at once.
fn fold(truths: impl Iterator<Item = Truth>, ends: bool) -> Truth {
    let mut is_sure = true;
    for truth in truths {
        match truth {
            Some(truth) if truth == ends => return Some(ends),
            Some(_) => {}
            None => is_sure = false,
        }
    }
    is_sure.then_some(!ends)
}

const fn equal(op: Op, found: bool) -> Truth {
    match op {
        Op::Equal => Some(found),
        Op::NotEqual => Some(!found),
        _ => None,
    }
}

/// A word alone.
fn is(word: &str, packet: &Packet) -> Truth {
    let is_4 = packet.source.is_ipv4();
    Some(match word {
        "ip" | "ct.new" | "ct.trk" => true,
        "ip4" => is_4,
        "ip6" => !is_4,
        "tcp" | "udp" | "sctp" => word == packet.l4.name(),
        "arp" | "rarp" | "icmp" | "icmp4" | "icmp6" | "nd" | "nd_ns" | "nd_na" | "igmp"
        | "ct.est" | "ct.rel" | "ct.rpl" | "ct.inv" => false,
        _ => return None,
    })
}

const fn protocol(l4: L4) -> u64 {
    match l4 {
        L4::Tcp => 6,
        L4::Udp => 17,
        L4::Sctp => 132,
    }
}

fn is_number(number: u64, op: Op, constants: &[Constant]) -> Truth {
    let read = |constant: &Constant| match constant {
        Constant::Word(word) => match word.strip_prefix("0x") {
            Some(hex) => u64::from_str_radix(hex, 16).ok(),
            None => word.parse().ok(),
        },
        _ => None,
    };
    let holds = |constant: &Constant| {
        let other: u64 = read(constant)?;
        Some(match op {
            Op::Equal | Op::NotEqual => number == other,
            Op::Less => number < other,
            Op::LessOrEqual => number <= other,
            Op::Greater => number > other,
            Op::GreaterOrEqual => number >= other,
        })
    };
    let any = fold(constants.iter().map(holds), true)?;
    Some(any != (op == Op::NotEqual))
}

/// An address, a network, or an address with a mask of leading bits; bits beyond the mask do not count.
fn network(text: &str) -> Option<Network> {
    let Some((addr, mask)) = text.split_once('/') else {
        return Network::parse(text);
    };
    let addr: IpAddr = addr.parse().ok()?;
    let prefix: u8 = match (mask.parse(), mask.parse::<IpAddr>()) {
        (Ok(prefix), _) => prefix,
        (_, Ok(IpAddr::V4(mask))) => leading(u128::from(mask.to_bits()) << 96)?,
        (_, Ok(IpAddr::V6(mask))) => leading(mask.to_bits())?,
        _ => return None,
    };
    let cut = |bits: u128, width: u32| {
        let host = width.checked_sub(u32::from(prefix))?;
        let mask = u128::MAX.checked_shl(host).unwrap_or(0);
        Some(bits & mask)
    };
    let addr = match addr {
        IpAddr::V4(addr) => IpAddr::V4(
            u32::try_from(cut(u128::from(addr.to_bits()), 32)?)
                .ok()?
                .into(),
        ),
        IpAddr::V6(addr) => IpAddr::V6(cut(addr.to_bits(), 128)?.into()),
    };
    Some(Network { addr, prefix })
}

/// How many leading bits a mask has; nothing where others are set.
fn leading(mask: u128) -> Option<u8> {
    let ones = mask.leading_ones();
    let is_plain = mask == u128::MAX.checked_shl(128 - ones).unwrap_or(0);
    u8::try_from(ones).ok().filter(|_| is_plain)
}
