use core::net::Ipv4Addr;

use super::*;

fn piece(offset: usize, more: bool, bytes: &[u8]) -> Piece<'_> {
    Piece {
        src: IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)),
        dst: IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2)),
        id: 7,
        next: 17,
        offset,
        more,
        bytes: Some(bytes),
    }
}

fn at(secs: i64) -> Timestamp {
    Timestamp::from_secs(secs)
}

#[test]
fn fragments_in_any_order_make_the_datagram_whole_once() {
    let whole: Vec<u8> = (0..28).collect();
    let orders = [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1], [1, 3, 0, 2]];
    for order in orders {
        let mut fragments = Fragments::default();
        for (number, part) in order.into_iter().enumerate() {
            let end = (part * 8 + 8).min(28);
            let taken = fragments.take(at(1), 0, &piece(part * 8, end < 28, &whole[part * 8..end]));
            let expected = match number {
                3 => Taken::Whole(17, whole.clone()),
                _ => Taken::Waits,
            };
            assert_eq!(taken, expected);
        }
        assert_eq!(fragments.held(), 0);
        assert_eq!(fragments.counts().conflicts, 0);
    }
}

#[test]
fn what_came_first_stays_and_an_overlap_that_differs_is_counted() {
    let mut fragments = Fragments::default();
    fragments.take(at(1), 0, &piece(8, true, &[1; 8]));
    fragments.take(at(1), 0, &piece(8, true, &[1; 8]));
    assert_eq!(fragments.counts().conflicts, 0);
    fragments.take(at(1), 0, &piece(0, true, &[2; 24]));
    assert_eq!(fragments.counts().conflicts, 1);
    let taken = fragments.take(at(1), 0, &piece(24, false, &[3; 4]));
    let whole = [&[2; 8][..], &[1; 8], &[2; 8], &[3; 4]].concat();
    assert_eq!(taken, Taken::Whole(17, whole));
}

#[test]
fn a_second_end_is_a_conflict_and_nothing_is_behind_the_first() {
    let mut fragments = Fragments::default();
    fragments.take(at(1), 0, &piece(8, false, &[1; 4]));
    fragments.take(at(1), 0, &piece(8, true, &[1; 16]));
    fragments.take(at(1), 0, &piece(16, false, &[1; 4]));
    assert_eq!(fragments.counts().conflicts, 2);
    let taken = fragments.take(at(1), 0, &piece(0, true, &[0; 8]));
    assert_eq!(taken, Taken::Whole(17, [&[0; 8][..], &[1; 4]].concat()));
}

#[test]
fn what_cannot_be_is_refused() {
    let mut fragments = Fragments::default();
    let cut = Piece {
        bytes: None,
        ..piece(0, true, &[])
    };
    for bad in [cut, piece(65_528, false, &[0; 8]), piece(8, true, &[0; 7])] {
        assert_eq!(fragments.take(at(1), 0, &bad), Taken::Waits);
    }
    assert_eq!((fragments.counts().refused, fragments.held()), (3, 0));
    fragments.take(at(1), 0, &piece(65_528, false, &[0; 7]));
    assert_eq!(fragments.counts().refused, 3);
}

#[test]
fn what_waits_is_bounded_in_time_number_and_bytes() {
    let mut fragments = Fragments::default();
    let of = |id: u32| Piece {
        id,
        ..piece(0, true, &[0; 8])
    };
    fragments.take(at(1), 0, &of(0));
    fragments.take(at(61), 0, &of(1));
    assert_eq!(fragments.counts().given_up, 0);
    fragments.take(at(62), 0, &of(2));
    assert_eq!(fragments.counts().given_up, 1);
    for id in 3..DATAGRAMS_MAX as u32 + 1 {
        fragments.take(at(62), 0, &of(id));
    }
    assert_eq!(fragments.waiting.len(), DATAGRAMS_MAX);
    fragments.take(at(62), 0, &of(70_000));
    assert_eq!(fragments.waiting.len(), DATAGRAMS_MAX);
    assert_eq!(fragments.counts().given_up, 2);
    let long = [0; 60_000];
    for id in 0..1000 {
        fragments.take(
            at(62),
            1,
            &Piece {
                id,
                ..piece(0, true, &long)
            },
        );
        assert!(fragments.held() <= FRAGMENTS_LEN_MAX);
    }
}
