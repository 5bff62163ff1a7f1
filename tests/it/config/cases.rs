//! fixtures/config: every file in `valid` and every shipped example is accepted, every file in `invalid` is refused with
//! exactly the problems in the .txt beside it, in that order.

use std::fs;
use std::path::{Path, PathBuf};

use radkick::config::Config;

use super::environment;

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files: Vec<_> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    assert!(!files.is_empty());
    files
}

#[test]
fn accepts_what_is_valid_and_what_is_shipped() {
    let shipped = ["config", "config/panels"].into_iter().flat_map(files);
    for file in files("fixtures/config/valid").into_iter().chain(shipped) {
        if let Err(problems) = Config::load(Some(&file), &environment) {
            panic!("{problems}");
        }
    }
}

#[test]
fn refuses_what_is_invalid_with_every_problem() {
    for file in files("fixtures/config/invalid") {
        let problems = Config::load(Some(&file), &environment).expect_err("an invalid file").to_string();
        let folder = format!("{}/", file.parent().expect("a folder").display());
        let shown = problems.replace(&folder, "");
        let expected = fs::read_to_string(file.with_extension("txt")).expect("what is expected");
        assert_eq!(shown.trim_end(), expected.trim_end(), "{}", file.display());
    }
}

#[test]
fn shows_no_secret_of_an_invalid_file() {
    for file in files("fixtures/config/invalid") {
        let problems = Config::load(Some(&file), &environment).expect_err("an invalid file");
        for shown in [problems.to_string(), format!("{problems:?}")] {
            for secret in ["hunter2", "8675309", "s3/cr#t@x"] {
                assert!(!shown.contains(secret), "{shown}");
            }
        }
    }
}
