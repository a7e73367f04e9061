//! Two workloads, a contract and no async runtime: `cargo run -p iia-link --example without_runtime`.
#![expect(clippy::print_stdout, reason = "it shows what happens")]

use std::error::Error;
use std::sync::Arc;
use std::thread;

use iia_core::SpiffeId;
use iia_core::gate::{Ask, Gate, Refusal};
use iia_core::time::{Clock as _, Floor, SystemClock};
use iia_identity::bundle::BundleSet;
use iia_identity::issue::{Issuer, request};
use iia_identity::svid::{Store, Svid};
use iia_link::party::Party;
use iia_link::rt::blocking::{Asked, Line, Listener};
use iia_link::{LinkError, Target, mux::Message};

/// What a catalog says, in one line: whoever is known may write.
struct Writers;

impl Gate for Writers {
    fn permits(&self, ask: &Ask<'_>) -> Result<(), Refusal> {
        match (ask.contract, ask.operation) {
            ("iia.contract.internal.press_to_lake", "WRITE") => Ok(()),
            _ => Err(Refusal::NoContract {
                contract: ask.contract.into(),
            }),
        }
    }

    fn knows(&self, _: &SpiffeId) -> bool {
        true
    }
}

fn party(issuer: &Issuer, id: &SpiffeId) -> Result<Arc<Party>, Box<dyn Error>> {
    let now = SystemClock::new(Floor::default(), 0).read();
    let (csr, key) = request(id)?;
    let issued = issuer.issue(&csr, id, &Writers, now)?;
    let mut bundles = BundleSet::default();
    bundles.add_root(issuer.domain().clone(), issuer.root().to_vec())?;
    let store = Arc::new(Store::new(Svid::new(issued.chain, key)?));
    let party = Party::new(id.clone(), store, Arc::new(bundles), Arc::new(Writers))?;
    Ok(Arc::new(party))
}

/// Serves one connection: whatever is written is answered with its length.
fn serve(listener: &Listener) -> Result<(), LinkError> {
    let (mut line, _) = listener.accept()?;
    while let Some(asked) = line.asked()? {
        let Asked::Opened(session, hello) = asked else {
            continue;
        };
        println!("a session for {} under {}", hello.operation, hello.contract);
        while let Some(question) = line.recv(session)? {
            let len = question.payload.len().to_string().into_bytes();
            line.send(session, &Message::answer(&question, len))?;
        }
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let now = SystemClock::new(Floor::default(), 0).read();
    let issuer = Issuer::create("plant.example".parse()?, 3600, 10, now)?;
    let lake: SpiffeId = "spiffe://plant.example/zone/lake/workload/writer".parse()?;
    let press: SpiffeId = "spiffe://plant.example/zone/collect/workload/press".parse()?;
    let (lake_party, press_party) = (party(&issuer, &lake)?, party(&issuer, &press)?);
    let listener = Listener::bind(lake_party, "127.0.0.1:0".parse()?)?;
    let addr = listener.local_addr()?;
    let server = thread::spawn(move || serve(&listener));

    let mut line = Line::dial(&press_party, addr, &lake)?;
    let target = Target {
        peer: lake,
        contract: "iia.contract.internal.press_to_lake".into(),
        operation: "WRITE".into(),
    };
    let session = line.open(&press_party, &target)?;
    let answer = line.call(session, 1, b"three rows".to_vec())?;
    println!("answered: {} bytes", String::from_utf8_lossy(&answer));
    line.close(session);
    drop(line);
    server.join().map_err(|_| "the server fell")??;
    Ok(())
}
