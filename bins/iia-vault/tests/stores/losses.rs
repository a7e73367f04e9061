//! A network that loses, cuts, hangs and makes things up, in front of a real store.

use std::fs;
use std::time::{Duration, Instant};

use crate::proxy::{Fault, Proxy};
use crate::servers::{Server, real};
use crate::{Vault, evidence};

/// A vault that was proven, then spoke through a proxy with these faults.
fn through(server: &Server, bucket: &str, faults: Vec<Fault>) -> (Vault, Proxy) {
    server.make_bucket(bucket, true);
    let proxy = Proxy::before(server.port, faults);
    let vault = Vault::at(
        &format!("http://127.0.0.1:{}", proxy.port),
        &server.keys,
        bucket,
    );
    evidence::write(&vault.path("evidence"), 3);
    (vault, proxy)
}

#[test]
fn losses_are_made_good_and_nothing_is_stored_twice() {
    let Some(server) = real("losses_are_made_good_and_nothing_is_stored_twice") else {
        return;
    };
    for (name, fault) in [
        ("lost-request", Fault::LoseRequest),
        ("lost-reply", Fault::LoseReply),
        ("cut-reply", Fault::CutReply),
        ("slow-down", Fault::Status(503)),
        ("broken", Fault::Status(500)),
        ("garbage", Fault::Garbage),
        ("endless", Fault::EndlessHeader),
    ] {
        // The first calls are those of the probe; some of them fail too. Then every fourth call of the rest.
        let mut faults = vec![Fault::Pass; 3];
        faults.push(fault);
        faults.extend([Fault::Pass; 47]);
        faults.extend([Fault::Pass, Fault::Pass, Fault::Pass, fault].repeat(8));
        let (vault, proxy) = through(server, name, faults);
        let (code, said) = vault.put();
        assert_eq!(code, 0, "{name}: {said}");
        assert!(
            said.contains("KEPT       every record up to 2"),
            "{name}: {said}"
        );
        assert!(
            proxy.left() < 28,
            "{name}: {} faults did not come about",
            proxy.left()
        );
        let doubles = server.attacker(&format!(
            "v = s3.list_object_versions(Bucket='{name}')['Versions']\n\
             k = [x['Key'] for x in v if not x['Key'].startswith('probe/')]\n\
             print(len(k), len(set(k)))"
        ));
        assert_eq!(doubles.trim(), "7 7", "{name}");
        let (code, said) = vault.run(&["verify"]);
        assert_eq!(code, 3, "{name}: {said}");
    }
}

#[test]
fn a_store_that_never_answers_ends_in_time() {
    let Some(server) = real("a_store_that_never_answers_ends_in_time") else {
        return;
    };
    let (vault, _proxy) = through(server, "hangs", vec![Fault::Hang; 1000]);
    vault.set("timeout_s", "1");
    let begin = Instant::now();
    let (code, said) = vault.put();
    assert_eq!(code, 2, "{said}");
    assert!(
        said.contains("IIA-EDG-0520 the store does not answer, 6 times tried"),
        "{said}"
    );
    assert!(
        begin.elapsed() < Duration::from_secs(60),
        "{:?}",
        begin.elapsed()
    );
    assert!(!vault.path("state/probe").exists());
}

#[test]
fn a_clock_that_is_wrong_is_told() {
    let Some(server) = real("a_clock_that_is_wrong_is_told") else {
        return;
    };
    let (vault, _proxy) = through(server, "clock", vec![Fault::OldDate; 1000]);
    let (code, said) = vault.put();
    assert_eq!(code, 2, "{said}");
    assert!(
        said.contains("IIA-EDG-0320 the clocks of store and vault differ by"),
        "{said}"
    );
    let kept = fs::read_dir(vault.path("state")).unwrap().count();
    assert_eq!(kept, 1, "nothing but the lock");
}
