use iia_config::lifecycle::{Authorised, Confirmation};
use iia_core::time::Reading;

fn skip(authorised: Authorised, by: &Confirmation, now: Reading) {
    let _ = authorised.confirm(by, now);
}

fn main() {}
