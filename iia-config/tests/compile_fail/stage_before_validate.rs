use iia_config::lifecycle::Parsed;
use iia_config::stage::StageError;
use iia_core::Timestamp;
use iia_core::digest::Digest;

fn skip(parsed: Parsed) {
    let store = |_: &[u8]| Ok::<_, StageError>((String::new(), Digest::ZERO));
    let _ = parsed.stage(Timestamp::from_secs(0), store);
}

fn main() {}
