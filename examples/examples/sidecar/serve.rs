//! The sidecar's side.

use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use iia_capture::decode::modbus::{Request, Response};
use iia_contract::matcher::{Matcher, Verdict};
use iia_contract::{Catalog, explain};
use iia_core::code::{Code, Coded as _};
use iia_core::gate::Refusal;
use iia_core::observe::{Exchange, Flow, Observation, Outcome, Protocol, Transport};
use iia_core::time::{Clock as _, Floor, SystemClock};
use iia_link::LinkError;
use iia_link::rt::{Incoming, Message, Session};
use tokio::sync::Mutex;

use super::device::{Device, PDU_LEN_MAX};
use super::keys;

/// Largest error of a clock that nothing disciplines, in nanoseconds.
const CLOCK_ERROR_NS: u64 = 1_000_000_000;

struct Sidecar {
    catalog: Catalog,
    clock: SystemClock,
    /// This end of the plain link, and the device's.
    link: (IpAddr, SocketAddr),
    device: Mutex<Device>,
}

/// Serves until it is ended.
pub(crate) async fn run(
    (catalog, own): (&str, &str),
    (listen, device): (&str, &str),
) -> Result<(), Box<dyn Error>> {
    let catalog = keys::catalog(catalog)?;
    let endpoint = keys::endpoint(own, &catalog)?;
    let device: SocketAddr = device.parse()?;
    let sidecar = Rc::new(Sidecar {
        catalog,
        clock: SystemClock::new(Floor::default(), CLOCK_ERROR_NS),
        link: (towards(device)?, device),
        device: Mutex::new(Device::at(device)),
    });
    let mut listener = endpoint.listen(listen.parse()?).await?;
    println!("serves");
    loop {
        match listener.accept().await? {
            Incoming::Session(session) => {
                tokio::task::spawn_local(Rc::clone(&sidecar).converse(*session));
            }
            Incoming::Refused(refused) => {
                println!("refused {}: {}", refused.addr.ip(), refused.error.code());
            }
        }
    }
}

/// With which address this machine speaks to the device.
fn towards(device: SocketAddr) -> std::io::Result<IpAddr> {
    let socket = std::net::UdpSocket::bind("0.0.0.0:0")?;
    socket.connect(device)?;
    Ok(socket.local_addr()?.ip())
}

impl Sidecar {
    async fn converse(self: Rc<Self>, mut session: Session) {
        let peer = session.peer().clone();
        while let Ok(Some(message)) = session.recv().await {
            let answer = match self.answer(&message.payload).await {
                Ok(answer) => Message::answer(&message, answer),
                Err((code, reason)) => {
                    println!("refused {peer}: {code}: {reason}");
                    Message::error(&message, code)
                }
            };
            if session.send(answer).await.is_err() {
                return;
            }
        }
    }

    /// What the device says to a request that the contract covers.
    async fn answer(&self, payload: &[u8]) -> Result<Vec<u8>, (Code, String)> {
        let malformed = || (LinkError::Truncated.code(), "no request".to_owned());
        let (unit, pdu) = payload.split_first().ok_or_else(malformed)?;
        let request = Request::parse(pdu).filter(|request| request.sound);
        let request = request.filter(|_| pdu.len() <= PDU_LEN_MAX);
        let request = request.ok_or_else(malformed)?;
        self.judge(*unit, &request)?;
        let answer = self.device.lock().await.ask(*unit, pdu).await;
        let answer = answer.map_err(|error| {
            let kind = error.kind();
            let away = LinkError::Transport { kind };
            (away.code(), format!("the device: {error}"))
        })?;
        // An old device is not believed more than it has to be.
        match Response::parse(&answer) {
            Some(response) if response.func == request.func && response.fits(&request) => {
                Ok(answer)
            }
            _ => Err((
                LinkError::Truncated.code(),
                "no answer to this request".into(),
            )),
        }
    }

    fn judge(&self, unit: u8, request: &Request<'_>) -> Result<(), (Code, String)> {
        let (own, device) = self.link;
        let observation = Observation::Exchange(Exchange {
            ts: self.clock.read().wall,
            flow: Flow {
                orig_h: own,
                orig_p: 0,
                resp_h: device.ip(),
                resp_p: device.port(),
                transport: Transport::Tcp,
                vlan: 0,
            },
            protocol: Protocol::ModbusTcp,
            outcome: Outcome::Stated,
            transaction: 0,
            unit,
            func: request.func,
            read: request.read,
            write: request.write,
            latency_ns: None,
        });
        let verdict = Matcher::new(&self.catalog).judge(&observation);
        if matches!(verdict, Verdict::Covered { .. }) {
            return Ok(());
        }
        let reason = explain::reason(&self.catalog, &observation, &verdict);
        let refusal = Refusal::NoOperation {
            contract: "the device's".into(),
            operation: format!("function {}", request.func),
        };
        Err((refusal.code(), reason))
    }
}
