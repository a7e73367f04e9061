//! The IO masters of the model: what the artifact says of them is what their programs use.
#![expect(clippy::unwrap_used, reason = "tests")]

use iia_config::io_master::IoMaster;
use iia_config::limits::DOCUMENT_LEN_MAX;
use iia_config::parse::parse;
use iia_config::trust::key_text;

const MODEL: &str = include_str!("data/model.icl");

fn masters(text: &str) -> Vec<IoMaster> {
    IoMaster::all(&parse(text.as_bytes(), DOCUMENT_LEN_MAX).unwrap())
}

#[test]
fn r_cfg_09_tolerance_skew_and_key_are_those_of_the_text() {
    let masters = masters(MODEL);
    let [master] = masters.as_slice() else {
        unreachable!("{masters:?}");
    };
    assert_eq!(master.name, "io_master");
    let id = "spiffe://iia.local/zone/io/workload/io_master";
    assert_eq!(master.observer.as_str(), id);
    assert_eq!(
        (master.tolerance_ppm, master.skew_ns),
        (5_000, Some(50_000_000))
    );
    let key = "ed25519:PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=";
    assert_eq!(key_text(&master.key.unwrap()), key);
}

#[test]
fn what_is_changed_in_the_text_is_changed_here_and_what_is_left_out_is_left_out() {
    let tolerance = "  tolerance 0.5%\n  skew 50ms\n  key ed25519:PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=\n";
    assert!(MODEL.contains(tolerance));
    let of = |text: &str| masters(&MODEL.replace(tolerance, text)).pop().unwrap();
    let other = of("  tolerance 12%\n  skew 2s\n");
    assert_eq!(
        (other.tolerance_ppm, other.skew_ns, other.key),
        (120_000, Some(2_000_000_000), None)
    );
    assert_eq!(of("  tolerance 1%\n").skew_ns, None);
}
