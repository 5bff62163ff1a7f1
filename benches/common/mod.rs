//! What measurements share.
pub(crate) mod memory;
pub(crate) mod server;
pub(crate) mod times;
pub(crate) mod worker;
