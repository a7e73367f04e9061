//! Rules of each function, and bytes that break them.

use alloc::vec::Vec;

use super::*;

type Told<'a> = (bool, Vec<(&'static str, Value<'a>)>);

fn read(way: for<'a> fn(&mut Fields<'a>, u8, &'a [u8]) -> bool, pdu: &[u8]) -> Told<'_> {
    let mut fields = Fields::new();
    let (func, data) = pdu.split_first().expect("a function");
    let sound = way(&mut fields, *func, data);
    let all = fields.all().iter();
    (sound, all.map(|field| (field.name, field.value)).collect())
}

fn has<'a>(told: &Told<'a>, name: &str) -> Vec<Value<'a>> {
    let of = told.1.iter().filter(|field| field.0 == name);
    of.map(|field| field.1).collect()
}

#[test]
fn requests_keep_the_rules_or_are_malformed() {
    for (pdu, sound) in [
        (&[7u8][..], true),
        (&[7, 0], false),
        (&[8, 0, 0, 1, 2], true),
        (&[8, 0, 0, 1], false),
        (&[8, 0, 1, 0xff, 0], true),
        (&[8, 0, 1, 0x12, 0], false),
        (&[8, 0, 3, 0x0a, 0], true),
        (&[8, 0, 3, 0x0a, 1], false),
        (&[8, 0, 4, 0, 0], true),
        (&[8, 0, 11, 0, 1], false),
        (&[8, 0, 19, 9, 9], true),
        (&[8, 0], false),
        (&[20, 7, 6, 0, 4, 0, 1, 0, 2], true),
        (&[20, 7, 5, 0, 4, 0, 1, 0, 2], false),
        (&[20, 8, 6, 0, 4, 0, 1, 0, 2, 6], false),
        (&[20, 0], false),
        (&[21, 9, 6, 0, 4, 0, 7, 0, 1, 9, 9], true),
        (&[21, 9, 6, 0, 4, 0, 7, 0, 2, 9, 9], false),
        (&[22, 0, 1, 0, 2, 0, 3], true),
        (&[22, 0, 1, 0, 2, 0, 3, 4], false),
        (&[24, 4, 0xde], true),
        (&[24, 4], false),
        (&[43, 14, 1, 0], true),
        (&[43, 14, 9, 0], false),
        (&[43, 14, 1], false),
        (&[43, 13, 9, 9, 9], true),
        (&[43], false),
        (&[90, 0, 2], true),
        (&[90], true),
        (&[100, 1, 2], true),
        (&[0], false),
    ] {
        assert_eq!(read(asked, pdu).0, sound, "{pdu:?}");
    }
}

#[test]
fn responses_keep_the_rules_or_are_malformed() {
    for (pdu, sound) in [
        (&[7u8, 0x6d][..], true),
        (&[7], false),
        (&[8, 0, 4, 0, 0], false),
        (&[8, 0, 11, 0, 9], true),
        (&[8, 0, 11, 0], false),
        (&[8, 0, 20, 0, 0], true),
        (&[11, 0xff, 0xff, 1, 8], true),
        (&[11, 0xff, 0xff, 1], false),
        (&[12, 8, 0, 0, 1, 8, 1, 0x21, 0x20, 0], true),
        (&[12, 9, 0, 0, 1, 8, 1, 0x21, 0x20, 0], false),
        (&[17, 2, 9, 0xff], true),
        (&[17, 3, 9, 0xff], false),
        (&[20, 6, 5, 6, 1, 2, 3, 4], true),
        (&[20, 6, 9, 6, 1, 2, 3, 4], false),
        (&[24, 0, 4, 0, 1, 9, 9], true),
        (&[24, 0, 4, 0, 2, 9, 9], false),
        (&[43, 14, 1, 1, 0, 0, 1, 0, 2, b'a', b'b'], true),
        (&[43, 14, 1, 1, 0, 0, 1, 0, 3, b'a', b'b'], false),
        (&[43, 14, 1, 1, 0, 0, 2, 0, 2, b'a', b'b'], false),
        (&[43, 14, 1, 7, 0, 0, 1, 0, 2, b'a', b'b'], false),
        (&[90, 0, 0xfe], true),
    ] {
        assert_eq!(read(answered, pdu).0, sound, "{pdu:?}");
    }
}

#[test]
fn a_device_says_what_it_is() {
    let pdu = [
        43, 14, 3, 0x83, 0xff, 0x80, 2, 0, 3, b'A', b'B', b'C', 0x80, 1, 0xfe,
    ];
    let told = read(answered, &pdu);
    assert!(told.0);
    let text = Value::Text("ABC");
    assert_eq!(has(&told, "modbus.object_str_value"), [text]);
    let bytes = Value::Bytes(&[0xfe]);
    assert_eq!(has(&told, "modbus.object_value"), [bytes]);
    let ids = [Value::Code(0, "vendor_name"), Value::Uint(0x80)];
    assert_eq!(has(&told, "modbus.object_id"), ids);
    let more = Value::Code(0xff, "yes");
    assert_eq!(has(&told, "modbus.more_follows"), [more]);
}

#[test]
fn each_record_of_a_file_is_told() {
    let pdu = [20, 14, 6, 0, 4, 0, 1, 0, 2, 6, 0, 3, 0, 9, 0, 2];
    let told = read(asked, &pdu);
    assert!(told.0);
    let (four, three) = (Value::Uint(4), Value::Uint(3));
    assert_eq!(has(&told, "iia.modbus.file_number"), [four, three]);
    let answer = [20, 12, 5, 6, 0x0d, 0xfe, 0, 0x20, 5, 6, 0x33, 0xcd, 0, 0x40];
    let told = read(answered, &answer);
    let data = [
        Value::Bytes(&[0x0d, 0xfe, 0, 0x20]),
        Value::Bytes(&[0x33, 0xcd, 0, 0x40]),
    ];
    assert_eq!(has(&told, "modbus.data"), data);
}

#[test]
fn an_operation_is_named_as_nearly_as_it_can_be() {
    for (func, data, word) in [
        (8, &[0u8, 4][..], "force_listen_only_mode"),
        (8, &[0], "diagnostics"),
        (43, &[14], "read_device_identification"),
        (43, &[99], "encapsulated_interface_transport"),
        (90, &[0, 0x41], "stop_plc"),
        (90, &[0, 0x99], "umas"),
        (66, &[], "user_defined"),
        (9, &[], "not_defined"),
    ] {
        assert_eq!(what(func, data), word);
    }
}

#[test]
fn no_bytes_bring_it_down() {
    let mut state = 7u64;
    for round in 0..60_000u32 {
        let mut bytes = [0u8; 24];
        for byte in &mut bytes {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            *byte = state.to_be_bytes()[1];
        }
        let [func, ..] = round.to_le_bytes();
        let cut = bytes.get(..(round as usize / 256) % 25).unwrap_or_default();
        for way in [asked, answered] {
            way(&mut Fields::new(), func, cut);
        }
        what(func, cut);
    }
}
