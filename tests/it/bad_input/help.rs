//! Help is there for every command and every option.
use clap::{Command, CommandFactory};
use radkick::cli::Cli;

use super::site::assert_says;
use crate::support::radkick::Radkick;

/// Every command with the words that call it, the bare one first.
fn commands() -> Vec<(Vec<String>, Command)> {
    let mut root = Cli::command();
    root.build();
    let mut found = vec![(Vec::new(), root)];
    let mut next = 0;
    while let Some((path, command)) = found.get(next).cloned() {
        let below = command.get_subcommands().filter(|below| below.get_name() != "help" && !below.is_hide_set());
        found.extend(below.map(|below| ([path.clone(), vec![below.get_name().to_owned()]].concat(), below.clone())));
        next += 1;
    }
    found
}

#[test]
fn every_command_and_option_says_what_it_does() {
    for (path, command) in commands() {
        assert!(command.get_about().is_some(), "{path:?} says nothing");
        for argument in command.get_arguments().filter(|argument| !argument.is_hide_set()) {
            let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.len() > 3, "{path:?} {} says nothing", argument.get_id());
            assert!(!help.ends_with('.'), "{path:?} {}: {help}", argument.get_id());
            for value in argument.get_possible_values() {
                let named_by_itself = argument.get_id() == "output" || value.get_help().is_some();
                let flag = !argument.get_action().takes_values();
                assert!(named_by_itself || flag, "{path:?} {} {} says nothing", argument.get_id(), value.get_name());
            }
        }
    }
}

#[test]
fn help_is_printed_without_a_configuration() {
    for (path, command) in commands() {
        for flag in ["-h", "--help"] {
            let words: Vec<&str> = path.iter().map(String::as_str).chain([flag]).collect();
            let finished = Radkick::new(&words).run();
            assert_eq!((finished.code, finished.stderr.as_str()), (Some(0), ""), "{finished:#?}");
            // The hook reads no configuration, and knows neither
            let global: &[&str] = if path == ["hook"] { &[] } else { &["--config <FILE>", "--output <FORMAT>"] };
            assert_says(&finished.stdout, &[&["Usage: radkick"], global].concat());
            let long: Vec<_> =
                command.get_arguments().filter(|_| path != ["hook"]).filter_map(clap::Arg::get_long).collect();
            assert!(long.iter().all(|option| finished.stdout.contains(&format!("--{option}"))), "{finished:#?}");
            assert!(finished.stdout.lines().all(|line| line.chars().count() <= 100), "{finished:#?}");
        }
    }
}
