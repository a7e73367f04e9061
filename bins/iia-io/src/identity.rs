//! Who this process is: its supervisor says so, and gives it an SVID for a key that never leaves it.

use std::io::stdin;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use anyhow::Context as _;
use iia_core::gate::Gate;
use iia_core::time::Reading;
use iia_core::{SpiffeId, Timestamp};
use iia_identity::bundle::BundleSet;
use iia_identity::issue::{self, PrivateKey};
use iia_identity::pipe::{self, Down, Root, Start, Up, Whom};
use iia_identity::svid::{Store, Svid};
use iia_link::party::Party;

/// What the supervisor says while this process runs.
pub(crate) enum Order {
    /// A certificate chain for the request that is open.
    Svid(Vec<Vec<u8>>),
    /// Somebody is revoked.
    Revoke(Whom),
    /// The end; a supervisor that is gone means the same.
    Stop,
}

/// A process that was started and has asked for nothing yet.
pub(crate) struct Begun {
    pipe: UnixStream,
    pub(crate) start: Start,
}

impl Begun {
    /// Takes from the supervisor, on standard input, who this process is.
    pub(crate) fn receive() -> anyhow::Result<Self> {
        let pipe = UnixStream::from(stdin().as_fd().try_clone_to_owned()?);
        let Some(Down::Start(start)) = pipe::receive(&pipe)? else {
            anyhow::bail!("an IO master is started by a supervisor");
        };
        Ok(Self { pipe, start })
    }

    /// Tells the supervisor a line of text.
    pub(crate) fn say(&self, text: &str) {
        let _supervisor_gone = pipe::send(&self.pipe, &Up::Said(text.into()));
    }

    /// Gets the SVID.
    pub(crate) fn identify(self) -> anyhow::Result<Identity> {
        let id: SpiffeId = self.start.id.parse()?;
        let (csr, key) = issue::request(&id)?;
        pipe::send(&self.pipe, &Up::Request(csr.into()))?;
        let chain = match pipe::receive(&self.pipe)? {
            Some(Down::Svid(chain)) => chain.into_iter().map(Vec::from).collect(),
            Some(Down::Refused(reason)) => anyhow::bail!("no SVID for {id}: {reason}"),
            _ => anyhow::bail!("the supervisor went away"),
        };
        let store = Arc::new(Store::new(Svid::new(chain, key)?));
        Ok(Identity {
            orders: listen(self.pipe.try_clone()?),
            pipe: self.pipe,
            id,
            roots: self.start.roots,
            store,
            asked: None,
            renew: Timestamp::from_ns(i64::MAX),
        })
    }
}

/// An identity that is kept fresh.
pub(crate) struct Identity {
    pipe: UnixStream,
    orders: Receiver<Order>,
    id: SpiffeId,
    roots: Vec<Root>,
    store: Arc<Store>,
    /// The key of the request that is open.
    asked: Option<PrivateKey>,
    /// When the next one is due.
    renew: Timestamp,
}

impl Identity {
    /// Who this is.
    pub(crate) const fn id(&self) -> &SpiffeId {
        &self.id
    }

    /// Tells the supervisor that this process serves.
    pub(crate) fn ready(&self) {
        let _supervisor_gone = pipe::send(&self.pipe, &Up::Ready);
    }

    /// The party of links under this identity and a catalog.
    pub(crate) fn party(&self, gate: Arc<dyn Gate>) -> anyhow::Result<Arc<Party>> {
        let mut bundles = BundleSet::default();
        bundles.set_own(self.id.trust_domain());
        for Root { domain, der } in &self.roots {
            bundles.add_root(domain.parse()?, der.to_vec())?;
        }
        let store = Arc::clone(&self.store);
        let party = Party::new(self.id.clone(), store, Arc::new(bundles), gate);
        Ok(Arc::new(party.context("TLS")?))
    }

    /// Asks for another SVID at half of the life of this one, and takes what the supervisor says; whether it said stop.
    pub(crate) fn turn(&mut self, now: &Reading, party: &Party) -> anyhow::Result<bool> {
        if self.asked.is_none() && now.wall >= self.renew_at(now) {
            let (csr, key) = issue::request(&self.id)?;
            self.asked = Some(key);
            let _supervisor_gone = pipe::send(&self.pipe, &Up::Request(csr.into()));
        }
        while let Ok(order) = self.orders.try_recv() {
            match order {
                Order::Stop => return Ok(true),
                Order::Svid(chain) => {
                    if let Some(key) = self.asked.take() {
                        self.store.replace(Svid::new(chain, key)?);
                        self.renew = Timestamp::from_ns(i64::MAX);
                    }
                }
                Order::Revoke(Whom::Identity(id)) => {
                    let cut = id.parse().map(|id| party.revoke(&id));
                    cut.into_iter().flatten().for_each(|live| live.cut());
                }
                Order::Revoke(Whom::Certificate(serial)) => {
                    let cut = party.revoke_certificate(&serial);
                    cut.into_iter().for_each(|live| live.cut());
                }
            }
        }
        Ok(false)
    }

    fn renew_at(&mut self, now: &Reading) -> Timestamp {
        if self.renew == Timestamp::from_ns(i64::MAX) {
            let left_ns = self.store.not_after().since_ns(now.wall).max(0);
            self.renew = now.wall + left_ns / 2;
        }
        self.renew
    }
}

/// Reads the supervisor's messages on a thread of its own.
fn listen(pipe: UnixStream) -> Receiver<Order> {
    let (order, orders) = channel();
    thread::spawn(move || {
        while let Ok(Some(message)) = pipe::receive(&pipe) {
            let told = match message {
                Down::Svid(chain) => Order::Svid(chain.into_iter().map(Vec::from).collect()),
                Down::Revoke(whom) => Order::Revoke(whom),
                Down::Stop => break,
                Down::Start(_) | Down::Refused(_) | Down::Drain | Down::Lent(..) => continue,
            };
            if order.send(told).is_err() {
                return;
            }
        }
        let _process_ends = order.send(Order::Stop);
    });
    orders
}
