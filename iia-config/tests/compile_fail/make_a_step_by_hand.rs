use iia_config::lifecycle::Staged;

fn take_apart(staged: Staged) {
    let _ = staged.matter;
}

fn main() {}
