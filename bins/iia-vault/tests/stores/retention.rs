//! The whole way: from the box to the mirror at the broker, from there into the store, and then it may leave the box.

use std::fs;

use iia_audit::log::{Held, Log, Mirror, Retention, Retired};
use iia_audit::segment::HEADER_ALIGN;
use iia_audit::verify::{Outcome, verify};
use iia_core::Timestamp;
use iia_core::time::{Clock as _, ManualClock};

use crate::servers::real;
use crate::{Vault, evidence};

#[test]
fn what_a_vault_has_locked_may_leave_the_box_and_nothing_else() {
    let Some(server) = real("what_a_vault_has_locked_may_leave_the_box_and_nothing_else") else {
        return;
    };
    server.make_bucket("whole-way", true);
    let vault = Vault::new(server, "whole-way");
    let on_box = vault.path("box");
    evidence::write(&on_box, 5);

    // The broker's copy, which is what the vault is given; one segment behind.
    let mirrored = vault.path("evidence/audit");
    let text = |name: &str| fs::read_to_string(on_box.join("audit").join(name)).unwrap();
    let texts = (text("genesis"), text("policy"));
    let mut mirror =
        Mirror::create(&mirrored, (&texts.0, &texts.1), &evidence::policy().log).unwrap();
    let (log, _) = Log::open(&on_box.join("audit")).unwrap();
    let keeper = "spiffe://iia.local/zone/audit/workload/keeper".parse();
    let mut log = log
        .with_segment_len(HEADER_ALIGN as u64)
        .with_keeper(keeper.unwrap());
    while let Some(chunk) = log.chunk(mirror.position()).unwrap() {
        mirror.take(&chunk).unwrap();
    }
    let head = log.publish_head(&evidence::keys().0).unwrap();
    let line = mirror
        .sign(
            &head,
            (evidence::MIRROR, &evidence::mirror_key()),
            1_795_000_100,
        )
        .unwrap();
    log.keep_mirrored(&format!("{head}{line}")).unwrap();
    drop(mirror);

    let later = ManualClock::new(Timestamp::from_secs(1_795_000_000 + 31 * 86_400));
    let retention = Retention::days(30).unwrap().and_vault();
    let mut retire = |receipts: &[_]| log.retire(&retention, receipts, later.read()).unwrap();
    assert_eq!(retire(&[]), Retired::Held(Held::NotVaulted));

    let (code, said) = vault.put();
    assert_eq!(code, 0, "{said}");
    let receipts = vault.receipts();
    assert_eq!(receipts.len(), 4);
    // Not by the receipt of another segment, and not twice by one.
    assert_eq!(retire(&receipts[1..]), Retired::Held(Held::NotVaulted));
    assert_eq!(retire(&receipts[..1]), Retired::Gone(0, 1));
    assert_eq!(retire(&receipts[..1]), Retired::Held(Held::NotVaulted));
    assert_eq!(retire(&receipts), Retired::Gone(1, 2));
    drop(log);

    let report = verify(&on_box, Some(&evidence::policy().log));
    assert_eq!(report.bad, None);
    assert_ne!(report.outcome(), Outcome::Failed);
    let (_, said) = vault.run(&["verify"]);
    assert!(said.contains("records    4 good"), "{said}");
}
