//! The vault: closed segments of an audit log into a store that lets nobody delete them (S3 Object Lock, COMPLIANCE).
//!
//! Sans-IO: a [`Task`] gives the next [`Call`], a [`Store`] signs it, and whatever moves bytes brings the reply back.
//! Nothing here knows sockets, and no box needs this: it is of broker scope.
//!
//! A store that accepts the headers of Object Lock need not keep what it locks. So the order is fixed by types: a
//! [`Probe`] attacks an object of its own in every way that should fail, and only a probe that failed to break it gives a
//! [`Proven`]; a [`Put`] reads back what it sent and how it is locked, and only that gives a [`Stored`]; and a receipt
//! ([`iia_audit::vault`]) is made of both.

mod call;
mod error;
mod evidence;
mod exchange;
mod fetch;
mod layout;
mod probe;
mod proven;
mod put;
mod reply;
mod retention;
mod store;
pub mod xml;

pub use self::call::{Call, Until};
pub use self::error::VaultError;
pub use self::evidence::{Closed, Evidence, Paper};
pub use self::exchange::{CLOCK_ERROR_MAX_S, Exchange, TRIES_MAX, Task, WAIT_MAX_MS};
pub use self::fetch::{Get, List, VERSIONS_MAX, Version};
pub use self::layout::{Kind, folder, key, kind};
pub use self::probe::{Answer, Attack, Attempt, CANARY_S, Damage, Probe, Report, Verdict};
pub use self::proven::{Kept, PROBE_AGE_MAX_S, Proven};
pub use self::put::{Put, Stored};
pub use self::reply::{Lost, Reply};
pub use self::retention::{DAYS_MAX, DAYS_MIN, Retention};
pub use self::store::{Address, Request, Store, Style};

/// Largest object that is sent or read, in bytes: a segment is closed beyond 64 MiB, and a batch may follow.
pub const OBJECT_LEN_MAX: usize = 96 * 1024 * 1024;
