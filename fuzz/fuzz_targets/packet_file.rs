//! `cargo +nightly fuzz run packet_file`; what it does stands in fuzz/src/bodies/packet_file.rs.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| radkick_fuzz::packet_file(octets));
