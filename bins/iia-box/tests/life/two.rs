//! Two boxes, each made on its own, that believe each other by a pinned root alone.

use std::fs;
use std::time::{Duration, Instant};

use super::one::capture;
use super::operators::Operators;
use super::place::Place;
use super::running::Running;

const BOX: &str = include_str!("../../../../examples/box-pi/box.icl");
const SITE: &str = include_str!("../../../../examples/site/site.icl");
const PATIENCE: Duration = Duration::from_secs(30);

/// A configuration that pins the root of a trust domain.
pub(crate) fn pinned(text: &str, domain: &str, pin: &str) -> String {
    let line = format!("  trust_domain {domain}\n  use peer_svid\n");
    assert!(text.contains(&line));
    text.replacen(
        &line,
        &format!("  trust_domain {domain}\n{pin}\n  use peer_svid\n"),
        1,
    )
}

/// Each box gets the certificate of the other one's root.
pub(crate) fn swap_roots(place: &Place) {
    for (whose, whom) in [("seg01", "site"), ("site", "seg01")] {
        fs::create_dir(place.path(whose).join("roots")).unwrap();
        let root = place.path(whom).join("public/root.der");
        fs::copy(root, place.path(whose).join("roots").join(whom)).unwrap();
    }
}

/// Waits until it is so.
#[track_caller]
fn soon(what: &str, is: impl Fn() -> bool) {
    let started = Instant::now();
    while !is() {
        assert!(started.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn r_ict_02_two_boxes_speak_once_each_pins_the_others_root() {
    let Some(place) = Place::new() else { return };
    let mut site = Operators::make(&place, ("site", "site.example"));
    let mut seg01 = Operators::make(&place, ("seg01", "iia.local"));
    let key = |name: &str| place.text(name).trim().to_owned();
    site.begin("");
    let (witness, mirror) = (key("site/public/witness"), key("site/public/mirror"));
    let said = seg01.begin(&format!("--witness {witness} --mirror {mirror}"));
    assert!(
        said.contains("site/witness vouches for its chain"),
        "{said}"
    );

    let log = key("seg01/public/log");
    let mut above = Running::start(&place, &format!("run site --below {log}"));
    let (code, said) = site.apply(&pinned(SITE, "iia.local", &seg01.pin), 60);
    assert_eq!(code, 0, "{said}");
    let doubt = above.until("trust root seg01-root: no file of");
    assert!(
        doubt.contains(seg01.pin.trim().trim_start_matches("certificate ")),
        "{doubt}"
    );
    above.until("the box runs under");
    let words = format!("run seg01 --replay {} --speed 0", capture());
    swap_roots(&place);
    let mut below = Running::start(&place, &words);
    let (code, said) = seg01.apply(&pinned(BOX, "site.example", &site.pin), 60);
    assert_eq!(code, 0, "{said}");
    below.until("the box runs under");
    // Its own observer reads the text by itself, the pins among it, and agrees.
    let seen = below.until("ot.attestation.config");
    assert!(seen.contains("revision 1 is in force"), "{seen}");

    // The site has not read the certificate yet, so that it believes nobody of seg01.
    let mirrored = place.path("site/mirrors/seg01-audit/audit/genesis");
    std::thread::sleep(Duration::from_secs(2));
    assert!(!mirrored.exists());
    assert_eq!(above.end("TERM"), Some(0));
    let mut above = Running::start(&place, &format!("run site --below {log}"));
    above.until("the box runs under");
    soon("the chain is mirrored", || mirrored.exists());
    soon("a receipt came back", || {
        let (_, said) = place.run(&format!("iia-verify seg01/evidence --key {log}"));
        said.lines().any(|line| {
            line.starts_with("receipts")
                && line.contains("cosigned")
                && !line.contains(" 0 cosigned")
        })
    });
    assert_eq!(below.end("TERM"), Some(0));
    assert_eq!(above.end("TERM"), Some(0));
}
