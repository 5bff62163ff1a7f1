//! `cargo +nightly fuzz run dictionary`; what it does stands in fuzz/src/bodies/dictionary.rs.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| radkick_fuzz::dictionary(octets));
