//! Observations a second of the observers of the audit chain and of configuration, with few and many elements.
#![expect(clippy::unwrap_used, reason = "a bench is its own page")]
use iia_attest::audit_chain::{self, AuditChain, Mark};
use iia_attest::config::{
    self, Aspect, Config, Element, Intended, Kind, Reference, Running, State,
};
use iia_attest::correlator::Correlator as _;
use iia_audit::checkpoint::Checkpoint;
use iia_audit::note::{self, Purpose, VerifierKey};
use iia_audit::policy::Policy;
use iia_audit::tree::Frontier;
use iia_core::sign::{Signer as _, SoftwareKey};
use iia_core::{Digest, Timestamp};

/// Says how much memory a bench has at most.
#[global_allocator]
static MEMORY: divan::AllocProfiler = divan::AllocProfiler::system();

const ELEMENTS: [u32; 3] = [100, 10_000, 100_000];
const WITNESS: &str = "site/witness";

fn main() {
    divan::main();
}

fn now() -> Timestamp {
    Timestamp::from_secs(1_800_000_000)
}

fn key(seed: u8) -> SoftwareKey {
    SoftwareKey::from_seed(&[seed; 32].into())
}

fn chain() -> AuditChain {
    let named = |name: &str, purpose, seed| VerifierKey {
        name: name.into(),
        purpose,
        key: key(seed).public_key(),
    };
    AuditChain::new(audit_chain::Agreed::of(Policy {
        log: named("seg01/audit", Purpose::Log, 1),
        witnesses: vec![named(WITNESS, Purpose::Cosignature, 2)],
        quorum: 1,
        mirrors: Vec::new(),
    }))
}

fn head(size: u64) -> String {
    let origin = "seg01/audit".into();
    let root = [7; 32];
    let head = Checkpoint { origin, size, root };
    let line = note::cosign(&head.to_text(), WITNESS, &key(2), 1_800_000_000).unwrap();
    format!("{}{line}", head.sign(&key(1)).unwrap())
}

fn mark(number: u64) -> Mark {
    let mut bytes = [0; 32];
    let (low, _) = bytes.split_at_mut(8);
    low.copy_from_slice(&number.to_le_bytes());
    let digest = Digest::from_bytes(bytes);
    Mark {
        chain: digest,
        content: digest,
    }
}

/// Records of a reading, more than are remembered.
#[divan::bench]
fn chain_record(bencher: divan::Bencher) {
    let mut observer = chain();
    let begin = audit_chain::Seen::Reading(None, Frontier::default());
    observer.handle_observation(now(), begin);
    let mut number = 0;
    bencher.bench_local(|| {
        number += 1;
        observer.handle_observation(now(), audit_chain::Seen::Record(mark(number)));
    });
}

/// Records that were seen before, read again.
#[divan::bench]
fn chain_record_again(bencher: divan::Bencher) {
    let mut observer = chain();
    for _ in 0..2 {
        let begin = audit_chain::Seen::Reading(None, Frontier::default());
        observer.handle_observation(now(), begin);
        for number in 0..100_000 {
            observer.handle_observation(now(), audit_chain::Seen::Record(mark(number)));
        }
    }
    let mut number = 100_000;
    bencher.bench_local(|| {
        if number == 100_000 {
            number = 0;
            let begin = audit_chain::Seen::Reading(None, Frontier::default());
            observer.handle_observation(now(), begin);
        }
        observer.handle_observation(now(), audit_chain::Seen::Record(mark(number)));
        number += 1;
    });
}

/// The head that a peer held a moment ago, again.
#[divan::bench]
fn chain_head_again(bencher: divan::Bencher) {
    let mut observer = chain();
    let note = head(9);
    let held = || audit_chain::Seen::Held {
        peer: WITNESS.into(),
        note: note.clone(),
    };
    bencher
        .with_inputs(held)
        .bench_local_values(|held| observer.handle_observation(now(), held));
}

/// A head that is new: two signatures.
#[divan::bench]
fn chain_head_new(bencher: divan::Bencher) {
    let mut observer = chain();
    let mut size = 0;
    let held = || {
        size += 1;
        audit_chain::Seen::Held {
            peer: WITNESS.into(),
            note: head(size),
        }
    };
    bencher
        .with_inputs(held)
        .bench_local_values(|held| observer.handle_observation(now(), held));
}

fn element(number: u32) -> Element {
    Element::new(Kind::Contract, format!("iia.contract.internal.c{number}"))
}

fn state() -> State {
    State::default().with(Aspect::Version, "1.0.0")
}

fn reference(elements: u32) -> Reference {
    let intended = |number| Intended {
        element: element(number),
        state: state(),
    };
    Reference {
        name: "seg01 1.0.0, revision 1".into(),
        digest: Some(Digest::ZERO),
        elements: (0..elements).map(intended).collect(),
        every: Vec::new(),
    }
}

fn look(observer: &mut Config, elements: u32) {
    observer.handle_observation(now(), config::Seen::Look);
    for number in 0..elements {
        let running = Running::new(element(number), state());
        observer.handle_observation(now(), config::Seen::Running(running));
    }
    observer.handle_observation(now(), config::Seen::Looked(Vec::new()));
}

fn observer(elements: u32) -> Config {
    let mut observer = Config::new(config::Agreed::of("seg01"));
    let applied = config::Seen::Applied(Ok(reference(elements)));
    observer.handle_observation(now(), applied);
    look(&mut observer, elements);
    assert!(observer.is_right());
    observer
}

/// Elements of a look, in an order that no cache likes.
#[divan::bench(args = ELEMENTS)]
fn config_element(bencher: divan::Bencher, elements: u32) {
    let mut observer = observer(elements);
    observer.handle_observation(now(), config::Seen::Look);
    let mut number = 0;
    let running = || {
        number = (number + 7919) % elements;
        config::Seen::Running(Running::new(element(number), state()))
    };
    bencher
        .with_inputs(running)
        .bench_local_values(|running| observer.handle_observation(now(), running));
}

/// A whole look with its end; the memory is that of the observer.
#[divan::bench(args = ELEMENTS, sample_count = 10)]
fn config_made_and_looked_at(elements: u32) -> Config {
    observer(elements)
}

/// A whole reading of as many records as are remembered; the memory is that of the observer.
#[divan::bench(sample_count = 3)]
fn chain_made_and_read() -> AuditChain {
    let mut observer = chain();
    let begin = audit_chain::Seen::Reading(None, Frontier::default());
    observer.handle_observation(now(), begin);
    for number in 0..audit_chain::RECORDS_MAX as u64 {
        observer.handle_observation(now(), audit_chain::Seen::Record(mark(number)));
    }
    observer
}
