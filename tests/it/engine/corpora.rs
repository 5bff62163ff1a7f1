//! What the fuzzers found worth keeping (fuzz/corpus), run through the same bodies.
use std::fs::{read, read_dir};
use std::path::{Path, PathBuf};

use super::simulation::{oracle, secret_of, watch};
use super::wire::by_hand;

#[path = "../../../fuzz/src/bodies/mod.rs"]
mod bodies;

/// Runs every file of a target's corpus.
#[expect(clippy::print_stdout, reason = "which file it was, where one fails")]
fn replay(target: &str, body: impl Fn(&[u8])) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let entries = read_dir(&directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    assert!(files.len() > 5, "{}: {} files", directory.display(), files.len());
    for file in files {
        println!("{}", file.display());
        body(&read(&file).expect("a readable file"));
    }
}

#[test]
fn packets() {
    replay("packet", bodies::packet::run);
}

#[test]
fn replies() {
    replay("reply", bodies::reply::run);
}

#[test]
fn dictionaries() {
    replay("dictionary", bodies::dictionary::run);
}

#[test]
fn packet_files() {
    replay("packet_file", bodies::packet_file::run);
}

#[test]
fn engine_events() {
    replay("engine", bodies::engine::run);
}
