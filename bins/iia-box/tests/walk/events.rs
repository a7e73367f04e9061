//! The eight kinds of event that a box must record (001:391), each induced on a running box, each found once in the
//! chain and stated by whoever saw it; and an identity of telemetry that tries whatever leads to the evidence.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use iia::lake_report::word;
use iia_audit::frame::Record;
use iia_audit::verify::records;
use iia_core::event::EventKind;
use iia_core::record::ServiceId;
use iia_core::stream::Stream;

use crate::demo::{Demo, Finished};
use crate::falls::kill;

const API: &str = "spiffe://iia.local/zone/api/workload/query_server";
const BUS: &str = "spiffe://iia.local/zone/bus/workload/relay";
const CHAIN: &str = "spiffe://iia.local/zone/audit/workload/chain";
const COLLECT: &str = "spiffe://iia.local/zone/collect/workload/protocol_collector";
const DESK: &str = "spiffe://iia.local/zone/cfg/workload/desk";
const LAKE: &str = "spiffe://iia.local/zone/lake/workload/lake_writer";
const OBSERVER: &str = "spiffe://iia.local/zone/attest/workload/observer";
const SUPERVISOR: &str = "spiffe://iia.local/zone/cfg/workload/supervisor";
const SITE_SUPERVISOR: &str = "spiffe://site.example/zone/cfg/workload/supervisor";
const SITE_CHAIN: &str = "spiffe://site.example/zone/audit/workload/chain";
const INTAKE: &str = "spiffe://site.example/zone/collect/workload/intake";
const LAPTOP: &str = "spiffe://site.example/zone/engineering/workload/laptop";
const NOTEBOOK: &str = "spiffe://site.example/zone/engineering/workload/notebook";
const QUERY: &str = "iia.contract.boundary.engineering.query";
const AUTHOR: &str = "site-engineer";
const ADDRESS: &str = "127.90.33.2:7443";

/// A certificate that names a workload of the box, and that nobody of the box has issued.
pub(crate) fn forge(dir: &Path) {
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-nodes", "-days", "1"])
        .args(["-pkeyopt", "ec_paramgen_curve:P-256", "-subj", "/O=nobody"])
        .args(["-addext", &format!("subjectAltName=URI:{OBSERVER}")])
        .args(["-keyout", "key.pem", "-out", "cert.pem"])
        .current_dir(dir)
        .stderr(Stdio::null())
        .status();
    assert!(made.unwrap().success());
}

/// Somebody without an identity of the box at its query API, through another implementation of TLS.
pub(crate) fn unauthenticated(demo: &Demo, dir: &Path) {
    let tried = demo
        .inside("openssl")
        .args(["s_client", "-connect", ADDRESS, "-alpn", "iia/1", "-tls1_3"])
        .args(["-cert", "cert.pem", "-key", "key.pem"])
        .current_dir(dir)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    tried.unwrap();
}

/// Who stated it, what kind, and its fields.
struct Told {
    source: String,
    kind: EventKind,
    fields: BTreeMap<String, String>,
}

impl Told {
    fn new(record: &Record) -> Self {
        let event = &record.body.event;
        let fields = event.fields.iter();
        Self {
            source: record.source().to_owned(),
            kind: event.kind,
            fields: fields
                .map(|field| (field.key.clone(), field.value.clone()))
                .collect(),
        }
    }

    fn has(&self, wanted: &[(&str, &str)]) -> bool {
        wanted
            .iter()
            .all(|(key, value)| self.fields.get(*key).is_some_and(|found| found == value))
    }
}

fn chain(run: &Finished, name: &str) -> Vec<Told> {
    let mut all = Vec::new();
    records(&run.evidence(name).join("audit"), |record| {
        all.push(Told::new(&record));
    })
    .unwrap();
    all
}

/// How many records of a kind have these fields, all of which are stated by `source` and nobody else.
fn times(told: &[Told], (kind, source): (EventKind, &str), wanted: &[(&str, &str)]) -> usize {
    let found: Vec<&Told> = told
        .iter()
        .filter(|told| told.kind == kind && told.has(wanted))
        .collect();
    for told in &found {
        assert_eq!(told.source, source, "{}: {:?}", kind.name(), told.fields);
    }
    found.len()
}

#[test]
fn each_of_eight_kinds_that_is_induced_is_one_record_of_whoever_saw_it() {
    let dir = tempfile::tempdir().unwrap();
    forge(dir.path());
    let mut demo = Demo::start(&["--speed", "6", "--no-kill"]);
    demo.until("collect serves");
    unauthenticated(&demo, dir.path());
    kill(demo.pid(), ("seg01", "attest"));
    let run = demo.finish();
    let told = chain(&run, "seg01");
    let all = |kind| told.iter().filter(|one| one.kind == kind).count();

    // Authentication: a certificate of nobody's, at the API, once.
    let nobody = [("peer", "unauthenticated"), ("outcome", "refused")];
    let seen = (EventKind::Authentication, API);
    assert_eq!(times(&told, seen, &nobody), 1);
    assert_eq!(all(EventKind::Authentication), 1);

    // Authorisation: a consumer with a contract asks for what it leaves out.
    let beyond = [("consumer", NOTEBOOK), ("contract", QUERY)];
    assert_eq!(times(&told, (EventKind::Authorisation, API), &beyond), 1);

    // Life of a workload, and its identity: the observer fell once and rose again.
    let fell = [("role", "attest"), ("outcome", "fell")];
    let stopped = (EventKind::WorkloadStopped, SUPERVISOR);
    assert_eq!(times(&told, stopped, &fell), 1);
    let started = (EventKind::WorkloadStarted, SUPERVISOR);
    assert_eq!(times(&told, started, &[("role", "attest")]), 2);
    assert_eq!(times(&told, started, &[("role", "bus")]), 1);
    let issued = (EventKind::SvidIssued, SUPERVISOR);
    assert_eq!(times(&told, issued, &[("id", OBSERVER)]), 2);
    assert_eq!(times(&told, issued, &[("id", BUS)]), 1);

    // Conduit: a workload that proves who it is and names a contract that the box does not have.
    let laptop = [("peer", LAPTOP), ("operation", "QUERY")];
    assert_eq!(times(&told, (EventKind::ConduitRejected, API), &laptop), 1);

    // The same on the other side, by whoever dialled: the box above has it in its own chain, with the code that it was told.
    let other = chain(&run, "site");
    let dialled = [
        ("side", "dialling"),
        ("id", LAPTOP),
        ("operation", "QUERY"),
        ("count", "1"),
    ];
    let seen = (EventKind::ConduitRejected, SITE_SUPERVISOR);
    assert_eq!(times(&other, seen, &dialled), 1);
    let code = |told: &[Told], by: &[(&str, &str)]| {
        let mut found = told.iter().filter(|one| one.has(by));
        let found = found.find(|one| one.kind == EventKind::ConduitRejected);
        found.map(|one| one.fields["code"].clone())
    };
    assert_eq!(code(&other, &dialled), code(&told, &laptop));

    // A revocation: operators have signed it, the desk has told it, and from then on nothing of the notebook gets in.
    let lost = [
        ("outcome", "revoked"),
        ("id", NOTEBOOK),
        ("operators", AUTHOR),
    ];
    assert_eq!(times(&told, (EventKind::Authorisation, DESK), &lost), 1);
    let cut = [("peer", NOTEBOOK), ("outcome", "revoked")];
    assert_eq!(times(&told, (EventKind::SessionClosed, API), &cut), 1);
    let again = [("peer", NOTEBOOK), ("code", "IIA-LNK-0103")];
    assert_eq!(times(&told, (EventKind::ConduitRejected, API), &again), 1);

    // Sessions: the notebook asked twice, each in a session of its own, and in a third until it was revoked.
    let session = [("peer", NOTEBOOK), ("contract", QUERY)];
    for kind in [EventKind::SessionOpened, EventKind::SessionClosed] {
        assert_eq!(times(&told, (kind, API), &session), 3, "{}", kind.name());
    }

    // Signature: whoever may only approve has signed a configuration. The desk is no peer: it leaves its events in a
    // file of the box, from which the keeper takes them.
    if !run.said.contains("left out: iia-apply") {
        let signature = [("code", "IIA-CFG-0106")];
        let failed = (EventKind::SignatureFailed, DESK);
        assert_eq!(times(&told, failed, &signature), 1);
        assert_eq!(all(EventKind::SignatureFailed), 1);
    }
    evidence_is_apart(&run, &told);
}

/// The collector's identity in other hands: refused at the chain, at the lake, at the next box up; each time a record.
fn evidence_is_apart(run: &Finished, told: &[Told]) {
    let tried = |told: &[Told], by: &str, wanted: &[(&str, &str)]| {
        let peer = [("peer", COLLECT)];
        let wanted: Vec<_> = peer.into_iter().chain(wanted.iter().copied()).collect();
        times(told, (EventKind::ConduitRejected, by), &wanted)
    };
    let to_chain = |who: &str| format!("iia.contract.internal.{who}_to_audit");
    for who in ["api", "attest", "bus", "cfg", "lake"] {
        let contract = to_chain(who);
        let wanted = [
            ("contract", contract.as_str()),
            ("operation", "SUBMIT_EVENT"),
        ];
        assert_eq!(tried(told, CHAIN, &wanted), 1, "in the name of {who}");
    }
    let (publish, own) = (to_chain("publish"), to_chain("collect"));
    for operation in [
        "FETCH_HEAD",
        "FETCH_RECORDS",
        "SUBMIT_MIRRORED",
        "SUBMIT_RECEIPT",
    ] {
        for contract in [&publish, &own] {
            let wanted = [("contract", contract.as_str()), ("operation", operation)];
            assert_eq!(tried(told, CHAIN, &wanted), 1, "{contract} {operation}");
        }
    }
    assert_eq!(tried(told, CHAIN, &[]), 13);
    let above = chain(run, "site");
    for operation in ["ADD_CHECKPOINT", "ADD_ENTRIES", "PUBLISH_HEAD"] {
        let wanted = [("operation", operation)];
        assert_eq!(tried(&above, INTAKE, &wanted), 1, "{operation}");
    }
    at_the_lake(run, told);
    // Under its own contract it is heard, as itself, whomever its words name.
    let claimed = [("outcome", "claimed"), ("source", CHAIN)];
    let stated = (EventKind::HeadWitnessed, COLLECT);
    assert_eq!(times(told, stated, &claimed), 1);
    // A publisher's identity: evidence under the contract of telemetry, and the other way round.
    for (contract, stream) in [
        ("telemetry", "ot.security.audit.head"),
        ("evidence", "ot.acs.modbus"),
    ] {
        let contract = format!("iia.contract.boundary.site.{contract}");
        let reason = format!("{stream} is not of its inventory");
        let wanted = [("contract", contract.as_str()), ("reason", reason.as_str())];
        let refused = (EventKind::Authorisation, INTAKE);
        assert_eq!(times(&above, refused, &wanted), 1, "{stream}");
    }
    // A head that no log has signed is refused, and that is a finding at the site.
    let head = [("outcome", "refused")];
    assert_eq!(
        times(&above, (EventKind::HeadWitnessed, SITE_CHAIN), &head),
        1
    );
    let batches = run.rows("site", &Stream::ATTEST_AUDIT_CHAIN);
    let reasons = batches
        .iter()
        .flat_map(|batch| (0..batch.num_rows()).filter_map(|row| word(batch, "reason", row)));
    let reasons: Vec<&str> = reasons.collect();
    assert_eq!(reasons.len(), 1, "{reasons:?}");
    assert!(
        reasons[0].starts_with("head seg01/audit 1 is not signed for: IIA-AUD-"),
        "{reasons:?}"
    );
    for words in [
        "collector in other hands: all 19 refused",
        "publisher in other hands: all 3 refused",
    ] {
        assert!(run.said.contains(words), "{words}\n{}", run.said);
    }
}

/// A head of the chain, and rows in the name of its keeper, by number and by column.
fn at_the_lake(run: &Finished, told: &[Told]) {
    let keeper = ServiceId::of(&CHAIN.parse().unwrap()).to_string();
    let refused = (EventKind::Authorisation, LAKE);
    for (claimed, count) in [(Stream::AUDIT_HEAD.as_str(), 1), (keeper.as_str(), 2)] {
        let reason = format!("{COLLECT} does not speak for {claimed}");
        let wanted = [("consumer", COLLECT), ("reason", reason.as_str())];
        assert_eq!(times(told, refused, &wanted), count, "{claimed}");
    }
    let forged = run.evidence("seg01").join("lake/ot.acs.forged");
    assert!(
        !forged.exists(),
        "{}",
        fs::read_dir(forged).unwrap().count()
    );
}
