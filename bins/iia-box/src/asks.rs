//! How a role gets its SVIDs: for keys that it makes itself, or for keys that the supervisor lends it.

use std::io::stdout;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use iia_core::SpiffeId;
use iia_identity::IdentityError;
use iia_identity::issue::{self, PrivateKey};
use iia_identity::lent::LentKey;
use iia_identity::pipe::{self, Ask, Down, Lent, Signed, Start, Up, Whom};
use iia_identity::svid::Svid;

use crate::orders::{Answer, answer};

/// Where a workload's keys are.
pub(crate) enum Keys {
    /// In this process.
    Own,
    /// With the supervisor, which signs over this way.
    Lent(Arc<Mutex<UnixStream>>),
}

/// What a workload asks for before it has another SVID.
pub(crate) enum Asked {
    Own(PrivateKey),
    Lent(Arc<Mutex<UnixStream>>),
}

impl Keys {
    /// The supervisor signs over this process's standard output, which nothing else is written to.
    pub(crate) fn of(start: &Start) -> anyhow::Result<Self> {
        Ok(match start.lends {
            true => {
                let way = stdout().as_fd().try_clone_to_owned()?;
                Self::Lent(Arc::new(Mutex::new(way.into())))
            }
            false => Self::Own,
        })
    }

    /// What to ask the supervisor for, and what to make an SVID of its answer with.
    pub(crate) fn ask(&self, id: &SpiffeId) -> Result<(Up, Asked), IdentityError> {
        Ok(match self {
            Self::Own => {
                let (csr, key) = issue::request(id)?;
                (Up::Request(csr.into()), Asked::Own(key))
            }
            Self::Lent(way) => (Up::Key, Asked::Lent(Arc::clone(way))),
        })
    }
}

impl Asked {
    pub(crate) fn svid(self, (lent, chain): Answer) -> Result<Svid, IdentityError> {
        match (self, lent) {
            (Self::Own(key), None) => Svid::new(chain, key),
            (Self::Lent(way), Some(lent)) => {
                Svid::with_signing_key(chain, Arc::new(on_loan(lent, &way)))
            }
            _ => Err(IdentityError::BadCertificate),
        }
    }
}

/// Asks for the first SVID; who is revoked already is told before it comes.
pub(crate) fn ask_svid(
    pipe: &UnixStream,
    (id, keys): (&SpiffeId, &Keys),
) -> anyhow::Result<(Svid, Vec<Whom>)> {
    let mut revoked = Vec::new();
    let (up, asked) = keys.ask(id)?;
    pipe::send(pipe, &up)?;
    loop {
        match pipe::receive(pipe)? {
            Some(Down::Revoke(whom)) => revoked.push(whom),
            Some(Down::Refused(reason)) => anyhow::bail!("no SVID for {id}: {reason}"),
            Some(down) => {
                let answer = answer(down).context("the supervisor said something else")?;
                return Ok((asked.svid(answer)?, revoked));
            }
            None => anyhow::bail!("the supervisor went away"),
        }
    }
}

/// A key on loan.
fn on_loan(Lent { number, public }: Lent, way: &Arc<Mutex<UnixStream>>) -> LentKey {
    let way = Arc::clone(way);
    LentKey::new(&public, move |message| {
        let message = message.to_vec().into();
        let way = way.lock().unwrap_or_else(PoisonError::into_inner);
        pipe::send(&*way, &Ask { number, message }).ok()?;
        let Signed(signature) = pipe::receive(&*way).ok()??;
        signature.map(Vec::from)
    })
}
