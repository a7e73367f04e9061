//! What the kernel says of an interface that only sees, and of sockets beside it.

use iia_attest::correlator::Correlator as _;
use iia_attest::network::Passive;
use iia_attest::network::passive::kernel::{self, PROGRAMS_MAX};
use iia_attest::network::passive::{Holder, Look, Seen, TOLD_MAX};
use iia_core::Timestamp;
use iia_core::finding::Severity;

use crate::input::Input;

/// Looks, each of three pieces: an interface, sockets, a table of protocols. What is read fits into what was given; the same look
/// again tells nothing, and no look tells more than there is room for.
pub fn passive(data: &[u8]) {
    let mut input = Input(data);
    let mut observer = Passive::new("sees0");
    let mut at = 0;
    while !input.is_empty() {
        let look = look(&mut input);
        at += i64::from(input.byte());
        let mut told = [0, 0];
        for count in &mut told {
            observer.handle_observation(Timestamp::from_ns(at), Seen::Look(look.clone()));
            let found = core::iter::from_fn(|| observer.poll_finding());
            *count = found
                .inspect(|one| assert!(one.severity >= Severity::High && !one.reason.is_empty()))
                .count();
        }
        // Another interface with the name is told, and with the next look that it stands.
        assert!(told[0] <= 2 * TOLD_MAX + 6 && told[1] <= 1, "{told:?}");
    }
}

fn look(input: &mut Input<'_>) -> Look {
    let (link, sockets) = (input.piece(), input.piece());
    let table = String::from_utf8_lossy(input.piece());
    let mut look = Look {
        link: kernel::link(link).ok(),
        xdp: kernel::xdp_sockets(&table).unwrap_or_default(),
        ..Look::default()
    };
    let mut packets = Vec::new();
    let _end = kernel::packets(sockets, &mut packets, &mut look.others);
    assert!(
        packets.len() * 40 <= sockets.len() + 24,
        "{}",
        packets.len()
    );
    let programs = look.link.as_ref().map_or(0, |link| link.programs.len());
    assert!(programs <= PROGRAMS_MAX && programs * 8 <= link.len());
    look.packets = packets
        .into_iter()
        .map(|one| (one, Holder::Untold))
        .collect();
    look
}
