//! What the README tells people to type is what the program takes.

use std::path::Path;

use clap::Parser;
use radkick::cli::Cli;
use radkick::config::Config;

const README: &str = include_str!("../../README.md");

/// The words of a command line with single quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (index, part) in line.split('\'').enumerate() {
        if index % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

/// Every `radkick …` of the README: lines of their own, and words between backticks.
fn commands() -> Vec<String> {
    let own_lines = README.lines().filter_map(|line| line.strip_prefix("    ")).map(str::to_owned);
    let inline = README.split('`').skip(1).step_by(2).map(str::to_owned);
    own_lines.chain(inline).filter(|text| text.starts_with("radkick ")).collect()
}

#[test]
fn every_command_in_the_readme_is_one() {
    let commands = commands();
    assert!(commands.len() > 12, "{commands:?}");
    for command in commands {
        if let Err(error) = Cli::try_parse_from(words(&command)) {
            let kind = error.kind();
            let told = matches!(kind, clap::error::ErrorKind::DisplayHelp | clap::error::ErrorKind::DisplayVersion);
            assert!(told, "{command}\n{error}");
        }
    }
}

#[test]
fn the_configuration_in_the_readme_is_taken() {
    let blocks: Vec<&str> = README.split("```toml\n").skip(1).filter_map(|block| block.split("```").next()).collect();
    assert_eq!(blocks.len(), 1);
    for block in blocks {
        let config = Config::parse(Path::new("radkick.toml"), block, &|_| Some("x".to_owned()));
        let config = config.expect("the README's configuration");
        assert!(config.unsupported().is_empty());
    }
}

#[test]
fn files_that_the_readme_names_are_there() {
    for file in
        ["tests/run", "config/radkick.toml", "config/smallest.toml", "docs/architecture.md", "docs/dependencies.md"]
    {
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(file).is_file(), "{file}");
    }
}
