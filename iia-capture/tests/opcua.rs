//! Messages of OPC UA made by hand from the standard: what is told of them.
#![expect(clippy::unwrap_used, unreachable_pub, reason = "tests")]

mod opcua_wire;

use iia_core::observe::Outcome;
use opcua_wire::{
    DOUBLE, POLICY, Wire, acknowledge, answers, asks, chunk, hello, le, node, open, read, text,
    unit, value,
};

#[test]
fn a_request_and_its_answer_are_one_record() {
    let mut wire = Wire::default();
    wire.client(&hello());
    wire.server(&acknowledge());
    wire.client(&chunk(b"MSGF", 9, &read("press.force")));
    wire.client(&chunk(b"MSGF", 10, &read("press.title")));
    wire.server(&chunk(
        b"MSGF",
        10,
        &value(&[&[12][..], &text("left")].concat()),
    ));
    wire.server(&chunk(b"MSGF", 9, &value(&DOUBLE)));
    let told = wire.end();
    let whats: Vec<_> = told
        .iter()
        .map(|one| (one.what.as_str(), one.outcome))
        .collect();
    assert_eq!(
        whats,
        [
            ("hello", Outcome::Answered),
            ("read", Outcome::Answered),
            ("read", Outcome::Answered)
        ]
    );
    assert_eq!(
        told[0].all("opcua.transport.endpoint"),
        ["opc.tcp://press:4840"]
    );
    assert_eq!(told[1].all("opcua.nodeid.string"), ["press.title"]);
    assert_eq!(told[1].all("opcua.String"), ["left"]);
    assert_eq!(told[2].all("opcua.Double"), ["0.5"]);
    assert_eq!(told[2].all("opcua.AttributeId"), ["13 Value"]);
    assert_eq!(
        told[2].all("opcua.servicenodeid.numeric"),
        ["631 read", "634 read"]
    );
}

#[test]
fn refusals_are_told_in_words() {
    let mut wire = Wire::default();
    wire.client(&hello());
    wire.server(&unit(b"ERRF", &[&le(0x8080_0000), &text("too many")]));
    wire.client(&chunk(b"MSGF", 1, &read("press")));
    wire.server(&chunk(b"MSGF", 1, &answers(397, 0x8025_0000)));
    wire.client(&chunk(b"MSGF", 2, &read("press")));
    wire.server(&chunk(
        b"MSGA",
        2,
        &[&le(0x80b9_0000)[..], &text("too large")].concat(),
    ));
    wire.client(&chunk(b"MSGF", 3, &read("press")));
    let told = wire.end();
    let outcomes: Vec<_> = told
        .iter()
        .map(|one| (one.what.as_str(), one.outcome))
        .collect();
    let refused = Outcome::Refused;
    assert_eq!(
        outcomes,
        [
            ("hello", refused(0x8080_0000)),
            ("read", refused(0x8025_0000)),
            ("read", refused(0x80b9_0000)),
            ("read", Outcome::Unanswered),
        ]
    );
    assert_eq!(
        told[1].all("opcua.ServiceResult"),
        ["2149908480 BadSessionIdInvalid"]
    );
    assert_eq!(told[2].all("opcua.transport.reason"), ["too large"]);
}

#[test]
fn chunks_are_put_together() {
    let body = value(&[&[12][..], &text("a long story")].concat());
    for first in 1..body.len() - 1 {
        // A first chunk that does not say which message it begins cannot be read without knowing the policy.
        let mut wire = Wire::default();
        wire.client(&open("None", &[asks(446), [0; 20].to_vec()].concat()));
        wire.client(&chunk(b"MSGF", 4, &read("press")));
        let middle = first + (body.len() - first) / 2;
        wire.server(&chunk(b"MSGC", 4, &body[..first.max(2)]));
        wire.server(&chunk(b"MSGC", 4, &body[first.max(2)..middle.max(2)]));
        wire.server(&chunk(b"MSGF", 4, &body[middle.max(2)..]));
        let told = wire.end();
        let read = told.iter().find(|one| one.what == "read").unwrap();
        assert_eq!(
            (read.outcome, read.all("opcua.String")),
            (Outcome::Answered, vec!["a long story"]),
            "{first}"
        );
        assert_eq!(read.all("opcua.fragment.count"), ["3"]);
    }
}

#[test]
fn what_is_encrypted_is_told_as_encrypted_and_what_is_signed_is_read() {
    let mut wire = Wire::default();
    wire.client(&open("Basic256Sha256", &[0x5a; 64]));
    wire.client(&chunk(b"MSGF", 0x5a5a_5a5a, &[0x5a; 64]));
    wire.client(&chunk(
        b"MSGF",
        1,
        &[&read("press")[..], &[0x5a; 32]].concat(),
    ));
    wire.server(&chunk(
        b"MSGF",
        1,
        &[&value(&DOUBLE)[..], &[0xa5; 32]].concat(),
    ));
    let told = wire.end();
    assert_eq!(
        (told[0].what.as_str(), told[0].all("iia.opcua.encrypted")),
        ("open_secure_channel", vec!["true"])
    );
    assert_eq!(
        told[0].all("opcua.security.spu"),
        [format!("{POLICY}Basic256Sha256")]
    );
    assert!(told[0].all("opcua.security.rqid").is_empty());
    assert_eq!(
        (told[1].what.as_str(), told[1].all("iia.opcua.policy")),
        ("message", vec!["Basic256Sha256"])
    );
    assert_eq!(
        (told[2].what.as_str(), told[2].outcome),
        ("read", Outcome::Answered)
    );
    assert_eq!(told[2].all("opcua.Double"), ["0.5"]);
}

#[test]
fn in_the_middle_of_a_connection_signatures_are_no_damage() {
    let mut wire = Wire::default();
    wire.client(&chunk(
        b"MSGF",
        1,
        &[&read("press")[..], &[0x5a; 32]].concat(),
    ));
    wire.server(&chunk(
        b"MSGF",
        1,
        &[&value(&DOUBLE)[..], &[0xa5; 32]].concat(),
    ));
    wire.client(&chunk(
        b"MSGF",
        2,
        &[&read("press")[..], &[0x5a; 5]].concat(),
    ));
    wire.server(&chunk(b"MSGF", 2, &value(&DOUBLE)));
    let outcomes: Vec<_> = wire.end().iter().map(|one| one.outcome).collect();
    assert_eq!(outcomes, [Outcome::Answered, Outcome::Malformed]);
}

#[test]
fn a_user_is_told_and_a_password_never() {
    let token = [
        &text("policy")[..],
        &text("operator"),
        &text("Geheim99"),
        &le(u32::MAX),
    ]
    .concat();
    let token = [
        &[1, 0, 0x44, 1, 1][..],
        &le(u32::try_from(token.len()).unwrap()),
        &token,
    ]
    .concat();
    let none = le(u32::MAX);
    let body = [
        &asks(467)[..],
        &none,
        &none,
        &none,
        &none,
        &token,
        &none,
        &none,
    ]
    .concat();
    let mut wire = Wire::default();
    wire.client(&chunk(b"MSGF", 1, &body));
    wire.server(&chunk(
        b"MSGF",
        1,
        &[&answers(470, 0)[..], &none, &none, &none].concat(),
    ));
    let told = wire.end();
    assert_eq!(
        (told[0].what.as_str(), told[0].outcome),
        ("activate_session", Outcome::Answered)
    );
    assert_eq!(told[0].all("opcua.UserName"), ["operator"]);
    assert_eq!(told[0].all("iia.opcua.password_given"), ["true"]);
    let words = format!("{told:?}");
    assert!(
        !words.contains("Geheim99") && !words.contains("47656865696d3939"),
        "{words}"
    );
}

#[test]
fn a_change_names_the_node_that_was_asked_for() {
    let item = [
        &node("press.force")[..],
        &le(13),
        &le(u32::MAX),
        &[0, 0],
        &le(u32::MAX),
        &le(2),
    ]
    .concat();
    let item = [&item[..], &le(77), &[0; 8], &[0, 0, 0], &le(1), &[1]].concat();
    let create = [&asks(751)[..], &le(6), &le(3), &le(1), &item].concat();
    let result = [&le(0)[..], &le(1), &[0; 8], &le(1), &[0; 3]].concat();
    let created = [&answers(754, 0)[..], &le(1), &result, &le(u32::MAX)].concat();
    let changes = [&le(1)[..], &le(77), &[1], &DOUBLE, &le(u32::MAX)].concat();
    let changes = [
        &[1, 0, 0x2b, 3, 1][..],
        &le(u32::try_from(changes.len()).unwrap()),
        &changes,
    ]
    .concat();
    let notice = [&le(1)[..], &[0; 8], &le(1), &changes].concat();
    let none = le(u32::MAX);
    let published = [
        &answers(829, 0)[..],
        &le(6),
        &none,
        &[0],
        &notice,
        &none,
        &none,
    ]
    .concat();
    let mut wire = Wire::default();
    wire.client(&chunk(b"MSGF", 1, &create));
    wire.client(&chunk(b"MSGF", 2, &[&asks(826)[..], &none].concat()));
    wire.server(&chunk(b"MSGF", 1, &created));
    wire.server(&chunk(b"MSGF", 2, &published));
    let told = wire.told.clone();
    assert_eq!(
        (told[0].what.as_str(), told[0].outcome),
        ("create_monitored_items", Outcome::Answered)
    );
    assert_eq!(
        (told[1].what.as_str(), told[1].outcome),
        ("publish", Outcome::Answered)
    );
    assert_eq!(told[1].all("iia.opcua.item.id"), ["press.force"]);
    assert_eq!(told[1].all("opcua.Double"), ["0.5"]);
}
