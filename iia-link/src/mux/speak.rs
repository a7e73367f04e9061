//! What this end of a connection says: hellos and answers, messages in parts, credit, the end.

use iia_core::code::Coded as _;

use super::{
    Event, FRAGMENT_MAX, Frame, GONE, HEAD_LEN, Hello, Kind, LinkError, Message, Mux, OUT_HARD_MAX,
    OUT_MAX, PAYLOAD_MAX, SESSIONS_MAX, Sent, Slot, Stage, cost, protocol,
};

impl Mux {
    /// Asks for a session; gives its number.
    ///
    /// # Errors
    /// [`LinkError::TooManySessions`].
    pub fn open(&mut self, hello: Hello) -> Result<u32, LinkError> {
        let full = LinkError::TooManySessions { max: SESSIONS_MAX };
        if self.slots.len() >= SESSIONS_MAX {
            return Err(full);
        }
        let number = self.last.checked_add(1).ok_or(full)?;
        self.last = number;
        self.say(Kind::Hello, number, &hello.encode())?;
        self.put(Slot::new(number, hello, Stage::Asked));
        Ok(number)
    }

    /// Agrees to a session, until a time of the monotonic clock.
    ///
    /// # Errors
    /// When the peer asks and does not read.
    pub fn accept(&mut self, number: u32, ends_ns: u64) -> Result<(), LinkError> {
        let slot = self.slot(number)?;
        slot.stage = Stage::Open;
        slot.ends_ns = ends_ns;
        self.say(Kind::Accept, number, &[])
    }

    /// Refuses a session that was asked for: the peer gets the code and nothing else.
    ///
    /// # Errors
    /// When the peer asks and does not read.
    pub fn refuse(&mut self, number: u32, error: &LinkError) -> Result<(), LinkError> {
        self.slots.retain(|slot| slot.number != number);
        self.say_refusal(number, error)
    }

    pub(super) fn say_refusal(&mut self, number: u32, error: &LinkError) -> Result<(), LinkError> {
        self.say(Kind::Refuse, number, error.code().to_string().as_bytes())
    }

    /// Until when a session of this end may last, on the monotonic clock.
    pub fn limit(&mut self, number: u32, ends_ns: u64) {
        if let Ok(slot) = self.slot(number) {
            slot.ends_ns = ends_ns;
        }
    }

    /// Until when a session may last; what is over, or has no limit, lasts for ever.
    pub(crate) fn ends_ns(&self, number: u32) -> u64 {
        let mut going = self.sessions();
        let found = going.find(|(one, ..)| *one == number);
        found.map_or(u64::MAX, |(_, _, ends_ns)| ends_ns)
    }

    /// Takes as much of a message as there is room and credit for, from `from` on.
    ///
    /// # Errors
    /// When the session is over, or the message longer than any may be.
    pub fn send(&mut self, number: u32, message: &Message, from: usize) -> Result<Sent, LinkError> {
        let len = message.payload.len();
        if len > PAYLOAD_MAX {
            let (len, max) = (len as u64, PAYLOAD_MAX as u64);
            return Err(LinkError::FrameTooLong { len, max });
        }
        let mut at = from.min(len);
        loop {
            if self.out.len() >= OUT_MAX {
                self.full = true;
                return Ok(Sent::UpTo(at));
            }
            let rest = message.payload.get(at..).unwrap_or_default();
            let slot = self.slots.iter_mut().find(|slot| slot.number == number);
            let slot = slot.ok_or(GONE)?;
            match &slot.stage {
                Stage::Open => {}
                Stage::Over(error) => return Err(error.clone()),
                Stage::Ended | Stage::Asked => return Err(GONE),
            }
            let piece = rest.get(..FRAGMENT_MAX).unwrap_or(rest);
            let Some(credit) = slot.credit.checked_sub(cost(piece.len())) else {
                return Ok(Sent::UpTo(at));
            };
            slot.credit = credit;
            let last = piece.len() == rest.len();
            slot.sending = !last;
            let frame = Frame {
                kind: if last { message.kind } else { Kind::Part },
                session: number,
                id: message.id,
                payload: piece,
            };
            frame.encode_to(&mut self.out)?;
            if last {
                return Ok(Sent::Whole);
            }
            at += piece.len();
        }
    }

    /// The next message of a session; `None` when there is none now. What was whole before a connection broke is read
    /// before that is said.
    ///
    /// # Errors
    /// Why the session is over; [`super::Event::Touched`] tells of it.
    pub fn receive(&mut self, number: u32) -> Result<Option<Message>, LinkError> {
        let slot = self.slot(number)?;
        match (slot.pop(), &slot.stage) {
            (None, Stage::Over(error)) => Err(error.clone()),
            (None, _) => Ok(None),
            (message, Stage::Open) => self.grant(number).map(|()| message),
            (message, _) => Ok(message),
        }
    }

    /// Whether the peer agreed to a session of this end; `None` while it has not said.
    ///
    /// # Errors
    /// Why not.
    pub fn answer(&mut self, number: u32) -> Result<Option<()>, LinkError> {
        match &self.slot(number)?.stage {
            Stage::Asked => Ok(None),
            Stage::Open | Stage::Ended => Ok(Some(())),
            Stage::Over(error) => Err(error.clone()),
        }
    }

    /// Whether the other side has said its last word in a session.
    pub fn has_ended(&mut self, number: u32) -> bool {
        self.slot(number)
            .map_or(true, |slot| slot.stage == Stage::Ended)
    }

    /// Leaves a session, which nobody here uses any more.
    pub fn leave(&mut self, number: u32) {
        let Ok(slot) = self.slot(number) else {
            return;
        };
        let silent = matches!(slot.stage, Stage::Over(_));
        self.slots.retain(|slot| slot.number != number);
        if !silent {
            // A peer that does not read learns it from the end of the connection.
            let _full = self.say(Kind::End, number, &[]);
        }
    }

    /// Ends a session against the will of either side; the peer gets the code.
    ///
    /// # Errors
    /// When the peer does not read.
    pub fn cut(&mut self, number: u32, error: LinkError) -> Result<(), LinkError> {
        let slot = self.slot(number)?;
        slot.cut(error.clone());
        self.touch(number);
        self.say_refusal(number, &error)
    }

    /// Ends every session for a reason that the connection has: what has come and was not read, is not read.
    pub fn cut_all(&mut self, error: &LinkError) {
        let mut touched = Vec::with_capacity(self.slots.len());
        for slot in &mut self.slots {
            slot.cut(error.clone());
            touched.push(slot.number);
        }
        touched.into_iter().for_each(|number| self.touch(number));
        self.events.push_back(Event::Room(None));
    }

    /// The other side has ended the connection: rightly, so that what came can be read, or cut off.
    pub fn handle_end(&mut self, rightly: bool) {
        let mut touched = Vec::with_capacity(self.slots.len());
        for slot in &mut self.slots {
            match (rightly, &slot.stage) {
                (true, Stage::Open) => slot.handle_end(),
                (_, Stage::Ended | Stage::Over(_)) => {}
                _ => slot.stage = Stage::Over(LinkError::Truncated),
            }
            touched.push(slot.number);
        }
        touched.into_iter().for_each(|number| self.touch(number));
        self.events.push_back(Event::Room(None));
    }

    /// What happened.
    pub fn poll_event(&mut self) -> Option<Event> {
        let event = self.events.pop_front();
        if self.events.is_empty() && self.events.capacity() > SESSIONS_MAX {
            self.events = std::collections::VecDeque::new();
        }
        event
    }

    /// What waits to be sent.
    pub fn output(&self) -> &[u8] {
        &self.out
    }

    /// So many bytes of it are sent.
    pub fn sent(&mut self, len: usize) {
        self.urgent = false;
        match len >= self.out.len() {
            true if self.out.capacity() > OUT_MAX / 4 => self.out = Vec::new(),
            true => self.out.clear(),
            false => drop(self.out.drain(..len)),
        }
        if self.full && self.out.len() < OUT_MAX / 2 {
            self.full = false;
            self.events.push_back(Event::Room(None));
        }
    }

    /// The sessions that are not over: number, what opened it, and when its contract ends on the monotonic clock.
    pub fn sessions(&self) -> impl Iterator<Item = (u32, &Hello, u64)> {
        let going = self
            .slots
            .iter()
            .filter(|slot| !matches!(slot.stage, Stage::Over(_)));
        going.map(|slot| (slot.number, &slot.hello, slot.ends_ns))
    }

    /// Whether there is room for another session.
    pub fn has_room(&self) -> bool {
        self.slots.len() < SESSIONS_MAX
    }

    /// Whether nobody here holds a session.
    pub fn is_idle(&self) -> bool {
        self.slots.is_empty()
    }

    pub(super) fn grant(&mut self, number: u32) -> Result<(), LinkError> {
        let Some(owed) = self.slot(number)?.grant() else {
            return Ok(());
        };
        let frame = Frame {
            kind: Kind::Credit,
            session: number,
            id: owed as u64,
            payload: &[],
        };
        self.room_for_words()?;
        self.urgent = true;
        frame.encode_to(&mut self.out)
    }

    /// Whether credit waits to be sent.
    pub const fn is_urgent(&self) -> bool {
        self.urgent
    }

    fn say(&mut self, kind: Kind, session: u32, payload: &[u8]) -> Result<(), LinkError> {
        self.room_for_words()?;
        let frame = Frame {
            kind,
            session,
            id: 0,
            payload,
        };
        frame.encode_to(&mut self.out)
    }

    fn room_for_words(&self) -> Result<(), LinkError> {
        match self.out.len() + HEAD_LEN > OUT_HARD_MAX {
            true => Err(protocol("asks and does not read")),
            false => Ok(()),
        }
    }
}
