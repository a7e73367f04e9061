//! The heads of the chains as a stream: those of the box in its own lake and at the site, and the site's own beside
//! those of its child that it has cosigned.

use std::fs;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray as _;
use arrow_array::types::Int64Type;
use iia::lake_report::{time, word};
use iia_audit::checkpoint::Checkpoint;
use iia_audit::note::VerifierKey;
use iia_audit::policy::Policy;
use iia_audit::proof::Proof;
use iia_audit::tree;
use iia_audit::verify::records;
use iia_core::SpiffeId;
use iia_core::digest::Digest;
use iia_core::record::ServiceId;
use iia_core::stream::Stream;

use crate::demo::{Demo, Finished};

const CHAIN: &str = "spiffe://iia.local/zone/audit/workload/chain";
const SITE: &str = "spiffe://site.example/zone/audit/workload/chain";
const TOP: &str = "spiffe://enterprise.example/zone/audit/workload/chain";
const SECOND_NS: i64 = 1_000_000_000;

/// A row of the stream.
#[derive(Debug)]
pub(crate) struct Head {
    /// Whoever wrote it.
    pub(crate) by: &'static str,
    at_ns: i64,
    origin: String,
    size: u64,
    root: String,
    chain: Option<String>,
    note: String,
    proof: Option<String>,
    state: String,
    error_us: i64,
}

/// The rows in the lake of a box.
pub(crate) fn heads(run: &Finished, name: &str) -> Vec<Head> {
    let batches = run.rows(name, &Stream::AUDIT_HEAD);
    let rows = batches
        .iter()
        .flat_map(|batch| (0..batch.num_rows()).map(move |row| head(batch, row)));
    rows.collect()
}

fn head(batch: &RecordBatch, row: usize) -> Head {
    let text = |column: &str| word(batch, column, row).map(str::to_owned);
    let number = |column: &str| {
        let column = batch.column_by_name(column).unwrap();
        column.as_primitive::<Int64Type>().value(row)
    };
    let by = |id: &&str| {
        let id: SpiffeId = id.parse().unwrap();
        text("service").unwrap() == ServiceId::of(&id).to_string()
    };
    Head {
        by: [CHAIN, SITE, TOP].into_iter().find(by).unwrap(),
        at_ns: time(batch, row).as_ns(),
        origin: text("origin").unwrap(),
        size: u64::try_from(number("size")).unwrap(),
        root: text("root").unwrap(),
        chain: text("chain"),
        note: text("note").unwrap(),
        proof: text("proof"),
        state: text("time_state").unwrap(),
        error_us: number("time_error_us"),
    }
}

/// The chain hashes of a box's log.
fn hashes(run: &Finished, name: &str) -> Vec<Digest> {
    let mut hashes = Vec::new();
    records(&run.evidence(name).join("audit"), |record| {
        hashes.push(record.hash);
    })
    .unwrap();
    hashes
}

fn policy(run: &Finished, name: &str) -> Policy {
    let text = fs::read_to_string(run.evidence(name).join("audit/policy")).unwrap();
    Policy::parse(&text).unwrap()
}

/// Each note is the log's, its columns are what it says, sizes rise, and the newest record is the end of the chain.
fn own(heads: &[&Head], log: &VerifierKey, hashes: &[Digest]) {
    for pair in heads.windows(2) {
        assert!(pair[0].size < pair[1].size, "{pair:#?}");
        assert!(pair[0].at_ns < pair[1].at_ns, "{pair:#?}");
    }
    for head in heads {
        let (checkpoint, _) = Checkpoint::open(&head.note, log).unwrap();
        columns(head, &checkpoint);
        let proof = Proof::parse(head.proof.as_ref().unwrap()).unwrap();
        assert_eq!(proof.checkpoint, head.note);
        assert_eq!(proof.index + 1, head.size);
        let newest = hashes.get(usize::try_from(proof.index).unwrap()).unwrap();
        assert_eq!(head.chain, Some(newest.to_string()));
        let place = (tree::leaf(newest.as_bytes()), proof.index, head.size);
        let holds = |(leaf, index, size)| {
            tree::verify_inclusion(leaf, index, size, &proof.path, &checkpoint.root)
        };
        assert!(holds(place));
        let another = hashes.first().filter(|first| *first != newest);
        let another = another.map(|hash| tree::leaf(hash.as_bytes()));
        assert!(another.is_none_or(|leaf| !holds((leaf, proof.index, head.size))));
    }
}

fn columns(head: &Head, checkpoint: &Checkpoint) {
    assert_eq!(checkpoint.origin, head.origin);
    assert_eq!(checkpoint.size, head.size);
    assert_eq!(
        checkpoint.to_text().lines().nth(2),
        Some(head.root.as_str())
    );
    // The demo's clock is disciplined by nobody, and says so.
    assert_eq!(head.error_us, 1_000_000);
    assert_ne!(head.state, "unknown");
}

/// The site's rows of its child: the child's head, the log's signature, and the site's own.
fn cosigned(heads: &[&Head], policy: &Policy, hashes: &[Digest]) {
    let [witness] = &policy.witnesses[..] else {
        panic!("one witness");
    };
    for pair in heads.windows(2) {
        assert!(pair[0].size < pair[1].size, "{pair:#?}");
    }
    for head in heads {
        let (checkpoint, note) = Checkpoint::open(&head.note, &policy.log).unwrap();
        columns(head, &checkpoint);
        let at = note.verify(witness).unwrap();
        assert!((head.at_ns / SECOND_NS).abs_diff(i64::try_from(at).unwrap()) <= 1);
        let leaves = hashes.iter().take(usize::try_from(head.size).unwrap());
        let leaves: Vec<_> = leaves.map(|hash| tree::leaf(hash.as_bytes())).collect();
        assert_eq!(tree::root(&leaves), checkpoint.root);
    }
}

/// The bundled configuration with another period: a head each two seconds.
pub(crate) fn often(dir: &std::path::Path) -> std::path::PathBuf {
    let text = include_str!("../../../../examples/box-pi/box.icl");
    let text = text.replace("head_period 1m", "head_period 2s");
    let path = dir.join("often.icl");
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn heads_are_a_stream_that_the_next_box_up_signs_and_publishes_again() {
    let dir = tempfile::tempdir().unwrap();
    let config = often(dir.path());
    let mut demo = Demo::start(&["--speed", "8", "--config", config.to_str().unwrap()]);
    demo.until("the plug: lake");
    let run = demo.finish();
    let (here, there) = (heads(&run, "seg01"), heads(&run, "site"));
    let (child, site) = (policy(&run, "seg01"), policy(&run, "site"));
    let (child_hashes, site_hashes) = (hashes(&run, "seg01"), hashes(&run, "site"));
    let here: Vec<&Head> = here.iter().collect();
    assert!(here.len() >= 4, "{here:#?}");
    assert!(here.iter().all(|head| head.by == CHAIN));
    own(&here, &child.log, &child_hashes);
    let from = |by: &str, origin: &str| -> Vec<&Head> {
        let of = |head: &&Head| head.by == by && head.origin == origin;
        there.iter().filter(of).collect()
    };
    // What the box published arrived as it was, from the first on; what came after the last message stays.
    let arrived = from(CHAIN, "seg01/audit");
    assert!(arrived.len() + 1 >= here.len(), "{there:#?}");
    for (left, right) in here.iter().zip(&arrived) {
        assert_eq!(format!("{left:?}"), format!("{right:?}"));
    }
    let republished = from(SITE, "seg01/audit");
    assert!(republished.len() >= 2, "{there:#?}");
    cosigned(&republished, &child, &child_hashes);
    assert_eq!(republished.last().unwrap().size, child_hashes.len() as u64);
    let words = format!("{} of which the site has signed", republished.len());
    assert!(run.said.contains(&words), "{words}\n{}", run.said);
    let own_heads = from(SITE, "site/audit");
    assert!(!own_heads.is_empty(), "{there:#?}");
    own(&own_heads, &site.log, &site_hashes);
    assert_eq!(
        arrived.len() + republished.len() + own_heads.len(),
        there.len()
    );
    at_the_top(&run, (&child, &child_hashes), (&site, &site_hashes));
}

/// The third box has the head of the first with the signature of the second, and its own under the second's: whoever
/// trusts the topmost head has every level below it.
fn at_the_top(run: &Finished, child: (&Policy, &[Digest]), site: (&Policy, &[Digest])) {
    let top = heads(run, "enterprise");
    let from = |by: &str, origin: &str| -> Vec<&Head> {
        let of = |head: &&Head| head.by == by && head.origin == origin;
        top.iter().filter(of).collect()
    };
    let passed_on = from(SITE, "seg01/audit");
    assert!(!passed_on.is_empty(), "{top:#?}");
    cosigned(&passed_on, child.0, child.1);
    let countersigned = from(TOP, "site/audit");
    assert!(!countersigned.is_empty(), "{top:#?}");
    cosigned(&countersigned, site.0, site.1);
    assert_eq!(countersigned.last().unwrap().size, site.1.len() as u64);
    let own_heads = from(TOP, "enterprise/audit");
    assert!(!own_heads.is_empty(), "{top:#?}");
    let policy = policy(run, "enterprise");
    own(&own_heads, &policy.log, &hashes(run, "enterprise"));
}
