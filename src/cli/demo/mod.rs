//! `radkick demo`: the whole story on SQLite and a simulated router.

pub mod sink;
