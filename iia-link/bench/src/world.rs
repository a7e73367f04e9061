//! Workloads with SVIDs of one issuer, the time they take, and what is said of it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use iia_core::SpiffeId;
use iia_core::gate::{Ask, Gate, Refusal};
use iia_core::time::{Clock as _, Floor, SystemClock};
use iia_identity::bundle::BundleSet;
use iia_identity::issue::{Issuer, PrivateKey, request};
use iia_identity::svid::{Store, Svid};
use iia_link::party::Party;
use iia_link::rt::{Endpoint, Target};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};

use crate::Outcome;

pub(crate) const SERVER: &str = "spiffe://iia.local/zone/lake/workload/w";
pub(crate) const CLIENT: &str = "spiffe://iia.local/zone/collect/workload/c";

pub(crate) struct Everything;

impl Gate for Everything {
    fn permits(&self, ask: &Ask<'_>) -> Result<(), Refusal> {
        match ask.operation {
            "WRITE" => Ok(()),
            _ => Err(Refusal::NoContract {
                contract: ask.contract.into(),
            }),
        }
    }
    fn knows(&self, _: &SpiffeId) -> bool {
        true
    }
}

pub(crate) struct World {
    pub(crate) issuer: Issuer,
    pub(crate) bundles: Arc<BundleSet>,
}

impl World {
    pub(crate) fn new() -> Outcome<Self> {
        let issuer = Issuer::create("iia.local".parse()?, 3600, 1, clock().read())?;
        let mut bundles = BundleSet::default();
        bundles.add_root(issuer.domain().clone(), issuer.root().to_vec())?;
        Ok(Self {
            issuer,
            bundles: Arc::new(bundles),
        })
    }

    pub(crate) fn issue(&self, id: &str) -> Outcome<(Vec<Vec<u8>>, PrivateKey)> {
        let id: SpiffeId = id.parse()?;
        let (csr, key) = request(&id)?;
        let issued = self.issuer.issue(&csr, &id, &Everything, clock().read())?;
        Ok((issued.chain, key))
    }

    pub(crate) fn svid(&self, id: &str) -> Outcome<Svid> {
        let (chain, key) = self.issue(id)?;
        Ok(Svid::new(chain, key)?)
    }

    pub(crate) fn store(&self, id: &str) -> Outcome<Arc<Store>> {
        Ok(Arc::new(Store::new(self.svid(id)?)))
    }

    pub(crate) fn endpoint(&self, id: &str) -> Outcome<Endpoint> {
        Ok(self.endpoint_with(id, self.store(id)?)?)
    }

    pub(crate) fn endpoint_with(&self, id: &str, store: Arc<Store>) -> Outcome<Endpoint> {
        Ok(Endpoint::new(
            id.parse()?,
            store,
            Arc::clone(&self.bundles),
            Arc::new(Everything),
        ))
    }

    pub(crate) fn party(&self, id: &str) -> Outcome<Arc<Party>> {
        let party = Party::new(
            id.parse()?,
            self.store(id)?,
            Arc::clone(&self.bundles),
            Arc::new(Everything),
        );
        Ok(Arc::new(party?))
    }

    /// A workload of this issuer that trusts another world.
    pub(crate) fn party_trusting(&self, other: &Self, id: &str) -> Outcome<Arc<Party>> {
        let party = Party::new(
            id.parse()?,
            self.store(id)?,
            Arc::clone(&other.bundles),
            Arc::new(Everything),
        );
        Ok(Arc::new(party?))
    }

    /// Root, certificate and key of an identity as PEM, for programs of others.
    pub(crate) fn files(&self, dir: &Path, id: &str, name: &str) -> Outcome<[PathBuf; 3]> {
        let (chain, key) = self.issue(id)?;
        let leaf = chain.first().ok_or("no leaf")?;
        let put = |what: &str, label: &str, der: &[u8]| -> Outcome<PathBuf> {
            let path = dir.join(format!("{name}.{what}.pem"));
            std::fs::write(&path, pem_of(label, der))?;
            Ok(path)
        };
        Ok([
            put("root", "CERTIFICATE", self.issuer.root())?,
            put("leaf", "CERTIFICATE", leaf)?,
            put("key", "PRIVATE KEY", key.as_pkcs8())?,
        ])
    }
}

fn pem_of(label: &str, der: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = format!("-----BEGIN {label}-----\n");
    for (at, three) in der.chunks(3).enumerate() {
        let bits = three
            .iter()
            .fold(0u32, |bits, byte| bits << 8 | u32::from(*byte))
            << (8 * (3 - three.len()));
        for digit in 0..4 {
            let index = (bits >> (18 - 6 * digit) & 63) as usize;
            text.push(if digit <= three.len() {
                DIGITS[index] as char
            } else {
                '='
            });
        }
        if at % 16 == 15 {
            text.push('\n');
        }
    }
    format!("{}\n-----END {label}-----\n", text.trim_end())
}

pub(crate) fn clock() -> SystemClock {
    SystemClock::new(Floor::default(), 0)
}

pub(crate) fn target(peer: &str) -> Target {
    Target {
        peer: peer.parse().expect("an id"),
        contract: "c".into(),
        operation: "WRITE".into(),
    }
}

pub(crate) fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// Time that this process has spent on a CPU.
pub(crate) fn cpu() -> Duration {
    let spent = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(spent.tv_sec as u64, spent.tv_nsec as u32)
}

/// Time that another process has spent on a CPU, in ticks of 10 ms.
pub(crate) fn cpu_of(pid: u32) -> Outcome<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    let ticks: u64 = fields
        .get(11..13)
        .ok_or("stat")?
        .iter()
        .filter_map(|n| n.parse::<u64>().ok())
        .sum();
    Ok(Duration::from_millis(ticks * 10))
}

/// As many open files as the system gives.
pub(crate) fn many_files() -> Outcome {
    let now = getrlimit(Resource::Nofile);
    setrlimit(
        Resource::Nofile,
        Rlimit {
            current: now.maximum,
            ..now
        },
    )?;
    Ok(())
}

pub(crate) fn runtime() -> Outcome<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?)
}

/// The value below which a share of the others lies.
pub(crate) fn quantile(times: &mut [Duration], share: f64) -> Duration {
    times.sort_unstable();
    let at = ((times.len() as f64 * share) as usize).min(times.len().saturating_sub(1));
    times.get(at).copied().unwrap_or_default()
}

pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
