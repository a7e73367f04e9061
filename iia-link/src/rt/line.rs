//! A connection and its socket. Whoever sends writes at once; one task reads, keeps time and wakes who waits.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use iia_core::time::{Clock as _, Reading, SystemClock};
use iia_identity::revoke::Live;
use rustix::net::Shutdown;
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::listener::{Door, Knock};
use super::with_buffer;
use crate::connection::{Connection, Event};

/// Reads of a socket before others have their turn.
const READS_MAX: usize = 16;

/// What somebody waits for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum For {
    /// A message, an answer, the end of the handshake.
    News,
    /// Room to send.
    Room,
}

/// A connection that is shared by its sessions and its task.
pub(super) struct Line {
    tcp: TcpStream,
    clock: SystemClock,
    state: Mutex<State>,
    work: Notify,
}

/// What the lock of a line holds.
pub(super) struct State {
    pub(super) connection: Connection,
    waiting: Vec<(u32, For, Waker)>,
    door: Option<Door>,
}

impl Line {
    /// Joins a connection and its socket.
    pub(super) fn new(
        connection: Connection,
        tcp: TcpStream,
        clock: SystemClock,
        door: Option<Door>,
    ) -> io::Result<Arc<Self>> {
        tcp.set_nodelay(true)?;
        let state = State {
            connection,
            waiting: Vec::new(),
            door,
        };
        let line = Arc::new(Self {
            tcp,
            clock,
            state: Mutex::new(state),
            work: Notify::new(),
        });
        let live: Arc<dyn Live> = line.clone();
        line.lock().connection.bind(Arc::downgrade(&live));
        Ok(line)
    }

    pub(super) fn local_addr(&self) -> Option<SocketAddr> {
        self.tcp.local_addr().ok()
    }

    fn now(&self) -> Reading {
        self.clock.read()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with the connection, writes what there is to write, and wakes whoever waited for what came of it.
    pub(super) fn with<T>(self: &Arc<Self>, does: impl FnOnce(&mut State, &Reading) -> T) -> T {
        let now = self.now();
        let mut state = self.lock();
        let done = does(&mut state, &now);
        let knocks = self.turn(&mut state, &now);
        drop(state);
        knocks.deliver(self);
        done
    }

    /// The same for what gives the network nothing to do.
    pub(super) fn look<T>(&self, does: impl FnOnce(&mut State, &Reading) -> T) -> T {
        let now = self.now();
        does(&mut self.lock(), &now)
    }

    fn turn(&self, state: &mut State, now: &Reading) -> Knock {
        let mut knocks = Knock::default();
        let mut failed = false;
        loop {
            while let Some(event) = state.connection.poll_event(now) {
                state.tell(event, &mut knocks);
            }
            if failed || !state.connection.wants_transmit() {
                break;
            }
            let written = state.connection.transmit(now, &mut Socket(&self.tcp));
            match written {
                Err(error) => {
                    state.connection.handle_failure(error);
                    failed = true;
                }
                Ok(()) if state.connection.wants_transmit() => {
                    // The rest goes when there is room; the task waits for that.
                    self.work.notify_one();
                    break;
                }
                Ok(()) => {}
            }
        }
        if state.connection.is_over() {
            self.work.notify_one();
        }
        knocks
    }

    /// Reads, keeps time and writes what is left, until the connection is over.
    pub(super) async fn drive(self: Arc<Self>) {
        let mut due_ns = u64::MAX;
        let mut timer = pin!(sleep_until(far()));
        self.with(|_, _| ());
        loop {
            let (done, wants, deadline_ns) = self.look(|state, _| {
                let connection = &state.connection;
                (
                    connection.is_done(),
                    connection.wants_transmit(),
                    connection.poll_timeout(),
                )
            });
            if done {
                break;
            }
            if deadline_ns != due_ns {
                due_ns = deadline_ns;
                let left =
                    Duration::from_nanos(deadline_ns.saturating_sub(self.now().monotonic_ns));
                let at = Instant::now().checked_add(left).unwrap_or_else(far);
                timer.as_mut().reset(at.min(far()));
            }
            let interest = match wants {
                true => Interest::READABLE | Interest::WRITABLE,
                false => Interest::READABLE,
            };
            tokio::select! {
                ready = self.tcp.ready(interest) => {
                    let is_readable = ready.as_ref().map_or(true, |ready| !ready.is_writable() || ready.is_readable());
                    self.with(|state, now| if is_readable { self.read(state, now) });
                }
                () = self.work.notified() => {}
                () = &mut timer => {
                    due_ns = u64::MAX;
                    self.with(|state, now| state.connection.handle_timeout(now));
                }
            }
        }
        let _gone = rustix::net::shutdown(&self.tcp, Shutdown::Both);
        self.with(|state, _| state.wake_all());
    }

    fn read(&self, state: &mut State, now: &Reading) {
        with_buffer(|buffer| {
            for _ in 0..READS_MAX {
                match self.tcp.try_read(buffer) {
                    Ok(0) => return state.connection.handle_eof(),
                    Ok(len) => {
                        let bytes = buffer.get(..len).unwrap_or_default();
                        state.connection.handle_input(now, bytes);
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                    Err(error) => return state.connection.handle_failure(error),
                }
                if state.connection.is_over() {
                    return;
                }
            }
        });
    }
}

impl Live for Line {
    /// One call of the system, and no lock: the flag is up, so nothing more is accepted, and the task sees the end.
    fn cut(&self) {
        let _gone = rustix::net::shutdown(&self.tcp, Shutdown::Both);
    }

    fn look_again(&self) {
        let now = self.now();
        let mut state = self.lock();
        state.connection.handle_gate(&now);
        state.wake_all();
        drop(state);
        self.work.notify_one();
    }
}

impl State {
    /// Somebody waits, in place of whoever waited there before.
    pub(super) fn wait(&mut self, number: u32, what: For, waker: &Waker) {
        self.waiting
            .retain(|(session, waits_for, _)| (*session, *waits_for) != (number, what));
        self.waiting.push((number, what, waker.clone()));
    }

    /// Nobody waits for a session any more.
    pub(super) fn forget(&mut self, number: u32) {
        self.waiting.retain(|(session, ..)| *session != number);
    }

    fn tell(&mut self, event: Event, knocks: &mut Knock) {
        match event {
            Event::Touched(number) => self.wake(|session, _| session == number),
            Event::Room(None) => self.wake(|_, what| what == For::Room),
            Event::Room(Some(number)) => {
                self.wake(|session, what| (session, what) == (number, For::Room));
            }
            Event::Ready => {
                if let Some(door) = &mut self.door {
                    door.ready();
                }
                self.wake_all();
            }
            Event::Over(error) => {
                if let Some(door) = &mut self.door {
                    knocks.over(door, &self.connection, error);
                }
                self.wake_all();
            }
            Event::Opened(number, hello) => {
                if let Some(door) = &mut self.door {
                    knocks.opened(door, number, hello);
                }
            }
            Event::Refused(hello, error) => {
                if let Some(door) = &mut self.door {
                    knocks.refused(door, &self.connection, hello, error);
                }
            }
        }
    }

    fn wake_all(&mut self) {
        self.wake(|_, _| true);
    }

    fn wake(&mut self, whom: impl Fn(u32, For) -> bool) {
        let woken = self
            .waiting
            .extract_if(.., |(session, what, _)| whom(*session, *what));
        woken.for_each(|(_, _, waker)| waker.wake());
    }
}

/// About thirty years: as far as a timer goes.
fn far() -> Instant {
    Instant::now() + Duration::from_secs(86_400 * 365 * 30)
}

/// The socket as far as it takes bytes at once.
struct Socket<'a>(&'a TcpStream);

impl io::Write for Socket<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn write_vectored(&mut self, bytes: &[io::IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write_vectored(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
