//! A plant with faults: a real Modbus device, a collector, a proxy between them in namespaces of its own. The box
//! hears behind the proxy with its own capture, the IO master before it with a tap and decoders of its own, and a
//! converter that samples what the device's input has. Each fault is told as what it is.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests"
)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant, SystemTime};

use iia_attest::correlator::Correlator as _;
use iia_attest::io::point::agreed;
use iia_attest::io::sample::{Converter, Input, Signal, Source as _, Synthetic};
use iia_attest::io::wire::Way;
use iia_attest::io::{Io, Layout, Observation, Point, PointId, Reading, Station, Tap, Terms};
use iia_capture::live::packets::{Options as Ring, Source};
use iia_capture::pipeline::{Options, Pipeline};
use iia_config::{limits, parse::parse, validate};
use iia_core::Timestamp;
use iia_core::finding::{Conclusion, Finding};
use iia_core::observe::{Exchange, Observation as Seen};

const TEST: &str = "each_fault_on_the_way_is_told_as_what_it_is";
const INSIDE: &str = "IIA_IN_A_NAMESPACE";
const RIG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/io_rig/rig.py");
const CONTRACT: &str = include_str!("io_rig/press.icl");

const MAKE: &str = include_str!("io_rig/plant.sh");

fn skip(why: &str) {
    let all = std::env::var_os("IIA_REQUIRE_ALL").is_some_and(|value| value == "1");
    assert!(!all, "{TEST}: {why}");
    eprintln!("SKIPPED: {TEST}: {why}");
}

fn python() -> PathBuf {
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/venv/bin/python");
    std::env::var_os("IIA_PYTHON").map_or_else(|| own.into(), PathBuf::from)
}

/// Runs this very test again where it may make namespaces; `true` inside.
fn inside() -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let imports = Command::new(python())
        .args(["-c", "import pymodbus"])
        .output();
    if !imports.is_ok_and(|done| done.status.success()) {
        skip("a Python with pymodbus (IIA_PYTHON or target/venv)");
        return false;
    }
    let run = format!("{MAKE}\nexec \"$0\" --exact {TEST} --nocapture");
    let output = Command::new("unshare")
        .args(["--map-root-user", "--net", "--mount", "sh", "-c", &run])
        .arg(std::env::current_exe().unwrap())
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    if said.contains("running 1 test") {
        assert!(output.status.success(), "{said}{errors}");
        eprint!("{errors}");
    } else {
        skip(&errors);
    }
    false
}

/// A part of the plant; it ends with its standard input.
struct Part {
    child: Child,
    orders: ChildStdin,
}

impl Part {
    fn start(namespace: Option<&str>, arguments: &[&str]) -> Self {
        let mut command = match namespace {
            Some(namespace) => {
                let mut command = Command::new("ip");
                command.args(["netns", "exec", namespace]).arg(python());
                command
            }
            None => Command::new(python()),
        };
        command.arg(RIG).args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let orders = child.stdin.take().unwrap();
        Self { child, orders }
    }

    fn ready(mut self) -> Self {
        let mut line = String::new();
        let mut said = BufReader::new(self.child.stdout.take().unwrap());
        said.read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        self
    }

    fn order(&mut self, words: &str) {
        writeln!(self.orders, "{words}").unwrap();
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The frames of a tap as they come.
fn frames(tap: &mut Part) -> Receiver<(i64, Vec<u8>)> {
    let mut said = BufReader::new(tap.child.stdout.take().unwrap());
    let (give, take) = channel();
    std::thread::spawn(move || {
        let mut head = [0; 12];
        while said.read_exact(&mut head).is_ok() {
            let len = u32::from_le_bytes(head[..4].try_into().unwrap());
            let ns = i64::from_le_bytes(head[4..].try_into().unwrap());
            let mut frame = vec![0; len as usize];
            if said.read_exact(&mut frame).is_err() || give.send((ns, frame)).is_err() {
                break;
            }
        }
    });
    take
}

fn now() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap();
    Timestamp::from_ns(i64::try_from(since.as_nanos()).unwrap())
}

/// What the box says: its own decoder's exchanges, as plain readings.
fn said(exchange: &Exchange<'_>, points: &[Point], shift_ns: i64) -> Vec<Reading> {
    let took = exchange.latency_ns.unwrap_or_default();
    let (span, way) = match (exchange.read, exchange.write) {
        (Some(read), _) => (read, Way::Said),
        (None, Some(write)) => (write, Way::Told),
        (None, None) => return vec![],
    };
    let at = exchange.ts + if way == Way::Said { took } else { 0 };
    let values = (span.addr..).zip(span.iter());
    let reading = |(address, value): (u32, u16)| {
        let point = points
            .iter()
            .position(|point| point.places[0].first == address)?;
        Some(Reading {
            point: PointId(u32::try_from(point).unwrap()),
            micros: i64::from(value) * 1_000_000,
            at: at + shift_ns,
            station: Station::Box,
            way,
            took_ns: (way == Way::Said).then_some(took),
        })
    };
    values.filter_map(reading).collect()
}

/// The box, the IO master and what it compares.
struct Watch {
    points: Vec<Point>,
    layout: Layout,
    observer: Io,
    ring: Source,
    pipeline: Pipeline,
    tap: Tap,
    second: Receiver<(i64, Vec<u8>)>,
    wire: Option<fn(f64) -> f64>,
    /// The clock of the box goes wrong by this much.
    shift_ns: i64,
    told: Vec<Finding>,
}

/// The converter's range, in mA.
const CONVERTER: Converter = Converter {
    low_counts: 0,
    high_counts: 65_535,
    low: 0.0,
    high: 24.0,
};

/// The first value of the plant as a current, by the clock.
fn loop_current(seconds: f64) -> f64 {
    let value = 1500.0 + 800.0 * (std::f64::consts::TAU * seconds / 17.0).sin();
    4.0 + value / 3000.0 * 16.0
}

fn cut(_: f64) -> f64 {
    0.0
}

impl Watch {
    fn run(&mut self, seconds: f64) -> Vec<Finding> {
        let until = Instant::now() + Duration::from_secs_f64(seconds);
        while Instant::now() < until {
            self.box_side();
            while let Ok((ns, frame)) = self.second.try_recv() {
                let (observer, at) = (&mut self.observer, Timestamp::from_ns(ns));
                self.tap.handle_frame(at, &frame, &self.layout, |reading| {
                    observer.handle_observation(now(), Observation::Reading(reading));
                });
                self.observer.handle_alive(now(), Station::Device);
            }
            self.sample();
            self.observer.handle_timeout(now());
            self.told
                .extend(core::iter::from_fn(|| self.observer.poll_finding()));
        }
        core::mem::take(&mut self.told)
    }

    fn box_side(&mut self) {
        let Some(batch) = self.ring.next(Duration::from_millis(10)).unwrap() else {
            return;
        };
        let mut heard = Vec::new();
        for packet in batch.packets() {
            self.pipeline
                .handle_packet(&packet, &mut |seen: &Seen<'_>| {
                    if let Seen::Exchange(exchange) = seen {
                        heard.extend(said(exchange, &self.points, self.shift_ns));
                    }
                });
        }
        for reading in heard {
            self.observer
                .handle_observation(now(), Observation::Reading(reading));
        }
        self.observer.handle_alive(now(), Station::Box);
    }

    fn sample(&mut self) {
        let Some(wire) = self.wire else {
            return;
        };
        let pressure = self
            .points
            .iter()
            .position(|point| point.name == "pressure");
        let input = Input {
            point: PointId(u32::try_from(pressure.unwrap()).unwrap()),
            converter: CONVERTER,
            signal: Signal::Loop {
                low: 0.0,
                high: 3000.0,
            },
        };
        let at = now();
        let signal = |at: Timestamp| wire(at.as_ns() as f64 / 1e9);
        let mut source = Synthetic::new(CONVERTER, (at, 1), (4, 9), signal);
        let sample = source.poll_sample(at).unwrap();
        if let Some(observation) = input.observe(sample) {
            self.observer.handle_observation(at, observation);
        }
    }
}

/// The classes that were told, each once, in order.
fn classes(told: &[Finding]) -> Vec<&str> {
    let begun = told
        .iter()
        .filter(|one| one.conclusion != Conclusion::Converge);
    let mut classes: Vec<&str> = begun.map(|one| one.operation.as_str()).collect();
    classes.dedup();
    classes
}

#[test]
fn each_fault_on_the_way_is_told_as_what_it_is() {
    if !inside() {
        return;
    }
    let document = parse(CONTRACT.as_bytes(), limits::DOCUMENT_LEN_MAX).unwrap();
    let catalog = validate::catalog(&document).unwrap();
    let mut points = agreed(&catalog, "io-master", Terms::default());
    assert_eq!(points.len(), 4);
    for point in &mut points {
        // Half a per cent of a range of 3000, from the contract; a busy machine needs room for the proxy's own pace.
        assert_eq!(point.tolerance.around(0), 15_000_000);
        point.tolerance.skew_ns = 700_000_000;
    }
    let mut device = Part::start(Some("device"), &["device"]).ready();
    let mut proxy = Part::start(None, &["proxy"]).ready();
    let mut tap = Part::start(Some("inner"), &["tap", "dev1"]);
    let second = frames(&mut tap);
    let _collector = Part::start(Some("collector"), &["collector"]).ready();
    let mut watch = Watch {
        layout: Layout::new(&points),
        observer: Io::new(&points),
        points,
        ring: Source::open("box0", &Ring::default()).unwrap(),
        pipeline: Pipeline::new(Options::default()),
        tap: Tap::new(Station::Device, 0),
        second,
        wire: Some(loop_current),
        shift_ns: 0,
        told: vec![],
    };
    let clean = watch.run(12.0);
    assert_eq!(clean, [], "a clean run is silent");
    let agreed = watch.observer.counts().agreed;
    assert!(agreed > 200, "{agreed} pairs were compared");
    let settle = watch.observer.window_ns() as f64 / 1e9 + 3.0;
    let mut failed = Vec::new();
    let mut faults = 0;
    let mut check = |name: &str, told: Vec<Finding>, want: &[&str]| {
        faults += 1;
        let found = classes(&told);
        eprintln!("{name}: {found:?}");
        told.iter()
            .for_each(|one| eprintln!("  {:?} {}", one.conclusion, one.reason));
        if found != want {
            failed.push(format!("{name}: {found:?}, not {want:?}"));
        }
    };
    // Each is let pass before the next: what is over is told as well, and is no class of the next.
    for (order, seconds, want) in [
        ("change 1", settle, "changed_frame"),
        ("drop 1", settle + 4.0, "dropped_frame"),
        ("delay 1", settle + 2.0, "late_frame"),
        // Long enough for the slowest of the three to rise and fall.
        ("scale", 16.0, "wrong_scaling"),
        ("replay", 8.0, "man_in_the_middle"),
        ("inject", settle, "man_in_the_middle"),
    ] {
        proxy.order(order);
        let mut told = watch.run(seconds);
        proxy.order("pass");
        told.extend(watch.run(settle));
        check(order, told, &[want]);
    }
    watch.shift_ns = 2_000_000_000;
    let mut told = watch.run(6.0);
    watch.shift_ns = 0;
    told.extend(watch.run(settle));
    check("clock of the box", told, &["clock_skew"]);
    device.order("freeze");
    let mut told = watch.run(9.0);
    device.order("thaw");
    told.extend(watch.run(6.0));
    check("frozen device", told, &["misreporting_device"]);
    watch.wire = Some(cut);
    let mut told = watch.run(2.0);
    watch.wire = Some(loop_current);
    told.extend(watch.run(5.0));
    check("cut wire", told, &["tampered_wire"]);
    let clean = watch.run(6.0);
    check("clean again", clean, &[]);
    assert!(failed.is_empty(), "of {faults}: {failed:#?}");
}
