//! The observer's own ear against the collector's decoders: two readers that share no code hear the same exchanges.

use std::collections::BTreeMap;
use std::net::IpAddr;

use iia_attest::network::{Deed, Ear};
use iia_capture::source::LinkType;
use iia_contract::Catalog;
use iia_core::observe::{Outcome, Protocol};
use iia_core::time::SECOND_NS;

use crate::kept::Kept;
use crate::learnt::{captures, decode, packets};

/// Who asked whom, what of it was heard, and how often.
type Heard = BTreeMap<(IpAddr, IpAddr, u8, u8, String), u64>;

fn add(heard: &mut Heard, deed: Deed) {
    let Deed::Exchange {
        flow,
        protocol: Protocol::ModbusTcp,
        unit,
        func,
        outcome,
        read,
        write,
    } = deed
    else {
        return;
    };
    // What is no question to one is an exchange to nobody else.
    if !matches!(outcome, Outcome::Answered | Outcome::Exception(_)) || flow.resp_p != 502 {
        return;
    }
    let what = match func {
        1..=6 | 15 | 16 | 23 => format!("{read:?} {write:?} {}", outcome.name()),
        _ => outcome.name().into(),
    };
    *heard
        .entry((flow.orig_h, flow.resp_h, unit, func, what))
        .or_default() += 1;
}

fn by_the_collector(packets: &[Kept]) -> Heard {
    let mut heard = Heard::new();
    decode(packets, &mut |_, observation| {
        if let Some(deed) = Deed::of(observation) {
            add(&mut heard, deed);
        }
    });
    heard
}

fn by_the_ear(packets: &[Kept]) -> Heard {
    let (catalog, _) = Catalog::check(&[]).unwrap();
    let mut ear = Ear::new(&catalog);
    let mut heard = Heard::new();
    let mut last = iia_core::Timestamp::from_ns(0);
    for packet in packets {
        last = packet.ts.max(last);
        ear.handle_frame(last, &packet.data, |_, deed| add(&mut heard, deed));
    }
    ear.handle_timeout(last + 60 * SECOND_NS, |_, deed| add(&mut heard, deed));
    heard
}

#[test]
fn what_the_ear_hears_of_modbus_is_what_the_collector_decodes() {
    let Some(corpus) = crate::corpus() else {
        return;
    };
    let (mut same, mut alone) = (0, Vec::new());
    for (path, protocol) in captures(&corpus) {
        let packets = packets(&path);
        let is_ethernet = packets
            .iter()
            .all(|packet| packet.link == LinkType::ETHERNET);
        if protocol != "modbus" || !is_ethernet {
            continue;
        }
        let (theirs, ours) = (by_the_collector(&packets), by_the_ear(&packets));
        let keys: std::collections::BTreeSet<_> = theirs.keys().chain(ours.keys()).collect();
        for key in keys {
            let count = |heard: &Heard| heard.get(key).copied().unwrap_or_default();
            let (one, other) = (count(&theirs), count(&ours));
            same += one.min(other);
            if one != other {
                alone.push((
                    path.file_name().unwrap().to_owned(),
                    key.clone(),
                    one,
                    other,
                ));
            }
        }
    }
    for (path, key, one, other) in &alone {
        eprintln!("{path:?}: collector {one}, ear {other}: {key:?}");
    }
    eprintln!(
        "{same} exchanges of Modbus heard alike, {} kinds not",
        alone.len()
    );
    assert!(same > 15_000, "{same}");
    // Captures that begin in the middle: what was said just before comes again to the one and not to the other, and what may be
    // no message at all is one to the one and none to the other.
    let differs: u64 = alone
        .iter()
        .map(|(.., one, other)| one.abs_diff(*other))
        .sum();
    assert!(differs <= 9, "{differs}");
}
