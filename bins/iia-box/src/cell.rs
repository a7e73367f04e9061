//! The PKI of the cell on its box: certificates of devices, and the list of those that are revoked where the cell's broker
//! reads it.
//!
//! A certificate is revoked as everything else is, by a text that operators have signed. The list is written anew then, and
//! once a day; the broker is told to read it, and its sessions are ended, since a broker goes on with those that it has:
//! whoever is not revoked comes back.

mod files;
mod steps;

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use iia_core::digest::{Context as Of, Digest, decode_hex};
use iia_core::event::{Event, EventKind};
use iia_core::time::Clock as _;
use iia_identity::device::DevicePki;
use iia_identity::pem::{CRL, pem};
use iia_identity::pipe::Whom;
use iia_link::rt::destroy::destroy_port;

use self::files::{Broker, Lock};
pub(crate) use self::steps::Step;
use crate::boxdir::BoxDir;
use crate::issue::Authority;
use crate::revoked::Revoked;
use crate::supervise::News;
use crate::workload::clock;

/// A list is good for five weeks, and is written anew long before.
const RENEW_EVERY: Duration = Duration::from_secs(86_400);
/// How long a broker may take to read the list: whoever comes in before then is put out as well.
const READ_MAX: Duration = Duration::from_millis(250);

/// The PKI of one cell.
struct Cell {
    dir: BoxDir,
    broker: Broker,
}

/// Keeps the list of the box in `dir`, if it has a cell, from now on.
pub(crate) fn keep(
    dir: &BoxDir,
    (revoked, issuer): (&Revoked, &Arc<Authority>),
    news: mpsc::Sender<News>,
) -> anyhow::Result<()> {
    let Some(broker) = Broker::of(dir)? else {
        return Ok(());
    };
    let cell = Cell {
        dir: dir.clone(),
        broker,
    };
    let (tell, told) = mpsc::channel();
    let tell = Mutex::new(tell);
    revoked.listen(move |whom| match whom {
        Whom::Certificate(serial) => {
            let tell = tell.lock().unwrap_or_else(PoisonError::into_inner);
            tell.send(serial.clone()).is_ok()
        }
        Whom::Identity(_) => true,
    });
    let issuer = Arc::clone(issuer);
    thread::spawn(move || {
        let mut all = Vec::new();
        loop {
            all.extend(told.try_iter().filter_map(|text| serial(&text)));
            let event = cell.renew(&all, &issuer);
            if news.send(event).is_err() {
                return;
            }
            match told.recv_timeout(RENEW_EVERY) {
                Ok(text) => all.extend(serial(&text)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    });
    Ok(())
}

/// A serial number of ours; others are nobody's in this cell.
fn serial(text: &str) -> Option<[u8; 16]> {
    let mut serial = [0; 16];
    decode_hex(text, &mut serial)?;
    Some(serial)
}

impl Cell {
    /// Writes the list and has the broker act on it; what the chain is told.
    fn renew(&self, revoked: &[[u8; 16]], issuer: &Authority) -> News {
        let event = Event::new(EventKind::RevocationList, clock().read().wall);
        match self.write(revoked, issuer) {
            Ok((digest, is_new)) => {
                let event = event
                    .with("outcome", "written")
                    .with("path", self.broker.list().display().to_string())
                    .with("digest", digest.to_string())
                    .with("count", revoked.len().to_string());
                let (broker, trouble) = match self.enforce(is_new) {
                    Ok(words) => (words, None),
                    Err(error) => {
                        let words = format!("the broker does not act on it: {error:#}");
                        (words.clone(), Some(words))
                    }
                };
                News::Noted {
                    event: event.with("broker", broker),
                    trouble,
                }
            }
            Err(error) => {
                let reason = format!("{error:#}");
                News::Noted {
                    event: event
                        .with("outcome", "failed")
                        .with("reason", reason.as_str()),
                    trouble: Some(format!(
                        "the list of revoked certificates is not written: {reason}"
                    )),
                }
            }
        }
    }

    /// Writes the list; its digest, and whether somebody is on it who was not.
    fn write(&self, revoked: &[[u8; 16]], issuer: &Authority) -> anyhow::Result<(Digest, bool)> {
        let now = clock().read();
        let mut is_new = false;
        let lists = change(&self.dir, |pki| {
            for serial in revoked {
                is_new |= !pki.is_revoked(serial);
                pki.revoke_serial(*serial, now)?;
            }
            Ok([pki.crl(now)?, pki.root_crl(now)?, issuer.crl(revoked, now)?])
        })?;
        let text = lists.map(|der| pem(CRL, &der)).concat();
        self.broker.put_list(text.as_bytes())?;
        Ok((Digest::of(Of::File, text.as_bytes()), is_new))
    }

    /// Has the broker read the list, and ends its sessions where somebody is on it who was not.
    fn enforce(&self, is_new: bool) -> anyhow::Result<String> {
        let Some(pid) = self.broker.tell()? else {
            return Ok("does not run".into());
        };
        if !is_new {
            return Ok(format!("process {pid} was told"));
        }
        let mut ended = destroy_port(self.broker.port)?;
        thread::sleep(READ_MAX);
        ended += destroy_port(self.broker.port)?;
        Ok(format!(
            "process {pid} was told, and {ended} sessions were ended"
        ))
    }
}

/// Changes the PKI that is kept; what is kept is durable before anybody sees what came of it.
fn change<T>(
    dir: &BoxDir,
    does: impl FnOnce(&mut DevicePki) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let lock = Lock::take(dir)?;
    let mut pki = DevicePki::from_state(&lock.read()?)?;
    let done = does(&mut pki)?;
    lock.write(&pki.to_state()?)?;
    Ok(done)
}

/// The broker of a box's cell, as its operator names it.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct OfCell {
    /// The directory in which the broker of the cell finds its keys; it gets them, and the list of revoked certificates
    #[arg(long, value_name = "DIR", requires = "broker_port")]
    broker: Option<PathBuf>,
    /// The port at which it answers
    #[arg(long, value_name = "NUMBER", requires = "broker")]
    broker_port: Option<u16>,
}

impl OfCell {
    /// Begins the cell of a box, if it is to have one.
    pub(crate) fn give(&self, (dir, box_name): (&BoxDir, &str)) -> anyhow::Result<()> {
        match (&self.broker, self.broker_port) {
            (Some(place), Some(port)) => steps::begin(dir, box_name, (place, port)),
            _ => Ok(()),
        }
    }
}

/// The file in which a broker writes down its process.
fn pid_file(place: &Path) -> PathBuf {
    place.join("mosquitto.pid")
}
