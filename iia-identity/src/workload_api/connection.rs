//! One connection: who it is from, the filter before HTTP/2, and its end.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio::net::UnixStream;
use tokio::sync::{Mutex, Notify};
use tonic::Status;

use super::answer::Fault;
use super::limits::{
    ALIVE_EVERY, HEADERS_LEN_MAX, PREFACE_WAIT, Place, STREAMS_PER_CONNECTION_MAX,
};
use super::news::News;
use super::peer::Peer;
use super::{Api, calls};
use crate::mend::Mend;
use crate::workload::Attested;

/// What every connection of HTTP/2 begins with (RFC 9113 3.4).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Bytes of answers that wait for a reader at most, for one connection.
const SEND_BUFFER_LEN_MAX: usize = 256 * 1024;

/// Whoever is at the other end of a connection.
pub(super) struct Caller {
    pub(super) api: Api,
    peer: Arc<Peer>,
    /// One look at a process at a time: what it runs may be large, and its streams are many.
    looks: Mutex<()>,
    end: Notify,
}

impl Caller {
    /// Sees the process anew, answers it, and tells what was refused. Gives the process in words with the answer.
    pub(super) async fn answer<T>(
        &self,
        call: &str,
        answer: impl FnOnce(&Api, &Attested) -> Result<T, Fault>,
    ) -> Result<(String, T), Status> {
        let look = self.looks.lock().await;
        let seen = self.api.attest(&self.peer).await;
        drop(look);
        let (who, fault) = match seen {
            Ok(seen) => match answer(&self.api, &seen) {
                Ok(answer) => return Ok((seen.words, answer)),
                Err(fault) => (seen.words, fault),
            },
            Err(error) => (self.peer.to_string(), error.into()),
        };
        let (who, why) = (&who, &*fault.why);
        self.api.tell(&News::Refused { who, call, why });
        Err(fault.status())
    }

    /// Ends the whole connection, whatever its streams do.
    pub(super) fn close(&self, why: &str) {
        let who = &self.peer.to_string();
        self.api.tell(&News::Closed { who, why });
        self.end.notify_one();
    }
}

/// Serves a connection until one side ends it.
pub(super) async fn serve(api: Api, mut socket: UnixStream, peer: Peer, _place: Place) {
    let caller = Arc::new(Caller {
        api,
        peer: Arc::new(peer),
        looks: Mutex::new(()),
        end: Notify::new(),
    });
    let mut preface = [0; PREFACE.len()];
    let began = tokio::time::timeout(PREFACE_WAIT, socket.read_exact(&mut preface)).await;
    match began {
        Ok(Ok(_)) if preface == *PREFACE => {}
        Ok(Ok(_)) => return caller.close("it does not speak HTTP/2"),
        Ok(Err(_)) => return,
        Err(_) => return caller.close("it does not speak"),
    }
    let service = {
        let caller = Arc::clone(&caller);
        service_fn(move |request| calls::call(Arc::clone(&caller), request))
    };
    let mut server = http2::Builder::new(TokioExecutor::new());
    server
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_PER_CONNECTION_MAX)
        .max_header_list_size(HEADERS_LEN_MAX)
        .max_send_buf_size(SEND_BUFFER_LEN_MAX)
        .keep_alive_interval(ALIVE_EVERY)
        .keep_alive_timeout(ALIVE_EVERY);
    let io = TokioIo::new(Mended {
        socket,
        preface: 0,
        mend: Mend::default(),
    });
    tokio::select! {
        // What a peer does wrong in HTTP/2 ends its connection and is nobody else's business.
        _ended = server.serve_connection(io, service) => {}
        () = caller.end.notified() => {}
    }
}

/// A socket whose preface was read already, behind the filter.
struct Mended {
    socket: UnixStream,
    /// Bytes of the preface that were handed on.
    preface: usize,
    mend: Mend,
}

impl AsyncRead for Mended {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if let Some(rest) = PREFACE.get(this.preface..).filter(|rest| !rest.is_empty()) {
            let (part, _) = rest.split_at(rest.len().min(out.remaining()));
            out.put_slice(part);
            this.preface += part.len();
            return Poll::Ready(Ok(()));
        }
        let before = out.filled().len();
        let read = Pin::new(&mut this.socket).poll_read(context, out);
        if let Some(bytes) = out.filled_mut().get_mut(before..) {
            this.mend.handle(bytes);
        }
        read
    }
}

impl AsyncWrite for Mended {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}
