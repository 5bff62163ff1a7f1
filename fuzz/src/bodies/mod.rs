//! What each fuzz target does with its octets, and what must hold then. The tests run the same over fuzz/corpus.
pub(crate) mod dictionary;
pub(crate) mod engine;
pub(crate) mod packet;
pub(crate) mod packet_file;
pub(crate) mod reply;
mod wire;
