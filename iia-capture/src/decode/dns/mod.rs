//! Names: DNS over UDP and TCP (RFC 1035), in multicast (RFC 6762), and link-local (RFC 4795). Who asks for which name, and
//! what is answered.

mod name;
mod names;
mod packet;

use alloc::string::String;
use core::net::IpAddr;

use iia_core::Timestamp;
use iia_core::observe::{Between, Outcome, Protocol, Value};

pub use name::{NAME_LEN_MAX, ROOT, name, write_name};
pub use packet::{
    Data, HEAD_LEN, Message, Name, Question, RECORDS_MAX, Record, Rooms, question, texts,
};

use super::{Asked, Cut, Fields, Line, Reader, Session, Turn};

/// A client waits this long for an answer.
const WAIT_MAX_NS: i64 = 10 * iia_core::time::SECOND_NS;
const MDNS: u16 = 5353;
const LLMNR: u16 = 5355;
/// Classes that questions and records have (RFC 6895, 3.2); multicast DNS adds its flag.
const CLASS_MASK: u16 = 0x7fff;

/// Which of the three it is: they share the form and differ in flags.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Flavour {
    Unicast,
    Multicast,
    LinkLocal,
}

/// Whether a datagram is a message: an opcode that exists, and a first question or record that can be read.
pub fn fits(bytes: &[u8]) -> bool {
    let mut reader = Reader::new(bytes);
    let (Some(_), Some(flags)) = (reader.be16(), reader.be16()) else {
        return false;
    };
    let counts = [reader.be16(), reader.be16(), reader.be16(), reader.be16()];
    let [
        Some(asked),
        Some(answers),
        Some(authorities),
        Some(additional),
    ] = counts
    else {
        return false;
    };
    let all = [asked, answers, authorities, additional].map(usize::from);
    let smallest = HEAD_LEN + 5 * all.iter().sum::<usize>();
    let known = matches!(flags >> 11 & 0xf, 0 | 1 | 2 | 4 | 5 | 6);
    let Some((first, _)) = question(&mut String::new(), bytes, HEAD_LEN) else {
        // A refusal may repeat nothing of the question.
        return known && bytes.len() == HEAD_LEN && flags & 0x800f > 0x8000 && all == [0; 4];
    };
    // EDNS has the size of datagrams where others have a class.
    let class = names::class(first.class & CLASS_MASK).is_some() || first.kind == 41;
    known && class && smallest <= bytes.len() && all.iter().sum::<usize>() > 0
}

/// As [`fits`], behind the length that TCP has (RFC 1035, 4.2.2).
pub fn stream_fits(bytes: &[u8]) -> bool {
    let Some((len, rest)) = bytes.split_first_chunk() else {
        return false;
    };
    let len = usize::from(u16::from_be_bytes(*len));
    len >= HEAD_LEN && fits(rest.get(..len).unwrap_or(rest))
}

/// Who asks and who answers, joined by the number that the answer repeats.
#[derive(Debug, Default)]
pub struct Dns {
    line: Line,
    stream: bool,
}

impl Dns {
    /// Over TCP, where each message has its length before it.
    pub fn stream() -> Self {
        Self {
            stream: true,
            ..Self::default()
        }
    }

    fn message<'a>(&self, unit: &'a [u8]) -> &'a [u8] {
        if self.stream {
            unit.get(2..).unwrap_or_default()
        } else {
            unit
        }
    }

    fn unanswered(&self, turn: &mut Turn<'_>, old: &Asked) {
        let rooms = turn.dns_rooms();
        let Some(message) = Message::read_into(rooms, self.message(&old.bytes)) else {
            return;
        };
        let mut fields = turn.fields();
        tell(&mut fields, &message, flavour(turn));
        turn.unanswered(what(&message), (old, fields));
        turn.put_dns_rooms(message.rooms());
    }

    /// A question that is not to everybody is told with its answer.
    fn ask(&mut self, turn: &mut Turn<'_>, message: &Message<'_>, unit: &[u8]) {
        let (key, when) = (u64::from(message.id), (turn.ts, turn.from_orig));
        if let Some(old) = self.line.ask(key, when, unit) {
            self.unanswered(turn, &old);
        }
    }

    fn answer(&mut self, turn: &mut Turn<'_>, message: &Message<'_>) {
        let (flavour, what) = (flavour(turn), what(message));
        let mut fields = turn.fields();
        tell(&mut fields, message, flavour);
        let Some(asked) = self.line.answer(u64::from(message.id), turn.from_orig) else {
            return turn.tell(what, Outcome::Orphan, fields);
        };
        let outcome = match message.flags & 0xf {
            0 => Outcome::Answered,
            code => Outcome::Refused(u32::from(code)),
        };
        let rooms = turn.dns_rooms();
        let question = Message::read_into(rooms, self.message(&asked.bytes));
        let mut before = turn.fields();
        if let Some(question) = &question {
            tell(&mut before, question, flavour);
        }
        turn.join((what, outcome), (&asked, before), fields);
        if let Some(question) = question {
            turn.put_dns_rooms(question.rooms());
        }
    }
}

impl Session for Dns {
    fn protocol(&self) -> Protocol {
        Protocol::Dns
    }

    fn cut(&self, _from_orig: bool, bytes: &[u8]) -> Cut {
        match bytes.first_chunk() {
            None => Cut::More,
            Some(len) => match u16::from_be_bytes(*len) {
                len if usize::from(len) < HEAD_LEN => Cut::Not,
                len => Cut::Unit(u64::from(len) + 2),
            },
        }
    }

    fn unit(&mut self, turn: &mut Turn<'_>, unit: &[u8]) {
        let rooms = turn.dns_rooms();
        let Some(message) = Message::read_into(rooms, self.message(unit)) else {
            let fields = turn.fields();
            return turn.tell("cut_short", Outcome::Malformed, fields);
        };
        let flavour = flavour(turn);
        let everybody = flavour == Flavour::Multicast || to_group(turn);
        let alone = match message.is_response() {
            _ if !message.whole => Some(Outcome::Malformed),
            true if flavour == Flavour::Multicast => Some(Outcome::Stated),
            true => None,
            false => everybody.then_some(Outcome::Stated),
        };
        match (alone, message.is_response()) {
            (Some(outcome), _) => {
                let mut fields = turn.fields();
                tell(&mut fields, &message, flavour);
                turn.tell(what(&message), outcome, fields);
            }
            (None, true) => self.answer(turn, &message),
            (None, false) => self.ask(turn, &message, unit),
        }
        turn.put_dns_rooms(message.rooms());
    }

    fn tick(&mut self, turn: &mut Turn<'_>) {
        while let Some(old) = self.line.overdue(turn.ts, WAIT_MAX_NS) {
            self.unanswered(turn, &old);
        }
    }

    fn due(&self) -> Timestamp {
        self.line.due(WAIT_MAX_NS)
    }

    fn end(&mut self, turn: &mut Turn<'_>) {
        for old in self.line.drain() {
            self.unanswered(turn, &old);
        }
    }

    fn held(&self) -> usize {
        self.line.held()
    }
}

fn what(message: &Message<'_>) -> &'static str {
    let opcode = message.flags >> 11 & 0xf;
    names::opcode(u8::try_from(opcode).unwrap_or_default())
}

fn flavour(turn: &Turn<'_>) -> Flavour {
    let Between::Flow(flow) = turn.between else {
        return Flavour::Unicast;
    };
    match [flow.orig_p, flow.resp_p] {
        ports if ports.contains(&MDNS) => Flavour::Multicast,
        ports if ports.contains(&LLMNR) => Flavour::LinkLocal,
        _ => Flavour::Unicast,
    }
}

/// Whether a message goes to many, whose answers come from addresses of their own.
fn to_group(turn: &Turn<'_>) -> bool {
    let Between::Flow(flow) = turn.between else {
        return false;
    };
    let to = if turn.from_orig {
        flow.resp_h
    } else {
        flow.orig_h
    };
    match to {
        IpAddr::V4(address) => address.is_multicast() || address.is_broadcast(),
        IpAddr::V6(address) => address.is_multicast(),
    }
}

fn tell<'a>(fields: &mut Fields<'a>, message: &'a Message<'a>, flavour: Flavour) {
    head(fields, message, flavour);
    let multicast = flavour == Flavour::Multicast;
    let class = |class: u16| if multicast { class & CLASS_MASK } else { class };
    for question in &message.questions {
        fields.add("dns.qry.name", Value::Text(message.text(question.name)));
        fields.code("dns.qry.type", question.kind, names::kind(question.kind));
        let number = class(question.class);
        fields.code("dns.qry.class", number, names::class(number));
        if multicast {
            fields.add("dns.qry.qu", Value::Bool(question.class > CLASS_MASK));
        }
    }
    for record in &message.records {
        fields.add("dns.resp.name", Value::Text(message.text(record.name)));
        fields.code("dns.resp.type", record.kind, names::kind(record.kind));
        if record.kind == 41 {
            options(fields, record);
            continue;
        }
        let number = class(record.class);
        fields.code("dns.resp.class", number, names::class(number));
        if multicast {
            fields.add(
                "dns.resp.cache_flush",
                Value::Bool(record.class > CLASS_MASK),
            );
        }
        fields.uint("dns.resp.ttl", record.ttl);
        fields.uint("dns.resp.len", record.len);
        data(fields, message, record.data);
    }
}

/// The header (RFC 1035, 4.1.1; RFC 4795, 2.1.1). Some flags mean something in answers only.
fn head(fields: &mut Fields<'_>, message: &Message<'_>, flavour: Flavour) {
    let flags = message.flags;
    let flag = |bit: u16| Value::Bool(flags & bit != 0);
    let response = message.is_response();
    fields.uint("dns.id", message.id);
    fields.add("dns.flags.response", Value::Bool(response));
    let opcode = u8::try_from(flags >> 11 & 0xf).unwrap_or_default();
    fields.code("dns.flags.opcode", opcode, Some(names::opcode(opcode)));
    if flavour == Flavour::LinkLocal {
        fields.add("dns.flags.conflict", flag(0x0400));
        fields.add("dns.flags.truncated", flag(0x0200));
        fields.add("dns.flags.tentative", flag(0x0100));
    } else {
        if response {
            fields.add("dns.flags.authoritative", flag(0x0400));
        }
        fields.add("dns.flags.truncated", flag(0x0200));
        fields.add("dns.flags.recdesired", flag(0x0100));
        if response {
            fields.add("dns.flags.recavail", flag(0x0080));
        }
        fields.add("dns.flags.z", flag(0x0040));
        if response {
            fields.add("dns.flags.authenticated", flag(0x0020));
        }
        fields.add("dns.flags.checkdisable", flag(0x0010));
    }
    if response {
        let rcode = u8::try_from(flags & 0xf).unwrap_or_default();
        fields.code("dns.flags.rcode", rcode, names::rcode(rcode));
    }
    let names = [
        "dns.count.queries",
        "dns.count.answers",
        "dns.count.auth_rr",
        "dns.count.add_rr",
    ];
    for (name, count) in names.into_iter().zip(message.counts) {
        fields.uint(name, count);
    }
}

/// EDNS (RFC 6891, 6.1.2 and 6.1.3): sizes and flags where others have a class and a time.
fn options(fields: &mut Fields<'_>, record: &Record<'_>) {
    let [rcode, version, z1, z2] = record.ttl.to_be_bytes();
    let flags = u16::from_be_bytes([z1, z2]);
    fields.uint("dns.rr.udp_payload_size", record.class);
    fields.uint("dns.resp.ext_rcode", rcode);
    fields.uint("dns.resp.edns0_version", version);
    fields.uint("dns.resp.z", flags);
    fields.uint("dns.resp.len", record.len);
    let Data::Other(raw) = record.data else {
        return;
    };
    let mut reader = Reader::new(raw);
    while let (Some(code), Some(len)) = (reader.be16(), reader.be16()) {
        let Some(_) = reader.take(usize::from(len)) else {
            return;
        };
        fields.uint("dns.opt.code", code);
        fields.uint("dns.opt.len", len);
    }
}

fn data<'a>(fields: &mut Fields<'a>, message: &'a Message<'a>, data: Data<'a>) {
    let text = |name: Name| Value::Text(message.text(name));
    match data {
        Data::Ip(name, address) => fields.add(name, Value::Ip(address)),
        Data::Name(field, name) => fields.add(field, text(name)),
        Data::Mx(preference, name) => {
            fields.uint("dns.mx.preference", preference);
            fields.add("dns.mx.mail_exchange", text(name));
        }
        Data::Srv([priority, weight, port], target) => {
            fields.uint("dns.srv.priority", priority);
            fields.uint("dns.srv.weight", weight);
            fields.uint("dns.srv.port", port);
            fields.add("dns.srv.target", text(target));
        }
        Data::Soa([primary, mailbox], [serial, refresh, retry, expire, minimum]) => {
            fields.add("dns.soa.mname", text(primary));
            fields.add("dns.soa.rname", text(mailbox));
            fields.uint("dns.soa.serial_number", serial);
            fields.uint("dns.soa.refresh_interval", refresh);
            fields.uint("dns.soa.retry_interval", retry);
            fields.uint("dns.soa.expire_limit", expire);
            fields.uint("dns.soa.minimum_ttl", minimum);
        }
        Data::Txt(raw) => {
            for text in texts(raw) {
                let len = u8::try_from(text.len()).unwrap_or(u8::MAX);
                fields.uint("dns.txt.length", len);
                fields.text("dns.txt", text);
            }
        }
        Data::Other([]) => {}
        Data::Other(raw) => fields.add("iia.dns.data", Value::Bytes(raw)),
    }
}

#[cfg(test)]
mod tests;
