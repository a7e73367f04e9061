//! Services, paths and values.

use super::*;

#[test]
fn tags_are_read_and_written_with_their_types() {
    let mut talk = Talk::tcp();
    let path = [&tag(b"Tank.1")[..], &[0x28, 3]].concat();
    assert_eq!(
        talk.both(
            &ask(0x4c, &path, &[2, 0]),
            &[0xcc, 0, 0, 0, 0xc4, 0, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]
        ),
        [
            "read_tag Answered cip.service=76 cip.rr=false cip.sc=76 read_tag cip.request_path_size=5 cip.symbol=Tank.1 \
          cip.member=3 iia.cip.elements=2 | cip.service=204 cip.rr=true cip.sc=76 read_tag cip.genstat=0 success \
          cip.addstat_size=0 iia.cip.data_type=196 DINT iia.cip.value=1 iia.cip.value=-1"
        ]
    );
    let lines = talk.both(
        &ask(0x4d, &tag(b"Level"), &[0xca, 0, 1, 0, 0, 0, 0xc0, 0x3f]),
        &[0xcd, 0, 0, 0],
    );
    assert!(lines[0].starts_with("write_tag Answered"), "{lines:?}");
    assert!(
        lines[0].contains("iia.cip.data_type=202 REAL iia.cip.elements=1 iia.cip.value=1.5 |"),
        "{lines:?}"
    );
    let lines = talk.both(
        &ask(0x52, &tag(b"Big"), &[9, 0, 0, 2, 0, 0]),
        &[0xd2, 0, 6, 0, 0xc3, 0, 0xfe, 0xff],
    );
    assert!(
        lines[0].starts_with("read_tag_fragmented Answered"),
        "{lines:?}"
    );
    assert!(
        lines[0].contains("iia.cip.offset=512 |") && lines[0].ends_with("INT iia.cip.value=-2"),
        "{lines:?}"
    );
    let lines = talk.both(
        &ask(0x4e, &tag(b"Bits"), &[1, 0, 1, 0xff]),
        &[0xce, 0, 0xff, 1, 7, 0x21],
    );
    assert!(
        lines[0].starts_with("read_modify_write_tag Refused(255)"),
        "{lines:?}"
    );
    assert!(
        lines[0].contains("or_mask=01 iia.cip.and_mask=ff |")
            && lines[0].contains("8455 data_type_mismatch"),
        "{lines:?}"
    );
    let text = [
        &[0xcc, 0, 0, 0, 0xa0, 2, 0xce, 0x0f, 2, 0, 0, 0, b'o', b'k'][..],
        &[0; 82],
    ]
    .concat();
    assert!(
        talk.both(&ask(0x4c, &tag(b"Text"), &[1, 0]), &text)[0]
            .ends_with("iia.cip.structure_handle=4046 iia.cip.value=ok")
    );
}

#[test]
fn tags_are_listed_with_name_type_and_size() {
    let mut talk = Talk::tcp();
    let request = ask(0x55, &[0x20, 0x6b, 0x25, 0, 0, 0], &[2, 0, 1, 0, 2, 0]);
    let reply = [
        0xd5, 0, 6, 0, 7, 0, 0, 0, 3, 0, b'a', b'b', b'c', 0xc4, 0, 9, 0, 0, 0, 1, 0, b'd', 0xc1, 0,
    ];
    let lines = talk.both(&request, &reply);
    assert!(
        lines[0].ends_with(
            "cip.instance=7 iia.cip.symbol_name=abc iia.cip.symbol_type=196 \
             cip.instance=9 iia.cip.symbol_name=d iia.cip.symbol_type=193"
        ),
        "{lines:?}"
    );
}

#[test]
fn each_service_of_a_packet_is_a_record() {
    let mut talk = Talk::tcp();
    let first = ask(0x4c, &tag(b"A1"), &[1, 0]);
    let second = ask(0x4d, &tag(b"B2"), &[0xc3, 0, 1, 0, 5, 0]);
    let behind = u8::try_from(6 + first.len()).unwrap();
    let packet = [&[2, 0, 6, 0, behind, 0][..], &first, &second].concat();
    let request = ask(0x0a, &[0x20, 2, 0x24, 1], &packet);
    let reply = [
        0x8a, 0, 0x1e, 0, 2, 0, 6, 0, 14, 0, 0xcc, 0, 0, 0, 0xc3, 0, 9, 0, 0xcd, 0, 0xff, 1, 4,
        0x21,
    ];
    let lines = talk.both(&request, &reply);
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(
        lines[0].starts_with("multiple_service_packet Refused(30)"),
        "{lines:?}"
    );
    assert!(
        lines[1].starts_with("read_tag Answered") && lines[1].ends_with("iia.cip.value=9"),
        "{lines:?}"
    );
    assert!(
        lines[2].starts_with("write_tag Refused(255)") && lines[2].contains("iia.cip.value=5 |"),
        "{lines:?}"
    );
}

#[test]
fn a_message_that_is_sent_on_is_a_record_and_so_is_its_refusal() {
    let mut talk = Talk::tcp();
    let inner = ask(0x0e, &[0x20, 1, 0x24, 1, 0x30, 7], &[]);
    let data = [
        &[7, 249, u8::try_from(inner.len()).unwrap(), 0][..],
        &inner,
        &[1, 0, 1, 4],
    ]
    .concat();
    let request = ask(0x52, &[0x20, 6, 0x24, 1], &data);
    let lines = talk.both(&request, &[0x8e, 0, 0, 0, 3, b'P', b'L', b'C']);
    assert!(
        lines[0].starts_with("unconnected_send Answered")
            && lines[0].contains("cip.cm.timeout=31872"),
        "{lines:?}"
    );
    assert!(
        lines[0].contains("cip.port=1 backplane cip.linkaddress.byte=4 |"),
        "{lines:?}"
    );
    assert!(
        lines[1].starts_with("get_attribute_single Answered"),
        "{lines:?}"
    );
    assert!(
        lines[1].contains("cip.attribute=7 product_name")
            && lines[1].ends_with("cip.id.product_name=PLC"),
        "{lines:?}"
    );
    let lines = talk.both(&request, &[0xd2, 0, 1, 1, 4, 2, 1, 0]);
    assert!(
        lines[0].starts_with("unconnected_send Refused(1)"),
        "{lines:?}"
    );
    assert!(
        lines[0].contains("cip.addstat=516 unconnected_request_timed_out"),
        "{lines:?}"
    );
    assert!(
        lines[1].starts_with("get_attribute_single Refused(1)"),
        "{lines:?}"
    );
}

#[test]
fn commands_of_a_plc_carry_address_and_values() {
    let mut talk = Talk::tcp();
    let requestor = [7, 0x4d, 0, 1, 2, 3, 4];
    let read = [
        &requestor[..],
        &[0x0f, 0, 5, 0, 0xa2, 4, 7, 0x89, 0xff, 44, 1, 0],
    ]
    .concat();
    let path = [0x20, 0x67, 0x24, 1];
    let answer = [
        &[0xcb, 0, 0, 0][..],
        &requestor,
        &[0x4f, 0, 5, 0, 1, 0, 0xff, 0xff],
    ]
    .concat();
    let lines = talk.both(&ask(0x4b, &path, &read), &answer);
    assert!(
        lines[0].starts_with("protected_typed_logical_read_with_three_address_fields Answered"),
        "{lines:?}"
    );
    assert!(
        lines[0].contains(
            "cip.pccc.file.num=7 cip.pccc.file.type=137 integer cip.pccc.element.num=300"
        ),
        "{lines:?}"
    );
    assert!(
        lines[0].ends_with("iia.pccc.value=1 iia.pccc.value=-1"),
        "{lines:?}"
    );
    let write = [
        &requestor[..],
        &[0x0f, 0, 6, 0, 0xaa, 4, 8, 0x8a, 0, 0, 0, 0, 0xc0, 0x3f],
    ]
    .concat();
    let refused = [&[0xcb, 0, 0, 0][..], &requestor, &[0x4f, 0xf0, 6, 0, 0x0b]].concat();
    let lines = talk.both(&ask(0x4b, &path, &write), &refused);
    assert!(
        lines[0]
            .starts_with("protected_typed_logical_write_with_three_address_fields Refused(496)"),
        "{lines:?}"
    );
    assert!(
        lines[0].contains("iia.pccc.value=1.5 |")
            && lines[0].ends_with("cip.pccc.es.status=11 access_denied"),
        "{lines:?}"
    );
    let mode = [&requestor[..], &[0x0f, 0, 7, 0, 0x80, 1]].concat();
    talk.say(true, &unconnected(1, &ask(0x4b, &path, &mode)));
    let lines = talk.end();
    assert!(lines[0].starts_with("change_mode Unanswered"), "{lines:?}");
    assert!(
        lines[0].contains("cip.pccc.cpu.mode_80=1 remote_program"),
        "{lines:?}"
    );
}

#[test]
fn paths_of_every_kind_are_read() {
    for (path, want) in [
        (
            &[0x21, 0, 0x2c, 1, 0x26, 0, 1, 0, 0, 0][..],
            " cip.class=300 cip.instance=1",
        ),
        (
            &[0x12, 4, b'1', b'.', b'2', b'3'],
            " cip.port=2 cip.linkaddress.string=1.23",
        ),
        (&[0x0f, 9, 16, 3], " cip.port=4105 cip.linkaddress.byte=3"),
        (
            &[0x3c, 1, 9, 0, 0x3d, 2, 0x10, 1],
            " cip.extlogical.type=1 cip.extlogical=9 cip.extlogical.type=2 cip.extlogical=272",
        ),
        (&[0x80, 1, 5, 0], " cip.data_segment.data=0500"),
        (
            &[0x43, 10],
            " cip.network_segment.type=3 production_inhibit_time cip.network_segment.prod_inhibit=10",
        ),
        (&[0x63, b'a', b'b', b'c'], " cip.symbol=abc"),
        (
            &[0x28, 2, 0x2a, 0, 1, 0, 0, 0],
            " cip.member=2 cip.member=1",
        ),
        (
            &[0x34, 4, 1, 0, 14, 0, 54, 0, 0x94, 3],
            " cip.ekey.format=4 cip.ekey.vendor=1 Rockwell Automation/Allen-Bradley cip.ekey.devtype=14 \
             programmable_logic_controller cip.ekey.product_code=54 cip.ekey.comp_bit=true cip.ekey.major_rev=20 \
             cip.ekey.minor_rev=3",
        ),
        (
            &[0x60, 0xc6, 5, 0],
            " cip.symbol.format=6 iia.cip.symbol_bytes=05",
        ),
    ] {
        let mut talk = Talk::tcp();
        talk.say(true, &unconnected(1, &ask(0x4b, path, &[])));
        let lines = talk.end();
        let got = lines[0].split("cip.request_path_size").nth(1).unwrap();
        assert!(got.contains(want), "{got}, not {want}");
    }
    for path in [
        &[0xff, 0xff][..],
        &[0x23, 0],
        &[0x34, 9],
        &[0x91, 200],
        &[0x7f, 1],
    ] {
        let mut talk = Talk::tcp();
        talk.say(true, &unconnected(1, &ask(0x4b, path, &[])));
        assert!(
            talk.end()[0].starts_with("class_specific_service Malformed"),
            "{path:?}"
        );
    }
}

#[test]
fn names_are_told_apart() {
    let of = |name: &dyn Fn(u16) -> Option<&'static str>, end: u16| {
        let all: Vec<_> = (0..=end).filter_map(name).collect();
        let mut unique = all.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(all.len(), unique.len());
        all.len()
    };
    assert!(
        of(
            &|number| names::general_status(u8::try_from(number).ok()?),
            255
        ) > 40
    );
    assert!(of(&names::connection_status, u16::MAX) > 60);
    assert!(of(&names::vendor, u16::MAX) > 30);
    assert!(of(&|number| names::class_name(u32::from(number)), u16::MAX) > 80);
    assert!(of(&value::type_name, u16::MAX) > 25);
    assert!(
        of(
            &|number| names::common_service(u8::try_from(number).ok()?),
            255
        ) > 20
    );
}
