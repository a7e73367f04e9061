//! Compressed files, recognised by what is in them: gzip (RFC 1952) and zstd (RFC 8878). They are unpacked while they are
//! read, so that one that swells a thousandfold takes no more memory than another.

use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// Bytes that a zstd file may look back at most; what needs more is refused (RFC 8878, 3.1.1.1.2 asks for 8 MiB).
pub const ZSTD_WINDOW_MAX: u64 = 8 * 1024 * 1024;
const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// Frames that hold no data.
const SKIPPABLE: std::ops::RangeInclusive<u32> = 0x184d_2a50..=0x184d_2a5f;

/// The bytes that were read to see what a file is, and the rest of it.
type Whole<R> = BufReader<Chain<Cursor<Vec<u8>>, R>>;

/// A file's bytes, unpacked where they were compressed.
pub enum Unpacked<R: Read> {
    /// As they are.
    Plain(Whole<R>),
    /// gzip, of one member or several.
    Gzip(Box<MultiGzDecoder<Whole<R>>>),
    /// zstd, of one frame or several.
    Zstd(Box<Zstd<Whole<R>>>),
}

impl<R: Read> Unpacked<R> {
    /// Looks at the first bytes of a file.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn new(mut reader: R) -> io::Result<Self> {
        let mut head = Vec::new();
        reader.by_ref().take(4).read_to_end(&mut head)?;
        let (gzip, zstd) = (head.starts_with(&GZIP), head == ZSTD);
        let whole = BufReader::new(Cursor::new(head).chain(reader));
        Ok(match (gzip, zstd) {
            (true, _) => Self::Gzip(Box::new(MultiGzDecoder::new(whole))),
            (_, true) => Self::Zstd(Box::new(Zstd::new(whole))),
            _ => Self::Plain(whole),
        })
    }
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(reader) => reader.read(buffer),
            Self::Gzip(reader) => reader.read(buffer),
            Self::Zstd(reader) => reader.read(buffer),
        }
    }
}

/// Frames of zstd, one after the other.
pub struct Zstd<R> {
    reader: R,
    decoder: FrameDecoder,
    within: bool,
}

impl<R: BufRead> Zstd<R> {
    fn new(reader: R) -> Self {
        Self {
            reader,
            decoder: FrameDecoder::new(),
            within: false,
        }
    }

    /// Begins the next frame that holds data; tells whether there is one.
    fn begin(&mut self) -> io::Result<bool> {
        while !self.reader.fill_buf()?.is_empty() {
            let mut magic = [0; 4];
            self.reader.read_exact(&mut magic)?;
            if magic == ZSTD {
                let head = self.head(magic)?;
                self.decoder
                    .reset(head.as_slice())
                    .map_err(io::Error::other)?;
                self.within = true;
                return Ok(true);
            }
            if !SKIPPABLE.contains(&u32::from_le_bytes(magic)) {
                return Err(io::ErrorKind::InvalidData.into());
            }
            let mut len = [0; 4];
            self.reader.read_exact(&mut len)?;
            let len = u64::from(u32::from_le_bytes(len));
            let passed = io::copy(&mut self.reader.by_ref().take(len), &mut io::sink())?;
            if passed < len {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(false)
    }

    /// A frame's header (RFC 8878, 3.1.1.1), once its window is known to be small enough.
    fn head(&mut self, magic: [u8; 4]) -> io::Result<Vec<u8>> {
        let mut descriptor = [0];
        self.reader.read_exact(&mut descriptor)?;
        let [flags] = descriptor;
        let single = flags & 0x20 != 0;
        let dictionary = [0, 1, 2, 4]
            .get(usize::from(flags & 3))
            .copied()
            .unwrap_or(0);
        let size = match (flags >> 6, single) {
            (0, single) => usize::from(single),
            (power, _) => 1 << power,
        };
        let mut rest = vec![0; usize::from(!single) + dictionary + size];
        self.reader.read_exact(&mut rest)?;
        let window = match rest.first() {
            Some(byte) if !single => {
                let base = 1u64 << (10 + u32::from(byte >> 3));
                base + base / 8 * u64::from(byte & 7)
            }
            _ => {
                let bytes = rest.get(dictionary..).unwrap_or_default().iter().rev();
                let size_of_all = bytes.fold(0, |sum, byte| sum << 8 | u64::from(*byte));
                size_of_all + if size == 2 { 256 } else { 0 }
            }
        };
        if window > ZSTD_WINDOW_MAX {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok([&magic[..], &descriptor, &rest].concat())
    }
}

impl<R: BufRead> Read for Zstd<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !buffer.is_empty() {
            let ready = self.decoder.can_collect();
            match (self.within, ready) {
                (false, _) if !self.begin()? => return Ok(0),
                (false, _) => {}
                (true, 0) if self.decoder.is_finished() => self.within = false,
                (true, 0) => {
                    let one = BlockDecodingStrategy::UptoBlocks(1);
                    let reader = &mut self.reader;
                    self.decoder
                        .decode_blocks(reader, one)
                        .map_err(io::Error::other)?;
                }
                _ => return self.decoder.read(buffer),
            }
        }
        Ok(0)
    }
}
