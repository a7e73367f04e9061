//! Links over TCP and TLS 1.3 on tokio: this module moves bytes; what is allowed is decided elsewhere.

mod endpoint;
mod listener;
mod session;

pub use endpoint::{Endpoint, Target};
pub use listener::{Incoming, Listener, Refused};
pub use session::{Message, Session};

use std::time::Duration;

/// Longest time from TCP connection to accepted session.
pub const HANDSHAKE_MAX: Duration = Duration::from_secs(10);
/// Longest wait for the answer to a call.
pub const ANSWER_MAX: Duration = Duration::from_secs(30);
/// Sessions of one listener at most, handshakes included.
pub const SESSIONS_MAX: usize = 256;
