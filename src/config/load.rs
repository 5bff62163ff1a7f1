//! From a file and the environment to a [`Config`].

use std::path::Path;

use toml::Spanned;
use toml::de::DeTable;

use super::nas_read::check_unique;
use super::report::{Report, Spot};
use super::rest_read::ManagementSpots;
use super::secret::world_readable;
use super::section::Section;
use super::source::{self, SEARCHED, SMALLEST};
use super::{
    Accounting, Block, Brakes, Config, ConfigProblem, ConfigProblems, Database, Exempt, MikrotikApi, Nas, NasSettings,
    Quota, Serve, State,
};

impl Config {
    /// Reads the file `path`; without one `/etc/radkick/radkick.toml`, else `./radkick.toml`. `environment` gives the
    /// value of a variable.
    ///
    /// # Errors
    /// Every problem of the file and of the environment, in the order of the file.
    pub fn load(path: Option<&Path>, environment: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigProblems> {
        let (file, text) = source::read(path, &SEARCHED)?;
        Self::parse(&file, &text, environment)
    }

    /// Reads `text` as the file `file`, which need not exist: it names places in messages, and its folder is the one that
    /// relative paths are taken from.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn parse(
        file: &Path,
        text: &str,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigProblems> {
        if text.trim().is_empty() {
            let found = format!("configuration {}: the file is empty", file.display());
            return Err(source::one(found, format!("the smallest that works:\n\n{SMALLEST}")));
        }
        let report = Report::new(file, text, environment);
        let (root, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            let offset = error.span().map_or(0, |span| span.start);
            report.problem(
                &Spot { key: String::new(), offset },
                format!("no TOML: {}", error.message()),
                "see toml.io",
            );
        }
        let config = if report.has_problems() { None } else { resolve(&report, file, root) };
        let ConfigProblems { problems, warnings } = report.finish();
        match config {
            Some(config) if problems.is_empty() => Ok(Self { warnings, ..config }),
            _ => Err(ConfigProblems { problems, warnings }),
        }
    }
}

/// `None` if what cannot have a default is missing or wrong, which was reported.
fn resolve(report: &Report<'_>, file: &Path, root: Spanned<DeTable<'_>>) -> Option<Config> {
    let mut root = Section::new(report, "", root);
    let database = read(&mut root, "database", Database::read);
    let url = database.as_ref().map(|database| &database.url);
    let state = read(&mut root, "state", |section| State::read(section, database.as_ref()));
    let accounting = read(&mut root, "accounting", |section| Accounting::read(section, url));
    let nas_defaults = read(&mut root, "nas_defaults", read_defaults);
    let nas = read_nas(&mut root, &nas_defaults);
    let rest_in_file = has_rest(&nas_defaults) || nas.iter().any(|nas| has_rest(&nas.settings.over(&nas_defaults)));
    let quota = read(&mut root, "quota", Quota::read);
    let block = read(&mut root, "block", Block::read);
    let state_url = state.as_ref().map(|state| &state.url);
    let brakes = read(&mut root, "brakes", |section| Brakes::read(section, state_url));
    let exempt = read(&mut root, "exempt", Exempt::read);
    let serve = read(&mut root, "serve", Serve::read);
    let mikrotik_api = MikrotikApi::read(report, rest_in_file);
    root.finish();
    warn_of_plain_secrets(report, file);
    Some(Config {
        file: file.to_owned(),
        database: database?,
        state: state?,
        accounting,
        nas_defaults,
        nas,
        mikrotik_api,
        quota,
        block,
        brakes,
        exempt,
        serve,
        warnings: Vec::<ConfigProblem>::new(),
    })
}

/// An empty section sets nothing up.
fn has_rest(settings: &NasSettings) -> bool {
    settings.rest.as_ref().is_some_and(|rest| rest.username.is_some())
}

fn read<'r, 'i, T>(root: &mut Section<'r, 'i>, key: &'static str, read: impl FnOnce(&mut Section<'r, 'i>) -> T) -> T {
    let mut section = root.section(key);
    let value = read(&mut section);
    section.finish();
    value
}

fn read_defaults(section: &mut Section<'_, '_>) -> NasSettings {
    let spots = ManagementSpots::of(section);
    let defaults = NasSettings::read(section);
    spots.check_defaults(section.report, &defaults);
    defaults
}

fn read_nas(root: &mut Section<'_, '_>, defaults: &NasSettings) -> Vec<Nas> {
    let mut all = Vec::new();
    for mut section in root.sections("nas") {
        let nas = Nas::read(&mut section, defaults);
        all.extend(nas.map(|nas| (section.spot.clone(), nas)));
        section.finish();
    }
    check_unique(root.report, &all);
    all.into_iter().map(|(_, nas)| nas).collect()
}

fn warn_of_plain_secrets(report: &Report<'_>, file: &Path) {
    if report.has_plain_secret()
        && let Some(mode) = world_readable(file)
    {
        let spot = Spot { key: String::new(), offset: 0 };
        let found = format!("everyone on this machine can read this file and the secrets in it (mode {mode:04o})");
        report.warning(&spot, found, format!("chmod 640 {}", file.display()));
    }
}
