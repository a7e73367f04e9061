//! Writes the first corpora from real inputs: `cargo run -p iia-fuzz-bodies --example seeds -- corpus [SHARED]`,
//! run in `fuzz/`. With `--fixtures` it makes root and leaf of `svid_chain` anew.

#[path = "seeds/admission.rs"]
mod admission;

use std::fs;
use std::path::{Path, PathBuf};

use iia_audit::checkpoint::Checkpoint;
use iia_audit::note::{self, Purpose};
use iia_audit::policy::Policy;
use iia_audit::vault::{Place, Segment, Statement};
use iia_config::envelope;
use iia_config::trust::Class;
use iia_core::canon;
use iia_core::digest::{Context, Digest};
use iia_core::event::{Event, EventKind};
use iia_core::time::{Clock as _, ManualClock};
use iia_core::{SpiffeId, Timestamp};
use iia_edge::wire;
use iia_fuzz_bodies::audit::{ORIGIN, verifier};
use iia_fuzz_bodies::input::key;
use iia_fuzz_bodies::{identity, lake};
use iia_identity::bundle::Bundle;
use iia_identity::issue::{Issuer, request};

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn main() -> Outcome {
    let mut arguments = std::env::args().skip(1);
    let first = arguments.next().unwrap_or_default();
    if first == "--fixtures" {
        return fixtures(Path::new("bodies/fixtures"));
    }
    let corpus = Corpus(PathBuf::from(first));
    audit(&corpus)?;
    boundary(&corpus)?;
    configuration(&corpus)?;
    identities(&corpus)?;
    packets(&corpus)?;
    vaults(&corpus)?;
    worlds(&corpus)?;
    for (name, bytes) in iia_fuzz_bodies::mqtt::seeds() {
        corpus.put("capture_mqtt", name, &[&bytes])?;
    }
    for (target, name, bytes) in iia_fuzz_bodies::tpm::seeds() {
        corpus.put(target, &name, &[&bytes])?;
    }
    match arguments.next() {
        Some(shared) => vectors(&corpus, Path::new(&shared)),
        None => Ok(()),
    }
}

struct Corpus(PathBuf);

impl Corpus {
    fn put(&self, target: &str, name: &str, parts: &[&[u8]]) -> Outcome {
        let dir = self.0.join(target);
        fs::create_dir_all(&dir)?;
        Ok(fs::write(dir.join(name), parts.concat())?)
    }
}

/// What an honest store says to each task of a vault, and a receipt.
fn vaults(corpus: &Corpus) -> Outcome {
    let plain = |status: u8, body: &str| [&[status][..], &piece(body.as_bytes())].concat();
    let of_version = |body: &str| [&[8][..], &piece(b"v1"), &piece(body.as_bytes())].concat();
    let lock = |until: &str| {
        plain(
            0,
            &format!(
                "<Retention><Mode>COMPLIANCE</Mode><RetainUntilDate>{until}</RetainUntilDate></Retention>"
            ),
        )
    };
    let no = plain(3, "<Error><Code>AccessDenied</Code></Error>");
    let sent = [
        plain(5, ""),
        of_version(""),
        of_version("x"),
        lock("2026-11-29T07:40:01Z"),
    ]
    .concat();
    corpus.put("edge_vault", "put", &[&[0], &sent])?;
    let short = [
        of_version(""),
        of_version("x"),
        lock("2026-11-29T07:40:00.5Z"),
        plain(0, ""),
        lock("2026-11-29T07:40:02.123Z"),
    ];
    corpus.put("edge_vault", "extend", &[&[0], &short.concat()])?;
    corpus.put(
        "edge_vault",
        "lost",
        &[&[0], &[255, 255], &plain(7, ""), &sent],
    )?;

    let canary = "canary probe/1795938000000000000 of evidence\n";
    let readings = [
        of_version(canary),
        lock("2026-11-29T07:55:00Z"),
        plain(0, "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"),
        plain(0, "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>"),
    ]
    .concat();
    let other = [&[8][..], &piece(b"v2"), &piece(b"")].concat();
    let attack = |answer: &[u8]| [answer, &readings].concat();
    let done = attack(&plain(0, ""));
    let refused = |count| attack(&no).repeat(count);
    let attacks = [
        done.clone(),
        refused(6),
        done,
        attack(&other),
        attack(&plain(1, "")),
        refused(2),
    ]
    .concat();
    let probe = [of_version(""), readings.clone(), attacks].concat();
    corpus.put("edge_vault", "probe", &[&[1], &probe])?;
    let gone = [
        of_version(""),
        readings.clone(),
        plain(1, ""),
        plain(5, "<Error/>"),
    ]
    .concat();
    corpus.put("edge_vault", "probe_gone", &[&[1], &gone])?;

    let page = "<ListVersionsResult><IsTruncated>true</IsTruncated><NextKeyMarker>log/a</NextKeyMarker>\
                <NextVersionIdMarker>v1</NextVersionIdMarker><Version><Key>log/a</Key><VersionId>v1</VersionId>\
                <Size>3</Size></Version></ListVersionsResult>";
    let last = page.replace("true", "false").replace("v1", "v0");
    corpus.put(
        "edge_vault",
        "list",
        &[&[2], &plain(0, page), &plain(0, &last)],
    )?;
    let date = [
        &[16][..],
        &piece(b"Sun, 29 Nov 2026 07:40:00 GMT"),
        &piece(b"records"),
    ]
    .concat();
    corpus.put("edge_vault", "get", &[&[3], &date])?;
    corpus.put(
        "edge_vault",
        "xml",
        &[b"<a><b>1 &lt; &#50;</b><c/><d><![CDATA[<e>]]></d></a>"],
    )?;

    let digest = |of: &[u8]| Digest::of(Context::File, of);
    let statement = Statement {
        origin: ORIGIN.into(),
        segment: Segment {
            log_id: digest(b"log"),
            first: 5,
            end: 9,
            chain: digest(b"chain"),
        },
        digest: digest(b"segment"),
        len: 4352,
        root: [7; 32],
        place: Place {
            endpoint: "https://store.example".into(),
            bucket: "evidence".into(),
            object: "ab/seg/5".into(),
            version: "v1".into(),
        },
        retain_until: Timestamp::from_secs(1_900_000_000),
        probe: digest(b"probe"),
        stored: Timestamp::from_secs(1_800_000_000),
    };
    corpus.put("audit_vault", "text", &[statement.to_text().as_bytes()])?;
    let signed = statement.sign(ORIGIN, &key(1))?;
    corpus.put("audit_vault", "signed", &[signed.as_bytes()])
}

/// Contracts and observations for `contract_judge`: any bytes are some.
fn worlds(corpus: &Corpus) -> Outcome {
    for seed in 1..=12u64 {
        let next = |state: &u64| {
            let more = state.wrapping_mul(6_364_136_223_846_793_005);
            Some(more.wrapping_add(1_442_695_040_888_963_407))
        };
        let states = std::iter::successors(Some(seed), next).skip(1);
        let bytes: Vec<u8> = states.take(640).map(|state| (state >> 56) as u8).collect();
        corpus.put("contract_judge", &format!("world_{seed:02}"), &[&bytes])?;
    }
    Ok(())
}

fn fixtures(dir: &Path) -> Outcome {
    let clock = ManualClock::new(Timestamp::from_secs(identity::AT_SECS));
    let issuer = Issuer::create("iia.local".parse()?, 3600, 10, clock.read())?;
    let id: SpiffeId = identity::ID.parse()?;
    let (csr, _key) = request(&id)?;
    let issued = issuer.issue(&csr, &id, &identity::Knows, clock.read())?;
    fs::write(dir.join("root.der"), issuer.root())?;
    Ok(fs::write(dir.join("leaf.der"), issued.chain.concat())?)
}

fn piece(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u16).to_le_bytes(), bytes].concat()
}

fn audit(corpus: &Corpus) -> Outcome {
    let head = Checkpoint {
        origin: ORIGIN.into(),
        size: 7,
        root: [9; 32],
    };
    let (log, witness) = (
        verifier(ORIGIN, Purpose::Log, 1),
        verifier("fuzz.example/witness", Purpose::Cosignature, 2),
    );
    let note = head.sign(&key(1))?;
    let line = note::cosign(&head.to_text(), &witness.name, &key(2), 1_800_000_000)?;
    corpus.put("audit_note", "head", &[b"\0", note.as_bytes()])?;
    corpus.put(
        "audit_note",
        "receipt",
        &[b"\0", note.as_bytes(), line.as_bytes()],
    )?;
    corpus.put("audit_note", "text", &[b"\0", head.to_text().as_bytes()])?;
    corpus.put("audit_note", "key", &[b"\x01", log.to_text().as_bytes()])?;
    corpus.put("audit_note", "signed", &[b"\x02", &[5; 64]])?;
    let policy = Policy {
        log,
        witnesses: vec![witness],
        quorum: 1,
        mirrors: Vec::new(),
    };
    corpus.put("audit_policy", "one", &[policy.to_text().as_bytes()])?;
    corpus.put(
        "audit_policy",
        "genesis",
        &[policy.to_text().as_bytes(), b"\0", note.as_bytes()],
    )?;
    for count in [0u8, 1, 2, 3, 7, 8, 9, 33, 79] {
        corpus.put(
            "audit_proof",
            &format!("{count}"),
            &[&[count, count / 2, 3, 0, 1, 1, 2, 0, 2]],
        )?;
        corpus.put(
            "audit_witness",
            &format!("{count}"),
            &[&[count, 0, 3, 1, 7, 4, 9, 1, 9, 6, 12, 9]],
        )?;
    }
    let event = Event::new(EventKind::Finding, Timestamp::from_secs(5)).with("reason", "x");
    let body = iia_audit::frame::Body {
        source: identity::ID.into(),
        event: event.clone(),
    };
    corpus.put("canon_decode", "event", &[&canon::encode(&event)])?;
    corpus.put("canon_decode", "body", &[&canon::encode(&body)])?;
    let log_id = iia_core::digest::Digest::of(iia_core::digest::Context::File, b"fuzz");
    let mut frame = Vec::new();
    let (chain, written) = (iia_audit::frame::log_key(&log_id), Default::default());
    let zero = iia_core::digest::Digest::ZERO;
    iia_audit::frame::encode(&mut frame, (&chain, &zero), 0, (written, [3; 16]), &body)?;
    corpus.put("audit_record", "one", &[b"\0", &frame])?;
    corpus.put(
        "audit_record",
        "fitted",
        &[b"\x01", &frame[..96], &piece(&frame[128..])],
    )?;
    Ok(())
}

fn boundary(corpus: &Corpus) -> Outcome {
    let rows = lake::good();
    let batch = wire::PublishBatch {
        stream: "ot.acs.conn".into(),
        position: 7,
        rows: 1,
        ipc: vec![1, 2, 3].into(),
    };
    let ask = wire::QueryAsk {
        stream: "ot.acs.modbus".into(),
        from_ns: 0,
        to_ns: 1,
        rows_max: 10,
    };
    let offer = wire::HeadOffer {
        checkpoint: "x".into(),
        old_size: 1,
        proof: vec![vec![7; 32].into()],
    };
    corpus.put("edge_wire", "publish", &[&canon::encode(&batch)])?;
    corpus.put("edge_wire", "ask", &[&canon::encode(&ask)])?;
    corpus.put("edge_wire", "offer", &[&canon::encode(&offer)])?;
    let answer = wire::HeadAnswer::Stale(5);
    corpus.put("edge_wire", "stale", &[&canon::encode(&answer)])?;
    let question = [
        &[1, 0, 0, 0][..],
        &piece(b"ot.acs.modbus"),
        &[0; 8],
        &[9; 7],
        &[0, 10, 0, 0, 0, 0, 0, 0, 0],
    ];
    corpus.put(
        "edge_query",
        "three",
        &[
            &[0; 8],
            &question.concat(),
            &question.concat(),
            &question.concat(),
        ],
    )?;
    corpus.put(
        "link_hello",
        "hello",
        &[b"iia.contract.internal.a_to_b\n1.2.0\nQUERY"],
    )?;
    let mut frames = Vec::new();
    for id in [1, 2] {
        let frame = iia_link::frame::Frame {
            kind: iia_link::frame::Kind::Data,
            session: 1,
            id,
            payload: b"rows",
        };
        frame.encode_to(&mut frames)?;
    }
    corpus.put("link_frame", "data", &[&frames])?;
    corpus.put("link_frame", "http", &[b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"])?;
    corpus.put("lake_ipc", "conn", &[&rows])?;
    corpus.put("lake_wal", "good", &[&[1, 0, 1, 0, 2, 0, 3]])?;
    corpus.put(
        "lake_wal",
        "made_up",
        &[&[1, 0, 1, 2], &[0xff; 8], &[2, 0, 0, 0, 0, 0, 0, 0]],
    )?;
    corpus.put("lake_wal", "torn", &[&[1, 0, 1, 7, 3, 0, 1, 2, 3]])?;
    corpus.put(
        "lake_wal",
        "other_rows",
        &[&[1, 1, 0, 4, 1, 2, 3, 4, 1, 0, 2]],
    )?;
    Ok(())
}

fn configuration(corpus: &Corpus) -> Outcome {
    for (name, path) in [
        ("site", "../examples/site/site.icl"),
        ("box", "../examples/box-pi/box.icl"),
    ] {
        let text = fs::read_to_string(path)?;
        for (index, entry) in text.split("\n}\n").enumerate().step_by(5).take(8) {
            let entry = entry.strip_prefix("iia-config 1\n").unwrap_or(entry);
            let whole = format!("iia-config 1\n{entry}\n}}\n");
            for target in ["parse", "recogniser", "round_trip", "validate"] {
                let (target, name) = (format!("config_{target}"), format!("{name}-{index}"));
                corpus.put(&target, &name, &[whole.as_bytes()])?;
            }
        }
    }
    for number in 0..8 {
        let name = format!("whole-{number}");
        corpus.put("config_envelope", &name, &[&[number, number % 2]])?;
        corpus.put("config_approval", &name, &[&[number; 18]])?;
        let same = [
            &[6, 0, number, 64, 128, 150, 160, 0, number][..],
            &[64, 150, 161 + number],
        ]
        .concat();
        corpus.put("config_diff", &name, &[&same])?;
        corpus.put("config_consequences", &name, &[&same])?;
    }
    signed(corpus)
}

fn signed(corpus: &Corpus) -> Outcome {
    let sealed = envelope::seal(Class::Config, b"iia-config 1\n", &[&key(1), &key(2)])?;
    let json = envelope::dsse::to_json(&sealed)?;
    corpus.put("config_dsse", "armour", &[b"\0", &sealed])?;
    corpus.put("config_dsse", "fitted", &[b"\x01", &sealed])?;
    corpus.put("config_dsse", "json", &[b"\x02", json.as_bytes()])?;
    corpus.put("config_keys", "raw", &[&[1; 32]])?;
    corpus.put("config_keys", "hexadecimal", &[&[b'a'; 64], b"\n"])?;
    let artifact = Digest::of(Context::Artifact, b"fuzz");
    let grant = format!(
        "iia-approval 1\n\napproval go 1.0.0 {{\n  purpose apply\n  class config\n  artifact {artifact}\n  box seg01\n  \
         issued 2026-11-24T00:00:00Z\n  not_before 2026-11-24T00:00:00Z\n  not_after 2026-11-25T00:00:00Z\n}}\n"
    );
    corpus.put("config_grant", "day", &[grant.as_bytes()])
}

fn identities(corpus: &Corpus) -> Outcome {
    for (name, id) in [
        ("workload", identity::ID),
        ("domain", "spiffe://iia.local"),
        ("dots", "spiffe://td/..."),
        ("slash", "spiffe://td/a//b/"),
    ] {
        corpus.put("spiffe_id", name, &[id.as_bytes()])?;
    }
    corpus.put(
        "spiffe_bundle",
        "every_kind",
        &[&[1, 1], &[0, 1, 2, 3, 4, 5, 6, 7, 8]],
    )?;
    corpus.put("spiffe_bundle", "refused", &[&[1, 1, 0, 9]])?;
    let one = Bundle::new(vec![identity::ROOT.to_vec()], 7)?.to_json()?;
    corpus.put("spiffe_bundle", "whole", &[&[0], &one])?;
    let good = [0, 1, 3, 0, 3, 0, 0, 0];
    corpus.put("svid_made", "good", &[&good])?;
    for at in 0..good.len() {
        let mut other = good;
        other[at] = 2;
        corpus.put("svid_made", &format!("other_{at}"), &[&other])?;
    }
    corpus.put("svid_chain", "leaf", &[&[9]])?;
    corpus.put("svid_chain", "bent", &[&[11, 77, 3, 0, 0, 0, 0, 0, 0]])?;
    corpus.put(
        "svid_chain",
        "leaf_root",
        &[&[9, 0, 0, 0, 0, 0, 0, 0, 0], &piece(identity::ROOT)],
    )?;
    let (csr, _key) = request(&identity::ID.parse()?)?;
    corpus.put("svid_request", "csr", &[&csr])?;
    admission::put(corpus)
}

fn packets(corpus: &Corpus) -> Outcome {
    let capture = fs::read("../examples/captures/press-line.pcap")?;
    let (mut at, mut whole, mut pieces) = (24, capture[..24].to_vec(), vec![0]);
    for _ in 0..14 {
        let len = u32::from_le_bytes(capture[at + 8..at + 12].try_into()?) as usize;
        whole.extend_from_slice(&capture[at..at + 16 + len]);
        pieces.extend_from_slice(&[200, 0, 12]);
        pieces.extend(piece(&capture[at + 16..at + 16 + len]));
        at += 16 + len;
    }
    corpus.put("capture_pcap", "press-line", &[&whole])?;
    corpus.put("capture_pcap", "cut", &[&whole[..whole.len() - 5]])?;
    corpus.put("capture_pipeline", "press-line", &[&pieces])?;
    let unit = |transaction: u8, pdu: &[u8]| {
        let head = [0, transaction, 0, 0, 0, pdu.len() as u8 + 1, 1];
        [&head, pdu].concat()
    };
    for (name, cut) in [("made_whole", 0xff), ("made_small", 1), ("made_odd", 6)] {
        let turns: Vec<u8> = (0..72u8)
            .flat_map(|at| {
                match at % 6 {
                    0 => 0x42 | (at / 6 % 2) | (at & 4),
                    other => at.wrapping_mul(37).wrapping_add(other),
                }
                .to_le_bytes()
            })
            .collect();
        corpus.put("capture_modbus", name, &[&[cut], &turns])?;
    }
    let ask = [
        &[0][..],
        &piece(&[unit(1, &[3, 0, 1, 0, 2]), unit(2, &[6, 0, 1, 0, 9])].concat()),
    ]
    .concat();
    let answer = [
        &[1][..],
        &piece(&[unit(1, &[3, 4, 0, 1, 0, 2]), unit(2, &[0x86, 2])].concat()),
    ]
    .concat();
    corpus.put("capture_modbus", "poll", &[&[4], &ask, &answer])?;
    Ok(())
}

/// Small public inputs from the shared data: certificates, IDs.
fn vectors(corpus: &Corpus, shared: &Path) -> Outcome {
    let table = fs::read_to_string(shared.join("vectors/spiffeid/cases.tsv"))?;
    for (index, line) in table.lines().skip(1).enumerate().step_by(12) {
        let input = line.split('\t').next().unwrap_or_default();
        corpus.put("spiffe_id", &format!("case-{index}"), &[input.as_bytes()])?;
    }
    let names = [
        "ok-p256.0",
        "leaf-ca-true.0",
        "id-userinfo.0",
        "intermediate-expired.1",
    ];
    for name in names {
        if let Ok(der) = fs::read(shared.join(format!("vectors/x509svid/{name}.der"))) {
            corpus.put("svid_chain", name, &[&[8], &piece(&der)])?;
        }
    }
    Ok(())
}
