//! The encapsulation, and what is joined across messages.

use super::*;
use crate::decode::Fields;

#[test]
fn data_is_joined_to_the_connection_that_was_opened_for_it() {
    let mut talk = Talk::tcp();
    let manager = [0x20, 6, 0x24, 1];
    let lines = talk.both(
        &ask(0x54, &manager, &OPEN),
        &[&[0xd4, 0, 0, 0][..], &OPENED].concat(),
    );
    assert!(lines[0].starts_with("forward_open Answered"), "{lines:?}");
    for part in [
        "cip.cm.otrpi=10000 cip.cm.ot_net_params=17396 cip.cm.fwo.owner=0 cip.cm.fwo.type=2 point_to_point",
        "cip.cm.fwo.f_v=1 variable cip.cm.fwo.consize=500",
        "cip.cm.fwo.type=1 multicast",
        "cip.cm.fwo.dir=0 client cip.cm.fwo.trigger=0 cyclic cip.cm.fwo.transport=1",
        "cip.connpoint=100 cip.connpoint=101 | cip.service=212",
        "cip.cm.ot_connid=17 cip.cm.to_connid=2 cip.cm.conn_serial_num=25 cip.cm.vendor=77 Rockwell Software",
    ] {
        assert!(lines[0].contains(part), "{part}: {lines:?}");
    }
    let mut data = Talk::of(Box::new(CipIo), flow(Transport::Udp, (IO_PORT, IO_PORT)));
    data.known = core::mem::take(&mut talk.known);
    assert_eq!(
        data.say(true, &io(17, 5, &[9, 0, 1, 2])),
        [
            "io_data Stated iia.cip_io.conn_serial_num=25 iia.cip_io.vendor=77 Rockwell Software \
          iia.cip_io.orig_serial_num=848636915 iia.cip_io.from_originator=true iia.cip_io.interval_us=10000 \
          iia.cip_io.connpoint=100 cip.seq=9 cipio.data=0102 |"
        ]
    );
    let lines = data.say(false, &io(2, 7, &[0, 0, 4]));
    assert!(
        lines[0].contains(
            "from_originator=false iia.cip_io.interval_us=20000 iia.cip_io.connpoint=101"
        ),
        "{lines:?}"
    );
    let lines = data.say(false, &io(2, 10, &[1, 0, 5]));
    assert!(lines[0].contains("iia.cip_io.missed=2"), "{lines:?}");
    let lines = data.say(false, &io(2, 9, &[1, 0, 5]));
    assert!(!lines[0].contains("missed"), "{lines:?}");
    assert_eq!(
        data.say(false, &io(3, 9, &[1, 0, 5])),
        ["io_data Stated cipio.data=010005 |"]
    );
    talk.known = data.known;
    let close = [
        &[7, 249, 0x19, 0, 0x4d, 0, 0xf3, 0x2b, 0x95, 0x32, 2, 0][..],
        &OPEN[36..],
    ]
    .concat();
    let closed = [&[0xce, 0, 0, 0][..], &OPENED[8..16], &[0, 0]].concat();
    let lines = talk.both(&ask(0x4e, &manager, &close), &closed);
    assert!(lines[0].starts_with("forward_close Answered"), "{lines:?}");
    assert!(talk.known.cip.is_empty());
}

#[test]
fn answers_on_two_connections_with_the_same_number_are_told_apart() {
    let mut talk = Talk::tcp();
    let identity = [0x20, 1, 0x24, 1];
    talk.say(
        true,
        &connected(1, 5, &ask(0x0e, &[0x20, 1, 0x24, 1, 0x30, 1], &[])),
    );
    talk.say(true, &connected(2, 5, &ask(0x01, &identity, &[])));
    let lines = talk.say(false, &connected(9, 5, &[0x81, 0, 8, 0]));
    // The first one's answer did not come, or it would have come before.
    assert!(
        lines[0].starts_with("get_attribute_single Unanswered"),
        "{lines:?}"
    );
    assert!(
        lines[1].starts_with("get_attributes_all Refused(8)"),
        "{lines:?}"
    );
}

#[test]
fn sessions_and_lists_are_told() {
    let mut talk = Talk::tcp();
    talk.say(true, &message(0x65, 0, 0, 3, &[1, 0, 0, 0]));
    assert_eq!(
        talk.say(false, &message(0x65, 99, 0, 3, &[1, 0, 0, 0])),
        ["register_session Answered |"]
    );
    assert_eq!(
        talk.say(true, &message(0x66, 99, 0, 4, &[])),
        ["unregister_session Stated |"]
    );
    assert_eq!(talk.say(true, &message(0, 0, 0, 4, &[])), ["nop Stated |"]);
    talk.say(true, &message(0x63, 0, 0, 5, &[]));
    assert_eq!(
        talk.say(false, &message(0x63, 0, 0, 5, &[0, 0])),
        ["list_identity Answered |"]
    );
    talk.say(true, &unconnected(6, &ask(1, &[0x20, 1, 0x24, 1], &[])));
    assert_eq!(
        talk.say(false, &message(0x6f, 1, 0x64, 6, &[])),
        [
            "get_attributes_all Refused(100) cip.service=1 cip.rr=false cip.sc=1 get_attributes_all \
          cip.request_path_size=2 cip.class=1 identity cip.instance=1 |"
        ]
    );
    assert_eq!(
        talk.say(false, &message(0x65, 99, 0, 3, &[1, 0, 0, 0])),
        ["register_session Orphan |"]
    );
    assert_eq!(
        talk.say(true, &message(0x9999, 1, 0, 3, &[1]))[..],
        [] as [&str; 0]
    );
    assert_eq!(talk.end(), ["unknown_command Unanswered |"]);
}

#[test]
fn whoever_asks_everybody_expects_answers_from_all() {
    let mut everybody = flow(Transport::Udp, (50_000, PORT));
    everybody.resp_h = IpAddr::V4(Ipv4Addr::BROADCAST);
    let mut talk = Talk::of(Box::new(Enip::default()), everybody);
    assert_eq!(
        talk.say(true, &message(0x63, 0, 0, 5, &[])),
        ["list_identity Stated |"]
    );
    let known = core::mem::take(&mut talk.known);
    let mut answer = Talk::of(
        Box::new(Enip::default()),
        flow(Transport::Udp, (50_000, PORT)),
    );
    answer.known = known;
    assert_eq!(
        answer.say(false, &message(0x63, 0, 0, 5, &[0, 0])),
        ["list_identity Stated |"]
    );
    answer.known = Known::default();
    assert_eq!(
        answer.say(false, &message(0x63, 0, 0, 5, &[0, 0])),
        ["list_identity Orphan |"]
    );
}

#[test]
fn behind_a_gap_the_next_message_is_found() {
    let mut session = Enip::default();
    let whole = unconnected(6, &ask(1, &[0x20, 1, 0x24, 1], &[]));
    let rest = [&[0; 31][..], &whole].concat();
    // Zeros are no unit where bytes are missing, and 24 of them are one where none are.
    assert_eq!(session.cut(true, &rest), Cut::Unit(24));
    session.gap(true);
    assert_eq!(session.cut(true, &rest), Cut::Unit(31));
    let mut talk = Talk::of(Box::new(session), flow(Transport::Tcp, (40_000, PORT)));
    assert_eq!(talk.say(true, &rest[..31]), [] as [&str; 0]);
    assert_eq!(talk.say(true, &whole), [] as [&str; 0]);
    assert_eq!(talk.end().len(), 1);
    assert_eq!(talk.say(true, &[0x47; 30]), ["no_unit Malformed |"]);
    assert_eq!(talk.say(true, &[0x47; 30]), [] as [&str; 0]);
    assert_eq!(talk.session.cut(true, &[0x6f]), Cut::More);
    assert_eq!(
        talk.session.cut(false, &[0x6f, 0, 0xff, 0xff, 1]),
        Cut::More
    );
}

#[test]
fn security_and_messages_over_udp_are_told() {
    let state = item(0x86, &[3, 0, 2, 1, 7]);
    let transaction = [&[0, 0x80, 9, 0, 0, 0, 0, 0, 0, 0][..], &[0x0e]].concat();
    let over_udp = item(0x91, &transaction);
    let bytes = [&[2, 0][..], &state, &over_udp].concat();
    let mut told = Fields::new();
    assert!(command::items(&mut told, &bytes));
    let all: String = told
        .all()
        .iter()
        .map(|field| format!(" {}={}", field.name, field.value))
        .collect();
    for part in [
        "iia.enip.security_profiles=3 cip.security.state=2 cip.eip_security.state=1 enip.iana_port_state_flags=7",
        "enip.cpf.ucmm.request=true enip.cpf.ucmm.msg_type=0 enip.cpf.ucmm.trans_id=9 enip.cpf.ucmm.status=0 \
         enip.cpf.data=0e",
    ] {
        assert!(all.contains(part), "{all}");
    }
    assert!(!command::items(
        &mut Fields::new(),
        &[1, 0, 0x86, 0, 2, 0, 3, 0]
    ));
}
