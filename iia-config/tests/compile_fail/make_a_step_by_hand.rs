use iia_config::lifecycle::Staged;

fn take_apart(staged: Staged) {
    let _ = staged.checked;
}

fn main() {}
