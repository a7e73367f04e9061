use iia_config::lifecycle::Submitted;
use iia_core::Timestamp;

fn main() {
    let now = Timestamp::from_secs(0);
    let (submitted, _event) = Submitted::new(Vec::new(), now);
    let _ = submitted.parse(1024, now);
}
