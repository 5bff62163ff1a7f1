//! Bad input through the built radkick: each has its own message and exit code, and nothing is half done.
//!
//! What is wrong inside a configuration file has its cases in `fixtures/config/invalid`, one file a problem, with the exact
//! message beside it (`tests/it/config/cases.rs`); `config` here shows that every command refuses them with 2 before it
//! touches anything. How REST's answers become words is in `tests/it/routeros/errors.rs` and `certificates.rs`; `rest` here
//! shows what a whole `disconnect` makes of them. Wrong arguments of `send` are in `tests/it/send/bad_input.rs`.

mod arguments;
mod config;
mod database;
mod help;
mod limits;
pub(crate) mod locked;
mod names;
mod nas;
mod rest;
mod secrets;
pub(crate) mod site;
mod users;
