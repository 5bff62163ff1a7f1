//! Everybody's limits and use, for people: nothing is written.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::Config;
use crate::quota::{Counters, Limited, Limits, Usage, UserName, share};
use crate::store::{Accounting, State, StoreError};

use super::{Ledger, LedgerRules, LimitReader};

/// Users at a time.
const CHUNK: usize = 2000;

/// One user's limits and use.
#[derive(Debug, Clone)]
pub struct Surveyed {
    /// Who.
    pub user: UserName,
    /// What limits the user; of a family the family's.
    pub limits: Limits,
    /// What was used; by the whole family, where there is one.
    pub usage: Usage,
    /// How many sessions of the user are open.
    pub open_sessions: usize,
    /// What no line could have carried in the user's open sessions: not counted.
    pub held: Counters,
}

/// Shows everybody who has a limit to `each`, some at a time.
///
/// # Errors
/// When a database cannot be asked, or the operator's query fails.
pub async fn survey(
    config: &Config,
    (accounting, state): (&Accounting, Option<&State>),
    now: i64,
    each: &mut dyn FnMut(Vec<Surveyed>) -> std::io::Result<()>,
) -> Result<std::io::Result<()>, StoreError> {
    let mut ledger = Ledger::new(accounting.clone(), state.cloned(), LedgerRules::new(config));
    let mut reader = LimitReader::new(config, accounting.clone(), state.cloned());
    let sweep = reader.sweep(0, true).await?;
    if let Some(problem) = sweep.query_problem {
        return Err(problem);
    }
    ledger.widen(sweep.periods);
    let since = reader.since(None, now).await?.unwrap_or_default();
    let since = |user: &UserName| since.get(user).copied();
    ledger.load().await?;
    ledger.begin(&since, now).await?;
    let looked = ledger.look(now).await?;
    ledger.count(looked, &since).await?;
    for chunk in sweep.users.chunks(CHUNK) {
        let limits = reader.of(chunk, true, now).await?.limits;
        let mut surveyed = of_chunk(&mut ledger, accounting, limits).await?;
        // Members of a family come with each other; each is shown with its own chunk
        surveyed.retain(|one| chunk.binary_search(&one.user).is_ok());
        if let Err(error) = each(surveyed) {
            return Ok(Err(error));
        }
    }
    Ok(Ok(()))
}

async fn of_chunk(
    ledger: &mut Ledger,
    accounting: &Accounting,
    mut limits: Vec<(UserName, Arc<Limits>)>,
) -> Result<Vec<Surveyed>, StoreError> {
    limits.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    let names: Vec<UserName> = limits.iter().map(|(user, _)| accounting.ledger_name(user)).collect();
    let usage = ledger.usage(&names, (true, false)).await?;
    let mut open = BTreeMap::<UserName, (usize, Counters)>::new();
    for account in ledger.book.accounts_of(&names, true).await? {
        let (count, held) = open.entry(account.user.clone()).or_default();
        *count += 1;
        *held = held.plus(account.all_held());
    }
    let limited = limits.into_iter().zip(usage).map(|((user, limits), usage)| Limited { user, limits, usage });
    let mut limited: Vec<Limited> = limited.collect();
    share(&mut limited);
    let surveyed = limited.into_iter().map(|Limited { user, limits, usage }| {
        let (open_sessions, held) = open.get(&accounting.ledger_name(&user)).copied().unwrap_or_default();
        Surveyed { user, limits: Arc::unwrap_or_clone(limits), usage, open_sessions, held }
    });
    Ok(surveyed.collect())
}
