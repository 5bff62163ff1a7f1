//! `radkick block` and `radkick restore`.

use crate::config::BlockMode;
use crate::quota::UserName;
use crate::worker::Exemptions;

use super::Exit;
use super::context::{Context, known, refuse, user_name};

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
pub(crate) async fn block(args: BlockArgs, context: Context) -> anyhow::Result<Exit> {
    let output = context.output;
    if context.config.block.mode == BlockMode::None {
        return refuse(output, Exit::Usage, "[block] mode is \"none\": there is nothing that would close a login");
    }
    let accounting = context.accounting().await?;
    let user = match known(&accounting, &args.user).await? {
        Ok(user) => user,
        Err(why) => return refuse(output, Exit::Unknown, &why),
    };
    let exempt = Exemptions::new(&accounting, &context.config.exempt).of(&user).await?;
    if let (Some(why), false) = (exempt, args.force) {
        let why = format!("user {user} is exempt ({why}); --force to do it all the same");
        return refuse(output, Exit::Usage, &why);
    }
    // Before the block is on disk: a promise that cannot be kept would stand in the way of every later run
    accounting.check_writable().await?;
    let agent = context.agent().await?;
    let held = agent.block(&user, "by_hand", "command").await?;
    output.object(&serde_json::json!({ "user": user.as_str(), "blocked": held }))?;
    if !held {
        return refuse(
            output,
            Exit::Failed,
            "another program writes the same rows all the time; the login is still open",
        );
    }
    output.line(&format!("{user}: login closed. Open sessions stay open: radkick disconnect --user cuts them."))?;
    Ok(Exit::Done)
}

/// Runs `restore`.
pub(crate) async fn restore(args: RestoreArgs, context: Context) -> anyhow::Result<Exit> {
    let output = context.output;
    // A block may stand although no other table has the name any more
    let user = context.accounting().await?.known_as(&args.user).await?.unwrap_or(args.user);
    let Some(state) = context.existing_state().await? else {
        return refuse(output, Exit::Unknown, &format!("nothing of ours is held for user {user}"));
    };
    if state.blocks(Some(&user)).await?.is_empty() {
        return refuse(output, Exit::Unknown, &format!("nothing of ours is held for user {user}"));
    }
    let restored = context.agent().await?.restore(&user, None).await?;
    output.object(&serde_json::json!({
        "user": user.as_str(), "blocked": false, "rows": restored.rows, "superseded": restored.superseded,
    }))?;
    output.line(&match restored.superseded {
        0 => format!("{user}: login as before"),
        rows => {
            format!("{user}: our block is gone; {rows} of its rows were left as somebody else wrote them meanwhile")
        }
    })?;
    Ok(Exit::Done)
}
