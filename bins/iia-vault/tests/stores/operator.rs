//! The way of every day: probe, put, put again, verify, fetch; and what is said when something is wrong.

use std::fs;
use std::process::Command;

use iia_audit::genesis::Genesis;
use iia_audit::seal::SealKey;
use iia_audit::vault::Segment;
use iia_audit::verify::{Elsewhere, Outcome, verify_log};
use iia_core::Timestamp;
use iia_core::digest::{Context, Digest};

use crate::servers::{Server, keep_secret, python, real};
use crate::{Vault, evidence};

#[test]
fn a_log_goes_in_and_comes_out_as_it_was() {
    let Some(server) = real("a_log_goes_in_and_comes_out_as_it_was") else {
        return;
    };
    server.make_bucket("whole", true);
    let vault = Vault::new(server, "whole");
    let (code, said) = vault.run(&["probe"]);
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("PROVEN     the store keeps what it locks"),
        "{said}"
    );
    assert_eq!(said.matches(" held ").count(), 10, "{said}");
    assert_eq!(said.matches(" done ").count(), 3, "{said}");

    evidence::write(&vault.path("evidence"), 12);
    let (code, said) = vault.put();
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("every record up to 11"), "{said}");
    let (_, said) = vault.put();
    assert!(
        said.contains("put        0 segments and 0 papers are new"),
        "{said}"
    );
    evidence::write(&vault.path("evidence"), 3);
    let (_, said) = vault.put();
    assert!(said.contains("put        3 segments and "), "{said}");
    let memory = fs::read_dir(vault.path("state")).unwrap();
    let mut folders = memory
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir());
    fs::remove_dir_all(folders.next().unwrap()).unwrap();
    let (code, said) = vault.put();
    assert_eq!((code, said.matches("was there").count()), (0, 14), "{said}");

    let key = evidence::policy().log.to_text();
    let seal_key = vault.path("evidence").with_extension("seal-key");
    let pins = ["--key", &key, "--seal-key", seal_key.to_str().unwrap()];
    let (code, said) = vault.run(&[&["verify"][..], &pins].concat());
    assert_eq!(code, 3, "{said}");
    for line in [
        "receipts   14 of this vault, of 14 segments",
        "records    14 good",
        "key        the one given",
        "seals      13 hold, over 13 records",
        "UNWITNESSED the last 1 records",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
    fetched(&vault, &seal_key);
    receipts(&vault);
    judged(&vault, server);
}

/// Another program, written from the page, holds each receipt against the store; and refuses one that was changed.
fn judged(vault: &Vault, server: &Server) {
    let folder = vault.receipts_dir();
    let known = vault.run(&["key"]).1;
    let (id, secret) = server.keys.trim().split_once(' ').unwrap();
    let endpoint = format!("http://127.0.0.1:{}", server.port);
    let judge = |names: Vec<String>| {
        Command::new(python())
            .arg(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/tests/judges/receipt.py"
            ))
            .args([&endpoint, id, secret, known.trim()])
            .args(names.iter().map(|name| folder.join(name)))
            .output()
            .unwrap()
    };
    let done = judge((0..14).map(|first| format!("{first:016x}")).collect());
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(
        said.contains("14 receipts hold"),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    let good = fs::read_to_string(folder.join("0000000000000003")).unwrap();
    fs::write(
        folder.join("bent"),
        good.replace("segment 3 4", "segment 3 5"),
    )
    .unwrap();
    assert!(!judge(vec!["bent".into()]).status.success());
    fs::remove_file(folder.join("bent")).unwrap();
}

/// What comes out is what went in, and another program says so.
fn fetched(vault: &Vault, seal_key: &std::path::Path) {
    let out = vault.path("out");
    let (code, said) = vault.run(&["fetch", out.to_str().unwrap()]);
    assert_eq!(code, 3, "{said}");
    let (was, is) = (vault.path("evidence/audit/seg"), out.join("audit/seg"));
    let mut was = evidence::files(&was);
    was.pop();
    assert_eq!(evidence::files(&is), was);
    let elsewhere = Elsewhere {
        log: Some(evidence::policy().log),
        seal_key: Some(SealKey::parse(&fs::read_to_string(seal_key).unwrap()).unwrap()),
        ..Elsewhere::default()
    };
    let report = verify_log(&out, &elsewhere);
    assert_eq!(
        (report.bad.clone(), report.outcome()),
        (None, Outcome::TailNotWitnessed)
    );
    assert_eq!((report.records, report.heads, report.receipts), (14, 5, 5));
    let (code, said) = vault.run(&["fetch", out.to_str().unwrap()]);
    assert_eq!(code, 2, "{said}");
}

#[test]
fn lost_receipts_are_had_again_although_the_box_let_segments_go() {
    let Some(server) = real("lost_receipts_are_had_again_although_the_box_let_segments_go") else {
        return;
    };
    server.make_bucket("lost", true);
    let vault = Vault::new(server, "lost");
    evidence::write(&vault.path("evidence"), 6);
    assert_eq!(vault.put().0, 0);
    evidence::write(&vault.path("evidence"), 2);
    for first in 0..3 {
        fs::remove_file(vault.path(&format!("evidence/audit/seg/{first:016x}.iia"))).unwrap();
    }
    let (code, said) = vault.put();
    assert_eq!((code, said.matches(", sent,").count()), (0, 2), "{said}");
    fs::remove_dir_all(vault.path("state")).unwrap();
    let (code, said) = vault.put();
    assert_eq!(
        (code, said.matches(", was there,").count()),
        (0, 7),
        "{said}"
    );
    let (_, said) = vault.run(&["verify"]);
    assert!(
        said.contains("receipts   7 of this vault, of 7 segments"),
        "{said}"
    );

    let other = Vault::new(server, "said-nothing");
    server.make_bucket("said-nothing", true);
    fs::rename(vault.path("evidence"), other.path("evidence")).unwrap();
    let (code, said) = other.put();
    assert_eq!(code, 2, "{said}");
    assert!(
        said.contains("records from 0 on are neither on the box nor in the vault"),
        "{said}"
    );
}

/// The box reads each receipt with the vault's key alone.
fn receipts(vault: &Vault) {
    let (genesis, _) = Genesis::load(&vault.path("evidence/audit")).unwrap();
    let receipts = vault.receipts();
    for (first, receipt) in (0..).zip(&receipts) {
        let statement = receipt.statement();
        let name = format!("evidence/audit/seg/{first:016x}.iia");
        let file = fs::read(vault.path(&name)).unwrap();
        assert_eq!(statement.digest, Digest::of(Context::File, &file));
        let segment = Segment {
            log_id: genesis.log_id(),
            first,
            end: first + 1,
            chain: statement.segment.chain,
        };
        let day_29 = Timestamp::from_secs(statement.stored.as_secs() + 29 * 86_400);
        assert!(receipt.holds(&segment, day_29), "{statement:?}");
    }
    assert_eq!(receipts.len(), 14);
}

#[test]
fn evidence_goes_over_tls_to_a_store_whose_authority_is_known() {
    let Some(server) = real("evidence_goes_over_tls_to_a_store_whose_authority_is_known") else {
        return;
    };
    server.make_bucket("tls", true);
    let endpoint = format!("https://127.0.0.1:{}", server.port + 2);
    let vault = Vault::at(&endpoint, &server.keys, "tls");
    vault.set(
        "authorities",
        &format!("{:?}", server.dir.path().join("ca.pem")),
    );
    let (code, said) = vault.run(&["probe"]);
    assert_eq!(code, 0, "{said}");
    let own = vault.path("own.pem");
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-subj",
            "/CN=x",
            "-keyout",
        ])
        .arg(vault.path("own.key"))
        .arg("-out")
        .arg(&own)
        .output();
    assert!(made.unwrap().status.success());
    vault.set("authorities", &format!("{own:?}"));
    let (code, said) = vault.run(&["probe"]);
    assert_eq!(code, 2, "{said}");
    assert!(
        said.contains("IIA-EDG-0520") && said.contains("certificate"),
        "{said}"
    );
}

#[test]
fn what_is_wrong_is_said_with_what_to_do() {
    let Some(server) = real("what_is_wrong_is_said_with_what_to_do") else {
        return;
    };
    server.make_bucket("said", true);
    server.make_bucket("plain", false);
    let said = |change: &dyn Fn(&Vault)| {
        let vault = Vault::new(server, "said");
        change(&vault);
        let (code, said) = vault.run(&["probe"]);
        assert_eq!(code, 2, "{said}");
        said
    };
    let other = fs::read_to_string(server.dir.path().join("other.keys")).unwrap();
    let (id, _) = server.keys.split_once(' ').unwrap();
    for (keys, want) in [
        (
            format!("{id} wrong"),
            "SignatureDoesNotMatch): the secret is not that of this access key",
        ),
        (
            "nobody wrong".into(),
            "InvalidAccessKeyId): it does not know this access key",
        ),
        (other, "AccessDenied): the credentials may not do this"),
        ("one".into(), "wanted are access key and secret"),
    ] {
        let said = said(&|vault| keep_secret(&vault.path("credentials"), &keys));
        assert!(said.contains(want), "{said}");
    }
    for (name, value, want) in [
        ("bucket", "\"nothere\"", "there is no such bucket"),
        ("bucket", "\"plain\"", "does the bucket have Object Lock?"),
        (
            "retention_days",
            "29",
            "IIA-EDG-0420 retention of 29 days, 30 to 36500 are allowed",
        ),
        (
            "endpoint",
            "\"http://store.example\"",
            "evidence goes over TLS",
        ),
        ("colour", "1", "unknown field `colour`"),
    ] {
        let said = said(&|vault| vault.set(name, value));
        assert!(said.contains(want), "{said}");
    }
    let said = said(&|vault| {
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o640);
        fs::set_permissions(vault.path("key"), open).unwrap();
    });
    assert!(said.contains("can be read by others"), "{said}");
}
