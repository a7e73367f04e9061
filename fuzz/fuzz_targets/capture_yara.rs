#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| iia_fuzz_bodies::detect::yara(data));
