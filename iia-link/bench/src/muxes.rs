//! Streams of others: TLS alone, yamux over TLS, QUIC. Each gives one stream, with whatever has to live as long.

use std::any::Any;
use std::future::poll_fn;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::compat::{FuturesAsyncReadCompatExt as _, TokioAsyncReadCompatExt as _};

use crate::Outcome;
use crate::bare::Bare;
use crate::world::loopback;

pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Both ends of a stream.
pub(crate) struct Pair {
    pub(crate) near: Box<dyn Stream>,
    pub(crate) far: Box<dyn Stream>,
    pub(crate) _alive: Vec<Box<dyn Any + Send>>,
}

async fn tls(
    bare: &Bare,
) -> Outcome<(
    tokio_rustls::client::TlsStream<TcpStream>,
    tokio_rustls::server::TlsStream<TcpStream>,
)> {
    let listener = TcpListener::bind(loopback()).await?;
    let addr = listener.local_addr()?;
    let server = Arc::clone(&bare.server);
    let far = async move {
        let (tcp, _) = listener.accept().await?;
        tcp.set_nodelay(true)?;
        tokio_rustls::TlsAcceptor::from(server).accept(tcp).await
    };
    let client = Arc::clone(&bare.client);
    let near = async move {
        let tcp = TcpStream::connect(addr).await?;
        tcp.set_nodelay(true)?;
        tokio_rustls::TlsConnector::from(client)
            .connect(Bare::name(), tcp)
            .await
    };
    Ok(tokio::try_join!(near, far)?)
}

/// TLS and nothing else.
pub(crate) async fn bare(bare: &Bare) -> Outcome<Pair> {
    let (near, far) = tls(bare).await?;
    Ok(Pair {
        near: Box::new(near),
        far: Box::new(far),
        _alive: Vec::new(),
    })
}

/// One stream of yamux over TLS.
pub(crate) async fn yamux(bare: &Bare) -> Outcome<Pair> {
    use yamux::{Config, Connection, Mode};
    let (near, far) = tls(bare).await?;
    let mut near = Connection::new(near.compat(), Config::default(), Mode::Client);
    let mut far = Connection::new(far.compat(), Config::default(), Mode::Server);
    let dialled = tokio::spawn(async move {
        let stream = poll_fn(|context| far.poll_next_inbound(context)).await;
        // A connection of yamux moves only while it is asked for the next stream.
        let task = tokio::spawn(async move {
            while poll_fn(|context| far.poll_next_inbound(context))
                .await
                .is_some()
            {}
        });
        (stream, task)
    });
    let stream = poll_fn(|context| near.poll_new_outbound(context)).await?;
    let task = tokio::spawn(async move {
        while poll_fn(|context| near.poll_next_inbound(context))
            .await
            .is_some()
        {}
    });
    let mut stream = stream.compat();
    // The other end learns of a stream by its first frame.
    tokio::io::AsyncWriteExt::write_all(&mut stream, b"!").await?;
    tokio::io::AsyncWriteExt::flush(&mut stream).await?;
    let (other, other_task) = dialled.await?;
    let mut other = other.ok_or("no stream")??.compat();
    tokio::io::AsyncReadExt::read_u8(&mut other).await?;
    Ok(Pair {
        near: Box::new(stream),
        far: Box::new(other),
        _alive: vec![Box::new(task), Box::new(other_task)],
    })
}

/// One stream of QUIC.
pub(crate) async fn quic(bare: &Bare) -> Outcome<Pair> {
    use quinn::crypto::rustls::{QuicClientConfig, QuicServerConfig};
    let server = QuicServerConfig::try_from(bare.server.as_ref().clone())?;
    let far = quinn::Endpoint::server(
        quinn::ServerConfig::with_crypto(Arc::new(server)),
        loopback(),
    )?;
    let addr = far.local_addr()?;
    let mut near = quinn::Endpoint::client(loopback())?;
    let client = QuicClientConfig::try_from(bare.client.as_ref().clone())?;
    near.set_default_client_config(quinn::ClientConfig::new(Arc::new(client)));
    let dialled = async {
        let connection = far.accept().await.ok_or("no connection")?.await?;
        let (send, mut receive) = connection.accept_bi().await?;
        tokio::io::AsyncReadExt::read_u8(&mut receive).await?;
        Outcome::Ok((connection, tokio::io::join(receive, send)))
    };
    let dialling = async {
        let connection = near.connect(addr, "localhost")?.await?;
        let (mut send, receive) = connection.open_bi().await?;
        tokio::io::AsyncWriteExt::write_all(&mut send, b"!").await?;
        Outcome::Ok((connection, tokio::io::join(receive, send)))
    };
    let ((far_line, far_stream), (near_line, near_stream)) = tokio::try_join!(dialled, dialling)?;
    Ok(Pair {
        near: Box::new(near_stream),
        far: Box::new(far_stream),
        _alive: vec![
            Box::new(far),
            Box::new(near),
            Box::new(far_line),
            Box::new(near_line),
        ],
    })
}
