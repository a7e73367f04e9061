use iia_config::lifecycle::Verified;
use iia_config::validate::Facts;
use iia_core::Timestamp;

fn skip(verified: Verified, facts: &Facts) {
    let _ = verified.validate(facts, Timestamp::from_secs(0));
}

fn main() {}
