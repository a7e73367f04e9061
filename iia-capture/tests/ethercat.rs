//! EtherCAT that no capture has: made frames, what they become, and what any bytes become.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    unreachable_pub,
    dead_code,
    reason = "tests"
)]

mod ethercat_ring;
mod oracle;
mod truth;
mod tshark;
mod wire;

use std::collections::BTreeMap;

use ethercat_ring::{Datagram, MASTER, Ring, coe, frame, gateway, message, run};
use iia_core::observe::Outcome;
use wire::Random;

const FPRD: u8 = 4;
const FPWR: u8 = 5;
const BWR: u8 = 8;
const LRW: u8 = 12;
const STATION: u16 = 0x1001;

/// A message to a slave and one from it, each in a frame that goes round.
fn talk(pieces: &[(bool, Vec<u8>)]) -> Ring {
    let mut ring = Ring::default();
    for (to_slave, message) in pieces {
        match to_slave {
            true => ring.round(&[Datagram::new(FPWR, STATION, 0x1000, message)]),
            false => ring.round(&[Datagram::new(FPRD, STATION, 0x1100, message)]),
        }
    }
    ring
}

#[test]
fn a_frame_out_and_back_is_one_record_a_datagram() {
    let mut ring = Ring::default();
    ring.round(&[
        Datagram::new(FPWR, STATION, 0x0120, &[8, 0]),
        Datagram::logical(LRW, 0x0001_0000, &[1, 2, 3]),
    ]);
    let said = run(&ring.packets);
    assert_eq!(said.len(), 3, "{said:#?}");
    let first = said[0].named("configured_address_physical_write");
    assert_eq!(
        (first.outcome, first.latency_ns),
        (Outcome::Answered, Some(1000))
    );
    assert_eq!(first.asked["ecat.reg.alctrl.ctrl"], "8 OP");
    assert_eq!(
        (
            first.asked["ecat.cnt"].as_str(),
            first.answered["ecat.cnt"].as_str()
        ),
        ("0", "1")
    );
    let second = said[1].named("logical_memory_read_write");
    assert_eq!(
        (
            second.asked["ecat.lad"].as_str(),
            second.asked["ecat.data"].as_str()
        ),
        ("65536", "010203")
    );
    assert_eq!(
        said[2].named("al_state_request").outcome,
        Outcome::Unanswered
    );
}

#[test]
fn a_frame_that_does_not_come_back_is_unanswered_and_one_that_nobody_does_too() {
    let mut ring = Ring::default();
    ring.lost(&[Datagram::new(FPRD, STATION, 0x0130, &[0, 0])]);
    ring.ignored(&[Datagram::new(FPRD, STATION, 0x0134, &[0, 0])]);
    let said = run(&ring.packets);
    let what: Vec<_> = said
        .iter()
        .map(|one| (one.outcome, one.latency_ns))
        .collect();
    assert_eq!(
        what,
        [
            (Outcome::Unanswered, Some(1000)),
            (Outcome::Unanswered, None)
        ]
    );
    assert!(
        !said[0].answered.contains_key("ecat.reg.alstatuscode"),
        "nobody said it"
    );
}

#[test]
fn a_master_whose_address_is_marked_from_the_start_is_followed_too() {
    let mut ring = Ring {
        source: [2, 0, 0, 0, 0, 9],
        ..Ring::default()
    };
    ring.round(&[Datagram::new(FPRD, STATION, 0x0130, &[1, 0])]);
    let said = run(&ring.packets);
    assert_eq!((said.len(), said[0].outcome), (1, Outcome::Answered));
}

#[test]
fn states_are_asked_for_reached_and_refused() {
    let mut ring = Ring::default();
    let states = [
        (
            4u8,
            [0x12, 0, 0, 0, 0x1e, 0],
            Outcome::Refused(0x1e),
            "30 invalid_input_configuration",
        ),
        (8, [8, 0, 0, 0, 0, 0], Outcome::Answered, "0 no_error"),
    ];
    ring.round(&[Datagram::new(FPRD, STATION, 0x0130, &[2, 0])]);
    for (wanted, status, _, _) in &states {
        ring.round(&[Datagram::new(FPWR, STATION, 0x0120, &[*wanted, 0])]);
        ring.round(&[Datagram::new(FPRD, STATION, 0x0130, status)]);
    }
    let said = run(&ring.packets);
    let asked: Vec<_> = said
        .iter()
        .filter(|one| one.what == "al_state_request")
        .collect();
    assert_eq!(asked.len(), 2);
    for (one, (_, _, outcome, code)) in asked.iter().zip(states) {
        assert_eq!(
            (one.outcome, one.answered["iia.ecat.al.code"].as_str()),
            (outcome, code)
        );
        assert_eq!(one.asked["iia.ecat.station"], "4097");
    }
}

#[test]
fn settings_of_buffers_say_what_is_a_mailbox() {
    let upload = message(3, &coe(2, &[0x40, 0x18, 0x10, 1, 0, 0, 0, 0]));
    for (control, mailbox) in [(0x26u8, true), (0x24, false)] {
        let mut ring = Ring::default();
        let settings = [0, 0x10, 16, 0, control, 0, 1, 0];
        ring.round(&[Datagram::new(FPWR, STATION, 0x0800, &settings)]);
        ring.round(&[Datagram::new(FPWR, STATION, 0x1000, &upload)]);
        let said = run(&ring.packets);
        assert_eq!(said[1].asked.contains_key("ecat_mailbox.type"), mailbox);
        assert_eq!(said.iter().any(|one| one.what == "sdo_upload"), mailbox);
    }
}

#[test]
fn an_object_in_segments_is_one_record() {
    let first = [&[0x41, 8, 0x10, 0, 10, 0, 0, 0][..], b"EL30"].concat();
    let said = run(&talk(&[
        (true, message(3, &coe(2, &[0x40, 8, 0x10, 0, 0, 0, 0, 0]))),
        (false, message(3, &coe(3, &first))),
        (true, message(3, &coe(2, &[0x60, 0, 0, 0, 0, 0, 0, 0]))),
        (
            false,
            message(3, &coe(3, &[&[3][..], b"04-000\0"].concat())),
        ),
    ])
    .packets);
    let one = said.iter().find(|one| one.what == "sdo_upload").unwrap();
    assert_eq!(
        (one.outcome, one.latency_ns),
        (Outcome::Answered, Some(301_000))
    );
    assert_eq!(
        one.asked["iia.ecat.coe.index"],
        "4104 manufacturer_device_name"
    );
    assert_eq!(
        (
            one.answered["iia.ecat.coe.text"].as_str(),
            one.answered["iia.ecat.coe.size"].as_str()
        ),
        ("EL3004-000", "10")
    );
}

#[test]
fn objects_are_written_at_once_in_segments_and_refused() {
    let abort = [0x80, 0x12, 0x1c, 0, 0, 0, 2, 6];
    let said = run(&talk(&[
        (
            true,
            message(3, &coe(2, &[0x2b, 0x40, 0x60, 0, 0x0f, 0, 0, 0])),
        ),
        (
            false,
            message(3, &coe(3, &[0x60, 0x40, 0x60, 0, 0, 0, 0, 0])),
        ),
        (
            true,
            message(
                3,
                &coe(
                    2,
                    &[&[0x31, 0x12, 0x1c, 0, 9, 0, 0, 0][..], b"ABCD"].concat(),
                ),
            ),
        ),
        (
            false,
            message(3, &coe(3, &[0x60, 0x12, 0x1c, 0, 0, 0, 0, 0])),
        ),
        (
            true,
            message(3, &coe(2, &[&[5][..], b"EFGHI\0\0"].concat())),
        ),
        (false, message(3, &coe(3, &[0x20, 0, 0, 0, 0, 0, 0, 0]))),
        (
            true,
            message(3, &coe(2, &[0x2f, 0x12, 0x1c, 0, 1, 0, 0, 0])),
        ),
        (false, message(3, &coe(3, &abort))),
    ])
    .packets);
    let all: Vec<_> = said
        .iter()
        .filter(|one| one.what == "sdo_download")
        .collect();
    assert_eq!(all.len(), 3);
    assert_eq!(
        (
            all[0].asked["iia.ecat.coe.index"].as_str(),
            all[0].asked["iia.ecat.coe.value"].as_str()
        ),
        ("24640 controlword", "15")
    );
    assert_eq!(
        (
            all[1].asked["iia.ecat.coe.complete_access"].as_str(),
            all[1].asked["iia.ecat.coe.data"].as_str()
        ),
        ("true", "414243444546474849")
    );
    assert_eq!(all[2].outcome, Outcome::Refused(0x0602_0000));
    assert_eq!(
        all[2].answered["iia.ecat.coe.abort"],
        "100794368 object_does_not_exist"
    );
}

#[test]
fn a_list_of_objects_in_pieces_is_one_record() {
    let said = run(&talk(&[
        (true, message(3, &coe(8, &[1, 0, 0, 0, 1, 0]))),
        (false, message(3, &coe(8, &[0x82, 0, 1, 0, 1, 0, 0, 0x10]))),
        (false, message(3, &coe(8, &[2, 0, 0, 0, 0x18, 0x10]))),
    ])
    .packets);
    let one = said
        .iter()
        .find(|one| one.what == "sdo_information_object_list")
        .unwrap();
    assert_eq!(
        (one.outcome, one.asked["iia.ecat.coe.list"].as_str()),
        (Outcome::Answered, "1 all_objects")
    );
    assert_eq!(
        one.answered["iia.ecat.coe.listed"],
        "4096 device_type|4120 identity"
    );
}

#[test]
fn files_go_to_a_slave_packet_by_packet() {
    let foe =
        |code: u8, number: u32, rest: &[u8]| [&[code, 0][..], &number.to_le_bytes(), rest].concat();
    let said = run(&talk(&[
        (true, message(4, &foe(2, 0, b"app.efw"))),
        (false, message(4, &foe(4, 0, &[]))),
        (true, message(4, &foe(3, 1, b"12345678"))),
        (false, message(4, &foe(4, 1, &[]))),
        (true, message(4, &foe(3, 2, b"9"))),
        (false, message(4, &foe(4, 2, &[]))),
        (true, message(4, &foe(1, 0, b"gone"))),
        (false, message(4, &foe(5, 0x8001, b"no such file"))),
    ])
    .packets);
    let write = said.iter().find(|one| one.what == "foe_write").unwrap();
    assert_eq!(
        (write.outcome, write.asked["iia.ecat.foe.name"].as_str()),
        (Outcome::Answered, "app.efw")
    );
    assert_eq!(
        (
            write.answered["iia.ecat.foe.size"].as_str(),
            write.answered["iia.ecat.foe.packets"].as_str()
        ),
        ("9", "2")
    );
    let read = said.iter().find(|one| one.what == "foe_read").unwrap();
    assert_eq!(
        (read.outcome, read.answered["iia.ecat.foe.error"].as_str()),
        (Outcome::Refused(0x8001), "32769 not_found")
    );
}

#[test]
fn parameters_of_drives_are_read_and_refused() {
    let said = run(&talk(&[
        (true, message(5, &[1, 0x40, 11, 0])),
        (false, message(5, &[2, 0x40, 11, 0, 7, 0])),
        (true, message(5, &[3, 0x40, 11, 0, 1, 0])),
        (false, message(5, &[0x14, 0x40, 11, 0, 4, 0x70])),
    ])
    .packets);
    let read = said.iter().find(|one| one.what == "soe_read").unwrap();
    assert_eq!(
        (
            read.asked["iia.ecat.soe.idn"].as_str(),
            read.answered["iia.ecat.soe.data"].as_str()
        ),
        ("11 class_1_diagnostic", "0700")
    );
    assert_eq!(read.asked["iia.ecat.soe.elements"], "64");
    let write = said.iter().find(|one| one.what == "soe_write").unwrap();
    assert_eq!(
        (write.outcome, write.answered["iia.ecat.soe.error"].as_str()),
        (Outcome::Refused(0x7004), "28676 data_cannot_be_changed")
    );
}

#[test]
fn a_gateway_is_heard_over_udp_and_tcp() {
    let upload = message(3, &coe(2, &[0x40, 0x18, 0x10, 1, 0, 0, 0, 0]));
    let identity = message(3, &coe(3, &[0x43, 0x18, 0x10, 1, 2, 0, 0, 0]));
    for tcp in [false, true] {
        let said = run(&gateway(tcp, &[(true, &upload), (false, &identity)]));
        let one = said.iter().find(|one| one.what == "sdo_upload").unwrap();
        assert_eq!(
            (one.outcome, one.answered["iia.ecat.coe.value"].as_str()),
            (Outcome::Answered, "2"),
            "{tcp}"
        );
        assert_eq!(
            said.iter()
                .filter(|one| one.what == "mailbox_gateway")
                .count(),
            2
        );
    }
}

#[test]
fn what_breaks_the_rules_is_told_with_what_was_read() {
    let whole = frame(&[
        Datagram::new(FPWR, STATION, 0x0120, &[8, 0]),
        Datagram::new(FPRD, STATION, 0x0130, &[0; 6]),
    ]);
    for len in 14..whole.len() {
        let said = run(&[(0, whole[..len].to_vec())]);
        let last = said.last().unwrap();
        assert_eq!(last.outcome, Outcome::Malformed, "{len}");
        assert_eq!(said.len() > 1, len >= 14 + 2 + 14, "{len}");
    }
}

const ONCE_OR_EXPLAINED: &[&str] = &[
    "ecat_mailbox.coe",
    "ecat_mailbox.foe",
    "ecat_mailbox.soe",
    "ecat_mailbox.eoe",
    "ecat_mailbox.eoe.fraghead",
    "ecat_mailbox.soe_error",
    "ecat_mailbox.coe.abortcode",
    "ecat_mailbox.foe.efw",
    "ecat_mailbox.foe.efw.cmd",
    "ecat_mailbox.foe.efw.size",
    "ecat_mailbox.foe.efw.addresslw",
    "ecat_mailbox.foe.efw.addresshw",
    "ecat_mailbox.foe.efw.data",
];

/// Every made message, in frames of its own.
fn every_kind() -> Vec<(i64, Vec<u8>)> {
    ethercat_ring::messages()
        .iter()
        .flat_map(|(to_slave, bytes)| talk(&[(*to_slave, bytes.clone())]).packets)
        .enumerate()
        .map(|(at, (_, bytes))| (at as i64 * 1_000_000, bytes))
        .collect()
}

#[test]
fn made_messages_are_what_this_machines_tshark_sees() {
    let test = "made_messages_are_what_this_machines_tshark_sees";
    if !tshark::present() {
        return tshark::skip(test);
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("made.pcap");
    std::fs::write(&path, ethercat_ring::pcap(&every_kind())).unwrap();
    let fields = tshark::fields(&["ecat_mailbox"]);
    let mut different = BTreeMap::new();
    let theirs = tshark::read(&path, "ecatf", &fields);
    let same = tshark::compare(&truth::ours(&path), &theirs, &mut different);
    eprintln!("{same} values");
    // Told once, as what they mean; what differs further stands on the page.
    for name in ONCE_OR_EXPLAINED {
        assert!(different.remove(*name).is_some(), "{name}");
    }
    assert!(different.is_empty() && same > 500, "{different:#?}");
}

#[test]
fn every_truncation_and_any_bent_bit_is_read_as_far_as_it_makes_sense() {
    let packets = every_kind();
    for (ts, packet) in &packets {
        for len in 0..packet.len() {
            run(&[(*ts, packet[..len].to_vec())]);
        }
    }
    let mut random = Random(17);
    for _ in 0..300 {
        let mut bent = packets.clone();
        for (_, packet) in &mut bent {
            let place = 14 + random.below(packet.len() - 14);
            packet[place] ^= 1 << random.below(8);
        }
        run(&bent);
    }
}

#[test]
fn floods_of_frames_stations_and_transfers_stay_within_the_limits() {
    let mut ring = Ring::default();
    for number in 0..3000u16 {
        let upload = message(3, &coe(2, &[0x40, 0x18, 0x10, 1, 0, 0, 0, 0]));
        ring.lost(&[Datagram::new(FPRD, number, 0x0130, &[0, 0])]);
        ring.round(&[
            Datagram::new(FPWR, number, 0x0800, &[0, 0x10, 16, 0, 0x26, 0, 1, 0]),
            Datagram::new(FPWR, number, 0x0120, &[8, 0]),
            Datagram::new(FPWR, number, 0x1000, &upload),
        ]);
    }
    let said = run(&ring.packets);
    let count = |what: &str| said.iter().filter(|one| one.what == what).count();
    assert_eq!(count("configured_address_physical_read"), 3000);
    assert_eq!(
        (count("sdo_upload"), count("al_state_request")),
        (3000, 1024)
    );
    assert_eq!(MASTER[0] & 2, 0);
    assert_eq!(BWR, 8);
}
