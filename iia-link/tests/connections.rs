//! A connection's right to be: identity, revocation, contract and time, with a clock set by hand and no network.
#![expect(clippy::unwrap_used, reason = "tests")]

mod made;

use std::sync::Arc;

use iia_core::code::Coded as _;
use iia_link::LinkError;
use iia_link::connection::{Event, HANDSHAKE_MAX_NS, STALL_MAX_NS};
use iia_link::mux::{SESSIONS_MAX, Sent, WINDOW};
use iia_link::rt::Message;
use made::{COLLECT, Catalog, LAKE, Pair, World, hello, later, now, over};

const HOUR_NS: u64 = 3_600_000_000_000;

fn pair(world: &World, near: Catalog, far: Catalog) -> Pair {
    Pair::new(&world.party(COLLECT, near), &world.party(LAKE, far), &now())
}

fn version(version: &str) -> Catalog {
    Catalog {
        version: version.into(),
        ..Catalog::default()
    }
}

#[test]
fn sessions_share_a_connection_and_its_key_exchange_withstands_quantum_computers() {
    let (world, now) = (World::new(), now());
    let mut pair = pair(&world, Catalog::default(), Catalog::default());
    assert!(pair.near.is_post_quantum() && pair.far.is_post_quantum());
    let numbers: Vec<u32> = (0..SESSIONS_MAX)
        .map(|_| pair.open(&now, hello("")).unwrap())
        .collect();
    let full = LinkError::TooManySessions { max: SESSIONS_MAX };
    assert_eq!(pair.open(&now, hello("")), Err(full));
    for number in &numbers {
        pair.send(&now, *number, &number.to_be_bytes()).unwrap();
    }
    for number in numbers.iter().rev() {
        let message = pair.far.receive(&now, *number).unwrap().unwrap();
        assert_eq!(message.payload, number.to_be_bytes());
    }
    pair.near.leave(1);
    pair.far.leave(1);
    assert!(pair.open(&now, hello("")).is_ok(), "who leaves makes room");
}

#[test]
fn another_version_of_the_contract_is_refused_and_told_at_both_ends() {
    let (world, now) = (World::new(), now());
    let mut pair = pair(&world, version("1.2.0"), version("2.0.0"));
    let told = pair.open(&now, hello("1.2.0")).unwrap_err();
    assert_eq!(
        told,
        LinkError::Refused {
            code: "IIA-COR-0114".into()
        }
    );
    let refused = pair.far_told.iter().find_map(|event| match event {
        Event::Refused(hello, error) => Some((hello.version.clone(), error.code().to_string())),
        _ => None,
    });
    assert_eq!(refused, Some(("1.2.0".into(), "IIA-COR-0114".into())));
    // The own catalog is asked before the peer's.
    assert!(matches!(
        pair.near.open(&now, hello("3.0.0")),
        Err(LinkError::Catalog(_))
    ));
}

#[test]
fn a_session_ends_with_the_svid_of_its_peer() {
    let (world, now) = (World::new(), now());
    let mut pair = pair(&world, Catalog::default(), Catalog::default());
    let number = pair.open(&now, hello("")).unwrap();
    pair.send(&now, number, b"before").unwrap();
    let end = later(&now, HOUR_NS + 1_000_000_000);
    assert!(pair.far.poll_timeout() <= end.monotonic_ns);
    assert_eq!(
        pair.far.receive(&end, number),
        Err(LinkError::SvidExpired),
        "what waits is not accepted either"
    );
    assert_eq!(
        pair.near.send(&end, number, &Message::push(vec![1]), 0),
        Err(LinkError::SvidExpired)
    );
    pair.far.handle_timeout(&end);
    pair.pump(&end);
    assert_eq!(over(&pair.far_told), Some(&LinkError::SvidExpired));
}

#[test]
fn a_session_ends_when_its_contract_goes_out_of_force() {
    let (world, now) = (World::new(), now());
    let until = Catalog {
        until: Some(now.wall + 60_000_000_000),
        ..Catalog::default()
    };
    let mut pair = pair(&world, Catalog::default(), until);
    let number = pair.open(&now, hello("")).unwrap();
    let end = later(&now, 60_000_000_000);
    assert_eq!(pair.far.poll_timeout(), end.monotonic_ns);
    pair.far.handle_timeout(&later(&now, 59_000_000_000));
    assert_eq!(pair.far.receive(&now, number), Ok(None));
    pair.far.handle_timeout(&end);
    pair.pump(&end);
    assert_eq!(
        pair.far.receive(&end, number),
        Err(LinkError::ContractEnded)
    );
    let told = LinkError::Refused {
        code: LinkError::ContractEnded.code().to_string(),
    };
    assert_eq!(pair.near.receive(&end, number), Err(told));
    // And it does not come back.
    let again = pair.near.open(&end, hello("")).unwrap();
    pair.pump(&end);
    assert!(pair.near.answer(again).is_err());
}

/// Whoever dials asks its own catalog about the time as well, before each session and each message: what is agreed until
/// then does not go out after it, whatever the other end would take.
#[test]
fn nothing_goes_out_under_a_contract_that_is_over() {
    let (world, now) = (World::new(), now());
    let until = Catalog {
        until: Some(now.wall + 60_000_000_000),
        ..Catalog::default()
    };
    let mut pair = pair(&world, until, Catalog::default());
    let number = pair.open(&now, hello("")).unwrap();
    let before = later(&now, 59_999_000_000);
    pair.send(&before, number, b"before").unwrap();
    let got = pair.far.receive(&before, number).unwrap().unwrap();
    assert_eq!(got.payload, b"before");
    // Nobody has looked at the time since.
    let end = later(&now, 60_000_000_000);
    let message = Message::push(vec![1]);
    assert_eq!(
        pair.near.send(&end, number, &message, 0),
        Err(LinkError::ContractEnded)
    );
    assert_eq!(
        pair.near.receive(&end, number),
        Err(LinkError::ContractEnded)
    );
    assert_eq!(
        pair.near.open(&end, hello("")),
        Err(LinkError::ContractEnded)
    );
    pair.pump(&end);
    let told = LinkError::Refused {
        code: LinkError::ContractEnded.code().to_string(),
    };
    assert_eq!(pair.far.receive(&end, number), Err(told));
}

#[test]
fn a_contract_that_is_taken_away_ends_its_sessions_at_either_end() {
    let (world, now) = (World::new(), now());
    for taken_by_far in [true, false] {
        let (near, far) = (
            world.party(COLLECT, Catalog::default()),
            world.party(LAKE, Catalog::default()),
        );
        let mut pair = Pair::new(&near, &far, &now);
        let number = pair.open(&now, hello("")).unwrap();
        pair.send(&now, number, b"unread").unwrap();
        let closed = Arc::new(Catalog {
            closed: true,
            ..Catalog::default()
        });
        let (party, here) = if taken_by_far {
            (&far, &mut pair.far)
        } else {
            (&near, &mut pair.near)
        };
        assert!(
            party.replace_gate(closed).is_empty(),
            "in memory there is nobody to tell"
        );
        here.handle_gate(&now);
        assert!(
            matches!(here.receive(&now, number), Err(LinkError::Catalog(_))),
            "nothing more is accepted"
        );
        pair.pump(&now);
        let there = if taken_by_far {
            &mut pair.near
        } else {
            &mut pair.far
        };
        if !taken_by_far {
            assert_eq!(
                there.receive(&now, number),
                Err(LinkError::Refused {
                    code: "IIA-COR-0111".into()
                })
            );
        }
        let told = there.receive(&now, number).unwrap_err();
        assert_eq!(
            told,
            LinkError::Refused {
                code: "IIA-COR-0111".into()
            }
        );
    }
}

#[test]
fn of_ten_thousand_sessions_none_accepts_a_message_after_revoke_begins() {
    let (world, now) = (World::new(), now());
    let (near, far) = (
        world.party(COLLECT, Catalog::default()),
        world.party(LAKE, Catalog::default()),
    );
    let connections = 10_000usize.div_ceil(SESSIONS_MAX);
    let mut pairs: Vec<Pair> = (0..connections)
        .map(|_| Pair::new(&near, &far, &now))
        .collect();
    let mut open = 0;
    for pair in &mut pairs {
        for _ in 0..SESSIONS_MAX {
            let number = pair.open(&now, hello("")).unwrap();
            pair.send(&now, number, b"1").unwrap();
            pair.send(&now, number, b"2").unwrap();
            assert!(pair.far.receive(&now, number).unwrap().is_some());
            open += 1;
        }
    }
    assert!(open >= 10_000);
    let live = far.revoke(&COLLECT.parse().unwrap());
    assert_eq!(
        live.len(),
        0,
        "in memory there is nobody to tell: the flag alone does it"
    );
    for pair in &mut pairs {
        for number in 1..=u32::try_from(SESSIONS_MAX).unwrap() {
            assert_eq!(pair.far.receive(&now, number), Err(LinkError::Revoked));
            assert_eq!(
                pair.far.send(&now, number, &Message::push(vec![]), 0),
                Err(LinkError::Revoked)
            );
        }
    }
    let mut again = Pair::new(&near, &far, &now);
    again.pump(&now);
    assert_eq!(over(&again.far_told), Some(&LinkError::Revoked));
}

#[test]
fn a_connection_that_is_cut_is_told_from_one_that_ends() {
    let (world, now) = (World::new(), now());
    for rightly in [true, false] {
        let mut pair = pair(&world, Catalog::default(), Catalog::default());
        let number = pair.open(&now, hello("")).unwrap();
        pair.send(&now, number, b"last").unwrap();
        if rightly {
            pair.near.leave(number);
            pair.pump(&now);
        }
        // The end of TCP alone, which anybody on the way can make.
        pair.far.handle_eof();
        assert_eq!(
            pair.far.receive(&now, number).unwrap().unwrap().payload,
            b"last"
        );
        match rightly {
            true => {
                assert!(pair.far.receive(&now, number) == Ok(None) && pair.far.has_ended(number))
            }
            false => assert_eq!(pair.far.receive(&now, number), Err(LinkError::Truncated)),
        }
    }
}

#[test]
fn a_message_that_is_given_up_in_the_middle_ends_the_session_at_both_ends() {
    let (world, now) = (World::new(), now());
    let mut pair = pair(&world, Catalog::default(), Catalog::default());
    let number = pair.open(&now, hello("")).unwrap();
    let long = Message::push(vec![7; 8 << 20]);
    assert!(matches!(pair.near.send(&now, number, &long, 0), Ok(Sent::UpTo(at)) if at > 0));
    pair.near.abandon(number);
    pair.pump(&now);
    assert!(pair.near.receive(&now, number).is_err() && pair.far.receive(&now, number).is_err());
    assert!(pair.open(&now, hello("")).is_ok(), "others go on");
}

#[test]
fn who_does_not_finish_a_handshake_or_asks_for_nothing_is_gone_in_time() {
    let (world, now) = (World::new(), now());
    let far = world.party(LAKE, Catalog::default());
    let mut silent = iia_link::connection::Connection::dialled(far, &now).unwrap();
    let end = later(&now, HANDSHAKE_MAX_NS);
    assert_eq!(silent.poll_timeout(), end.monotonic_ns);
    silent.handle_timeout(&end);
    let told = std::iter::from_fn(|| silent.poll_event(&end)).collect::<Vec<_>>();
    assert!(matches!(over(&told), Some(LinkError::TimedOut { .. })));
    let mut pair = pair(&world, Catalog::default(), Catalog::default());
    assert!(pair.far.peer().is_some());
    pair.far.handle_timeout(&later(&end, 1_000_000_000));
    pair.pump(&end);
    assert!(matches!(
        over(&pair.far_told),
        Some(LinkError::TimedOut { .. })
    ));
}

#[test]
fn a_peer_that_reads_nothing_is_gone_in_time_and_holds_little_until_then() {
    let (world, now) = (World::new(), now());
    let mut pair = pair(&world, Catalog::default(), Catalog::default());
    let number = pair.open(&now, hello("")).unwrap();
    let message = Message::push(vec![7; 8 << 20]);
    let mut taken = 0;
    while let Sent::UpTo(at) = pair.far.send(&now, number, &message, taken).unwrap() {
        if at == taken {
            break;
        }
        taken = at;
        pair.far.transmit(&now, &mut Full).unwrap();
    }
    let most = iia_link::mux::OUT_MAX + iia_identity::tls::WAITING_MAX;
    assert!(taken > 0 && taken <= most.min(WINDOW), "{taken}");
    assert!(pair.far.wants_transmit());
    let end = later(&now, STALL_MAX_NS);
    assert_eq!(pair.far.poll_timeout(), end.monotonic_ns);
    pair.far.handle_timeout(&end);
    let told = std::iter::from_fn(|| pair.far.poll_event(&end)).collect::<Vec<_>>();
    assert!(
        matches!(over(&told), Some(LinkError::TimedOut { .. })),
        "{told:?}"
    );
}

/// A socket whose window is shut.
struct Full;

impl std::io::Write for Full {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(std::io::ErrorKind::WouldBlock.into())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
