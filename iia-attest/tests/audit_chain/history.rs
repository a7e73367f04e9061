//! What a thief does who has the log's key: writes anew and signs anew, tells two histories, puts an older disk back.

use iia_attest::audit_chain::{Agreed, AuditChain, Seen, Shown};
use iia_audit::fork::Fork;
use iia_audit::log::Log;
use iia_core::time::Clock as _;

use crate::plant::{
    MIRROR, Plant, WITNESS, arrange, copy, event, key, places, policy, take_back, witnessed,
};

const RECORDS: u64 = 40;

/// The thief writes the log anew from record `from` on with these contents, and signs its heads with its own key.
fn write_anew(plant: &Plant, from: usize, contents: &[String]) {
    let dir = plant.dir.path();
    take_back(dir, from);
    let mut log = Log::open(&dir.join("audit")).unwrap().0;
    for text in contents {
        log.append(&[event(text)], plant.clock.read()).unwrap();
    }
    log.publish_head(&key(1)).unwrap();
}

fn contents(range: std::ops::RangeInclusive<u64>) -> Vec<String> {
    let text = |number: u64| format!("event {number} {}", "x".repeat((number % 90) as usize));
    range.map(text).collect()
}

/// Record `n` has number `n + 1`, and the thief begins to write at record 10.
type Forgery = (&'static str, fn(&mut Vec<String>), &'static str, u64);

const FORGERIES: [Forgery; 7] = [
    (
        "changes one",
        |all| all[4] = "nothing happened".into(),
        "edited",
        14,
    ),
    ("writes the same at another time", |_| {}, "edited", 10),
    ("changes places", |all| all.swap(3, 9), "reordered", 13),
    ("takes some out", |all| drop(all.drain(5..8)), "removed", 15),
    (
        "puts one in",
        |all| all.insert(2, "put in".into()),
        "inserted",
        12,
    ),
    ("ends early", |all| all.truncate(1), "rolled_back", 11),
    (
        "tells another story",
        |all| all.iter_mut().for_each(|one| one.insert_str(0, "quiet ")),
        "rolled_back",
        10,
    ),
];

/// Writes from record 10 on. All but what is to be found is written again as it was, byte for byte where that is possible.
fn forged(forge: fn(&mut Vec<String>), first: u64) -> Plant {
    let plant = Plant::new(RECORDS);
    let mut all = contents(11..=RECORDS);
    forge(&mut all);
    let same = usize::try_from(first - 10).unwrap();
    write_anew(&plant, usize::try_from(first).unwrap(), &all[same..]);
    plant.clock.advance(1_000_000_000);
    plant
}

#[test]
fn r_atn_20_a_log_written_and_signed_anew_is_named_by_its_records() {
    for (what, forge, clause, first) in FORGERIES {
        let mut plant = forged(forge, first);
        plant.read();
        let finding = plant.one(clause, &format!("record {first}"));
        assert!(finding.evidence.len() > 1, "{what}: {finding:?}");
        plant.look();
        plant.wait(3);
        let more = plant.wrong();
        // Two heads of one size are a proof that is worth a word of its own.
        assert!(
            more.iter().all(|one| one.clause == "forked"),
            "{what}: {more:#?}"
        );
    }
}

#[test]
fn what_heads_show_first_is_one_finding_that_records_name() {
    for (what, forge, clause, first) in FORGERIES {
        let mut plant = forged(forge, first);
        plant.hear();
        plant.ask();
        assert_eq!(plant.wrong(), [], "{what}");
        plant.read();
        let finding = plant.one(clause, &format!("record {first}"));
        let proof = finding
            .evidence
            .iter()
            .find(|text| text.starts_with("iia-fork 1"));
        if let Some(proof) = proof {
            assert_eq!(Fork::open(proof, &policy().log).unwrap().size(), RECORDS);
        }
        assert!(finding.evidence.len() > 2, "{what}: {finding:?}");
        plant.wait(3);
        assert_eq!(plant.wrong(), [], "{what}");
    }
}

#[test]
fn without_a_reading_heads_alone_are_told_a_moment_later() {
    for (what, forge, _, first) in FORGERIES {
        let mut plant = forged(forge, first);
        plant.hear();
        plant.ask();
        plant.wait(1);
        assert_eq!(plant.wrong(), [], "{what}");
        plant.wait(1);
        let findings = plant.wrong();
        assert_eq!(findings.len(), 1, "{what}: {findings:#?}");
    }
}

/// The observer was started after the deed, and knows only what the next box up holds.
#[test]
fn an_observer_that_begins_afterwards_learns_it_from_the_next_box_up() {
    for (what, forge, clause, first) in FORGERIES {
        let mut plant = forged(forge, first);
        plant.observer = AuditChain::new(Agreed::of(witnessed()));
        plant.hear();
        plant.read();
        let findings = plant.wrong();
        assert_eq!(findings.len(), 1, "{what}: {findings:#?}");
        // Who has not seen the records cannot say which; that they are fewer can be said.
        let want = if clause == "removed" || what == "ends early" {
            "rolled_back"
        } else {
            "edited"
        };
        assert_eq!(findings[0].clause, want, "{what}");
        assert!(
            findings[0].reason.contains(WITNESS),
            "{what}: {findings:#?}"
        );
    }
}

#[test]
fn r_atn_20_two_histories_are_a_proof_that_holds_by_itself() {
    let mut plant = Plant::new(RECORDS);
    let aside = tempfile::tempdir().unwrap();
    copy(plant.dir.path(), aside.path());
    // The one for the next box up.
    plant.write(5);
    plant.publish();
    plant.hear();
    plant.ask();
    plant.read();
    assert_eq!(plant.wrong(), []);
    // The other one is shown here: as many records, and others.
    let mut log = Log::open(&aside.path().join("audit")).unwrap().0;
    for number in 41..=45 {
        log.append(
            &[event(&format!("all is well {number}"))],
            plant.clock.read(),
        )
        .unwrap();
    }
    let note = log.publish_head(&key(1)).unwrap();
    let from = plant.observer.shown();
    let proof = log.consistency(from).unwrap();
    plant.see(Seen::Shown(Shown { note, from, proof }));
    plant.wait(2);
    let finding = plant.one("forked", "iia-fork 1");
    let proof = finding
        .evidence
        .iter()
        .find(|text| text.starts_with("iia-fork 1"));
    let fork = Fork::open(proof.unwrap(), &policy().log).unwrap();
    assert_eq!(fork.size(), 45);
}

#[test]
fn r_atn_20_a_disk_that_was_put_back_is_rolled_back_whoever_asks_first() {
    for (records_first, goes_on) in [(true, false), (false, false), (true, true), (false, true)] {
        let mut plant = Plant::new(RECORDS);
        let old = tempfile::tempdir().unwrap();
        copy(plant.dir.path(), old.path());
        plant.write(20);
        plant.publish();
        plant.look();
        assert_eq!(plant.wrong(), []);
        std::fs::remove_dir_all(plant.dir.path().join("audit")).unwrap();
        copy(old.path(), plant.dir.path());
        if goes_on {
            plant.numbers = 500;
            plant.write(30);
        }
        match records_first {
            true => plant.read(),
            false => {
                plant.ask();
                plant.read();
            }
        }
        let finding = plant.one("rolled_back", "record 40");
        assert!(finding.reason.contains("an older state"), "{finding:?}");
        plant.look();
        plant.wait(3);
        assert_eq!(plant.wrong(), [], "{records_first} {goes_on}");
    }
}

#[test]
fn a_mirror_that_stores_another_log_is_told() {
    let mut plant = Plant::new(RECORDS);
    plant.observer = AuditChain::new(Agreed::of(policy()));
    plant.look();
    let mirror = tempfile::tempdir().unwrap();
    copy(plant.dir.path(), mirror.path());
    plant.read_at(Some(MIRROR), mirror.path());
    assert_eq!(plant.wrong(), []);
    assert_eq!(places(mirror.path()).len(), 40);
    arrange(mirror.path(), &(0..39).chain([38]).collect::<Vec<_>>());
    plant.read_at(Some(MIRROR), mirror.path());
    let finding = plant.one("reordered", "record 39");
    assert_eq!(finding.destination, MIRROR);
    assert!(
        finding
            .reason
            .starts_with("the log as site.example/mirror stores it"),
        "{finding:?}"
    );
}
