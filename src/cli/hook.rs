//! `radkick hook` as clap knows it: a line in the help. What runs is `hook::run`, which reads its own arguments.

use std::ffi::OsString;

/// Hand what FreeRADIUS' exec module was called for to the daemon (radkick hook --help)
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub(super) struct HookArgs {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    pub(super) arguments: Vec<OsString>,
}
