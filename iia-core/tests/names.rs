//! Names of every kind: one grammar each, limits at the limit and one over it.
#![expect(clippy::unwrap_used, reason = "tests")]

use iia_core::id::{SpiffeIdError, TrustDomain};
use iia_core::isa95::{self, Place, PlaceError};
use iia_core::record::{Sequence, ServiceId, Step, step};
use iia_core::stream::{STREAM_LEN_MAX, Stream, StreamError};
use iia_core::{SpiffeId, zone::Zone};

fn domain() -> TrustDomain {
    "iia.local".parse().unwrap()
}

#[track_caller]
fn workload(zone: &str, name: &str, want: Result<&str, SpiffeIdError>) {
    let got = SpiffeId::workload(&domain(), zone, name);
    assert_eq!(got.as_ref().map(SpiffeId::as_str).map_err(|e| *e), want);
}

#[test]
fn a_part_of_an_id_is_one_segment_and_never_two() {
    workload("lake", "w", Ok("spiffe://iia.local/zone/lake/workload/w"));
    workload(
        "a.b-c_9",
        "W",
        Ok("spiffe://iia.local/zone/a.b-c_9/workload/W"),
    );
    workload(
        "lake/workload/lake_writer",
        "x",
        Err(SpiffeIdError::BadPathChar),
    );
    workload("lake", "w/x", Err(SpiffeIdError::BadPathChar));
    workload("lake", "w/", Err(SpiffeIdError::BadPathChar));
    workload("..", "w", Err(SpiffeIdError::DotSegment));
    workload("", "w", Err(SpiffeIdError::EmptySegment));
    workload("lake", "", Err(SpiffeIdError::EmptySegment));
    workload("lake", "w?x", Err(SpiffeIdError::BadPathChar));
    workload("lake", "w\n", Err(SpiffeIdError::BadPathChar));
    workload("lake", &"w".repeat(2048), Err(SpiffeIdError::TooLong));
}

#[test]
fn an_id_of_another_shape_has_no_zone() {
    for (path, want) in [
        ("/zone/a/workload/b", Some(("a", "b"))),
        ("/zone/a/workload/b/c", None),
        ("/zone/a/workload", None),
        ("/zone/a/Workload/b", None),
        ("/zones/a/workload/b", None),
        ("/x/zone/a/workload/b", None),
        ("", None),
    ] {
        let id: SpiffeId = format!("spiffe://iia.local{path}").parse().unwrap();
        assert_eq!(id.zone_workload(), want, "{path}");
        assert_eq!((id.path(), id.trust_domain()), (path, domain()));
    }
}

#[track_caller]
fn stream(name: &str, want: Result<(), StreamError>) {
    assert_eq!(name.parse::<Stream>().map(|_| ()), want, "{name}");
}

#[test]
fn streams_have_one_grammar() {
    stream("ot.acs.modbus", Ok(()));
    stream("ot.a", Ok(()));
    stream("ot.0_9.z", Ok(()));
    for bad in [
        "ot.", "ot.a.", "ot..a", "ot.a-b", "ot.A", "ot.a b", "ot.a/b", "ot.é", "ot.*",
    ] {
        stream(bad, Err(StreamError::BadPart));
    }
    for bad in ["", "ot", "OT.a", "acs.modbus", " ot.a", "ott.a"] {
        stream(bad, Err(StreamError::NotOt));
    }
    let longest = format!("ot.{}", "a".repeat(STREAM_LEN_MAX - 3));
    stream(&longest, Ok(()));
    stream(&format!("{longest}a"), Err(StreamError::TooLong));
    let names: std::collections::BTreeSet<_> = Stream::KNOWN.iter().map(Stream::as_str).collect();
    assert_eq!(names.len(), Stream::KNOWN.len());
}

#[track_caller]
fn place(text: &str, want: Result<&str, PlaceError>) {
    let got = text.parse::<Place>();
    assert_eq!(
        got.as_ref().map(Place::level).map_err(|e| *e),
        want,
        "{text}"
    );
    if let Ok(got) = got {
        assert_eq!(
            (got.topic().as_str(), got.to_string().as_str()),
            (text, text)
        );
        assert_eq!(got.names().collect::<Vec<_>>().join("/"), text);
    }
}

#[test]
fn places_have_the_words_of_isa_95() {
    place("acme", Ok("enterprise"));
    place("acme/x", Ok("site"));
    place("acme/x/y", Ok("area"));
    place("acme/x/y/z", Ok("work center"));
    place("acme/x/y/z/p.1-2_3", Ok("work unit"));
    place("a/b/c/d/e/f", Err(PlaceError::TooDeep));
    let longest = "n".repeat(isa95::NAME_LEN_MAX);
    place(&longest, Ok("enterprise"));
    place(&format!("{longest}n"), Err(PlaceError::BadName));
    for bad in [
        "", "/", "a/", "/a", "a//b", "a/.", "a/../b", "..", "a/+", "#", "$SYS", "a b", "é",
    ] {
        place(bad, Err(PlaceError::BadName));
    }
}

#[test]
fn zones_have_one_name_and_one_side_each() {
    let names: std::collections::BTreeSet<_> = Zone::ALL.iter().map(|zone| zone.name()).collect();
    assert_eq!(names.len(), Zone::ALL.len());
    for zone in Zone::ALL {
        let side = zone.name().split('.').nth(1).unwrap();
        let want = format!("{:?}", zone.side()).to_lowercase();
        let words = [
            ("acs", "inbound"),
            ("dmz", "dmz"),
            ("it", "outbound"),
            ("mgmt", "management"),
        ];
        assert!(words.contains(&(side, want.as_str())), "{zone}");
        assert!(zone.name().to_uppercase().parse::<Zone>().is_err());
    }
}

#[test]
fn sequences_meet_their_neighbours() {
    let n = Sequence::new;
    for (last, arrives, want) in [
        (0, 1, Step::Next),
        (0, 0, Step::Duplicate),
        (5, 1, Step::Duplicate),
        (5, 6, Step::Next),
        (5, 8, Step::Gap { missing: 2 }),
        (
            0,
            u64::MAX,
            Step::Gap {
                missing: u64::MAX - 1,
            },
        ),
        (u64::MAX, u64::MAX, Step::Duplicate),
    ] {
        assert_eq!(step(n(last), n(arrives)), want, "{last} {arrives}");
    }
    assert_eq!(n(i64::MAX as u64 - 1).next(), Ok(n(i64::MAX as u64)));
    assert!(n(i64::MAX as u64).next().is_err());
    assert!(n(u64::MAX).next().is_err());
}

#[test]
fn a_service_keeps_its_id_and_shares_it_with_nobody() {
    let of = |text: &str| ServiceId::of(&text.parse().unwrap());
    assert_eq!(of("spiffe://a/b"), of("spiffe://a/b"));
    assert_ne!(of("spiffe://a/b"), of("spiffe://a/c"));
    assert_ne!(of("spiffe://a/b"), of("spiffe://a.b"));
    for bad in [
        "",
        "-",
        "00000000-0000-0000-0000-00000000000",
        "0000000-00000-0000-0000-000000000000",
    ] {
        assert!(bad.parse::<ServiceId>().is_err(), "{bad}");
    }
    assert!(
        "ABABABAB-abab-abab-abab-abababababab"
            .parse::<ServiceId>()
            .is_err()
    );
}
