//! IIA 8: an interface that only sees is held against what the kernel counts and lists.

use iia_attest::correlator::Correlator as _;
use iia_attest::network::Passive;
use iia_attest::network::passive::kernel::{Link, Packet, Sent};
use iia_attest::network::passive::{
    BESIDE_NS, CALM_NS, Holder, Look, OPENS_MAX_NS, Seen, TOLD_MAX, UNSEEN_MAX_NS,
};
use iia_core::Timestamp;
use iia_core::finding::{Conclusion, Finding, Severity};
use iia_core::time::SECOND_NS;

const NAME: &str = "sees0";

fn link(index: u32, frames: u64) -> Link {
    let bytes = 60 * frames;
    Link {
        index,
        sent: Sent { frames, bytes },
        programs: Vec::new(),
    }
}

/// The socket by which the collector hears.
fn ear() -> (Packet, Holder) {
    let ear = Packet {
        inode: 100,
        interface: 7,
        protocol: 3,
        user: Some(1000),
        hears_by_ring: true,
        sends_by_ring: false,
    };
    (ear, Holder::Collector)
}

fn calm() -> Look {
    Look {
        link: Some(link(7, 4)),
        packets: vec![ear()],
        ..Look::default()
    }
}

fn python() -> Holder {
    Holder::Process {
        pid: 12,
        name: "python3".into(),
    }
}

fn drain(observer: &mut Passive) -> Vec<Finding> {
    std::iter::from_fn(|| observer.poll_finding()).collect()
}

fn told(observer: &mut Passive, at: i64, look: Look) -> Vec<Finding> {
    observer.handle_observation(Timestamp::from_ns(at), Seen::Look(look));
    drain(observer)
}

/// An observer that has looked once, at peace.
fn looking() -> Passive {
    let mut observer = Passive::new(NAME);
    assert_eq!(told(&mut observer, 0, calm()), []);
    observer
}

#[test]
fn a_day_in_which_nothing_is_sent_says_nothing() {
    let mut observer = looking();
    for second in 1..86_400 {
        assert_eq!(told(&mut observer, second * SECOND_NS, calm()), []);
    }
}

#[test]
fn i8_one_frame_is_told_at_the_next_look_with_whoever_could_have_sent_it() {
    let mut observer = looking();
    let sent = Look {
        link: Some(link(7, 5)),
        xdp: 1,
        xdp_holders: vec![python()],
        ..calm()
    };
    let found = told(&mut observer, SECOND_NS, sent);
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(
        found[0].reason,
        "a socket of AF_XDP is open in the network of sees0, held by process 12 (python3): what it sends passes beneath \
         every rule"
    );
    let frame = &found[1];
    assert_eq!(
        frame.reason,
        "sees0 is there to see only, and has sent 1 frame (60 bytes); AF_XDP is open, held by process 12 (python3)"
    );
    assert_eq!(
        (frame.severity, frame.source.as_str()),
        (Severity::Critical, NAME)
    );
    let evidence = ["sees0: tx_packets 4 then 5, tx_bytes 240 then 300"];
    assert_eq!(frame.evidence, evidence);
}

#[test]
fn whoever_is_gone_before_the_look_has_sent_all_the_same() {
    let mut observer = looking();
    let sent = Look {
        link: Some(link(7, 6)),
        ..calm()
    };
    let found = told(&mut observer, SECOND_NS, sent.clone());
    let reasons: Vec<&str> = found.iter().map(|one| one.reason.as_str()).collect();
    assert_eq!(
        reasons,
        [
            "sees0 is there to see only, and has sent 2 frames (120 bytes); no socket that could have was open when it was looked at"
        ]
    );
    // It goes on, and is told when it has doubled, and when it has long been over.
    let more = |frames| Look {
        link: Some(link(7, frames)),
        ..calm()
    };
    assert_eq!(told(&mut observer, 2 * SECOND_NS, more(7)), []);
    assert_eq!(told(&mut observer, 3 * SECOND_NS, more(8)).len(), 1);
    assert_eq!(told(&mut observer, 4 * SECOND_NS, more(8)), []);
    assert_eq!(
        observer.poll_timeout(),
        Some(Timestamp::from_ns(4 * SECOND_NS + UNSEEN_MAX_NS))
    );
    for second in 5..63 {
        assert_eq!(told(&mut observer, second * SECOND_NS, more(8)), []);
    }
    let before = 3 * SECOND_NS + CALM_NS - 1;
    assert_eq!(told(&mut observer, before, more(8)), []);
    let found = told(&mut observer, before + 1, more(8));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].conclusion, Conclusion::Converge);
    assert_eq!(
        found[0].reason,
        "sees0 has sent nothing for 60 s: 4 frames in all"
    );
    assert_eq!(told(&mut observer, before + 2, more(9)).len(), 1);
}

#[test]
fn every_packet_socket_but_one_ear_is_told_once_and_when_it_is_closed() {
    let stranger = |change: fn(&mut Packet, &mut Holder)| {
        let mut one = ear();
        one.0.inode = 200;
        change(&mut one.0, &mut one.1);
        one
    };
    let rows: [((Packet, Holder), &str); 6] = [
        (
            stranger(|_, holder| *holder = python()),
            "process 12 (python3): it hears and can send",
        ),
        (
            stranger(|_, holder| *holder = Holder::Untold),
            "a process of user 1000: it hears and can send",
        ),
        (
            stranger(|packet, _| packet.sends_by_ring = true),
            "the collector: it sends by a ring",
        ),
        (
            stranger(|packet, _| (packet.hears_by_ring, packet.protocol) = (false, 0)),
            "the collector: it hears nothing and can send",
        ),
        (
            stranger(|packet, _| packet.interface = 0),
            "at all interfaces, sees0 among them",
        ),
        (stranger(|_, _| {}), "held by the collector"),
    ];
    for (one, words) in rows {
        let mut observer = looking();
        let with = Look {
            packets: vec![one.clone(), ear()],
            ..calm()
        };
        let mut found = told(&mut observer, 1, with.clone());
        // One that may be the ear while it is opened is told when it still is so after its time.
        let time = match one.1 {
            Holder::Process { .. } => 0,
            Holder::Untold => BESIDE_NS,
            Holder::Collector => OPENS_MAX_NS,
        };
        let (due, is_stranger) = (time + 1, time == 0);
        assert_eq!(found.len(), usize::from(is_stranger), "{words}");
        let early = told(&mut observer, due - 1, with.clone());
        assert_eq!(early, [], "{words}");
        found.extend(told(&mut observer, due, with.clone()));
        assert_eq!(found.len(), 1, "{words}");
        assert!(found[0].reason.contains(words), "{}", found[0].reason);
        assert_eq!(told(&mut observer, due, with), [], "{words}");
        let found = told(&mut observer, due + 1, calm());
        assert_eq!(
            (found.len(), found[0].conclusion),
            (1, Conclusion::Converge)
        );
        assert_eq!(told(&mut observer, due + 2, calm()), []);
    }
    // So is an ear that is opened: first it hears nothing, then it has its ring.
    let mut observer = looking();
    let opened = stranger(|packet, _| (packet.hears_by_ring, packet.protocol) = (false, 0));
    let looks = [vec![], vec![opened], vec![stranger(|_, _| {})]];
    for (at, packets) in looks.into_iter().enumerate() {
        let look = Look { packets, ..calm() };
        assert_eq!(told(&mut observer, at as i64, look), []);
    }
    // On another interface it is nobody's concern here; a collector that falls and rises is none.
    let mut observer = looking();
    let elsewhere = stranger(|packet, holder| (packet.interface, *holder) = (8, python()));
    let risen = stranger(|_, _| {});
    let looks = [vec![elsewhere, ear()], vec![], vec![risen]];
    for (at, packets) in looks.into_iter().enumerate() {
        let look = Look { packets, ..calm() };
        assert_eq!(told(&mut observer, at as i64, look), []);
    }
}

#[test]
fn a_program_on_the_interface_is_told_by_its_number() {
    let mut observer = looking();
    let programs = |numbers: &[u32]| Look {
        link: Some(Link {
            programs: numbers.into(),
            ..link(7, 4)
        }),
        ..calm()
    };
    let found = told(&mut observer, 1, programs(&[77]));
    assert!(
        found[0]
            .reason
            .starts_with("program 77 of XDP is attached to sees0")
    );
    assert_eq!(told(&mut observer, 2, programs(&[77])), []);
    let found = told(&mut observer, 3, programs(&[77, 78]));
    assert!(
        found[0]
            .reason
            .starts_with("programs 77, 78 of XDP are attached")
    );
    let found = told(&mut observer, 4, programs(&[]));
    assert_eq!(found[0].conclusion, Conclusion::Converge);
}

#[test]
fn another_interface_and_one_that_is_gone_are_told_and_hide_nothing() {
    let mut observer = looking();
    let gone = Look {
        link: None,
        ..calm()
    };
    let found = told(&mut observer, 1, gone);
    assert_eq!(found.len(), 1);
    assert!(found[0].reason.contains("is not there any more"));
    assert_eq!(
        told(&mut observer, 2, calm())[0].conclusion,
        Conclusion::Converge
    );
    // A new one with its name has sent since it is there.
    let mut new = ear();
    new.0.interface = 9;
    let other = Look {
        link: Some(link(9, 2)),
        packets: vec![new],
        ..calm()
    };
    let found = told(&mut observer, 3, other.clone());
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found[0]
            .reason
            .contains("is another interface than a look before (number 9, then 7)")
    );
    assert!(found[1].reason.contains("has sent 2 frames (120 bytes)"));
    let found = told(&mut observer, 4, other);
    assert_eq!(
        (found.len(), found[0].conclusion),
        (1, Conclusion::Converge)
    );
}

#[test]
fn that_nobody_looks_is_told_once_and_when_somebody_does_again() {
    let mut observer = looking();
    let unseen = Timestamp::from_ns(UNSEEN_MAX_NS);
    assert_eq!(observer.poll_timeout(), Some(unseen));
    observer.handle_timeout(unseen + -1);
    assert_eq!(drain(&mut observer), []);
    observer.handle_timeout(unseen);
    let found = drain(&mut observer);
    assert_eq!((found.len(), found[0].conclusion), (1, Conclusion::Missing));
    assert_eq!(found[0].clause, "sight");
    observer.handle_timeout(unseen + 1);
    assert_eq!(drain(&mut observer), []);
    assert_eq!(observer.poll_timeout(), None);
    let found = told(&mut observer, UNSEEN_MAX_NS + 2, calm());
    assert_eq!(
        (found.len(), found[0].conclusion),
        (1, Conclusion::Converge)
    );
    observer.handle_observation(unseen + 3, Seen::Blind("no answer".into()));
    let found = drain(&mut observer);
    assert!(found[0].reason.ends_with("no answer"), "{found:?}");
    // An interface that never comes is not seen either.
    let mut observer = Passive::new(NAME);
    let none = || Look::default();
    assert_eq!(told(&mut observer, 0, none()), []);
    let found = told(&mut observer, UNSEEN_MAX_NS, none());
    assert_eq!((found.len(), found[0].conclusion), (1, Conclusion::Missing));
}

#[test]
fn a_flood_of_sockets_is_bounded_and_said() {
    let mut observer = looking();
    let many = |count: u32| Look {
        packets: (1000..1000 + count)
            .map(|inode| (Packet { inode, ..ear().0 }, python()))
            .collect(),
        others: 5,
        ..calm()
    };
    let found = told(&mut observer, 1, many(100_000));
    assert_eq!(found.len(), TOLD_MAX + 1);
    let more = 100_000 - TOLD_MAX + 5;
    let last = found.last().unwrap();
    assert_eq!(
        last.reason,
        format!("{more} more packet sockets than are told apart")
    );
    assert_eq!(told(&mut observer, 2, many(100_000)), []);
    assert_eq!(told(&mut observer, 3, calm()).len(), TOLD_MAX + 1);
}
