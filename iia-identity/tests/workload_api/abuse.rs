//! Requests that are not what the standard asks for, floods, and peers that do not read.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::process::Stdio;

use iia_identity::workload_api::{CONNECTIONS_PER_USER_MAX, STREAMS_PER_CONNECTION_MAX, bind};
use serde_json::{Value, json};

use crate::world::{WAIT, World, python, script};

/// Status and, where there is one, the code that the peer is told.
#[test]
fn what_is_not_asked_by_the_standard_is_refused_with_its_status() {
    let Some(python) = python("what_is_not_asked_by_the_standard_is_refused_with_its_status")
    else {
        return;
    };
    let world = World::of_this_process();
    let done = script(&python, "grpc_abuse.py")
        .arg("refusals")
        .arg(world.address())
        .output();
    let done = done.unwrap();
    let error = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{error}");
    let said: Value = serde_json::from_slice(&done.stdout).unwrap();
    let missing = "INVALID_ARGUMENT security header missing from request";
    let due = json!({
        "FetchX509SVID without metadata": missing,
        "FetchX509Bundles without metadata": missing,
        "FetchJWTSVID without metadata": missing,
        "FetchJWTBundles without metadata": missing,
        "ValidateJWTSVID without metadata": missing,
        "metadata says false": missing,
        "metadata says True": missing,
        "metadata twice": missing,
        "FetchWITSVID": "UNIMPLEMENTED ",
        "ValidateWITSVID": "UNIMPLEMENTED ",
        "another service": "UNIMPLEMENTED ",
        "no audience": "INVALID_ARGUMENT IIA-IDN-0041",
        "an empty audience": "INVALID_ARGUMENT IIA-IDN-0041",
        "too many audiences": "INVALID_ARGUMENT IIA-IDN-0442",
        "an audience without end": "INVALID_ARGUMENT IIA-IDN-0442",
        "no SPIFFE ID": "INVALID_ARGUMENT IIA-IDN-0003",
        "another's SPIFFE ID": "PERMISSION_DENIED IIA-IDN-0148",
        "no token": "INVALID_ARGUMENT IIA-IDN-0041",
        "a token without end": "INVALID_ARGUMENT IIA-IDN-0442",
        "a request without end": "OUT_OF_RANGE",
        "no protobuf": "INTERNAL",
    });
    for (what, status) in due.as_object().unwrap() {
        let is = said[what].as_str().unwrap_or_default();
        assert!(is.starts_with(status.as_str().unwrap()), "{what}: {is}");
    }
    assert_eq!(
        said.as_object().unwrap().len(),
        due.as_object().unwrap().len()
    );
}

#[test]
fn a_reader_that_does_not_read_loses_its_connection_aloud() {
    let Some(python) = python("a_reader_that_does_not_read_loses_its_connection_aloud") else {
        return;
    };
    let world = World::of_this_process();
    let mut child = script(&python, "grpc_abuse.py")
        .arg("slow")
        .arg(world.socket())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut begun = [0; 6];
    child
        .stdout
        .as_mut()
        .unwrap()
        .read_exact(&mut begun)
        .unwrap();
    // Every change is news for the stream; the first waits for its reader, the others for the first.
    let began = std::time::Instant::now();
    while !world
        .heard()
        .iter()
        .any(|line| line.contains("its process does not read"))
    {
        world.replace(vec![crate::world::entry(
            crate::world::LAKE,
            &[crate::world::this_user()],
        )]);
        assert!(began.elapsed() < WAIT, "{:?}", world.heard());
        std::thread::yield_now();
    }
    // The script ends when its connection does.
    assert!(child.wait().unwrap().success());
    let told = world.heard();
    let closed = told
        .iter()
        .filter(|line| line.starts_with("connection closed"))
        .count();
    assert_eq!(closed, 1, "{told:?}");
}

#[test]
fn connections_of_one_user_have_a_limit_and_are_free_again() {
    let world = World::of_this_process();
    let open = |count: usize| -> Vec<UnixStream> {
        let one = |_| UnixStream::connect(world.socket()).unwrap();
        (0..count).map(one).collect()
    };
    let held = open(CONNECTIONS_PER_USER_MAX);
    let mut over = open(1).pop().unwrap();
    over.set_read_timeout(Some(WAIT)).unwrap();
    assert_eq!(over.read(&mut [0; 16]).unwrap_or(0), 0);
    let heard = world.heard().join("\n");
    assert!(
        heard.contains("too many connections, number 1: process"),
        "{heard}"
    );
    drop(held);
    // Closing takes a moment on the other side.
    let client = async {
        loop {
            if let Ok(client) = spiffe::WorkloadApiClient::connect_to(world.address()).await
                && client.fetch_x509_context().await.is_ok()
            {
                return;
            }
        }
    };
    world
        .runtime
        .block_on(async { tokio::time::timeout(WAIT, client).await.unwrap() });
}

#[test]
fn streams_of_one_connection_have_a_limit() {
    let Some(python) = python("streams_of_one_connection_have_a_limit") else {
        return;
    };
    let world = World::of_this_process();
    let done = script(&python, "grpc_abuse.py")
        .arg("streams")
        .arg(world.address())
        .output();
    let done = done.unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    // The client holds back what the server does not allow: so many answer, and the rest when one of them ends.
    assert_eq!(
        said.trim(),
        format!("{STREAMS_PER_CONNECTION_MAX} 1"),
        "{done:?}"
    );
}

#[test]
fn whoever_does_not_speak_http_2_is_cut() {
    let world = World::of_this_process();
    for words in [
        &b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"[..],
        &[0; 64],
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\r",
    ] {
        let mut socket = UnixStream::connect(world.socket()).unwrap();
        socket.set_read_timeout(Some(WAIT)).unwrap();
        socket.write_all(words).unwrap();
        let mut answer = Vec::new();
        // Cut with our bytes unread, the kernel says so; cut without, it is the end.
        let _reset = socket.read_to_end(&mut answer);
        assert_eq!(answer, b"");
    }
    assert!(world.heard()[0].contains("does not speak HTTP/2"));
}

#[test]
fn bytes_by_lot_after_the_preface_do_no_harm() {
    let world = World::of_this_process();
    let mut state = 1_u64;
    let mut lot = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 56) as u8
    };
    for _ in 0..40 {
        let mut socket = UnixStream::connect(world.socket()).unwrap();
        let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec();
        for _ in 0..20 {
            let len = lot() % 40;
            bytes.extend([0, 0, len, lot() % 12, lot(), 0, 0, 0, lot() % 4]);
            bytes.extend((0..len).map(|_| lot()));
        }
        let _reset = socket.write_all(&bytes);
    }
    world.runtime.block_on(async {
        let client = spiffe::WorkloadApiClient::connect_to(world.address())
            .await
            .unwrap();
        assert!(client.fetch_x509_context().await.is_ok());
    });
}

#[test]
fn the_socket_is_taken_over_from_the_dead_and_from_nobody_else() {
    let world = World::of_this_process();
    world.runtime.block_on(async {
        let living = bind(&world.socket()).unwrap_err();
        assert_eq!(living.kind(), std::io::ErrorKind::AddrInUse);
        let path = world.dir.path().join("other.sock");
        drop(bind(&path).unwrap());
        assert!(path.exists());
        drop(bind(&path).unwrap());
        let file = world.dir.path().join("file");
        std::fs::write(&file, "kept").unwrap();
        assert_eq!(
            bind(&file).unwrap_err().kind(),
            std::io::ErrorKind::AlreadyExists
        );
        assert_eq!(std::fs::read(&file).unwrap(), b"kept");
    });
}
