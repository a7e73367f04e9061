//! The driver without an async runtime: plain sockets and threads, with each other.
#![expect(clippy::unwrap_used, reason = "tests")]

mod made;

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;

use iia_core::SpiffeId;
use iia_link::LinkError;
use iia_link::party::Party;
use iia_link::rt::Message;
use iia_link::rt::blocking::{Asked, Line, Listener};
use made::{COLLECT, Catalog, LAKE, World, target};

fn lake() -> SpiffeId {
    LAKE.parse().unwrap()
}

/// A server of one connection, which answers each question with its payload; what was refused comes back.
fn serve(
    party: &Arc<Party>,
) -> (
    SocketAddr,
    thread::JoinHandle<Result<Vec<LinkError>, LinkError>>,
) {
    let listener = Listener::bind(Arc::clone(party), "127.0.0.1:0".parse().unwrap()).unwrap();
    let addr = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        let (mut line, _) = listener.accept().unwrap();
        let mut refused = Vec::new();
        while let Some(asked) = line.asked()? {
            match asked {
                Asked::Refused(_, error) => refused.push(error),
                Asked::Opened(session, _) => {
                    while let Some(question) = line.recv(session)? {
                        let payload = question.payload.clone();
                        line.send(session, &Message::answer(&question, payload))?;
                    }
                }
            }
        }
        Ok(refused)
    });
    (addr, server)
}

#[test]
fn a_contracted_call_is_answered_without_a_runtime() {
    let world = World::new();
    let (far, near) = (
        world.party(LAKE, Catalog::default()),
        world.party(COLLECT, Catalog::default()),
    );
    let (addr, server) = serve(&far);
    let mut line = Line::dial(&near, addr, &lake()).unwrap();
    assert_eq!(line.peer().unwrap().0, &lake());
    let session = line.open(&near, &target()).unwrap();
    // Longer than any window, both ways.
    for len in [0, 5, 3 << 20] {
        assert_eq!(line.call(session, 1, vec![7; len]).unwrap(), vec![7; len]);
    }
    line.close(session);
    drop(line);
    assert_eq!(server.join().unwrap(), Ok(Vec::new()));
}

#[test]
fn a_session_without_a_contract_is_refused_by_either_end_without_a_runtime() {
    let world = World::new();
    let closed = Catalog {
        closed: true,
        ..Catalog::default()
    };
    let (far, near) = (
        world.party(LAKE, closed),
        world.party(COLLECT, Catalog::default()),
    );
    let (addr, server) = serve(&far);
    let mut line = Line::dial(&near, addr, &lake()).unwrap();
    let refused = line.open(&near, &target()).unwrap_err();
    assert_eq!(
        refused,
        LinkError::Refused {
            code: "IIA-COR-0111".into()
        }
    );
    let mut other = target();
    other.operation = "DELETE".into();
    assert!(matches!(
        line.open(&near, &other),
        Err(LinkError::Catalog(_))
    ));
    drop(line);
    assert!(matches!(
        server.join().unwrap().unwrap().as_slice(),
        [LinkError::Catalog(_)]
    ));
}

#[test]
fn a_revoked_peer_is_cut_while_a_thread_waits_for_it() {
    let world = World::new();
    let (far, near) = (
        world.party(LAKE, Catalog::default()),
        world.party(COLLECT, Catalog::default()),
    );
    let (addr, server) = serve(&far);
    let mut line = Line::dial(&near, addr, &lake()).unwrap();
    let session = line.open(&near, &target()).unwrap();
    line.call(session, 1, vec![7]).unwrap();
    let live = far.revoke(&COLLECT.parse().unwrap());
    live.iter().for_each(|live| live.cut());
    assert_eq!(server.join().unwrap(), Err(LinkError::Revoked));
    let got = line.recv(session);
    assert!(got.is_err(), "a cut is no end: {got:?}");
    let (addr, server) = serve(&far);
    match Line::dial(&near, addr, &lake()).and_then(|mut line| line.open(&near, &target())) {
        Ok(_) => panic!("who is revoked comes back"),
        Err(_) => assert_eq!(server.join().unwrap(), Err(LinkError::Revoked)),
    }
}
