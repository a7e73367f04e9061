//! Signals: what a converter's counts mean, to the digit of the standards, and what is no signal.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::panic,
    reason = "tests"
)]

mod judge;

use iia_attest::io::sample::{
    Converter, Input, Recorded, Signal, Sound, Source as _, Synthetic, Thermocouple, TraceError,
    rtd,
};
use iia_attest::io::{Fault, Observation, PointId, Station};
use iia_core::Timestamp;
use iia_core::code::Coded as _;
use judge::{python, run};

const LOOP: Signal = Signal::Loop {
    low: 0.0,
    high: 300.0,
};

#[test]
fn a_loop_measures_saturates_or_has_failed_by_ne_43() {
    let value = |units: f64| Sound::Value((units * 1e6) as i64);
    let (open, over) = (Sound::Fault(Fault::Open), Sound::Fault(Fault::Over));
    for (milliamps, want) in [
        (4.0, value(0.0)),
        (12.0, value(150.0)),
        (20.0, value(300.0)),
        (3.8, value(-3.75)),
        (20.5, value(309.375)),
        // Between the limits nothing is said.
        (3.799_999, Sound::Saturated),
        (3.600_001, Sound::Saturated),
        (20.500_001, Sound::Saturated),
        (20.999_999, Sound::Saturated),
        (3.6, open),
        (2.1, open),
        (0.0, open),
        (-1.0, open),
        (f64::NAN, open),
        (21.0, over),
        (23.0, over),
        (f64::INFINITY, over),
    ] {
        let found = LOOP.sound(milliamps);
        let near = match (found, want) {
            (Sound::Value(one), Sound::Value(other)) => one.abs_diff(other) <= 1,
            (one, other) => one == other,
        };
        assert!(near, "{milliamps}: {found:?}, not {want:?}");
    }
}

#[test]
fn platinum_is_that_of_iec_60751() {
    // Table 1 of the standard, Pt100.
    for (celsius, ohms) in [
        (-200.0, 18.52),
        (-100.0, 60.26),
        (-50.0, 80.31),
        (0.0, 100.0),
        (50.0, 119.40),
        (100.0, 138.51),
        (200.0, 175.86),
        (400.0, 247.09),
        (600.0, 313.71),
        (850.0, 390.48),
    ] {
        let found = rtd::ohms(100.0, celsius).unwrap();
        assert!((found - ohms).abs() <= 0.005, "{celsius}: {found}");
        let back = rtd::celsius(100.0, found).unwrap();
        assert!((back - celsius).abs() < 1e-6, "{celsius}: {back}");
        let thousand = rtd::celsius(1000.0, found * 10.0).unwrap();
        assert!((thousand - celsius).abs() < 1e-6);
    }
    for ohms in [18.4, 390.6, f64::NAN, f64::INFINITY, -1.0] {
        assert_eq!(rtd::celsius(100.0, ohms), None);
    }
    assert_eq!(
        Signal::Platinum(100.0).sound(1e6),
        Sound::Fault(Fault::Open)
    );
    assert_eq!(
        Signal::Platinum(100.0).sound(0.1),
        Sound::Fault(Fault::Over)
    );
}

const TYPES: [(&str, Thermocouple); 8] = [
    ("B", Thermocouple::B),
    ("E", Thermocouple::E),
    ("J", Thermocouple::J),
    ("K", Thermocouple::K),
    ("N", Thermocouple::N),
    ("R", Thermocouple::R),
    ("S", Thermocouple::S),
    ("T", Thermocouple::T),
];

#[test]
fn thermocouples_are_those_of_a_library() {
    let test = "thermocouples_are_those_of_a_library";
    let Some(python) = python(test, "thermocouples") else {
        return;
    };
    let range = |(letter, kind): (&str, Thermocouple)| {
        let (low, high) = kind.range().unwrap();
        format!("{letter}:{low}:{high}")
    };
    let arguments = TYPES.map(range);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/thermocouple.py");
    let text = run(&python, script, &arguments.each_ref().map(String::as_str));
    let mut compared = 0;
    for line in text.lines() {
        let cells: Vec<&str> = line.split(' ').collect();
        let (_, kind) = TYPES
            .into_iter()
            .find(|(letter, _)| *letter == cells[0])
            .unwrap();
        let (celsius, millivolts): (f64, f64) =
            (cells[1].parse().unwrap(), cells[2].parse().unwrap());
        let found = kind.millivolts(celsius).unwrap();
        // In these ranges the library (2.1.2) gives what no thermocouple has, such as -73 mV of type S: see the rows below.
        let wrong = match cells[0] {
            "B" => celsius > 630.615,
            "N" => celsius < 0.0,
            "R" => celsius > 1664.5,
            "S" => celsius > 1064.18,
            _ => false,
        };
        if wrong {
            continue;
        }
        // A tenth of a microvolt.
        assert!((found - millivolts).abs() < 1e-4, "{line}: {found}");
        compared += 1;
    }
    assert!(compared > 1_300, "{compared}");
}

#[test]
fn thermocouples_are_those_of_the_reference_tables() {
    // NIST Monograph 175.
    for (kind, celsius, millivolts) in [
        (Thermocouple::B, 1000.0, 4.834),
        (Thermocouple::B, 1500.0, 10.099),
        (Thermocouple::B, 1800.0, 13.591),
        (Thermocouple::N, -200.0, -3.990),
        (Thermocouple::N, -100.0, -2.407),
        (Thermocouple::R, 1700.0, 20.222),
        (Thermocouple::S, 1100.0, 10.757),
        (Thermocouple::S, 1500.0, 15.582),
        (Thermocouple::S, 1700.0, 17.947),
        (Thermocouple::K, 1000.0, 41.276),
        (Thermocouple::J, 500.0, 27.393),
        (Thermocouple::T, -200.0, -5.603),
    ] {
        let found = kind.millivolts(celsius).unwrap();
        assert!(
            (found - millivolts).abs() <= 0.000_5,
            "{kind:?} {celsius}: {found}"
        );
    }
}

#[test]
fn a_thermocouple_reads_back_with_its_cold_junction() {
    for (letter, kind) in TYPES {
        let (_, high) = kind.range().unwrap();
        for step in 0..=100 {
            let celsius = 60.0 + (high - 60.0) * f64::from(step) / 100.0;
            let cold = kind.millivolts(25.0).unwrap();
            let at = kind.millivolts(celsius).unwrap() - cold;
            let back = kind.celsius(at, 25.0).unwrap();
            assert!((back - celsius).abs() < 1e-3, "{letter} {celsius}: {back}");
        }
        for millivolts in [1e3, -1e3, f64::NAN, f64::INFINITY] {
            assert_eq!(kind.celsius(millivolts, 25.0), None);
        }
        let sound = Signal::Thermocouple(kind, 25.0).sound(1e3);
        assert_eq!(sound, Sound::Fault(Fault::Open));
    }
}

#[test]
fn voltages_and_digital_inputs() {
    let volts = Signal::Voltage {
        low_volts: 0.0,
        high_volts: 10.0,
        low: -40.0,
        high: 60.0,
    };
    assert_eq!(volts.sound(5.0), Sound::Value(10_000_000));
    let digital = Signal::Digital { off: 5.0, on: 15.0 };
    for (at, want) in [
        (0.0, Sound::Value(0)),
        (5.0, Sound::Value(0)),
        (5.1, Sound::Saturated),
        (14.9, Sound::Saturated),
        (15.0, Sound::Value(1_000_000)),
        (24.0, Sound::Value(1_000_000)),
    ] {
        assert_eq!(digital.sound(at), want, "{at}");
    }
}

/// A converter of 16 bits over 0 to 24 mA.
const CONVERTER: Converter = Converter {
    low_counts: 0,
    high_counts: 65_535,
    low: 0.0,
    high: 24.0,
};

#[test]
fn a_synthetic_converter_is_off_by_its_noise_and_a_step_at_most() {
    let signal = |at: Timestamp| 4.0 + (at.as_ns() % 1_000) as f64 / 1_000.0 * 16.0;
    let start = Timestamp::from_ns(0);
    let mut source = Synthetic::new(CONVERTER, (start, 10), (3, 42), signal);
    let (mut count, mut spread) = (0, std::collections::BTreeSet::new());
    while let Some(sample) = source.poll_sample(Timestamp::from_ns(99_999)) {
        assert_eq!(sample.at, Timestamp::from_ns(count * 10));
        let off = sample.counts - CONVERTER.counts(signal(sample.at));
        spread.insert(off);
        let exact = CONVERTER.electrical(sample.counts) - signal(sample.at);
        assert!(exact.abs() <= 3.5 * 24.0 / 65_535.0 + 1e-9, "{exact}");
        count += 1;
    }
    assert_eq!(count, 10_000);
    assert_eq!(
        spread.into_iter().collect::<Vec<_>>(),
        (-3..=3).collect::<Vec<_>>()
    );
}

#[test]
fn a_trace_gives_its_samples_in_time_or_says_which_line_is_none() {
    let mut trace = Recorded::parse("# a cut wire\n0,32768\n\n10, 32770\n10,5000\n").unwrap();
    let input = Input {
        point: PointId(7),
        converter: CONVERTER,
        signal: LOOP,
    };
    let mut told = Vec::new();
    for now in [0, 9, 10] {
        while let Some(sample) = trace.poll_sample(Timestamp::from_ns(now)) {
            told.push((now, input.observe(sample).unwrap()));
        }
    }
    let Observation::Reading(first) = told[0].1 else {
        panic!("{told:?}");
    };
    assert_eq!(
        (first.station, first.point, told[0].0),
        (Station::Wire, PointId(7), 0)
    );
    assert!(
        first.micros.abs_diff(150_000_000) < 20_000,
        "{}",
        first.micros
    );
    let Observation::Unsound { fault, micros, .. } = told[2].1 else {
        panic!("{told:?}");
    };
    assert_eq!((fault, micros / 1_000, told.len()), (Fault::Open, 1_831, 3));
    for (text, want) in [
        ("x", TraceError::BadLine { line: 1 }),
        ("1,2\n3", TraceError::BadLine { line: 2 }),
        ("1,2\n\n0,2", TraceError::Backwards { line: 3 }),
        ("1,99999999999", TraceError::BadLine { line: 1 }),
    ] {
        assert_eq!(Recorded::parse(text).unwrap_err(), want);
        assert!(want.code().to_string().starts_with("IIA-ATT-00"));
    }
}
