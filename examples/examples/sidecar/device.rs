//! The old device: Modbus/TCP as it always was, one request after the other.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// How long the device may take.
const ANSWER_MAX: Duration = Duration::from_secs(1);
/// Longest request or answer (MODBUS Application Protocol V1.1b3, 4.1).
pub(crate) const PDU_LEN_MAX: usize = 253;
const HEAD_LEN: usize = 7;

/// The link to it.
pub(crate) struct Device {
    addr: SocketAddr,
    stream: Option<TcpStream>,
    transaction: u16,
}

impl Device {
    /// At this address; it is dialled when it is first asked.
    pub(crate) const fn at(addr: SocketAddr) -> Self {
        Self {
            addr,
            stream: None,
            transaction: 0,
        }
    }

    /// Asks one unit; a link that broke is dialled again at the next question.
    pub(crate) async fn ask(&mut self, unit: u8, request: &[u8]) -> io::Result<Vec<u8>> {
        let answer = tokio::time::timeout(ANSWER_MAX, self.exchange(unit, request)).await;
        let answer = answer.unwrap_or(Err(io::ErrorKind::TimedOut.into()));
        if answer.is_err() {
            self.stream = None;
        }
        answer
    }

    async fn exchange(&mut self, unit: u8, request: &[u8]) -> io::Result<Vec<u8>> {
        let invalid = || io::Error::from(io::ErrorKind::InvalidData);
        self.transaction = self.transaction.wrapping_add(1);
        let transaction = self.transaction.to_be_bytes();
        let len = u16::try_from(request.len() + 1).map_err(|_| invalid())?;
        let head = [&transaction[..], &[0, 0], &len.to_be_bytes(), &[unit]].concat();
        let stream = match &mut self.stream {
            Some(stream) => stream,
            empty => {
                let stream = TcpStream::connect(self.addr).await?;
                stream.set_nodelay(true)?;
                empty.insert(stream)
            }
        };
        stream.write_all(&[&head, request].concat()).await?;
        let mut head = [0; HEAD_LEN];
        stream.read_exact(&mut head).await?;
        let [a, b, 0, 0, c, d, answered] = head else {
            return Err(invalid());
        };
        let len = usize::from(u16::from_be_bytes([c, d]));
        let ours = [a, b] == transaction && answered == unit;
        if !ours || !(2..=PDU_LEN_MAX + 1).contains(&len) {
            return Err(invalid());
        }
        let mut answer = vec![0; len - 1];
        stream.read_exact(&mut answer).await?;
        Ok(answer)
    }
}
