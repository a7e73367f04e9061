//! `ot.attestation.io`: a real device, a real client and a proxy between them. The box hears behind the proxy with its own
//! capture, the IO master before it with a tap and decoders of its own; what it reads it signs.

use std::cell::RefCell;
use std::error::Error;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use iia_attest::io::batch::Heard;
use iia_attest::io::point::agreed;
use iia_attest::io::wire::{Area, Chunk, Data, Owner, Part as Place, Way};
use iia_attest::io::{Draft, Layout, Master, Observer, Point, Station, Tap, Terms};
use iia_audit::frame::Body;
use iia_audit::own;
use iia_capture::live::packets::{Options as Ring, Source};
use iia_capture::pipeline::{Options, Pipeline};
use iia_core::finding::{Conclusion, Finding};
use iia_core::observe::{Exchange, Observation, Span, Values};
use iia_core::sign::{Signer as _, SoftwareKey};
use iia_core::{SpiffeId, Timestamp};

use super::{Outcome, catalog, now};

/// The plant, and a mirror of the device's cable at the IO master's tap; then what follows.
pub(crate) const MAKE: &str = concat!(
    include_str!("../../tests/io_rig/plant.sh"),
    "ip link add tap0 type veth peer name mir2 netns inner\n\
     ip link set tap0 up\n\
     ip -n inner link set mir2 up\n\
     mirror inner dev1 mir2\n\
     exec \"$0\" \"$@\"\n"
);
const PARTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/io_rig/rig.py");
const CONTRACT: &str = include_str!("../../tests/io_rig/press.icl");
const MASTER: &str = "spiffe://iia.local/zone/io/workload/io_master";
const TERMS: Terms = Terms {
    ppm: 0,
    skew_ns: 500_000_000,
};
/// How often the IO master states what it read.
const STATE_NS: i64 = 500_000_000;
/// How long everything is as agreed before something is done.
const CALM_NS: i64 = 5_000_000_000;
/// How long the observer may take at most.
const WAIT_NS: i64 = 20_000_000_000;

/// A part of the plant; it ends with its standard input.
struct Part {
    child: Child,
    orders: ChildStdin,
}

impl Part {
    fn start(network: &[&str], name: &str) -> Result<Self, Box<dyn Error>> {
        let python = std::env::var("IIA_PYTHON").unwrap_or_else(|_| "python3".into());
        let words = [network, &[python.as_str(), PARTS, name]].concat();
        let (program, arguments) = words.split_first().ok_or("no program")?;
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let orders = child.stdin.take().ok_or("no way to it")?;
        let said = child.stdout.take().ok_or("no way from it")?;
        let mut line = String::new();
        BufReader::new(said).read_line(&mut line)?;
        match line.as_str() {
            "ready\n" => Ok(Self { child, orders }),
            _ => Err(format!("{name} does not serve: is pymodbus there (IIA_PYTHON)?").into()),
        }
    }

    fn order(&mut self, words: &str) -> Result<(), Box<dyn Error>> {
        Ok(writeln!(self.orders, "{words}")?)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// The plant that runs.
struct Plant {
    proxy: Part,
    _others: [Part; 2],
}

thread_local! {
    static PLANT: RefCell<Option<Plant>> = const { RefCell::new(None) };
}

fn plant() -> Result<Plant, Box<dyn Error>> {
    let device = Part::start(&["ip", "netns", "exec", "device"], "device")?;
    let proxy = Part::start(&[], "proxy")?;
    let collector = Part::start(&["ip", "netns", "exec", "collector"], "collector")?;
    Ok(Plant {
        proxy,
        _others: [device, collector],
    })
}

/// What the proxy is told, or nothing where something else is done.
fn order(done: &str) -> Option<&'static str> {
    Some(match done {
        "a frame is changed between device and collector" => "change 1",
        "a frame is dropped between them" => "drop 1",
        "a frame is held up for two seconds" => "delay 1",
        "every value is scaled by two" => "scale",
        "old values are replayed" => "replay",
        "a command is put in" => "inject",
        "the IO master states nothing any more" | "readings are signed with another key" => "pass",
        _ => return None,
    })
}

/// Does it once.
pub(crate) fn run(done: &str) -> Result<Option<Outcome>, Box<dyn Error>> {
    let Some(order) = order(done) else {
        return Ok(None);
    };
    PLANT.with_borrow_mut(|kept| {
        let plant = match kept {
            Some(plant) => plant,
            empty => empty.insert(plant()?),
        };
        plant.proxy.order("pass")?;
        let outcome = Watch::open()?.run(&mut plant.proxy, (done, order));
        plant.proxy.order("pass")?;
        outcome.map(Some)
    })
}

/// The box, the IO master and the observer of both.
struct Watch {
    points: Vec<Point>,
    layout: Layout,
    observer: Observer,
    boxed: (Source, Pipeline),
    tap: (Source, Tap),
    draft: Draft,
    stated: Timestamp,
    number: u64,
    /// The key that the IO master signs with; none where it states nothing.
    key: Option<SoftwareKey>,
}

fn key(seed: u8) -> SoftwareKey {
    SoftwareKey::from_seed(&[seed; 32].into())
}

impl Watch {
    fn open() -> Result<Self, Box<dyn Error>> {
        let contract = CONTRACT.trim_start_matches("iia-config 1");
        let points = agreed(&catalog(contract)?, "io-master", TERMS);
        let master = Master {
            id: MASTER.parse()?,
            key: Some(key(7).public_key()),
        };
        let ring = Ring {
            blocks: 8,
            retire_ms: 5,
            ..Ring::default()
        };
        Ok(Self {
            layout: Layout::new(&points),
            observer: Observer::new([(master, points.clone())], now()),
            points,
            boxed: (
                Source::open("box0", &ring)?,
                Pipeline::new(Options::default()),
            ),
            tap: (Source::open("tap0", &ring)?, Tap::new(Station::Device, 0)),
            draft: Draft::default(),
            stated: now(),
            number: 0,
            key: Some(key(7)),
        })
    }

    fn run(
        mut self,
        proxy: &mut Part,
        (done, order): (&str, &str),
    ) -> Result<Outcome, Box<dyn Error>> {
        let begin = now();
        let mut acted = None;
        loop {
            if acted.is_none() && now().since_ns(begin) >= CALM_NS {
                acted = Some(now());
                proxy.order(order)?;
                match done {
                    "the IO master states nothing any more" => self.key = None,
                    "readings are signed with another key" => self.key = Some(key(8)),
                    _ => {}
                }
            }
            self.box_side()?;
            self.device_side()?;
            self.state()?;
            self.observer.handle_timeout(now());
            let told = std::iter::from_fn(|| self.observer.poll_finding())
                .find(|one: &Finding| one.conclusion != Conclusion::Converge);
            match (told, acted) {
                (Some(finding), Some(acted)) => return Ok(Outcome::told(acted, now(), finding)),
                (Some(finding), None) => {
                    let reason = finding.reason;
                    return Err(format!("told before anything was done: {reason}").into());
                }
                (None, Some(acted)) if now().since_ns(acted) > WAIT_NS => {
                    return Ok(Outcome::silent());
                }
                (None, _) => {}
            }
        }
    }

    fn box_side(&mut self) -> Result<(), Box<dyn Error>> {
        let (source, pipeline) = &mut self.boxed;
        let observer = &mut self.observer;
        let Some(batch) = source.next(Duration::from_millis(5))? else {
            return Ok(());
        };
        for packet in batch.packets() {
            pipeline.handle_packet(&packet, &mut |seen: &Observation<'_>| {
                if let Observation::Exchange(exchange) = seen {
                    said(exchange, observer);
                }
            });
        }
        observer.handle_box_alive(now());
        Ok(())
    }

    fn device_side(&mut self) -> Result<(), Box<dyn Error>> {
        let (source, tap) = &mut self.tap;
        let (draft, points) = (&mut self.draft, &self.points);
        let Some(batch) = source.next(Duration::from_millis(5))? else {
            return Ok(());
        };
        for packet in batch.packets() {
            tap.handle_frame(packet.ts, packet.data, &self.layout, |reading| {
                if let Some(point) = points.get(reading.point.0 as usize) {
                    let _room_for_half_a_second = draft.push(point, reading);
                }
            });
        }
        Ok(())
    }

    /// The IO master states what it read; its statement is a record of the chain.
    fn state(&mut self) -> Result<(), Box<dyn Error>> {
        let Some(key) = self
            .key
            .as_ref()
            .filter(|_| now().since_ns(self.stated) >= STATE_NS)
        else {
            return Ok(());
        };
        let id: SpiffeId = MASTER.parse()?;
        self.stated = now();
        self.number += 1;
        let heard = Heard {
            frames: 1,
            ..Heard::default()
        };
        let mut event = self.draft.close(now(), heard);
        event.source_seq = self.number;
        let body = Body {
            source: id.to_string(),
            event: own::sign(&id, event, key)?,
        };
        self.observer.handle_record(now(), &body);
        Ok(())
    }
}

/// What the box says of an exchange, by its own decoder.
fn said(exchange: &Exchange<'_>, observer: &mut Observer) {
    let took_ns = exchange.latency_ns.unwrap_or_default();
    let mut tell = |span: &Span<'_>, took_ns: Option<i64>| {
        let Values::Words(words) = span.values else {
            return;
        };
        let chunk = Chunk {
            area: Area {
                owner: Owner::Ip(exchange.flow.resp_h),
                part: Place::Modbus {
                    unit: exchange.unit,
                    table: span.table,
                },
            },
            first: span.addr,
            data: Data::Bytes(words),
            way: took_ns.map_or(Way::Told, |_| Way::Said),
            took_ns,
        };
        let at = exchange.ts + took_ns.unwrap_or_default();
        observer.handle_box(now(), at, &chunk);
    };
    if let Some(read) = &exchange.read {
        tell(read, Some(took_ns));
    }
    if let Some(write) = &exchange.write {
        tell(write, None);
    }
}
