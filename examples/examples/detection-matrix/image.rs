//! `ot.attestation.image`: a quote of a TPM implementation, appraised against what was intended, right and wrong.
//!
//! Time is injected: whoever answers does so at once.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;

use iia_attest::correlator::Correlator as _;
use iia_attest::image::{Appraised, Image};
use iia_attest::tpm::{Evidence, PublicArea, PureRust, Reference, appraise};
use iia_core::Timestamp;
use iia_core::finding::{Conclusion, Finding};
use iia_core::outside::HashName;
use iia_core::time::SECOND_NS;

use super::Outcome;

const QUOTES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/vectors/tpm");
/// How long a machine may take to answer.
const DUE_NS: i64 = 10 * SECOND_NS;

/// Whether the quotes are here.
pub(crate) fn can() -> bool {
    Path::new(QUOTES).is_dir()
}

/// Does it once; nothing where this is no fault of this stream.
pub(crate) fn run(done: &str) -> Result<Option<Outcome>, Box<dyn Error>> {
    let read = |name: &str| fs::read(Path::new(QUOTES).join(name));
    let [attest, signature, pcrs] = ["attest.bin", "sig.tpmt", "pcrs_0_4_10.bin"].map(read);
    let (attest, signature, pcrs) = (attest?, signature?, pcrs?);
    let (key, nonce) = (
        PublicArea::parse(&read("ak_pub.tpmt")?)?,
        read("nonce.bin")?,
    );
    let other = PublicArea::parse(&read("ek_pub.tpmt")?)?;
    let evidence = Evidence {
        attest: &attest,
        signature: &signature,
        log: None,
        pcrs: Some(&pcrs),
    };
    let mut reference = Reference {
        pcrs: intended(&pcrs),
        ..Reference::new(&key, &nonce)
    };
    let mut observer = Image::default();
    let acted = Timestamp::from_secs(1_800_000_000);
    let result = appraise(&evidence, &reference, &PureRust);
    let last = result.quote.as_ref().map(|quote| quote.clock);
    if !observer.asked("seg01", acted + DUE_NS) {
        return Err("the machine is not asked".into());
    }
    let machine = || "seg01".into();
    observer.handle_observation(
        acted,
        Appraised {
            machine: machine(),
            result,
        },
    );
    if let Some(early) = wrong(&mut observer) {
        return Err(format!("told before anything was done: {}", early.reason).into());
    }
    let mut answers = true;
    match done {
        "another image was booted: a PCR has another value" => {
            let value = reference.pcrs.get_mut(&(HashName::Sha256, 4));
            *value.ok_or("no such register")? = vec![vec![7; 32]];
        }
        "a quote is shown again" => reference.last = last,
        "another key signs the quote" => reference.key = &other,
        "the machine answers another nonce" => reference.nonce = b"another",
        "the machine does not answer" => answers = false,
        _ => return Ok(None),
    }
    if !observer.asked("seg01", acted + DUE_NS) {
        return Err("the machine is not asked".into());
    }
    if answers {
        let result = appraise(&evidence, &reference, &PureRust);
        observer.handle_observation(
            acted,
            Appraised {
                machine: machine(),
                result,
            },
        );
    }
    for second in 0..60 {
        let now = acted + second * SECOND_NS;
        observer.handle_timeout(now);
        if let Some(finding) = wrong(&mut observer) {
            return Ok(Some(Outcome::told(acted, now, finding)));
        }
    }
    Ok(Some(Outcome::silent()))
}

fn intended(pcrs: &[u8]) -> BTreeMap<(HashName, u8), Vec<Vec<u8>>> {
    let values = pcrs.chunks(32).map(|value| vec![value.to_vec()]);
    let registers = [0, 4, 10].map(|register| (HashName::Sha256, register));
    registers.into_iter().zip(values).collect()
}

/// The first finding that is none of peace.
fn wrong(observer: &mut Image) -> Option<Finding> {
    let mut found = std::iter::from_fn(|| observer.poll_finding());
    found.find(|one| one.conclusion != Conclusion::Converge)
}
