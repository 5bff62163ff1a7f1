//! `cargo +nightly fuzz run engine`; what it does stands in fuzz/src/bodies/engine.rs.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| radkick_fuzz::engine(octets));
