//! The public Python client, unchanged: it stands on gRPC's C core, as the clients of most languages do.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::world::{API, LAKE, World, entry, id, python, script, this_user};

#[test]
fn the_python_client_gets_x509_and_jwt_and_validates() {
    let Some(python) = python("the_python_client_gets_x509_and_jwt_and_validates") else {
        return;
    };
    let world = World::of_this_process();
    let done = script(&python, "spiffe_client.py")
        .arg("all")
        .arg(world.address())
        .output();
    let done = done.unwrap();
    let error = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{error}");
    let said: Value = serde_json::from_slice(&done.stdout).unwrap();
    let due = json!({
        "x509": [LAKE], "key matches": true, "bundles": ["iia.local", "north.example"],
        "jwt": [LAKE], "audience": ["lake"], "local": LAKE, "validated": LAKE, "other audience": "ValidateJwtSvidError",
        "jwt bundles": ["iia.local", "north.example"],
    });
    assert_eq!(said, due, "{error}");
}

#[test]
fn the_python_client_sees_rotation_and_revocation() {
    let Some(python) = python("the_python_client_sees_rotation_and_revocation") else {
        return;
    };
    let world = World::new(8, vec![entry(LAKE, &[this_user()])]);
    let mut watch = script(&python, "spiffe_client.py")
        .arg("watch")
        .arg(world.address())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(watch.stdout.take().unwrap()).lines();
    let mut next = || lines.next().unwrap().unwrap();
    let (first, second) = (next(), next());
    assert!(
        first.starts_with(LAKE) && second.starts_with(LAKE),
        "{first} {second}"
    );
    assert_ne!(first, second);
    world.replace(vec![entry(API, &[this_user()])]);
    while !next().starts_with(API) {}
    world.api.revoke(&id(API));
    assert!(next().contains("PERMISSION_DENIED"));
    assert!(watch.wait().unwrap().success());
}
