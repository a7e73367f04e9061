use iia_config::lifecycle::Submitted;

fn main() {
    let _ = Submitted { bytes: Vec::new() };
}
