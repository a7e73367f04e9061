//! That all is as intended is said each five minutes; that nobody looked is said, too.

use iia_attest::config::{ArtifactError, Kind, Seen};
use iia_core::finding::Conclusion;

use crate::machine::{START, Watched, example, examples};

#[test]
fn r_smp_11_r_cfg_23_a_day_of_convergence_is_confirmed_each_five_minutes_and_nothing_else_is_said()
{
    let text = example();
    let mut watched = Watched::new(&text, "seg01");
    let mut confirmed = 0;
    // A look each minute; a day, by minutes.
    for _ in 0..24 * 60 {
        watched.wait(60);
        watched.look();
        for one in watched.findings() {
            assert_eq!(one.conclusion, Conclusion::Converge, "{one:#?}");
            assert!(one.reason.contains("elements are as intended"), "{one:#?}");
            assert_eq!(one.evidence.len(), 1);
            confirmed += 1;
        }
    }
    assert_eq!(confirmed, 24 * 12);
}

#[test]
fn an_example_that_is_in_force_is_confirmed_whichever_it_is() {
    for (text, box_name) in examples() {
        let mut watched = Watched::new(&text, box_name);
        watched.wait(300);
        watched.look();
        let findings = watched.findings();
        assert!(
            findings
                .iter()
                .all(|one| one.conclusion == Conclusion::Converge),
            "{box_name}: {findings:#?}"
        );
    }
}

#[test]
fn that_nobody_looked_is_told_at_the_end_of_the_period_and_once() {
    let mut watched = Watched::new(&example(), "seg01");
    // In force since second 20; a period and a grace later nothing new was seen.
    watched.wait(300);
    watched.findings();
    watched.wait(314);
    assert_eq!(watched.findings(), []);
    watched.wait(1);
    let findings = watched.findings();
    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert_eq!(findings[0].conclusion, Conclusion::Missing);
    assert_eq!(findings[0].ts_ns, (START + 20 + 300 + 315) * 1_000_000_000);
    for _ in 0..10 {
        watched.wait(300);
    }
    assert_eq!(watched.findings(), []);
    watched.look();
    watched.wait(300);
    let findings = watched.findings();
    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert_eq!(findings[0].conclusion, Conclusion::Converge);
}

#[test]
fn what_cannot_be_looked_at_is_told_once_and_nobody_is_accused_for_it() {
    let mut watched = Watched::new(&example(), "seg01");
    watched.unseen = vec![Kind::Process, Kind::Rule];
    watched.machine.processes.clear();
    watched.machine.firewall.clear();
    for _ in 0..3 {
        watched.look();
    }
    let findings = watched.findings();
    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert_eq!(findings[0].reason, "cannot be looked at: process, firewall");
    watched.wait(300);
    let findings = watched.findings();
    assert!(
        findings[0]
            .reason
            .ends_with("; not seen: process, firewall"),
        "{findings:#?}"
    );
    watched.unseen.clear();
    watched.look();
    let wrong = watched.wrong();
    assert!(
        wrong.len() > 2 && wrong.iter().all(|one| one.0 == "out_of_band"),
        "{wrong:#?}"
    );
}

#[test]
fn an_artifact_that_cannot_be_believed_is_told_once() {
    let mut watched = Watched::new(&example(), "seg01");
    let error = ArtifactError::Unsigned { have: 0, need: 1 };
    for _ in 0..3 {
        watched.see(Seen::Applied(Err(error)));
        watched.look();
    }
    let wrong = watched.wrong();
    assert_eq!(wrong.len(), 1, "{wrong:#?}");
    assert_eq!(wrong[0].0, "artifact");
    assert!(
        wrong[0].1.contains("IIA-ATT-0162 0 good signatures"),
        "{wrong:#?}"
    );
}

#[test]
fn time_to_be_applied_is_given_and_no_more() {
    let text = example();
    let mut watched = Watched::new(&text, "seg01");
    let second = crate::machine::next(&text, "  workload ", "  workload ");
    watched.see(Seen::Applied(Ok(crate::machine::reference(&second))));
    for _ in 0..3 {
        watched.wait(3);
        watched.look();
        assert_eq!(watched.wrong(), []);
    }
    watched.wait(1);
    watched.look();
    assert_eq!(watched.wrong().len(), 1);
}
