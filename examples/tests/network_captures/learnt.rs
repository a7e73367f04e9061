//! What is learnt from a capture, and what the observer says of another, or of the same.

use std::fs::File;
use std::path::{Path, PathBuf};

use iia_attest::correlator::Correlator as _;
use iia_attest::network::{Deed, Wire};
use iia_capture::pipeline::{Options, Pipeline};
use iia_capture::source::pcap::PcapSource;
use iia_contract::Catalog;
use iia_contract::learn::Learner;
use iia_core::Timestamp;
use iia_core::finding::Finding;
use iia_core::observe::{Observation, Protocol};

use crate::kept::Kept;

/// Captures of the manifest and their protocols.
pub(crate) fn captures(corpus: &Path) -> Vec<(PathBuf, String)> {
    let text = std::fs::read_to_string(corpus.join("MANIFEST.tsv")).unwrap();
    let row = |line: &str| {
        let columns: Vec<&str> = line.split('\t').collect();
        (corpus.join(columns[0]), columns[6].to_owned())
    };
    text.lines().skip(1).map(row).collect()
}

/// Everything that the decoders see, each with the time of the packet that showed it.
pub(crate) fn decode(packets: &[Kept], sink: &mut dyn FnMut(Timestamp, &Observation<'_>)) {
    let mut pipeline = Pipeline::new(Options::default());
    let mut last = Timestamp::from_ns(0);
    for packet in packets {
        last = packet.ts.max(last);
        pipeline.handle_packet(&packet.borrowed(), &mut |one| sink(last, one));
    }
    pipeline.finish(&mut |one| sink(last, one));
}

/// What is learnt, and which of the observations was taken; what was refused or not answered teaches nothing.
pub(crate) fn learn(packets: &[Kept]) -> (Catalog, Vec<bool>) {
    let mut learner = Learner::default();
    let mut taken = Vec::new();
    decode(packets, &mut |_, observation| {
        let before = counted(&learner);
        learner.observe(observation);
        let is_taken = before == counted(&learner);
        taken.push(is_taken && teaches(observation));
    });
    let text = learner.to_icl("box");
    let read = iia_config::parse::parse(text.as_bytes(), iia_config::limits::DOCUMENT_LEN_MAX);
    let document = read.unwrap_or_else(|found| panic!("{found:#?}"));
    let catalog = iia_config::validate::catalog(&document);
    (catalog.unwrap_or_else(|found| panic!("{found:#?}")), taken)
}

/// How much was not learnt so far.
const fn counted(learner: &Learner) -> [u64; 4] {
    [
        learner.unanswered(),
        learner.left_out(),
        learner.seen().untyped,
        learner.unwritten().0,
    ]
}

/// A connection that carried nothing is not learnt, and Modbus is learnt from its exchanges.
fn teaches(observation: &Observation<'_>) -> bool {
    match observation {
        Observation::Conn(conn) => {
            conn.protocol != Protocol::ModbusTcp && conn.orig_bytes + conn.resp_bytes > 0
        }
        _ => true,
    }
}

/// What the observer says of packets, of those observations that were taken, and of others that come behind them.
pub(crate) fn observe(
    catalog: &Catalog,
    (packets, taken): (&[Kept], &[bool]),
    behind: &[Kept],
) -> Vec<Finding> {
    let mut observer = Wire::new(catalog);
    let mut number = 0;
    decode(packets, &mut |now, observation| {
        let is_taken = taken.get(number).copied().unwrap_or_default();
        if let Some(deed) = Deed::of(observation).filter(|_| is_taken) {
            observer.handle_observation(now, deed);
        }
        number += 1;
    });
    decode(behind, &mut |now, observation| {
        if let Some(deed) = Deed::of(observation) {
            observer.handle_observation(now, deed);
        }
    });
    std::iter::from_fn(|| observer.poll_finding()).collect()
}

pub(crate) fn packets(path: &Path) -> Vec<Kept> {
    let Ok(mut source) = PcapSource::unpack(File::open(path).unwrap()) else {
        return Vec::new();
    };
    let mut all = Vec::new();
    while let Ok(Some(packet)) = source.next_packet() {
        all.push(Kept::of(&packet));
    }
    all
}
