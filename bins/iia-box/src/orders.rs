//! What the supervisor tells a role, over the pipe between them.

use std::os::unix::net::UnixStream;
use std::time::Duration;

use iia_identity::pipe::{self, Down, Lent, Whom};
use iia_link::rt::Endpoint;
use tokio::sync::{mpsc, watch};

/// How long a role may take to finish when its supervisor is gone, and with what it ends then.
const ORPHANED_MAX: Duration = Duration::from_secs(2);
const ORPHANED: i32 = 3;

/// What the supervisor wants.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Order {
    Run,
    Drain,
    Stop,
}

/// What the supervisor answers with: a certificate chain, and the key that it lends with it.
pub(crate) type Answer = (Option<Lent>, Vec<Vec<u8>>);
/// All of its answers.
pub(crate) type Answers = mpsc::UnboundedReceiver<Answer>;

/// The answer in a message, where it is one.
pub(crate) fn answer(down: Down) -> Option<Answer> {
    let bytes = |chain: Vec<_>| chain.into_iter().map(Vec::from).collect();
    match down {
        Down::Svid(chain) => Some((None, bytes(chain))),
        Down::Lent(lent, chain) => Some((Some(lent), bytes(chain))),
        _ => None,
    }
}

/// Reads the supervisor's messages on a thread of its own, so that who is revoked is cut whatever the role has to do; a
/// supervisor that is gone means stop.
pub(crate) fn watch_pipe(
    pipe: UnixStream,
    endpoint: Endpoint,
) -> (Answers, watch::Receiver<Order>) {
    let (order, orders) = watch::channel(Order::Run);
    let (answers, answered) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        let mut told = false;
        while let Ok(Some(message)) = pipe::receive(&pipe) {
            match message {
                down @ (Down::Svid(_) | Down::Lent(..)) => {
                    let _role_gone = answer(down).map(|answer| answers.send(answer));
                }
                Down::Drain => {
                    let _role_gone = order.send(Order::Drain);
                }
                Down::Revoke(whom) => cut(&endpoint, &whom),
                Down::Stop => {
                    told = true;
                    break;
                }
                Down::Start(_) | Down::Refused(_) => {}
            }
        }
        let _role_gone = order.send(Order::Stop);
        if !told {
            // Nobody waits for this role any more, and another supervisor may want its place.
            std::thread::sleep(ORPHANED_MAX);
            std::process::exit(ORPHANED);
        }
    });
    (answered, orders)
}

/// Ends what is open with whoever is revoked, and lets nothing of it in again.
pub(crate) fn cut(endpoint: &Endpoint, whom: &Whom) {
    match whom {
        Whom::Certificate(serial) => endpoint.revoke_certificate(serial),
        Whom::Identity(id) => match id.parse() {
            Ok(id) => endpoint.revoke(&id),
            Err(error) => tracing::error!(%error, "svid.revoke"),
        },
    }
}
