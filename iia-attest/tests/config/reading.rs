//! What this observer reads of an artifact is what the real compiler makes of it, element by element.

use std::collections::BTreeSet;

use iia_attest::config::{ArtifactError, Aspect, Element, Kind, Reference, running};
use iia_config::envelope::seal;
use iia_config::trust::Class;
use iia_core::sign::{Signer as _, SoftwareKey};

use crate::machine::{Machine, digest, example, examples, reference};

#[test]
fn every_line_that_the_applier_writes_is_an_element_that_was_read_and_no_other() {
    for (text, box_name) in examples() {
        let mut machine = Machine::default();
        machine.make(&text, box_name, &[]);
        let states = machine.states.iter();
        let written: Vec<_> = states
            .flat_map(|(call, text)| running::lines(call, text))
            .collect();
        let read = reference(&text);
        let stated = [
            Kind::Root,
            Kind::Reference,
            Kind::Identity,
            Kind::Contract,
            Kind::Endpoint,
        ];
        let read: Vec<_> = read
            .elements
            .into_iter()
            .filter(|one| stated.contains(&one.element.kind))
            .collect();
        assert!(!read.is_empty(), "{box_name}");
        assert_eq!(written.len(), read.len(), "{box_name}");
        for one in &read {
            let same = written.iter().find(|other| other.element == one.element);
            let same = same.unwrap_or_else(|| panic!("{box_name}: {}", one.element));
            assert_eq!(
                same.state.as_ref(),
                Some(&one.state),
                "{box_name}: {}",
                one.element
            );
        }
    }
}

#[test]
fn the_files_that_start_something_are_the_rendered_ones_and_start_what_was_read() {
    let mut started = 0;
    for (text, box_name) in examples() {
        let mut machine = Machine::default();
        machine.make(&text, box_name, &[]);
        let starts = |path: &str| path.starts_with("systemd/") || path.starts_with("quadlet/");
        let rendered: BTreeSet<&str> = machine
            .files
            .keys()
            .map(String::as_str)
            .filter(|path| starts(path))
            .collect();
        let reference = reference(&text);
        let files: Vec<_> = reference
            .elements
            .iter()
            .filter(|one| one.element.kind == Kind::File)
            .collect();
        let read: BTreeSet<&str> = files.iter().map(|one| &*one.element.name).collect();
        assert_eq!(rendered, read, "{box_name}");
        for one in files {
            let text = &machine.files[&*one.element.name];
            let state = running::file(&one.element.name, text.as_bytes(), 0o644, 0)
                .state
                .unwrap();
            for aspect in [
                Aspect::Revision,
                Aspect::Program,
                Aspect::Arguments,
                Aspect::User,
                Aspect::Image,
            ] {
                if let Some(value) = one.state.get(aspect) {
                    assert_eq!(
                        state.get(aspect),
                        Some(value),
                        "{box_name}: {}",
                        one.element
                    );
                    started += 1;
                }
            }
        }
    }
    assert!(started > 20, "{started}");
}

/// The real envelope is believed with the keys that signed it, with as many as must, and not with a byte changed.
#[test]
fn an_artifact_is_believed_by_its_signatures_alone() {
    let key = |seed| SoftwareKey::from_seed(&[seed; 32].into());
    let (ann, bob, eve) = (key(1), key(2), key(3));
    let text = example();
    let bytes = seal(Class::Config, text.as_bytes(), &[&ann, &bob]).unwrap();
    let public =
        |keys: &[&SoftwareKey]| keys.iter().map(|key| key.public_key()).collect::<Vec<_>>();
    let open = |keys: &[&SoftwareKey], need| Reference::open(&bytes, &public(keys), need);
    assert_eq!(open(&[&ann, &bob], 2).unwrap().digest, Some(digest(&text)));
    assert_eq!(open(&[&ann, &eve], 1).unwrap(), reference(&text));
    for (keys, have, need) in [
        (&[&ann, &eve][..], 1, 2),
        (&[&ann, &ann], 1, 2),
        (&[&eve], 0, 1),
        (&[], 0, 1),
    ] {
        assert_eq!(
            open(keys, need),
            Err(ArtifactError::Unsigned { have, need })
        );
    }
    // None is not few enough.
    assert!(open(&[], 0).is_err());
    let keys = public(&[&ann, &bob]);
    for at in (0..bytes.len()).step_by(7) {
        let mut bent = bytes.clone();
        bent[at] ^= 1;
        assert!(Reference::open(&bent, &keys, 2).is_err(), "{at}");
    }
    for len in (0..bytes.len()).step_by(13) {
        assert!(Reference::open(&bytes[..len], &keys, 1).is_err(), "{len}");
    }
    let other = seal(Class::Image, text.as_bytes(), &[&ann]).unwrap();
    assert_eq!(
        Reference::open(&other, &keys, 1),
        Err(ArtifactError::Envelope)
    );
}

#[test]
fn arguments_are_read_back_as_systemd_reads_them() {
    let unit =
        "[Service]\nExecStart=/bin/x \"a b\" \"c\\\"d\\\\\" \"100%%\" \"$$HOME\"\nUser=2001\n";
    let state = running::file("systemd/x.service", unit.as_bytes(), 0o100_600, 7)
        .state
        .unwrap();
    let process = running::process("x", b"/bin/x\0a b\0c\"d\\\x00100%\0$HOME\0", 2001);
    let process = process.state.unwrap();
    for aspect in [Aspect::Program, Aspect::Arguments, Aspect::User] {
        assert_eq!(state.get(aspect), process.get(aspect));
    }
    assert_eq!(state.get(Aspect::Mode), Some("0600"));
    assert_eq!(state.get(Aspect::Owner), Some("7"));
}

#[test]
fn a_listing_of_the_firewall_is_rules_and_elements_by_their_own_words() {
    let listing = "table inet iia {\n\tset a {\n\t\ttype ipv4_addr . inet_service\n\t\telements = { 10.0.0.1 . 80 counter packets 3 bytes 180 comment \"x, y\",\n\t\t\t     10.0.0.2 . 80 }\n\t}\n\n\tchain forward {\n\t\ttype filter hook forward priority filter; policy drop;\n\t\tct state established,related accept\n\t\tip saddr . tcp dport @a counter packets 0 bytes 0 accept\n\t\tct state established,related accept\n\t}\n}\n";
    let found = running::firewall(listing);
    let names: Vec<(&str, Option<&str>)> = found
        .iter()
        .map(|one| {
            (
                &*one.element.name,
                one.state.as_ref().unwrap().get(Aspect::Count),
            )
        })
        .collect();
    let want = [
        ("inet iia", Some("1")),
        ("inet iia chain forward", Some("1")),
        (
            "inet iia chain forward: ct state established,related accept",
            Some("2"),
        ),
        (
            "inet iia chain forward: ip saddr . tcp dport @a counter accept",
            Some("1"),
        ),
        (
            "inet iia chain forward: type filter hook forward priority filter; policy drop;",
            Some("1"),
        ),
        ("inet iia set a", Some("1")),
        (
            "inet iia set a: element 10.0.0.1 . 80 counter comment \"x, y\"",
            Some("1"),
        ),
        ("inet iia set a: element 10.0.0.2 . 80", Some("1")),
        ("inet iia set a: type ipv4_addr . inet_service", Some("1")),
        ("inet iia chain forward: rules", None),
    ];
    assert_eq!(names, want);
    assert_eq!(found[0].element, Element::new(Kind::Rule, "inet iia"));
}
