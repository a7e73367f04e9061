//! A store may send anything: limits hold, nothing is expanded, and what is not understood is no lock.

use iia_edge::vault::xml::{DEPTH_MAX, TEXT_LEN_MAX, XML_LEN_MAX, walk};
use iia_edge::vault::{Address, Call, List, Put, Reply, Store, Style, VaultError};

use crate::model::{NOW, reply, run, store};

fn fields(xml: &str) -> Result<Vec<(String, String)>, VaultError> {
    let mut found = Vec::new();
    walk(xml.as_bytes(), |path, text| {
        found.push((path.join("/"), text.to_owned()))
    })?;
    Ok(found)
}

#[test]
fn elements_come_with_their_texts() {
    let found = fields(
        "<?xml version=\"1.0\"?><a xmlns=\"x\"><b>1 &lt; &#50;</b><s:c/><d><![CDATA[<e>]]></d></a>",
    )
    .unwrap();
    let found: Vec<_> = found
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    assert_eq!(
        found,
        [("a/b", "1 < 2"), ("a/c", ""), ("a/d", "<e>"), ("a", "")]
    );
}

#[test]
fn what_is_no_reply_is_refused() {
    let deep = |depth: usize| "<a>".repeat(depth) + &"</a>".repeat(depth);
    let long = |len: usize| format!("<a>{}</a>", "x".repeat(len));
    assert!(fields(&deep(DEPTH_MAX)).is_ok());
    assert!(fields(&long(TEXT_LEN_MAX)).is_ok());
    for (xml, why) in [
        (deep(DEPTH_MAX + 1), "too deep"),
        (long(TEXT_LEN_MAX + 1), "too long a text"),
        (String::new(), "nothing"),
        ("<a>".into(), "not closed"),
        ("<a></b>".into(), "closed by another"),
        ("<a/><b/>".into(), "two roots"),
        (
            "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>".into(),
            "a document type",
        ),
        ("<a>&b;</a>".into(), "an entity of its own"),
        ("<?php x?><a/>".into(), "an instruction"),
        ("{\"a\": 1}".into(), "another language"),
        (format!("<a>{}</a>", " ".repeat(XML_LEN_MAX)), "too long"),
    ] {
        assert!(fields(&xml).is_err(), "{why}");
    }
    assert!(walk(b"<a>\xff</a>", |_, _| {}).is_err());
}

#[test]
fn a_lock_that_is_not_understood_is_none() {
    let until = NOW + 1_000_000_000;
    let seconds = "2026-11-29T07:40:01";
    for (retention, is_lock) in [
        (format!("<Retention><Mode>COMPLIANCE</Mode><RetainUntilDate>{seconds}Z</RetainUntilDate></Retention>"), true),
        (format!("<Retention><Mode>COMPLIANCE</Mode><RetainUntilDate>{seconds}.123456Z</RetainUntilDate></Retention>"), true),
        (format!("<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>{seconds}Z</RetainUntilDate></Retention>"), false),
        (format!("<Retention><Mode>compliance</Mode><RetainUntilDate>{seconds}Z</RetainUntilDate></Retention>"), false),
        (format!("<Retention><Mode>COMPLIANCE</Mode><RetainUntilDate>{seconds}</RetainUntilDate></Retention>"), false),
        (format!("<Retention><Mode>COMPLIANCE</Mode><RetainUntilDate>{seconds}+01:00</RetainUntilDate></Retention>"), false),
        ("<Retention><Mode>COMPLIANCE</Mode><RetainUntilDate>9999-12-31T00:00:00Z</RetainUntilDate></Retention>".into(), false),
        (
            format!(
                "<a><Retention><Mode>COMPLIANCE</Mode><RetainUntilDate>{seconds}Z</RetainUntilDate></Retention></a>"
            ),
            false,
        ),
        ("<Retention><Mode>COMPLIANCE</Mode></Retention>".into(), false),
        (format!("<Retention><Mode>COMPLIANCE</Mode><RetainUntilDate>{seconds}Z</RetainUntilDate>"), false),
        (String::new(), false),
    ] {
        let mut calls = 0;
        let put = run(Put::new("k", b"x".to_vec(), until).unwrap(), |request| {
            calls += 1;
            let mut reply = match (request.method, request.url.contains("retention")) {
                ("HEAD", _) => reply(404, ""),
                ("GET", true) => reply(200, &retention),
                _ => reply(200, "x"),
            };
            reply.headers.push(("x-amz-version-id".into(), "v1".into()));
            Ok(reply)
        });
        assert_eq!(put.is_ok(), is_lock, "{retention}");
    }
}

#[test]
fn a_list_that_runs_in_a_circle_or_elsewhere_ends() {
    let more = "<IsTruncated>true</IsTruncated><NextKeyMarker>log/a</NextKeyMarker><NextVersionIdMarker>v</NextVersionIdMarker>";
    let version = |key: &str| {
        format!("<Version><Key>{key}</Key><VersionId>v</VersionId><Size>1</Size></Version>")
    };
    for (inside, why) in [
        (format!("{more}{}", version("log/a")), "a circle"),
        (version("other/a"), "outside of what was asked"),
        ("<IsTruncated>true</IsTruncated>".into(), "no way on"),
    ] {
        let body = format!("<ListVersionsResult>{inside}</ListVersionsResult>");
        let ended = run(List::new("log/"), |_| Ok(reply(200, &body)));
        assert!(matches!(ended, Err(VaultError::BadReply { .. })), "{why}");
    }
    let ended = run(List::new("log/"), |_| Ok(reply(200, "<ListBucketResult/>")));
    assert!(
        matches!(ended, Err(VaultError::BadReply { .. })),
        "another list"
    );
    let mut page = 0;
    let endless = run(List::new("log/"), |_| {
        page += 1;
        let body = format!(
            "<ListVersionsResult>{}</ListVersionsResult>",
            more.replace("log/a", &format!("log/{page}"))
        );
        Ok(reply(200, &body))
    });
    assert!(matches!(endless, Err(VaultError::TooMuch { .. })));
}

#[test]
fn a_refusal_is_told_with_what_to_do() {
    let told = |status, code: &str| {
        let body = format!("<Error><Code>{code}</Code></Error>");
        let reply = Reply {
            status,
            body: body.into_bytes(),
            ..Reply::default()
        };
        let refused = run(Put::new("k", vec![1], NOW).unwrap(), |_| Ok(reply.clone()));
        refused.unwrap_err().to_string()
    };
    assert!(
        told(403, "SignatureDoesNotMatch").contains("the secret is not that of this access key")
    );
    assert!(told(403, "InvalidAccessKeyId").contains("does not know this access key"));
    assert!(told(400, "InvalidRequest").contains("Object Lock"));
    // What a store calls its error goes to a terminal: words only.
    assert_eq!(told(409, "a\u{1b}[31mb"), "the store refuses (409 )");
    assert_eq!(told(409, &"x".repeat(65)), "the store refuses (409 )");
}

#[test]
fn a_request_is_signed_and_hides_the_secret() {
    let call = Call::put("log/seg", b"records".to_vec().into(), None);
    let request = store().sign(&call, NOW);
    let sum = (
        "x-amz-checksum-sha256",
        "qU57z8vtPIRtSR1PR8lI5TojkI1IAkiz/+nhJug+qGU=".to_owned(),
    );
    assert!(request.headers.contains(&sum), "{:?}", request.headers);
    assert!(
        request.url.contains("X-Amz-Date=20261129T074000Z"),
        "{}",
        request.url
    );
    let shown = format!("{:?} {request:?}", store());
    assert!(!shown.contains("secret"), "{shown}");
}

#[test]
fn a_bucket_stands_in_the_path_or_in_the_host() {
    for (style, want) in [
        (Style::Path, "https://s3.example/evidence/log/seg?"),
        (Style::Host, "https://evidence.s3.example/log/seg?"),
    ] {
        let address = Address {
            endpoint: "https://s3.example".into(),
            style,
            region: "eu-1".into(),
            bucket: "evidence".into(),
        };
        let store = Store::new(address, ("id", "secret", Some("token"))).unwrap();
        let request = store.sign(&Call::head("log/seg"), NOW);
        assert!(request.url.starts_with(want), "{}", request.url);
        assert!(
            request.url.contains("X-Amz-Security-Token=token"),
            "{}",
            request.url
        );
    }
}

#[test]
fn an_address_must_be_one_and_go_over_tls() {
    let made = |endpoint: &str, region: &str, bucket: &str| {
        let address = Address {
            endpoint: endpoint.into(),
            style: Style::Path,
            region: region.into(),
            bucket: bucket.into(),
        };
        Store::new(address, ("id", "secret", None)).is_ok()
    };
    for good in [
        "https://s3.example",
        "http://127.0.0.1:9",
        "http://localhost",
        "http://[::1]:80",
    ] {
        assert!(made(good, "eu-1", "evidence"), "{good}");
    }
    for bad in [
        "http://s3.example",
        "http://127.0.0.1.example",
        "ftp://s3.example",
        "s3.example",
        "",
        "https://",
    ] {
        assert!(!made(bad, "eu-1", "evidence"), "{bad}");
    }
    for bucket in ["ab", "a/b", "A-b", "a b", "..", &"x".repeat(64)] {
        assert!(!made("https://s3.example", "eu-1", bucket), "{bucket}");
    }
    assert!(
        !made("https://s3.example", "", "evidence")
            && !made("https://s3.example", "a b", "evidence")
    );
}
