//! One byte of one file is changed, a thousand times: verification fails each time and names the place.

use std::fs;
use std::path::{Path, PathBuf};

use iia_audit::seal::SealKey;
use iia_audit::segment::HEADER_ALIGN;
use iia_audit::verify::{Elsewhere, Outcome, Report, records, verify_against};

use crate::demo::{Demo, Finished, LEVELS, files};

const CHANGES: usize = 1000;

/// A small generator with a seed, so that a failure can be had again (xorshift64*).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(high).unwrap() % end
    }
}

/// The number of the record that a byte of the first segment belongs to.
fn record_at(evidence: &Path, byte: usize) -> u64 {
    let (mut end, mut found) = (HEADER_ALIGN, None);
    records(&evidence.join("audit"), |record| {
        end += record.len;
        if byte < end {
            found.get_or_insert(record.seq);
        }
    })
    .unwrap();
    found.unwrap()
}

/// Verifies with the key of the seals, which is not in the evidence.
fn checked(run: &Finished, evidence: &Path) -> Report {
    let box_name = evidence.parent().and_then(Path::file_name).unwrap();
    let key = run.path().join("escrow").join(box_name);
    let key = fs::read_to_string(key.with_extension("seal-key")).unwrap();
    let elsewhere = Elsewhere {
        seal_key: Some(SealKey::parse(&key).unwrap()),
        ..Elsewhere::default()
    };
    verify_against(evidence, &elsewhere)
}

#[test]
fn a_thousand_changes_of_one_byte_are_all_found_and_placed() {
    let run = Demo::start(&["--speed", "0", "--no-kill"]).finish();
    let seed = u64::from(std::process::id()) << 20 | 1;
    let mut random = Random(seed);
    let all: Vec<(PathBuf, PathBuf)> = LEVELS
        .iter()
        .map(|name| run.evidence(name))
        .flat_map(|evidence| {
            let paths = files(&evidence).into_iter();
            paths.map(move |path| (evidence.clone(), path))
        })
        .filter(|(_, path)| fs::metadata(path).unwrap().len() > 0)
        .collect();
    assert!(all.len() > 20, "{all:?}");
    for change in 0..CHANGES {
        let (evidence, path) = &all[change % all.len()];
        let good = fs::read(path).unwrap();
        let (byte, mask) = (random.below(good.len()), 1 + random.below(255));
        let mut bent = good.clone();
        bent[byte] ^= u8::try_from(mask).unwrap();
        fs::write(path, &bent).unwrap();
        let report = checked(&run, evidence);
        fs::write(path, &good).unwrap();
        let place = format!("{} byte {byte} xor {mask:#x}, seed {seed}", path.display());
        assert_eq!(report.outcome(), Outcome::Failed, "{place}");
        let bad = report.bad.expect("a failure has a place");
        let name = path.strip_prefix(evidence).unwrap();
        let file_is_named = bad.file == name
            // Genesis states the digest of the policy: which of the two was changed cannot be told.
            || name.ends_with("policy") && bad.file.ends_with("genesis");
        assert!(file_is_named, "{place}: {bad:?}");
        if name.starts_with("audit/seg") {
            assert_eq!(bad.seq, record_at(evidence, byte), "{place}");
        }
    }
    for name in LEVELS {
        assert_eq!(
            checked(&run, &run.evidence(name)).outcome(),
            Outcome::Verified
        );
    }
}
