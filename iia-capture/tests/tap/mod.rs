//! A tap between two programs of this machine: it passes on what both say and keeps it as a capture.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use iia_capture::generate::frame;

const CLIENT: [u8; 4] = [10, 20, 0, 10];
const SERVER: [u8; 4] = [10, 20, 0, 21];

/// Frames with their moments in microseconds.
type Frames = Arc<Mutex<Vec<(u64, Vec<u8>)>>>;

/// Listens on the loopback and passes every connection on; in the capture the server has the port that is given.
pub struct Tap {
    pub port: u16,
    frames: Frames,
    open: Arc<AtomicUsize>,
}

impl Tap {
    pub fn before(server: SocketAddr, port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let tap = Self {
            port: listener.local_addr().unwrap().port(),
            frames: Frames::default(),
            open: Arc::default(),
        };
        let (frames, open) = (Arc::clone(&tap.frames), Arc::clone(&tap.open));
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let Ok(client) = client else { return };
                let Ok(server) = TcpStream::connect(server) else {
                    return;
                };
                connection((&frames, &open), port, (client, server));
            }
        });
        tap
    }

    /// What was said, as a capture, once every connection is over.
    pub fn write(&self, path: &Path) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while self.open.load(Ordering::SeqCst) > 0 {
            assert!(Instant::now() < deadline, "a connection stays open");
            std::thread::yield_now();
        }
        let mut file = std::fs::File::create(path).unwrap();
        file.write_all(&[0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0])
            .unwrap();
        file.write_all(&[0, 0, 4, 0, 1, 0, 0, 0]).unwrap();
        for (us, frame) in self.frames.lock().unwrap().iter() {
            let len = u32::try_from(frame.len()).unwrap();
            let secs = u32::try_from(us / 1_000_000).unwrap();
            let rest = u32::try_from(us % 1_000_000).unwrap();
            let head = [secs, rest, len, len].map(u32::to_le_bytes).concat();
            file.write_all(&head).unwrap();
            file.write_all(frame).unwrap();
        }
    }
}

fn connection(
    (frames, open): (&Frames, &Arc<AtomicUsize>),
    port: u16,
    (client, server): (TcpStream, TcpStream),
) {
    let from = client.peer_addr().unwrap().port();
    let sequences = Arc::new(Mutex::new([1u32, 1]));
    let ways = [
        (
            client.try_clone().unwrap(),
            server.try_clone().unwrap(),
            true,
        ),
        (server, client, false),
    ];
    for (mut source, mut target, up) in ways {
        let (frames, sequences, open) =
            (Arc::clone(frames), Arc::clone(&sequences), Arc::clone(open));
        open.fetch_add(1, Ordering::SeqCst);
        std::thread::spawn(move || {
            let mut bytes = vec![0; 16 * 1024];
            while let Ok(len @ 1..) = source.read(&mut bytes) {
                keep(
                    &frames,
                    (from, port),
                    &mut sequences.lock().unwrap(),
                    (up, &bytes[..len]),
                );
                if target.write_all(&bytes[..len]).is_err() {
                    break;
                }
            }
            let _ = target.shutdown(std::net::Shutdown::Write);
            open.fetch_sub(1, Ordering::SeqCst);
        });
    }
}

/// Keeps what one side said in the order in which it came, no two at one moment.
fn keep(
    frames: &Frames,
    (client, server): (u16, u16),
    sequences: &mut [u32; 2],
    (up, said): (bool, &[u8]),
) {
    let mut frames = frames.lock().unwrap();
    for part in said.chunks(1400) {
        let [mine, theirs] = sequences;
        let frame = match up {
            true => frame((CLIENT, SERVER), (client, server), (*mine, *theirs), part),
            false => frame((SERVER, CLIENT), (server, client), (*theirs, *mine), part),
        };
        let sender = if up { mine } else { theirs };
        *sender = sender.wrapping_add(u32::try_from(part.len()).unwrap());
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let now = u64::try_from(now.as_micros()).unwrap();
        let last = frames.last().map_or(0, |(us, _)| *us);
        frames.push((now.max(last + 1), frame));
    }
}
