//! Whatever stands in a file, it is read or refused, never a panic.

use proptest::prelude::*;
use radkick::config::Config;

use super::environment;

const EXAMPLE: &str = include_str!("../../../config/radkick.toml");

/// The example with its keys uncommented, so that a change hits something that is read.
fn uncommented() -> String {
    EXAMPLE
        .lines()
        .map(|line| line.strip_prefix("# ").unwrap_or(line))
        .filter(|line| line.contains(" = "))
        .fold("[nas_defaults]\n".to_owned(), |text, line| text + line + "\n")
}

proptest! {
    #[test]
    fn a_damaged_file_is_read_or_refused(at in 0_usize..6000, length in 0_usize..40, put in "[\\[\\]{}\"'=.#$ é0-9a-z\n-]{0,12}") {
        for text in [EXAMPLE, &uncommented()] {
            let mut damaged: Vec<char> = text.chars().collect();
            let from = at.min(damaged.len());
            let to = (from + length).min(damaged.len());
            damaged.splice(from..to, put.chars());
            let damaged: String = damaged.into_iter().collect();
            if let Err(problems) = Config::parse("radkick.toml".as_ref(), &damaged, &environment) {
                prop_assert!(!problems.problems.is_empty() && !problems.to_string().is_empty());
            }
        }
    }
}
