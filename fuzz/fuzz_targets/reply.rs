//! `cargo +nightly fuzz run reply`; what it does stands in fuzz/src/bodies/reply.rs.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| radkick_fuzz::reply(octets));
