//! What an operator does about the PKI of a cell.

use std::io::{Read as _, Write as _, stdin, stdout};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use iia_core::digest::hex;
use iia_core::time::Clock as _;
use iia_identity::device::{DEVICE_LIFE_SECS, Device, DevicePki, Host, Used};
use iia_identity::issue::{KeyKind, REQUEST_LEN_MAX, request};
use iia_identity::pem::{CERTIFICATE, CRL, pem};

use super::change;
use super::files::{Broker, Lock};
use crate::boxdir::BoxDir;
use crate::workload::clock;

/// A step.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Step {
    /// Begins the cell of a box, and gives its broker keys, the root and an empty list of revoked certificates
    Begin {
        /// The box's directory
        #[arg(long = "box", value_name = "DIR")]
        dir: PathBuf,
        /// The cell's name
        #[arg(long, value_name = "NAME")]
        name: String,
        /// The directory in which the broker finds its keys
        #[arg(long, value_name = "DIR")]
        broker: PathBuf,
        /// The port at which it answers
        #[arg(long, value_name = "NUMBER")]
        broker_port: u16,
    },
    /// Gives a device of the cell a certificate: the request comes in over standard input, DER, and the chain goes out, PEM
    Issue {
        /// The box's directory
        #[arg(long = "box", value_name = "DIR")]
        dir: PathBuf,
        /// The name by which the broker is to know it
        #[arg(long, value_name = "NAME")]
        device: String,
        /// An address at which it answers; may be repeated
        #[arg(long, value_name = "ADDRESS")]
        address: Vec<IpAddr>,
    },
}

impl Step {
    /// Does it.
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        match self {
            Self::Begin {
                dir,
                name,
                broker,
                broker_port,
            } => begin(&BoxDir::at(dir), name, (broker, *broker_port)),
            Self::Issue {
                dir,
                device,
                address,
            } => issue(&BoxDir::at(dir), (device, address)),
        }
    }
}

/// Makes the PKI, and what the broker needs.
pub(super) fn begin(dir: &BoxDir, cell: &str, at: (&Path, u16)) -> anyhow::Result<()> {
    let (broker, now) = (Broker::give(dir, at)?, clock().read());
    {
        let lock = Lock::take(dir)?;
        anyhow::ensure!(!lock.is_kept(), "the box has a cell already");
        let pki = DevicePki::create(cell, KeyKind::P256, now)?;
        lock.write(&pki.to_state()?)?;
    }
    change(dir, |pki| {
        // Of the request only its key counts, whatever it names.
        let (csr, key) = request(&"spiffe://cell/broker".parse()?)?;
        let device = Device {
            common_name: "broker".into(),
            serial_number: String::new(),
            hosts: Vec::new(),
            used: Used::Server,
        };
        let made = pki.issue(&csr, &device, DEVICE_LIFE_SECS, now)?;
        broker.put("ca.pem", (pem(CERTIFICATE, pki.root()).as_bytes(), 0o644))?;
        broker.put("cert.pem", (chain(&made.chain).as_bytes(), 0o644))?;
        broker.put("key.pem", (key.to_pem().as_bytes(), 0o600))?;
        let lists = [pki.crl(now)?, pki.root_crl(now)?];
        broker.put_list(lists.map(|der| pem(CRL, &der)).concat().as_bytes())?;
        Ok(())
    })
}

fn issue(dir: &BoxDir, (name, addresses): (&str, &[IpAddr])) -> anyhow::Result<()> {
    let mut csr = Vec::new();
    let limit = u64::try_from(REQUEST_LEN_MAX + 1)?;
    stdin().lock().take(limit).read_to_end(&mut csr)?;
    let device = Device {
        common_name: name.into(),
        serial_number: String::new(),
        hosts: addresses.iter().copied().map(Host::Address).collect(),
        used: Used::Client,
    };
    let made = change(dir, |pki| {
        let made = pki.issue(&csr, &device, DEVICE_LIFE_SECS, clock().read());
        made.with_context(|| format!("no certificate for {name}"))
    })?;
    let text = format!("# serial {}\n{}", hex(&made.serial), chain(&made.chain));
    Ok(stdout().write_all(text.as_bytes())?)
}

fn chain(ders: &[Vec<u8>]) -> String {
    ders.iter().map(|der| pem(CERTIFICATE, der)).collect()
}
