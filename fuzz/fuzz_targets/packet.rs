//! `cargo +nightly fuzz run packet`; what it does stands in fuzz/src/bodies/packet.rs.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| radkick_fuzz::packet(octets));
