//! What the tests stand on: processes with a bound, free ports, a private FreeRADIUS, radclient, the built radkick.
//!
//! Invariant: everything lives in temporary directories, on loopback, and ends with its owner.
pub(crate) mod freeradius;
pub(crate) mod mariadb;
pub(crate) mod pairs;
pub(crate) mod ports;
pub(crate) mod postgres;
pub(crate) mod process;
pub(crate) mod radclient;
mod raddb;
pub(crate) mod radkick;
pub(crate) mod rust_source;
pub(crate) mod small_disk;
pub(crate) mod source_file;
pub(crate) mod sqlite;
pub(crate) mod stepped_clock;
mod tab_separated;
pub(crate) mod wait;
