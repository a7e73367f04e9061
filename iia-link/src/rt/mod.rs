//! Connections over TCP: these modules move bytes; what is allowed is decided elsewhere.

pub mod blocking;
pub mod destroy;
#[cfg(feature = "tokio")]
mod endpoint;
#[cfg(feature = "tokio")]
mod half_open;
#[cfg(feature = "tokio")]
mod line;
#[cfg(feature = "tokio")]
mod listener;
#[cfg(feature = "tokio")]
mod session;

use std::time::Duration;

#[cfg(feature = "tokio")]
pub use endpoint::Endpoint;
#[cfg(feature = "tokio")]
pub use half_open::HALF_OPEN_MAX;
#[cfg(feature = "tokio")]
pub use listener::{Incoming, Listener, Refused};
#[cfg(feature = "tokio")]
pub use session::Session;

use crate::connection::HANDSHAKE_MAX_NS;
pub use crate::mux::Message;
pub use crate::party::Target;

/// Longest time from TCP connection to accepted session.
pub const HANDSHAKE_MAX: Duration = Duration::from_nanos(HANDSHAKE_MAX_NS);
/// Longest wait for the answer to a call.
pub const ANSWER_MAX: Duration = Duration::from_secs(30);
/// Connections of one listener at most, whose handshake is done.
pub const CONNECTIONS_MAX: usize = 16_384;
/// Outcomes that wait for [`Listener::accept`] at most; beyond it sessions are refused and refusals only counted.
#[cfg(feature = "tokio")]
pub const OUTCOMES_MAX: usize = 1024;
/// Connections of one endpoint that further sessions can share at most.
#[cfg(feature = "tokio")]
pub const SHARED_MAX: usize = 256;
/// What is read from a socket at once, in bytes; one buffer a thread.
const READ_LEN: usize = 64 * 1024;

thread_local! {
    static BUFFER: std::cell::RefCell<Vec<u8>> = std::cell::RefCell::new(vec![0; READ_LEN]);
}

/// Lends the thread's buffer.
fn with_buffer<T>(read: impl FnOnce(&mut [u8]) -> T) -> T {
    BUFFER.with_borrow_mut(|buffer| read(buffer))
}
