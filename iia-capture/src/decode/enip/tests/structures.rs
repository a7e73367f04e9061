//! Limits of what is learnt of structures.

use super::*;
use crate::decode::enip::template::{Help, Templates};

const INSTANCE: u32 = 0x0fff;

fn path(instance: u32) -> Vec<u8> {
    let [a, b, ..] = instance.to_le_bytes();
    vec![0x20, 0x6c, 0x25, 0, a, b]
}

/// A template whose only member is of a type, read through.
fn learn(templates: &mut Templates, instance: u32, kind: u16, info: u16) {
    let [a, b, ..] = instance.to_le_bytes();
    let attributes = [
        &[
            0x83, 0, 0, 0, 3, 0, 5, 0, 0, 0, 4, 0, 0, 0, 2, 0, 0, 0, 1, 0,
        ][..],
        &[1, 0, 0, 0, a, b],
    ];
    let definition = [
        &[0xcc, 0, 0, 0][..],
        &info.to_le_bytes(),
        &kind.to_le_bytes(),
        &[0; 4],
        b"T\0m\0",
    ];
    for (service, data, reply) in [
        (0x03, &[3, 0, 5, 0, 2, 0, 1, 0][..], attributes.concat()),
        (0x4c, &[0, 0, 0, 0, 8, 0], definition.concat()),
    ] {
        let request = ask(service, &path(instance), data);
        let (request, reply) = (Request::parse(&request), Reply::parse(&reply));
        templates.learn(SERVER, &request.unwrap(), &reply.unwrap());
    }
}

fn is_known(templates: &mut Templates, handle: u32) -> bool {
    let [a, b, ..] = handle.to_le_bytes();
    let request = ask(0x4d, &tag(b"x"), &[0xa0, 2, a, b, 1, 0]);
    let request = Request::parse(&request).unwrap();
    let help = Help::of(templates, SERVER, Some(&request), None);
    help.layout.is_some()
}

#[test]
fn the_oldest_template_is_forgotten_and_no_more_are_kept() {
    let mut templates = Templates::default();
    let max = u32::try_from(TEMPLATES_MAX).unwrap();
    for instance in 1..=max {
        learn(&mut templates, instance, 0xc4, 0);
    }
    assert!(is_known(&mut templates, 1) && is_known(&mut templates, max));
    learn(&mut templates, max + 1, 0xc4, 0);
    assert!(!is_known(&mut templates, 1));
    assert!(is_known(&mut templates, 2) && is_known(&mut templates, max + 1));
}

#[test]
fn a_structure_in_itself_and_one_of_too_many_members_are_told_as_bytes() {
    let mut templates = Templates::default();
    learn(&mut templates, 7, 0x8007, 0);
    assert!(!is_known(&mut templates, 7));
    // One in another, as deep as may be, and one deeper.
    let max = u32::try_from(NESTED_MAX).unwrap();
    learn(&mut templates, 100, 0xc4, 0);
    for depth in 1..=max {
        let inner = u16::try_from(100 + depth - 1).unwrap();
        learn(&mut templates, 100 + depth, 0x8000 | inner, 0);
    }
    assert!(is_known(&mut templates, 100 + max - 1));
    assert!(!is_known(&mut templates, 100 + max));
    let leaves = u16::try_from(LEAVES_MAX).unwrap();
    learn(&mut templates, 200, 0xa064, leaves);
    learn(&mut templates, 201, 0xa064, leaves + 1);
    assert!(is_known(&mut templates, 200) && !is_known(&mut templates, 201));
    assert!(!is_known(&mut templates, INSTANCE));
}

#[test]
fn a_definition_that_is_too_large_or_has_holes_is_none() {
    let mut templates = Templates::default();
    learn(&mut templates, 9, 0xc4, 0);
    assert!(is_known(&mut templates, 9));
    let mut piece = |offset: u32, len: usize, status: u8| {
        let asked = [&offset.to_le_bytes()[..], &[0, 1]].concat();
        let request = ask(0x4c, &path(9), &asked);
        let reply = [&[0xcc, 0, status, 0][..], &vec![b'a'; len]].concat();
        let (request, reply) = (Request::parse(&request), Reply::parse(&reply));
        templates.learn(SERVER, &request.unwrap(), &reply.unwrap());
    };
    // It is read anew: what was known is not what is.
    piece(0, DEFINITION_LEN_MAX, 6);
    let full = u32::try_from(DEFINITION_LEN_MAX).unwrap();
    piece(full, 1, 0);
    piece(5, 1, 0);
    assert!(!is_known(&mut templates, 9));
}
