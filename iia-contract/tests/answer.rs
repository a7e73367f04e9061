//! Well-known answers: who is accountable, what the catalog lists, how far records are durable.
#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "made/text.rs"]
mod text;

use iia_contract::Catalog;
use iia_contract::answer::{Manifest, Mark, Named, Raci, Watermark};
use iia_contract::schema::EVENTS;
use iia_contract::scope::Terms;
use iia_contract::tree::Tree;
use iia_core::Timestamp;
use iia_core::record::{Sequence, ServiceId};
use iia_core::stream::Stream;

const BATCH: &str = include_str!("../../examples/contracts/boundary_bi_lake_batch.icl");
const PARTY: &str = "party site-ops-manager {\n  side acs\n  contact tel://site/ops-manager\n}\n";

fn document(text: &str) -> Tree {
    Tree::from(text::entries(text).as_slice())
}

#[test]
fn every_event_of_every_boundary_contract_has_somebody_accountable_on_each_side() {
    let tree = document(&format!("{BATCH}\n{PARTY}"));
    for event in EVENTS {
        let answers = Raci::of(&tree, event);
        assert_eq!(answers.len(), 1, "{event}");
        let accountable = &answers[0].accountable;
        assert_eq!(
            (accountable.acs.len(), accountable.upstream.len()),
            (1, 1),
            "{event}"
        );
    }
    assert_eq!(Raci::of(&tree, "weather"), []);
    let outage = Raci::of(&tree, "box_outage").remove(0);
    let named = Named {
        role: "site-ops-manager".into(),
        contact: "tel://site/ops-manager".into(),
    };
    assert_eq!(outage.accountable.acs, [named]);
    assert_eq!(
        outage.to_string(),
        "box_outage under iia.contract.boundary.bi_lake.batch 2.0.0 with enterprise-bi\n    \
         accountable here   site-ops-manager (tel://site/ops-manager)\n    \
         accountable there  enterprise-cio (no contact is written down)\n    \
         responsible here   site-noc-team (no contact is written down)\n    \
         responsible there  enterprise-network-team (no contact is written down)\n    \
         told               audit-team (no contact is written down)\n    \
         call               pagerduty://enterprise-bi/p2, who answers within 4h\n    \
         then               pagerduty://enterprise-bi-director/p1"
    );
}

#[test]
fn a_manifest_changes_with_any_word_of_any_contract() {
    let manifest = |text: &str| Manifest::of(&document(text));
    let one = manifest(BATCH);
    assert_eq!(one.contracts.len(), 1);
    assert_eq!(one.contracts[0].scope, "boundary");
    assert_eq!(
        one.digest(),
        manifest(&format!("{PARTY}\n{BATCH}")).digest(),
        "contracts only"
    );
    let other = manifest(&BATCH.replace("rows 50000000/h", "rows 50000001/h"));
    assert_ne!(one.digest(), other.digest());
    assert_ne!(one.digest(), Manifest::default().digest());
}

#[test]
fn a_watermark_tells_only_of_streams_that_the_contract_exposes() {
    let checked = |text: &str| Catalog::check(&text::entries(text)).unwrap().0;
    let mark = |name: &str, last| Mark {
        stream: name.parse::<Stream>().unwrap(),
        service: ServiceId::from_bytes([1; 16]),
        first: Sequence::new(1),
        last: Sequence::new(last),
        at: Timestamp::from_secs(9),
    };
    let marks = [
        mark("ot.process.b", 7),
        mark("ot.security.audit", 8),
        mark("ot.health.a", 9),
        mark("ot.healthy.a", 3),
    ];
    let told = |catalog: &Catalog| {
        let Terms::Boundary(boundary) = &catalog.contracts()[0].terms else {
            return None;
        };
        let watermark = Watermark::of(boundary, marks.iter().cloned())?;
        Some(
            watermark
                .marks
                .iter()
                .map(|mark| mark.last.as_u64())
                .collect::<Vec<_>>(),
        )
    };
    assert_eq!(told(&checked(BATCH)), Some(vec![9, 7]));
}
