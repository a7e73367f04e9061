//! What IO masters state is compared only under their own signature; who states nothing, or speaks for another, is told.
#![expect(clippy::unwrap_used, reason = "tests")]

use iia_attest::io::batch::{BATCH_LEN_MAX, Heard, Named};
use iia_attest::io::observer::{BEGIN_MAX_NS, SILENCE_MAX_NS};
use iia_attest::io::wire::{Area, Chunk, Data, Owner, Part, Way};
use iia_attest::io::{
    Batch, Draft, Format, Master, Observer, Place, Point, PointId, Reading, Station, Tolerance,
};
use iia_audit::frame::Body;
use iia_audit::own::{FIELD, sign};
use iia_core::event::{Event, EventKind};
use iia_core::finding::{Conclusion, Finding};
use iia_core::observe::Table;
use iia_core::sign::{Signer as _, SoftwareKey};
use iia_core::{SpiffeId, Timestamp};

const MS: i64 = 1_000_000;
const UNIT: i64 = 1_000_000;

fn id(name: &str) -> SpiffeId {
    format!("spiffe://iia.local/zone/io/workload/{name}")
        .parse()
        .unwrap()
}

fn key(seed: u8) -> SoftwareKey {
    SoftwareKey::from_seed(&[seed; 32].into())
}

fn area() -> Area {
    Area {
        owner: Owner::Ip([10, 9, 0, 2].into()),
        part: Part::Modbus {
            unit: 1,
            table: Table::HoldingRegister,
        },
    }
}

fn points(ppm: i64) -> Vec<Point> {
    let place = |first| Place {
        area: area(),
        first,
        format: Format::Unsigned(2),
        gain_micros: UNIT,
        offset_micros: 0,
        way: Way::Said,
    };
    let point = |(name, first): (&str, u32)| Point {
        name: name.into(),
        unit: "psi".into(),
        contract: "iia.contract.device.press".into(),
        tolerance: Tolerance {
            ppm,
            whole_micros: Some(3000 * UNIT),
            absolute_micros: 0,
            skew_ns: 200 * MS,
        },
        places: vec![place(first)],
    };
    [("pressure", 0), ("flow", 1)].map(point).to_vec()
}

fn reading(point: u32, value: i64, at: Timestamp) -> Reading {
    Reading {
        point: PointId(point),
        micros: value * UNIT,
        at,
        station: Station::Device,
        way: Way::Said,
        took_ns: Some(MS),
    }
}

/// A plant with its IO master and the observer of it.
struct Plant {
    observer: Observer,
    points: Vec<Point>,
    now: Timestamp,
    number: u64,
}

impl Plant {
    fn new() -> Self {
        let now = Timestamp::from_secs(1000);
        let (master, points) = (
            Master {
                id: id("master"),
                key: Some(key(7).public_key()),
            },
            points(5_000),
        );
        Self {
            observer: Observer::new([(master, points.clone())], now),
            points,
            now,
            number: 0,
        }
    }

    /// A statement of two readings as the program makes it, with the next number.
    fn statement(&mut self, value: i64) -> Event {
        let mut draft = Draft::default();
        for number in [0, 1] {
            let point = self.points.get(number as usize).unwrap();
            draft.push(point, reading(number, value, self.now)).unwrap();
        }
        let heard = Heard {
            frames: 2,
            ..Heard::default()
        };
        self.number += 1;
        let mut event = draft.close(self.now, heard);
        event.source_seq = self.number;
        event
    }

    fn record(&mut self, source: &SpiffeId, event: Event) -> bool {
        let body = Body {
            source: source.to_string(),
            event,
        };
        self.observer.handle_record(self.now, &body)
    }

    /// The box says that this was in the first two registers.
    fn box_says(&mut self, values: [u16; 2]) {
        let bytes: Vec<u8> = values
            .iter()
            .flat_map(|value| value.to_be_bytes())
            .collect();
        let chunk = Chunk {
            area: area(),
            first: 0,
            data: Data::Bytes(&bytes),
            way: Way::Said,
            took_ns: Some(MS),
        };
        self.observer.handle_box_alive(self.now);
        self.observer.handle_box(self.now, self.now, &chunk);
    }

    /// A poll that both hear; the box says `boxed` of the first register.
    fn poll(&mut self, value: u16, boxed: u16) {
        let event = self.statement(value.into());
        let signed = sign(&id("master"), event, &key(7)).unwrap();
        assert!(self.record(&id("master"), signed));
        self.box_says([boxed, value]);
        self.pass(100 * MS);
    }

    fn pass(&mut self, ns: i64) {
        self.now = self.now + ns;
        self.observer.handle_timeout(self.now);
    }

    fn told(&mut self) -> Vec<Finding> {
        core::iter::from_fn(|| self.observer.poll_finding()).collect()
    }

    fn clauses(&mut self) -> Vec<String> {
        self.told().into_iter().map(|one| one.clause).collect()
    }
}

#[test]
fn a_changed_frame_is_told_with_the_number_under_which_the_io_master_signed_it() {
    let mut plant = Plant::new();
    (0..40).for_each(|turn| plant.poll(1000 + turn, 1000 + turn));
    plant.poll(1040, 1740);
    (41..100).for_each(|turn| plant.poll(1000 + turn, 1000 + turn));
    let told = plant.told();
    let [finding] = told.as_slice() else {
        panic!("{told:#?}");
    };
    assert_eq!(finding.operation, "changed_frame");
    assert!(
        finding.reason.starts_with("pressure: 1040 psi"),
        "{}",
        finding.reason
    );
    let number = format!("{}#41", id("master"));
    assert!(finding.evidence.contains(&number), "{finding:#?}");
}

#[test]
fn r_cfg_09_the_tolerance_is_that_of_the_artifact() {
    // Half a per cent of 3000: 15 is the same, 16 is not.
    for (apart, want) in [(15, 0), (16, 1)] {
        let mut plant = Plant::new();
        for turn in 0..100 {
            let value = 1000 + 20 * turn;
            plant.poll(value, value + if turn == 40 { apart } else { 0 });
        }
        let told = plant.told();
        assert_eq!(told.len(), want, "{apart}: {told:#?}");
    }
}

#[test]
fn r_atn_11_what_is_not_signed_with_its_key_is_refused_and_told() {
    let mut plant = Plant::new();
    let master = id("master");
    let signed = |plant: &mut Plant, seed| {
        let event = plant.statement(1000);
        sign(&master, event, &key(seed)).unwrap()
    };
    // Another key, none at all, another value, one that is another's.
    let other = signed(&mut plant, 8);
    plant.record(&master, other);
    let bare = plant.statement(1000);
    plant.record(&master, bare);
    let mut bent = signed(&mut plant, 7);
    bent.fields.first_mut().unwrap().value = "3".into();
    plant.record(&master, bent);
    let moved = signed(&mut plant, 7);
    plant.record(&id("other"), moved);
    assert_eq!(
        plant.clauses(),
        [
            "io_attestation.signature",
            "io_attestation.signature",
            "io_attestation.signature",
            "io_attestation.identity"
        ]
    );
    // Nothing of it was compared: the box alone has said something.
    assert_eq!(plant.observer.counts().agreed, 0);
}

#[test]
fn a_number_that_is_missing_or_comes_again_is_told() {
    let mut plant = Plant::new();
    plant.poll(1000, 1000);
    plant.number += 2;
    plant.poll(1001, 1001);
    plant.number -= 1;
    plant.poll(1002, 1002);
    let told = plant.told();
    let reasons: Vec<&str> = told.iter().map(|one| one.reason.as_str()).collect();
    let master = id("master");
    assert_eq!(
        reasons,
        [
            format!("what {master} stated as 2 to 3 is not there"),
            format!("{master} states its number 4 once more")
        ]
    );
}

#[test]
fn an_io_master_that_states_nothing_is_told_and_so_is_its_return() {
    let mut plant = Plant::new();
    plant.pass(BEGIN_MAX_NS);
    assert_eq!(plant.told(), []);
    plant.pass(1);
    let told = plant.told();
    assert_eq!(told.len(), 1);
    assert!(told.iter().all(|one| one.conclusion == Conclusion::Missing));
    plant.poll(1000, 1000);
    let told = plant.told();
    assert!(
        told.iter()
            .all(|one| one.conclusion == Conclusion::Converge)
    );
    assert_eq!(told.len(), 1);
    // Heard 100 ms ago.
    plant.pass(SILENCE_MAX_NS - 100 * MS);
    assert_eq!(plant.told(), []);
    plant.pass(1);
    let told = plant.told();
    let missing = |one: &&Finding| one.conclusion == Conclusion::Missing;
    assert_eq!(told.iter().filter(missing).count(), 1, "{told:#?}");
}

#[test]
fn another_tolerance_than_is_applied_is_refused() {
    let mut plant = Plant::new();
    plant.points = points(50_000);
    let event = plant.statement(1000);
    let signed = sign(&id("master"), event, &key(7)).unwrap();
    plant.record(&id("master"), signed);
    assert_eq!(plant.clauses(), ["io_attestation.tolerance"]);
}

#[test]
fn a_batch_is_what_it_was_and_never_longer_than_an_event_holds() {
    let points = points(5_000);
    let point = points.first().unwrap();
    let at = |ns| Timestamp::from_ns(ns);
    let mut draft = Draft::default();
    let mut pushed = 0;
    let worst = |ns| Reading {
        took_ns: Some(i64::MAX),
        micros: i64::MIN,
        ..reading(0, 0, at(ns))
    };
    while draft.push(point, worst(pushed * (i64::MAX / 4000))).is_ok() {
        pushed += 1;
    }
    let event = draft.close(at(5), Heard::default());
    assert_eq!(event.check(), Ok(()));
    let batch = Batch::of(&event).unwrap();
    assert_eq!(i64::try_from(batch.readings.len()), Ok(pushed));
    assert!(iia_core::canon::encode(&batch).len() <= BATCH_LEN_MAX);
    let mut event = event;
    event.source_seq = 1;
    let signed = sign(&id("master"), event, &key(7)).unwrap();
    assert!(signed.field(FIELD).is_some() && signed.check().is_ok());
    let all: Vec<Reading> = batch.readings(|_| Some(PointId(9))).collect();
    assert_eq!(
        all.first().map(|one| (one.point, one.micros)),
        Some((PointId(9), i64::MIN))
    );
    assert!(draft.is_empty());
}

#[test]
fn what_is_no_batch_is_refused_with_a_code() {
    let good = Batch {
        points: vec![Named {
            contract: "c".into(),
            name: "n".into(),
            ppm: 1,
            skew_ns: 1,
        }],
        ..Batch::default()
    };
    assert_eq!(
        Batch::of(&good.event(Timestamp::default())),
        Ok(good.clone())
    );
    let read = |point, station| iia_attest::io::batch::Read {
        point,
        micros: 0,
        after_ns: 0,
        station,
        told: false,
        took_ns: None,
    };
    let with = |readings| {
        Batch {
            readings,
            ..good.clone()
        }
        .event(Timestamp::default())
    };
    let event = || Event::new(EventKind::IoObserved, Timestamp::default());
    let mut cut = good.event(Timestamp::default());
    cut.fields.last_mut().unwrap().value.truncate(8);
    for bad in [
        Event::new(EventKind::Finding, Timestamp::default()),
        event(),
        event().with("readings_1", "?"),
        event().with("readings_1", "AAAA"),
        with(vec![read(1, 2)]),
        with(vec![read(0, 3)]),
        cut,
    ] {
        let error = Batch::of(&bad).unwrap_err();
        let code = iia_core::code::Coded::code(&error).to_string();
        assert_eq!(code, "IIA-ATT-0036", "{bad:?}");
    }
}

/// The client waits for an answer that was taken out: meanwhile neither end says anything. The IO master states what it read each
/// half second, so that it may be silent for longer than the box.
#[test]
fn a_frame_that_is_dropped_before_a_long_pause_is_told() {
    let mut plant = Plant::new();
    let mut draft = Draft::default();
    for turn in 0..400u16 {
        let value = 1000 + turn;
        for (number, point) in (0..).zip(&plant.points) {
            let reading = reading(number, value.into(), plant.now);
            draft.push(point, reading).unwrap();
        }
        if turn != 301 {
            plant.box_says([value; 2]);
        }
        plant.pass(100 * MS);
        if turn % 5 == 1 {
            let heard = Heard {
                frames: 5,
                ..Heard::default()
            };
            let mut event = draft.close(plant.now, heard);
            plant.number += 1;
            event.source_seq = plant.number;
            let signed = sign(&id("master"), event, &key(7)).unwrap();
            plant.record(&id("master"), signed);
        }
        if turn == 301 {
            // A skew of 0.2 s makes a window of 1.8 s; the box's pace of 0.1 s lets it be silent for 2.1 s.
            (0..23).for_each(|_| plant.pass(100 * MS));
        }
    }
    let told = plant.told();
    let classes: Vec<&str> = told.iter().map(|one| one.operation.as_str()).collect();
    assert!(classes.contains(&"dropped_frame"), "{told:#?}");
    assert!(!classes.contains(&"silent"), "{told:#?}");
}

/// A value stands still while one frame is dropped, and the IO master states two at once, later than the box: what is left
/// over is none of the frames that come later with the same value.
#[test]
fn a_frame_that_is_dropped_while_a_value_stands_still_is_told_as_that_alone() {
    let mut plant = Plant::new();
    let mut draft = Draft::default();
    for turn in 0..60 {
        for (number, point) in (0..).zip(&plant.points) {
            let reading = reading(number, 1500, plant.now);
            draft.push(point, reading).unwrap();
        }
        if turn != 30 {
            plant.box_says([1500; 2]);
        }
        (0..9).for_each(|_| plant.pass(50 * MS));
        if turn % 2 == 1 {
            let mut event = draft.close(plant.now, Heard::default());
            plant.number += 1;
            event.source_seq = plant.number;
            let signed = sign(&id("master"), event, &key(7)).unwrap();
            plant.record(&id("master"), signed);
        }
    }
    let told = plant.told();
    let begun = |one: &&Finding| one.conclusion != Conclusion::Converge;
    let begun = told.iter().filter(begun);
    let classes: Vec<&str> = begun.map(|one| one.operation.as_str()).collect();
    assert_eq!(classes, ["dropped_frame"], "{told:#?}");
}
