//! The configuration: a TOML file and the environment, resolved once.
//!
//! Every problem is collected with its place in the file, none is printed here. A relative path in the file is taken from
//! the folder that holds the file. In any string `${NAME}` stands for a variable of the environment and `$$` for `$`;
//! every secret `x` may instead be given as `x_file`.
//!
//! Invariants: no network, no database; no secret in a message. Start reading at [`Config::load`].

mod accounting;
mod database;
mod database_url;
mod environment;
mod expand;
mod load;
mod nas;
mod nas_read;
mod not_yet;
mod policy;
mod problem;
mod profile;
mod quota;
mod quota_read;
mod report;
mod rest;
mod rest_read;
mod secret;
mod section;
mod serve;
mod source;
mod text;
mod value;

use std::path::PathBuf;

pub use accounting::{Accounting, CloseRows, InterimInterval, UsernameCase};
pub use database::{Database, DatabaseUrl, ServerUrl, State, TableNames};
pub use nas::{CutPath, IdentityAttribute, Nas, NasMatch, NasSettings, Service, Timers};
pub use policy::{Block, BlockMode, Brakes, Exempt};
pub use problem::{ConfigProblem, ConfigProblems, Place};
pub use profile::{ApiSettings, NasProfile};
pub use quota::{Direction, LimitAttribute, LimitSource, Meaning, Mode, Period, Quota, Unit};
pub use quota_read::parse_period;
pub use rest::{ApiPart, MikrotikApi, RestPart, RestSettings, Tls};
pub use serve::{AccountingListen, HookPath, Scope, Serve, ServeTls, ServeToken};
pub use value::{parse_duration, parse_octets};

/// The configuration, resolved: each section complete, whether or not it stands in the file.
#[derive(Debug, Clone)]
pub struct Config {
    /// The file that was read.
    pub file: PathBuf,
    /// `[database]`, the one required section.
    pub database: Database,
    /// `[state]`.
    pub state: State,
    /// `[accounting]`.
    pub accounting: Accounting,
    /// `[nas_defaults]`, below FreeRADIUS' `nas` row.
    pub nas_defaults: NasSettings,
    /// `[[nas]]`, above FreeRADIUS' `nas` row.
    pub nas: Vec<Nas>,
    /// The router of `MIKROTIK_API_*`, when no NAS of the file has REST.
    pub mikrotik_api: Option<MikrotikApi>,
    /// `[quota]`.
    pub quota: Quota,
    /// `[block]`.
    pub block: Block,
    /// `[brakes]`.
    pub brakes: Brakes,
    /// `[exempt]`.
    pub exempt: Exempt,
    /// `[serve]`.
    pub serve: Serve,
    /// What does not keep the configuration from being used but should be known.
    pub warnings: Vec<ConfigProblem>,
}
