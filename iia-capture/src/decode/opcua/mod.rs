//! OPC UA in its binary encoding over TCP (OPC 10000-4, OPC 10000-6): connections, channels, and every service with
//! what it asks and is answered. What is encrypted is told as that. A password, or a token that opens doors, never is.

use alloc::vec::Vec;

use iia_core::Timestamp;
use iia_core::observe::{Outcome, Protocol};
use iia_core::time::SECOND_NS;

use super::{Asked, Cut, Fields, Line, Session, Turn};
use channel::Policy;
use items::Items;
use message::{KEPT_LEN, Told, Whole};
use packet::{Head, Kind as Message, SYMMETRIC_LEN, le32};
use parts::Parts;
use services::Kind;
use value::Teller;

mod channel;
mod items;
mod message;
mod packet;
mod parts;
pub mod pubsub;
mod services;
mod shape;
mod shapes;
mod status;
mod value;
mod variant;
mod words;

pub use items::{ITEMS_MAX, NODE_LEN_MAX};
pub use packet::{SIZE_MAX, claims};
pub use parts::{MESSAGE_LEN_MAX, PARTS_MAX};
pub use value::{DEPTH_MAX, VALUES_MAX};

/// A client waits this long for an answer; what asks to be told of changes waits until the connection ends.
const WAIT_MAX_NS: i64 = 120 * SECOND_NS;
/// Bytes of a request that are kept at most until its answer comes.
pub const REQUEST_LEN_MAX: usize = 64 * 1024;
/// The key of a hello, which has no number.
const HELLO: u64 = u64::MAX;

/// One direction.
#[derive(Debug, Default)]
struct Half {
    parts: Parts,
    /// Whether it is known where its messages begin.
    found: bool,
}

/// A connection.
#[derive(Debug)]
pub struct OpcUa {
    line: Line,
    /// Requests that wait until there is something to tell, perhaps for hours.
    publishes: Line,
    halves: [Half; 2],
    policy: Policy,
    items: Items,
}

impl Default for OpcUa {
    fn default() -> Self {
        Self {
            line: Line::keeping(REQUEST_LEN_MAX + KEPT_LEN),
            publishes: Line::keeping(REQUEST_LEN_MAX + KEPT_LEN),
            halves: Default::default(),
            policy: Policy::default(),
            items: Items::default(),
        }
    }
}

impl Session for OpcUa {
    fn protocol(&self) -> Protocol {
        Protocol::OpcUa
    }

    fn cut(&self, _from_orig: bool, bytes: &[u8]) -> Cut {
        if let Some(head) = Head::read(bytes) {
            return Cut::Unit(head.size.into());
        }
        match packet::can_begin(bytes) {
            true => Cut::More,
            // The rest of a message whose beginning was not seen, or nonsense: as one, up to where a message can begin.
            false => Cut::Unit(packet::next_head(bytes) as u64),
        }
    }

    fn unit(&mut self, turn: &mut Turn<'_>, unit: &[u8]) {
        let head = Head::read(unit);
        let half = self.half(turn.from_orig);
        let was_found = core::mem::replace(&mut half.found, head.is_some());
        let Some(head) = head else {
            if was_found {
                let fields = turn.fields();
                turn.tell("no_message", Outcome::Malformed, fields);
            }
            return;
        };
        match head.kind {
            Message::Hello | Message::Acknowledge | Message::Error | Message::ReverseHello => {
                self.transport(turn, head.kind, unit);
            }
            Message::Open => self.open(turn, head, unit),
            Message::Message | Message::Close => self.chunk(turn, head, unit),
        }
    }

    fn gap(&mut self, from_orig: bool) {
        let half = self.half(from_orig);
        half.parts.clear();
        half.found = false;
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
        for line in [self.line.drain(), self.publishes.drain()] {
            for old in line {
                self.unanswered(turn, &old);
            }
        }
        for half in &mut self.halves {
            half.parts.clear();
        }
        self.items.clear();
    }

    fn held(&self) -> usize {
        let [orig, resp] = &self.halves;
        let parts = orig.parts.held() + resp.parts.held();
        self.line.held() + self.publishes.held() + parts + self.items.held()
    }
}

impl OpcUa {
    fn half(&mut self, from_orig: bool) -> &mut Half {
        let [orig, resp] = &mut self.halves;
        if from_orig { orig } else { resp }
    }

    /// The messages that make a connection.
    fn transport(&mut self, turn: &mut Turn<'_>, kind: Message, unit: &[u8]) {
        let mut fields = turn.fields();
        let sound = message::transport(&mut fields, kind, unit).is_some();
        let outcome = |good| if sound { good } else { Outcome::Malformed };
        let answers = matches!(kind, Message::Acknowledge | Message::Error);
        let asked = match answers {
            true => self.line.answer(HELLO, turn.from_orig),
            false => None,
        };
        let good = match (kind, asked.is_some()) {
            (Message::Error, _) => Outcome::Refused(le32(unit, 8).unwrap_or(0)),
            (Message::Acknowledge, true) => Outcome::Answered,
            (Message::Acknowledge, false) => Outcome::Orphan,
            _ => Outcome::Stated,
        };
        match (kind, asked) {
            (_, Some(asked)) => {
                let mut hello = turn.fields();
                message::transport(&mut hello, Message::Hello, &asked.bytes);
                turn.join(("hello", outcome(good)), (&asked, hello), fields);
            }
            (Message::Hello, None) if sound => {
                turn.put_back(fields);
                let when = (turn.ts, turn.from_orig);
                if let Some(old) = self.line.ask(HELLO, when, unit) {
                    self.unanswered(turn, &old);
                }
            }
            (Message::Hello | Message::Acknowledge, None) => {
                turn.tell("hello", outcome(good), fields)
            }
            (Message::ReverseHello, None) => turn.tell("reverse_hello", outcome(good), fields),
            (_, None) => turn.tell("error", outcome(good), fields),
        }
    }

    /// A channel is opened or renewed; under a policy, that is encrypted.
    fn open(&mut self, turn: &mut Turn<'_>, head: Head, unit: &[u8]) {
        self.policy = message::policy(unit).map_or(Policy::Other, Policy::of);
        let plain = self.policy == Policy::None;
        match (plain, message::request(unit)) {
            (true, Some(request)) => {
                let whole = self.single(head, unit);
                self.whole(turn, request, &whole);
            }
            _ => self.sealed(turn, "open_secure_channel", unit),
        }
    }

    /// A chunk of a message of a service.
    fn chunk(&mut self, turn: &mut Turn<'_>, head: Head, unit: &[u8]) {
        let (Some(request), Some(body)) = (message::request(unit), unit.get(SYMMETRIC_LEN..))
        else {
            return self.sealed(turn, "cut_short", unit);
        };
        let begun = self.half(turn.from_orig).parts.has(request);
        let cut = head.size as usize > unit.len();
        let policy = self.policy;
        let what = match head.kind {
            Message::Close => "close_secure_channel",
            _ => "message",
        };
        match head.chunk {
            b'A' if policy.reads_abort(body) => self.abort(turn, request, unit),
            _ if !begun && !policy.reads(body) => self.sealed(turn, what, unit),
            b'C' => {
                let body = if cut { body } else { policy.unsigned(body) };
                self.half(turn.from_orig).parts.add(request, body, cut);
            }
            _ if begun => self.last(turn, request, (unit, cut)),
            _ => {
                let whole = self.single(head, unit);
                self.whole(turn, request, &whole);
            }
        }
    }

    /// A message in one chunk.
    fn single<'a>(&self, head: Head, unit: &'a [u8]) -> Whole<'a> {
        let cut = head.size as usize > unit.len();
        let unsigned = match head.kind {
            Message::Open => unit,
            _ if cut => unit,
            _ => self.policy.unsigned(unit),
        };
        Whole {
            bytes: unsigned,
            chunks: 1,
            cut,
            policy: self.policy,
        }
    }

    /// The last chunk of a message.
    fn last(&mut self, turn: &mut Turn<'_>, request: u32, (unit, cut): (&[u8], bool)) {
        let unsigned = if cut {
            unit
        } else {
            self.policy.unsigned(unit)
        };
        let (head, body) = unsigned.split_at_checked(SYMMETRIC_LEN).unwrap_or_default();
        let parts = &mut self.half(turn.from_orig).parts;
        parts.add(request, body, cut);
        let Some(mut part) = parts.take(request) else {
            return;
        };
        let room = part.bytes.get_mut(..head.len());
        if let Some(room) = room {
            room.copy_from_slice(head);
        }
        let whole = Whole {
            bytes: &part.bytes,
            chunks: part.chunks,
            cut: part.cut,
            policy: self.policy,
        };
        self.whole(turn, request, &whole);
    }

    /// A message is taken back by who sent it; where that answers a request, it is the answer.
    fn abort(&mut self, turn: &mut Turn<'_>, request: u32, unit: &[u8]) {
        self.half(turn.from_orig).parts.take(request);
        let asked = self.waiting(request, turn.from_orig);
        let mut answered = turn.fields();
        let code = message::abort(&mut answered, unit);
        let outcome = code.map_or(Outcome::Malformed, Outcome::Refused);
        let Some(asked) = asked else {
            return turn.tell("abort", outcome, answered);
        };
        let mut fields = turn.fields();
        let told = tell_kept(&mut fields, &asked.bytes, self.policy);
        turn.join((told.what, outcome), (&asked, fields), answered);
    }

    /// A whole message that can be read.
    fn whole(&mut self, turn: &mut Turn<'_>, request: u32, whole: &Whole<'_>) {
        let kind = message::kind(whole.bytes);
        let asks = kind.as_ref().is_some_and(|kind| kind.asks);
        match kind.as_ref().map(|kind| kind.what) {
            Some("close_secure_channel") | None => self.alone(turn, whole, kind.as_ref()),
            Some(what) if asks => self.ask(turn, (what, request), whole),
            Some(_) => self.answer(turn, request, (whole, kind.as_ref())),
        }
    }

    /// A message that nobody answers.
    fn alone(&mut self, turn: &mut Turn<'_>, whole: &Whole<'_>, kind: Option<&Kind>) {
        let mut fields = turn.fields();
        let told = message::tell(&mut Teller::new(&mut fields, &[]), whole, kind);
        let outcome = match told.sound {
            true => Outcome::Stated,
            false => Outcome::Malformed,
        };
        turn.tell(told.what, outcome, fields);
    }

    /// A request waits for its answer; one that breaks the rules too.
    fn ask(&mut self, turn: &mut Turn<'_>, key: (&'static str, u32), whole: &Whole<'_>) {
        let (what, request) = key;
        let line = match what {
            "publish" => &mut self.publishes,
            _ => &mut self.line,
        };
        let when: (Timestamp, bool) = (turn.ts, turn.from_orig);
        let kept = [&keep(whole)[..], whole.bytes];
        if let Some(old) = line.ask_with(request.into(), when, kept) {
            self.unanswered(turn, &old);
        }
    }

    /// The request that waits under this number.
    fn waiting(&mut self, request: u32, from_orig: bool) -> Option<Asked> {
        let key = u64::from(request);
        let asked = self.line.answer(key, from_orig);
        asked.or_else(|| self.publishes.answer(key, from_orig))
    }

    /// A response.
    fn answer(
        &mut self,
        turn: &mut Turn<'_>,
        request: u32,
        (whole, kind): (&Whole<'_>, Option<&Kind>),
    ) {
        let asked = self.waiting(request, turn.from_orig);
        let mut answered = turn.fields();
        let mut teller = Teller::new(&mut answered, &[]);
        teller.items = Some(&self.items);
        let told = message::tell(&mut teller, whole, kind);
        let Some(asked) = asked else {
            let outcome = match told.sound {
                true => Outcome::Orphan,
                false => Outcome::Malformed,
            };
            return turn.tell(told.what, outcome, answered);
        };
        let (mut fields, mut items) = (turn.fields(), Vec::new());
        let kept = kept(&asked.bytes, self.policy);
        let mut teller = Teller::new(&mut fields, &[]);
        teller.asked = Some(&mut items);
        let question = message::tell(&mut teller, &kept, message::kind(kept.bytes).as_ref());
        let outcome = outcome(question, told);
        turn.join((question.what, outcome), (&asked, fields), answered);
        match (question.what, outcome) {
            ("create_monitored_items", Outcome::Answered) => {
                items.iter().for_each(|item| self.items.learn(item));
            }
            ("close_session", Outcome::Answered) => self.items.clear(),
            _ => {}
        }
    }

    /// A chunk that cannot be read.
    fn sealed(&self, turn: &mut Turn<'_>, what: &'static str, unit: &[u8]) {
        let mut fields = turn.fields();
        let ahead = message::sealed(&mut fields, unit, self.policy);
        let outcome = match ahead {
            Some(()) => Outcome::Stated,
            None => Outcome::Malformed,
        };
        turn.tell(what, outcome, fields);
    }

    fn unanswered(&self, turn: &mut Turn<'_>, old: &Asked) {
        let mut fields = turn.fields();
        if old.key == HELLO {
            message::transport(&mut fields, Message::Hello, &old.bytes);
            return turn.unanswered("hello", (old, fields));
        }
        let told = tell_kept(&mut fields, &old.bytes, self.policy);
        turn.unanswered(told.what, (old, fields));
    }
}

/// What became of a request.
fn outcome(question: Told, answer: Told) -> Outcome {
    const BAD: u32 = 1 << 31;
    let fits = question.what == answer.what || answer.what == "service_fault";
    match answer.result {
        _ if !question.sound || !answer.sound || !fits => Outcome::Malformed,
        Some(code) if code & BAD != 0 => Outcome::Refused(code),
        _ => Outcome::Answered,
    }
}

/// What is kept ahead of a request as it waits.
fn keep(whole: &Whole<'_>) -> [u8; KEPT_LEN] {
    let [low, high] = whole.chunks.to_le_bytes();
    let cut = whole.cut || whole.bytes.len() > REQUEST_LEN_MAX;
    [low, high, u8::from(cut), 0]
}

/// A request that waited.
fn kept(bytes: &[u8], policy: Policy) -> Whole<'_> {
    let (ahead, bytes) = bytes.split_at_checked(KEPT_LEN).unwrap_or_default();
    let mut ahead = ahead.iter().copied();
    let mut next = || ahead.next().unwrap_or(0);
    Whole {
        chunks: u16::from_le_bytes([next(), next()]),
        cut: next() != 0,
        bytes,
        policy,
    }
}

fn tell_kept<'a>(fields: &mut Fields<'a>, bytes: &'a [u8], policy: Policy) -> Told {
    let kept = kept(bytes, policy);
    let kind = message::kind(kept.bytes);
    message::tell(&mut Teller::new(fields, &[]), &kept, kind.as_ref())
}
