//! The socket: made for every user of the machine to connect to, and served until told to stop.

use std::fs;
use std::future::Future;
use std::io;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;

use super::limits::Counts;
use super::news::News;
use super::peer::Peer;
use super::{Api, connection};
use crate::workload::WorkloadError;

/// Everybody may connect; the kernel says who it is.
const MODE: u32 = 0o666;
/// How long to wait when the machine has no file descriptors left.
const ACCEPT_WAIT: Duration = Duration::from_millis(100);

/// Makes the socket. One that a process before this left behind is taken away; one that answers is not.
///
/// # Errors
/// Those of the file system; [`io::ErrorKind::AddrInUse`] when another process answers there.
pub fn bind(path: &Path) -> io::Result<UnixListener> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_socket() => {
            if std::os::unix::net::UnixStream::connect(path).is_ok() {
                return Err(io::ErrorKind::AddrInUse.into());
            }
            fs::remove_file(path)?;
        }
        Ok(_) => return Err(io::ErrorKind::AlreadyExists.into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(MODE))?;
    Ok(listener)
}

/// Serves everybody who connects until `stop` is done; then every connection ends.
pub async fn serve(api: Api, listener: UnixListener, stop: impl Future<Output = ()>) {
    let (counts, mut connections) = (Arc::new(Counts::default()), JoinSet::new());
    let mut refused: u64 = 0;
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => return,
            _ended = connections.join_next(), if !connections.is_empty() => continue,
            accepted = listener.accept() => accepted,
        };
        let Ok((socket, _)) = accepted else {
            tokio::time::sleep(ACCEPT_WAIT).await;
            continue;
        };
        match begin(&socket, &counts) {
            Ok((peer, place)) => {
                connections.spawn(connection::serve(api.clone(), socket, peer, place));
            }
            Err((who, why)) => {
                refused = refused.saturating_add(1);
                // A flood fills no log: the first, the second, the fourth, and so on.
                if refused.is_power_of_two() {
                    let why = &format!("{why}, number {refused}");
                    api.tell(&News::Closed { who: &who, why });
                }
            }
        }
    }
}

type Begun = (Peer, super::limits::Place);

fn begin(socket: &UnixStream, counts: &Arc<Counts>) -> Result<Begun, (String, String)> {
    let unknown = |error: WorkloadError| ("unknown".to_owned(), error.to_string());
    let peer = Peer::of(socket).map_err(unknown)?;
    let place = counts.take(peer.uid());
    let place = place.ok_or_else(|| (peer.to_string(), "too many connections".to_owned()))?;
    Ok((peer, place))
}
