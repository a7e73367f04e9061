//! What can be wrong with a capture.

use iia_core::code::{Code, Coded};

/// An error of this crate. A bad packet is never one: it is counted and the next packet is read.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CaptureError {
    /// The file is damaged from here on; the packets before were read.
    #[error("capture is damaged after packet {packets}")]
    Damaged {
        /// Packets read before.
        packets: u64,
    },
    /// The file has no bytes.
    #[error("the file is empty")]
    Empty,
    /// A folder holds no capture.
    #[error(
        "no capture in this folder: none ends in .pcap, .pcapng or .cap, with or without .gz or .zst"
    )]
    NoCapture,
    /// The file is no capture.
    #[error("neither pcap nor pcapng")]
    NotCapture,
    /// The file cannot be opened.
    #[cfg(feature = "std")]
    #[error("cannot be opened: {}", words(*why))]
    Open {
        /// What the system says.
        why: std::io::ErrorKind,
    },
    /// The file cannot be read.
    #[error("capture cannot be read after packet {packets}")]
    Read {
        /// Packets read before.
        packets: u64,
    },
    /// A packet is larger than the limit.
    #[error("packet after {packets} is larger than {max} bytes")]
    TooLarge {
        /// Packets read before.
        packets: u64,
        /// The limit.
        max: usize,
    },
    /// The file ends inside a packet; the packets before were read.
    #[error("capture ends inside the packet after packet {packets}")]
    Truncated {
        /// Packets read before.
        packets: u64,
    },
}

#[cfg(feature = "std")]
fn words(why: std::io::ErrorKind) -> alloc::string::String {
    match why {
        std::io::ErrorKind::NotFound => "there is no such file or folder".into(),
        why => alloc::format!("{why}"),
    }
}

impl Coded for CaptureError {
    fn code(&self) -> Code {
        let number = match self {
            Self::Damaged { .. } => 1,
            Self::NotCapture => 2,
            Self::Truncated { .. } => 3,
            Self::Empty => 4,
            Self::NoCapture => 5,
            Self::TooLarge { .. } => 401,
            Self::Read { .. } => 501,
            #[cfg(feature = "std")]
            Self::Open { .. } => 502,
        };
        Code::new("CAP", number)
    }
}
