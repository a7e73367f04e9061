//! Servers that accept Object Lock and do not enforce it: the probe says where, and no receipt is given.

use crate::servers::{Server, moto, s3rver};
use crate::{Vault, evidence};

fn refused(server: &Server, bucket: &str, wanted: &[&str]) {
    let vault = Vault::new(server, bucket);
    let (code, said) = vault.run(&["probe"]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("NOT PROVEN"), "{said}");
    for line in wanted {
        assert!(said.contains(line), "{line}\n{said}");
    }
    evidence::write(&vault.path("evidence"), 3);
    let (code, said) = vault.put();
    assert_eq!(code, 1, "{said}");
    assert!(!said.contains("KEPT"), "{said}");
    let kept: Vec<_> = std::fs::read_dir(vault.path("state"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(kept, ["lock"], "neither probe nor receipt is kept");
}

#[test]
fn moto_gives_way() {
    let Some(server) = moto("moto_gives_way") else {
        return;
    };
    server.make_bucket("evidence", true);
    refused(
        &server,
        "evidence",
        &[
            "before any attack                WRONG   : the object is not locked in COMPLIANCE",
            "shorten the retention            AGREED   200",
            "downgrade it to GOVERNANCE       AGREED   200",
            "suspend versioning               GAVE WAY 200: the bucket keeps no versions",
            "lock until a time in the past    AGREED   200",
        ],
    );
}

#[test]
fn s3rver_gives_way() {
    let Some(server) = s3rver("s3rver_gives_way") else {
        return;
    };
    server.make_bucket("evidence", false);
    refused(
        &server,
        "evidence",
        &[
            "WRONG   : the object is not locked in COMPLIANCE, the bucket keeps no versions, the bucket reports no Object Lock",
            "delete the version               GAVE WAY 204: the object is gone",
            "delete it, bypassing governance  GAVE WAY 204: the object is gone",
            "overwrite it                     GAVE WAY 200: the object has other bytes",
            "lock until a time in the past    AGREED   200",
        ],
    );
}
