//! `radkick block` and `radkick restore`.

use crate::command::{Block, Request, Restore, user_name};
use crate::quota::UserName;

use super::context::Context;
use super::{Exit, answers};

/// Close a user's login; sessions that are open stay open.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct BlockArgs {
    /// Whose login
    #[arg(long, value_name = "NAME", value_parser = user_name)]
    user: UserName,
    /// Also when the user is exempt
    #[arg(long)]
    force: bool,
}

/// Open a user's login again: undo exactly what a block of ours changed.
///
/// Exits with 4 when nothing of ours is held.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct RestoreArgs {
    /// Whose login
    #[arg(long, value_name = "NAME", value_parser = user_name)]
    user: UserName,
}

/// Runs `block`.
pub(crate) async fn block(BlockArgs { user, force }: BlockArgs, context: Context) -> anyhow::Result<Exit> {
    answers::run(Request::Block(Block { user, force }), context).await
}

/// Runs `restore`.
pub(crate) async fn restore(RestoreArgs { user }: RestoreArgs, context: Context) -> anyhow::Result<Exit> {
    answers::run(Request::Restore(Restore { user }), context).await
}
