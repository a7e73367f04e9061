//! What the processor's own AES is worth to a link: records of TLS 1.3 in memory, with it and with it masked from the provider,
//! in turns in one run.
//!
//! `cargo bench -p iia-identity --bench cipher`; the mask is the provider's own, `OPENSSL_ia32cap` without AES-NI, carry-less
//! multiplication and their wide forms.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench is its own page"
)]

use std::process::Command;
use std::sync::Arc;

use iia_core::SpiffeId;
use iia_core::gate::{Ask, Gate, Refusal};
use iia_core::time::{Clock as _, Floor, SystemClock};
use iia_identity::bundle::BundleSet;
use iia_identity::issue::{Issuer, request};
use iia_identity::svid::{Store, Svid};
use iia_identity::tls::{self, Wire};

const LAKE: &str = "spiffe://iia.local/zone/lake/workload/lake_writer";
const BUS: &str = "spiffe://iia.local/zone/bus/workload/relay";
/// Bits that are taken away: AES and PCLMULQDQ of the first word, VAES and VPCLMULQDQ of the second.
const MASK: (&str, &str) = ("OPENSSL_ia32cap", "~0x200000200000000:~0x60000000000");
const ONCE: &str = "IIA_CIPHER_ONCE";
const TURNS: usize = 7;
const MIB: usize = 256;
const RECORD: usize = 16 * 1024;

struct Everybody;

impl Gate for Everybody {
    fn permits(&self, _: &Ask<'_>) -> Result<(), Refusal> {
        Ok(())
    }
    fn knows(&self, _: &SpiffeId) -> bool {
        true
    }
}

/// Both ends of a finished handshake.
fn ends() -> (Wire, Wire) {
    let now = SystemClock::new(Floor::default(), 0).read();
    let issuer = Issuer::create("iia.local".parse().unwrap(), 3600, 1, now).unwrap();
    let mut bundles = BundleSet::default();
    let root = issuer.root().to_vec();
    bundles
        .add_root("iia.local".parse().unwrap(), root)
        .unwrap();
    let store = |id: &str| {
        let id = id.parse().unwrap();
        let (csr, key) = request(&id).unwrap();
        let issued = issuer.issue(&csr, &id, &Everybody, now).unwrap();
        Arc::new(Store::new(Svid::new(issued.chain, key).unwrap()))
    };
    let bundles = Arc::new(bundles);
    let near = tls::client_config(&store(BUS), &bundles, &LAKE.parse().unwrap()).unwrap();
    let far = tls::server_config(&store(LAKE), &bundles).unwrap();
    let mut near = Wire::client(Arc::new(near)).unwrap();
    let mut far = Wire::server(Arc::new(far)).unwrap();
    while near.is_handshaking() || far.is_handshaking() {
        carry(&mut near, &mut far);
        carry(&mut far, &mut near);
    }
    (near, far)
}

/// What one end has to say, to the other; how much of it was the application's.
fn carry(from: &mut Wire, to: &mut Wire) -> usize {
    let (mut bytes, mut read) = (Vec::new(), 0);
    from.transmit(&mut bytes).unwrap();
    let mut rest = bytes.as_slice();
    while !rest.is_empty() {
        let (taken, _) = to.handle_input(rest).unwrap();
        rest = &rest[taken..];
        while let Some(len) = to.plain(<[u8]>::len) {
            read += len;
        }
    }
    read
}

/// Nanoseconds that this thread has had a processor.
fn ran_ns() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse().unwrap()
}

/// MiB for a second of processor time, encrypted and decrypted.
fn once() -> f64 {
    let (mut near, mut far) = ends();
    let record = vec![7; RECORD];
    let mut pass = || {
        let said = near.say(&record);
        assert_eq!(carry(&mut near, &mut far), said);
    };
    (0..1024).for_each(|_| pass());
    let began = ran_ns();
    (0..MIB * 1024 * 1024 / RECORD).for_each(|_| pass());
    MIB as f64 * 1e9 / (ran_ns() - began) as f64
}

fn turn(mask: Option<(&str, &str)>) -> f64 {
    let mut own = Command::new(std::env::current_exe().unwrap());
    own.env(ONCE, "1").envs(mask);
    let done = own.output().unwrap();
    assert!(done.status.success(), "{done:?}");
    String::from_utf8(done.stdout)
        .unwrap()
        .trim()
        .parse()
        .unwrap()
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

fn main() {
    if std::env::var_os(ONCE).is_some() {
        println!("{}", once());
        return;
    }
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        with.push(turn(None));
        without.push(turn(Some(MASK)));
    }
    let (with, without) = (median(with), median(without));
    println!(
        "the processor has AES of its own: {}",
        tls::aes_in_hardware()
    );
    println!(
        "| TLS 1.3 records of 16 KiB, both ends | MiB per CPU second | to it |\n|---|--:|--:|"
    );
    println!("| as the processor is | {with:.0} | 1.00 |");
    println!("| its AES masked | {without:.0} | {:.2} |", without / with);
}
