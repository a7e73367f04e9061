use iia_config::apply::Calls;
use iia_config::lifecycle::Authorised;
use iia_core::Timestamp;

fn twice(authorised: Authorised, calls: &mut dyn Calls) {
    let _ = authorised.apply(calls, 1, Timestamp::from_secs(0));
    let _ = authorised.apply(calls, 1, Timestamp::from_secs(0));
}

fn main() {}
