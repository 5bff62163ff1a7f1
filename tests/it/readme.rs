//! What the README and the page on the protocol tell people to type is what the program takes.

use std::path::Path;

use clap::Parser;
use radkick::cli::Cli;
use radkick::config::Config;

const README: &str = include_str!("../../README.md");
const PROTOCOL: &str = include_str!("../../docs/protocol.md");
const EXCHANGES: &str = include_str!("../../fixtures/packets/exchanges.txt");

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

/// Every `radkick …` of a page: lines of their own, and words between backticks.
fn commands(page: &str) -> Vec<String> {
    let own_lines = page.lines().filter_map(|line| line.strip_prefix("    ")).map(str::to_owned);
    let inline = page.split('`').skip(1).step_by(2).map(str::to_owned);
    own_lines.chain(inline).filter(|text| text.starts_with("radkick ")).collect()
}

#[test]
fn every_command_in_the_readme_is_one() {
    every_command_is_one(&commands(README), 13);
}

#[test]
fn every_command_on_the_page_of_the_protocol_is_one() {
    every_command_is_one(&commands(PROTOCOL), 6);
}

fn every_command_is_one(commands: &[String], least: usize) {
    assert!(commands.len() >= least, "{commands:?}");
    for command in commands {
        if let Err(error) = Cli::try_parse_from(words(command)) {
            let kind = error.kind();
            let told = matches!(kind, clap::error::ErrorKind::DisplayHelp | clap::error::ErrorKind::DisplayVersion);
            assert!(told, "{command}\n{error}");
        }
    }
}

/// The octets of the page's packets, its blocks that begin with a code, without what is said of each line.
fn packets_of_the_page() -> Vec<String> {
    let blocks = PROTOCOL.split("```").skip(1).step_by(2).filter_map(|block| block.strip_prefix("text\n2"));
    blocks.map(|block| format!("2{block}").lines().map(octets).collect()).collect()
}

fn octets(line: &str) -> String {
    line.split("  ").next().unwrap_or_default().replace(' ', "")
}

#[test]
fn the_octets_on_the_page_of_the_protocol_are_those_of_the_fixture() {
    let frozen = |key: &str| EXCHANGES.lines().find_map(|line| line.strip_prefix(key)).map(str::to_owned);
    let expected = [frozen("request "), frozen("reply ")].map(Option::unwrap);
    assert_eq!(packets_of_the_page(), expected);
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
