//! `block` and `restore`.

use crate::config::BlockMode;
use crate::jobs::{Closing, Exemptions};

use super::{Answer, Block, CommandError, Exit, Hands, Restore, known};

pub(super) async fn block(asked: Block, hands: &Hands) -> Result<Answer, CommandError> {
    let config = hands.config();
    if config.block.mode == BlockMode::None {
        let why = "[block] mode is \"none\": there is nothing that would close a login";
        return Ok(Answer::refused(Exit::Usage, why));
    }
    let accounting = hands.accounting().await?;
    let user = match known(&accounting, &asked.user).await? {
        Ok(user) => user,
        Err(why) => return Ok(Answer::refused(Exit::Unknown, why)),
    };
    let exempt = Exemptions::new(&accounting, &config.exempt).of(&user).await?;
    if let (Some(why), false) = (exempt, asked.force) {
        let why = format!("user {user} is exempt ({why}); --force to do it all the same");
        return Ok(Answer::refused(Exit::Usage, why));
    }
    // Before the block is on disk: a promise that cannot be kept would stand in the way of every later run
    accounting.check_writable().await?;
    let closing = hands.agent().await?.block(&user, "by_hand", &hands.by).await?;
    let open = match closing {
        Closing::Closed => None,
        Closing::Open(why) => Some(why),
    };
    Ok(Answer::Blocked { user: user.as_str().to_owned(), open })
}

pub(super) async fn restore(asked: Restore, hands: &Hands) -> Result<Answer, CommandError> {
    // A block may stand although no other table has the name any more
    let user = hands.accounting().await?.known_as(&asked.user).await?.unwrap_or(asked.user);
    let nothing = format!("nothing of ours is held for user {user}");
    if !hands.has_state().await? {
        return Ok(Answer::refused(Exit::Unknown, nothing));
    }
    let agent = hands.agent().await?;
    if agent.state.blocks(Some(&user)).await?.is_empty() {
        return Ok(Answer::refused(Exit::Unknown, nothing));
    }
    let restored = agent.restore_by(&user, &hands.by).await?;
    let blocked = agent.is_blocked(&user).await?;
    let user = user.as_str().to_owned();
    Ok(Answer::Restored { user, blocked, rows: restored.rows, superseded: restored.superseded })
}
