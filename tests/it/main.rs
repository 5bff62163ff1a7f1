//! The integration tests: one binary, so that it links once. `tests/run` installs what they need and runs them.
#![expect(clippy::expect_used, reason = "what a test cannot go on without fails it")]

mod architecture;
mod bad_input;
mod coa;
mod config;
mod demo;
mod disconnect;
mod doctor;
mod enforce;
mod engine;
mod hook;
mod jobs;
mod kill;
mod ledger;
mod ledgered;
mod panels;
mod peers;
mod population;
mod readme;
mod routeros;
mod scenarios;
mod send;
mod serve;
mod simulator;
mod store;
mod support;
