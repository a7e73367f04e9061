//! Requests over HTTPS, one after the other, with an end to everything.

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use iia_edge::vault::{Lost, Reply, Request};
use ureq::Agent;
use ureq::http;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

const CONNECT: Duration = Duration::from_secs(10);
/// From the end of a request to the head of its reply.
const REPLY: Duration = Duration::from_secs(60);
/// Bytes of a reply's header fields at most.
const HEADER_LEN_MAX: usize = 32 * 1024;

/// A client that follows no redirection and asks no proxy.
pub(crate) struct Client(Agent);

impl Client {
    /// Trusts the authorities in a PEM file; without one there is no TLS.
    pub(crate) fn new(authorities: Option<&Path>, timeout: Duration) -> anyhow::Result<Self> {
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .user_agent("iia-vault")
            .max_response_header_size(HEADER_LEN_MAX)
            .timeout_connect(Some(CONNECT))
            .timeout_recv_response(Some(REPLY.min(timeout)))
            .timeout_global(Some(timeout));
        if let Some(path) = authorities {
            config = config.https_only(true).tls_config(tls(path)?);
        }
        Ok(Self(config.build().new_agent()))
    }

    /// Sends a request and reads the reply.
    pub(crate) fn send(&self, request: &Request) -> Result<Reply, Lost> {
        self.exchange(request).map_err(|error| Lost {
            detail: error.to_string(),
        })
    }

    fn exchange(&self, request: &Request) -> Result<Reply, ureq::Error> {
        let mut head = http::Request::builder()
            .method(request.method)
            .uri(&request.url);
        for (name, value) in &request.headers {
            head = head.header(*name, value);
        }
        let reply = match request.method {
            "PUT" => self.0.run(head.body(request.body.as_ref())?)?,
            _ => self.0.run(head.body(())?)?,
        };
        let (parts, body) = reply.into_parts();
        let headers = parts.headers.iter().filter_map(|(name, value)| {
            let value = value.to_str().ok()?;
            Some((name.as_str().to_owned(), value.to_owned()))
        });
        let mut bytes = Vec::new();
        // What is longer than any good reply is cut: whoever asked sees that it is.
        let len_max = request.reply_len_max as u64 + 1;
        body.into_reader().take(len_max).read_to_end(&mut bytes)?;
        Ok(Reply {
            status: parts.status.as_u16(),
            headers: headers.collect(),
            body: bytes,
        })
    }
}

fn tls(path: &Path) -> anyhow::Result<TlsConfig> {
    let shown = path.display();
    let pem = std::fs::read(path).with_context(|| format!("authorities in {shown}"))?;
    let items = parse_pem(&pem).filter_map(Result::ok);
    let roots: Vec<Certificate<'static>> = items
        .filter_map(|item| match item {
            PemItem::Certificate(certificate) => Some(certificate),
            _ => None,
        })
        .collect();
    ensure!(!roots.is_empty(), "{shown} holds no certificate");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    Ok(TlsConfig::builder()
        .root_certs(RootCerts::Specific(Arc::new(roots)))
        .unversioned_rustls_crypto_provider(provider)
        .build())
}
