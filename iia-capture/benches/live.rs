//! What reading a live interface costs, beside another program that reads the same; and what the ring on disk costs. Needs the
//! right to make network namespaces; prints one line a figure.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::panic,
    reason = "a bench prints and may fail"
)]

#[cfg(target_os = "linux")]
#[path = "../tests/lab/mod.rs"]
mod lab;

fn main() {
    #[cfg(target_os = "linux")]
    linux::run();
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs;
    use std::process::{Child, Command, Stdio};
    use std::time::{Duration, Instant};

    use iia_capture::Packet;
    use iia_capture::generate::{TraceOptions, write_pcap};
    use iia_capture::live::packets::{Options, Source};
    use iia_capture::live::passive::Interface;
    use iia_capture::pipeline::{self, Pipeline};
    use iia_capture::ring::{FILE_LEN_MIN, Limits, Ring, verify};
    use iia_capture::source::LinkType;
    use iia_core::Timestamp;
    use iia_core::observe::Observation;

    use super::lab::{OBSERVER, Run, counter, laboratory, shell, start};

    const PROVOKE: &str = include_str!("../tests/lab/provoke.py");
    const FRAMES: u64 = 1_000_000;

    pub(super) fn run() {
        match laboratory("live") {
            Run::Inside => {
                // What the laboratory looks for.
                println!("running 1 test");
                eprintln!();
                live();
                disk("/run", "in memory");
                disk("/tmp", "on disk");
            }
            Run::Done => {}
            Run::Cannot(why) => println!("no laboratory here: {why}"),
        }
    }

    fn live() {
        let interface: Interface = OBSERVER.parse().unwrap();
        let commands: Vec<String> = interface
            .commands()
            .iter()
            .map(|words| words.join(" "))
            .collect();
        let (rules, settings, commands) =
            (interface.rules(), interface.settings(), commands.join("\n"));
        shell(&format!(
            "nft -f - <<'END'\n{rules}END\nsysctl -qp - <<'END'\n{settings}END\n{commands}\n"
        ));
        let options = Options {
            blocks: 256,
            ..Options::default()
        };
        let mut source = Source::open(OBSERVER, &options).unwrap();
        said("read and counted", read(&mut source, |_| {}), &source);
        drop(source);
        filled();
        let mut pipeline = Pipeline::new(pipeline::Options::default());
        let mut source = Source::open(OBSERVER, &options).unwrap();
        let cost = read(&mut source, |packet| {
            pipeline.handle_packet(packet, &mut |_: &_| {})
        });
        said("read and decoded", cost, &source);
        drop(source);
        replayed();
        let folder = tempfile::tempdir().unwrap();
        let mut ring = Ring::open(folder.path(), limits()).unwrap();
        let mut source = Source::open(OBSERVER, &options).unwrap();
        let cost = read(&mut source, |packet| ring.push(packet).unwrap());
        said("read and kept in a ring on disk", cost, &source);
        let mut peer = Command::new("tcpdump")
            .args(["-q", "-n", "-i", OBSERVER, "-B", "65536", "-w", "/dev/null"])
            .stderr(Stdio::piped())
            .spawn();
        if let Ok(peer) = &mut peer {
            std::thread::sleep(Duration::from_secs(1));
            let child = provoke();
            let sent = finish(child);
            std::thread::sleep(Duration::from_secs(1));
            let cpu = on_cpu(&format!("/proc/{}/schedstat", peer.id()));
            shell(&format!("kill -INT {}", peer.id()));
            peer.wait().unwrap();
            eprintln!(
                "tcpdump -w /dev/null: {sent}, {} ns of a core a packet",
                cpu / FRAMES
            );
        }
    }

    /// A trace of Modbus as fast as tcpreplay can send it, decoded as it comes; nothing where that is not installed.
    fn replayed() {
        let trace = "/run/trace.pcap";
        let mut file = std::io::BufWriter::new(fs::File::create(trace).unwrap());
        write_pcap(&mut file, TraceOptions::default()).unwrap();
        drop(file);
        let options = Options {
            blocks: 256,
            ..Options::default()
        };
        let mut source = Source::open(OBSERVER, &options).unwrap();
        let mut pipeline = Pipeline::new(pipeline::Options::default());
        let child = Command::new("ip")
            .args([
                "netns",
                "exec",
                "peer",
                "tcpreplay",
                "-q",
                "-i",
                "gen0",
                "--topspeed",
                "--preload-pcap",
                trace,
            ])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let Ok(child) = child else { return };
        let (mut last, mut exchanges) = (Instant::now(), 0u64);
        let mut take = |seen: &Observation<'_>| {
            exchanges += u64::from(matches!(seen, Observation::Exchange(_)));
        };
        while last.elapsed() < Duration::from_secs(3) {
            if let Some(batch) = source.next(Duration::from_millis(50)).unwrap() {
                batch
                    .packets()
                    .for_each(|packet| pipeline.handle_packet(&packet, &mut take));
                last = Instant::now();
            }
        }
        pipeline.finish(&mut take);
        let said = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&said.stdout);
        let rated = said.lines().find(|line| line.starts_with("Rated"));
        let (counts, missed) = (source.counts(), counter(OBSERVER, "rx_dropped"));
        eprintln!(
            "tcpreplay: {}; {} received and decoded to {exchanges} exchanges, {} dropped by the ring, {missed} before it",
            rated.unwrap_or("is not installed"),
            counts.packets,
            counts.dropped
        );
    }

    /// What reading can do alone: the ring has everything before it begins.
    fn filled() {
        let options = Options {
            blocks: 1024,
            ..Options::default()
        };
        let mut source = Source::open(OBSERVER, &options).unwrap();
        let sent = finish(provoke());
        let (began, mut seen) = (Instant::now(), 0);
        while let Some(batch) = source.next(Duration::from_millis(50)).unwrap() {
            seen += batch
                .packets()
                .map(|packet| packet.data.len().min(1))
                .sum::<usize>();
            if seen as u64 + source.counts().dropped == FRAMES {
                break;
            }
        }
        let rate = seen as f64 / began.elapsed().as_secs_f64();
        eprintln!("read from a full ring: {sent}, {seen} received, {rate:.0} packets a second");
    }

    fn provoke() -> Child {
        let hardware = shell("cat /sys/class/net/obs0/address");
        start(
            PROVOKE,
            &["gen0", &FRAMES.to_string(), "0.5", hardware.trim()],
        )
        .unwrap()
    }

    /// How many frames were sent and how fast.
    fn finish(child: Child) -> String {
        let text = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
        let words: Vec<f64> = text
            .split_whitespace()
            .map(|word| word.parse().unwrap())
            .collect();
        let [sent, _, seconds] = words[..] else {
            panic!("{text}")
        };
        format!("{sent} frames sent at {:.0} a second", sent / seconds)
    }

    /// Nanoseconds that a task was on a core.
    fn on_cpu(path: &str) -> u64 {
        let text = fs::read_to_string(path).unwrap();
        text.split(' ').next().unwrap().parse().unwrap()
    }

    fn read(source: &mut Source, mut each: impl FnMut(&Packet<'_>)) -> (String, u64) {
        let child = provoke();
        let began = on_cpu("/proc/thread-self/schedstat");
        let (mut last, mut seen) = (Instant::now(), 0);
        while last.elapsed() < Duration::from_secs(1) || seen == 0 {
            if let Some(batch) = source.next(Duration::from_millis(50)).unwrap() {
                batch.packets().for_each(|packet| each(&packet));
                seen += batch.len();
                last = Instant::now();
            }
        }
        (finish(child), on_cpu("/proc/thread-self/schedstat") - began)
    }

    fn said(what: &str, (sent, cpu): (String, u64), source: &Source) {
        let counts = source.counts();
        eprintln!(
            "{what}: {sent}, {} received, {} dropped, {} ns of a core a packet",
            counts.packets,
            counts.dropped,
            cpu / counts.packets.max(1)
        );
    }

    fn limits() -> Limits {
        Limits {
            file_len: 64 << 20,
            file_ns: i64::MAX,
            files: 64,
            total_len: (4u64 << 30).max(2 * FILE_LEN_MIN),
        }
    }

    /// A gigabyte of packets of one length into a ring, and a slice of a tenth of it.
    fn disk(place: &str, what: &str) {
        for len in [70usize, 1400] {
            let folder = tempfile::tempdir_in(place).unwrap();
            let mut ring = Ring::open(folder.path(), limits()).unwrap();
            let count = (1 << 30) / len as i64;
            let data = vec![0x5a; len];
            let at = |number: i64| Timestamp::from_ns(1_800_000_000_000_000_000 + number * 1000);
            let (began, cpu) = (Instant::now(), on_cpu("/proc/thread-self/schedstat"));
            for number in 0..count {
                let packet = Packet {
                    ts: at(number),
                    link: LinkType::ETHERNET,
                    orig_len: len as u32,
                    data: &data,
                };
                ring.push(&packet).unwrap();
            }
            ring.seal().unwrap();
            let took = began.elapsed().as_secs_f64();
            let cpu = (on_cpu("/proc/thread-self/schedstat") - cpu) / count.unsigned_abs();
            let rate = (count as f64 / took, (1 << 30) as f64 / took / 1e6);
            eprintln!(
                "ring {what}, {len} bytes a packet: {:.0} packets a second, {:.0} MB/s, {cpu} ns of a core a packet",
                rate.0, rate.1
            );
            let (from, to) = (at(count / 2), at(count / 2 + count / 10));
            let mut bytes = Vec::new();
            let began = Instant::now();
            let slice = ring.slice((from, to), &mut bytes).unwrap();
            let cut = began.elapsed();
            let verified = verify(&bytes, &slice).unwrap();
            eprintln!(
                "slice of {} packets, {} around, proof of {} bytes: cut in {cut:?}, verified in {:?}",
                verified.packets,
                verified.around,
                slice.to_json().len(),
                began.elapsed() - cut
            );
        }
    }
}
