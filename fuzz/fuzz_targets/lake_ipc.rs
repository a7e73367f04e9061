#![no_main]

libfuzzer_sys::fuzz_target!(
    // WHY: the lake takes a panic of the Arrow reader as an error; libFuzzer's own hook would end the process at it.
    // A panic that leaves the body still ends it.
    init: std::panic::set_hook(Box::new(|panic| eprintln!("{panic}"))),
    |data: &[u8]| iia_fuzz_bodies::lake::ipc(data)
);
