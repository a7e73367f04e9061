use iia_config::lifecycle::{Staged, Submitted};

fn take_apart(staged: Staged) {
    let _ = staged.checked;
}

fn main() {
    let _ = Submitted { bytes: Vec::new() };
}
