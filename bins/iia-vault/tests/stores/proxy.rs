//! What may stand between a vault and its store: replies lost, cut, late, or made up.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// What happens to a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fault {
    /// Nothing.
    Pass,
    /// It never reaches the store.
    LoseRequest,
    /// It is carried out and the reply is lost.
    LoseReply,
    /// The reply is cut in its middle.
    CutReply,
    /// Another status comes in its place.
    Status(u16),
    /// It is carried out and the reply never comes.
    Hang,
    /// Bytes that are no reply.
    Garbage,
    /// Header fields without end.
    EndlessHeader,
    /// The store's clock is years behind.
    OldDate,
}

/// A proxy on loopback.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    faults: Arc<Mutex<Vec<Fault>>>,
}

impl Proxy {
    /// In front of the store at `port`; faults are taken from the list, one a request, then all is passed.
    pub(crate) fn before(port: u16, mut faults: Vec<Fault>) -> Self {
        faults.reverse();
        let faults = Arc::new(Mutex::new(faults));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let own = listener.local_addr().unwrap().port();
        let shared = Arc::clone(&faults);
        thread::spawn(move || {
            for client in listener.incoming() {
                let shared = Arc::clone(&shared);
                thread::spawn(move || serve(&client.unwrap(), port, &shared));
            }
        });
        Self { port: own, faults }
    }

    /// Faults that did not come about.
    pub(crate) fn left(&self) -> usize {
        self.faults.lock().unwrap().len()
    }
}

/// One request a connection; whatever goes wrong ends it.
fn serve(mut client: &TcpStream, port: u16, faults: &Mutex<Vec<Fault>>) -> Option<()> {
    let request = request(client)?;
    let fault = faults.lock().unwrap().pop().unwrap_or(Fault::Pass);
    match fault {
        Fault::LoseRequest => return None,
        Fault::Status(status) => {
            let reply =
                format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            return client.write_all(reply.as_bytes()).ok();
        }
        Fault::Garbage => return client.write_all(&[0xff, 0, b'\r', b'\n'].repeat(100)).ok(),
        Fault::EndlessHeader => {
            client.write_all(b"HTTP/1.1 200 OK\r\n").ok()?;
            loop {
                client
                    .write_all(b"X-Y: zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz\r\n")
                    .ok()?;
            }
        }
        _ => {}
    }
    let mut store = TcpStream::connect(("127.0.0.1", port)).ok()?;
    store.write_all(&request).ok()?;
    let mut reply = Vec::new();
    store.read_to_end(&mut reply).ok()?;
    match fault {
        Fault::LoseReply => None,
        Fault::CutReply => client.write_all(&reply[..reply.len() / 2]).ok(),
        Fault::Hang => {
            let mut nothing = [0];
            client.read(&mut nothing).ok().map(|_| ())
        }
        Fault::OldDate => {
            let text = String::from_utf8_lossy(&reply);
            let (head, rest) = text.split_once("Date: ")?;
            let (_, rest) = rest.split_once("\r\n")?;
            let reply = format!("{head}Date: Thu, 01 Jan 2015 00:00:00 GMT\r\n{rest}");
            client.write_all(reply.as_bytes()).ok()
        }
        _ => client.write_all(&reply).ok(),
    }
}

/// A whole request, which asks the store to close behind its reply.
fn request(mut client: &TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut one = [0];
    while !bytes.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut one).ok()?;
        bytes.push(one[0]);
    }
    let head = String::from_utf8(bytes.clone()).ok()?.to_lowercase();
    let field = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; field.map_or(Some(0), |len| len.parse().ok())?];
    client.read_exact(&mut body).ok()?;
    bytes.truncate(bytes.len() - 2);
    bytes.extend_from_slice(b"Connection: close\r\n\r\n");
    bytes.extend_from_slice(&body);
    Some(bytes)
}
