//! What closes a login: the rows to change, by the configured mode.

use crate::config::BlockMode;
use crate::quota::UserName;
use crate::store::{BlockRecord, BlockState, RowChange, RowImage, StoreError, Table};

use super::Agent;
use super::login::Login;

impl Agent {
    /// The rows to change.
    pub(super) async fn plan(&self, user: &UserName, reason: &str, actor: &str) -> Result<BlockRecord, StoreError> {
        let login = self.login(user).await?;
        // Where the tables spell the name another way than FreeRADIUS does by default, so do we
        let username = login.rows(Table::Check).first().map_or_else(|| user.to_table(), |row| row.username.clone());
        let (mode, rows) = match &self.config.block.mode {
            BlockMode::Reject => ("reject", self.plan_reject(&login, &username).await?),
            BlockMode::Remove => ("remove", plan_remove(&login)),
            BlockMode::Group(group) => ("group", self.plan_group(&login, &username, group).await?),
            BlockMode::None => ("none", Vec::new()),
        };
        Ok(BlockRecord {
            id: 0,
            user: user.clone(),
            reason: reason.to_owned(),
            actor: actor.to_owned(),
            mode: mode.to_owned(),
            state: BlockState::Planned,
            remade: 0,
            rows: rows.into_iter().map(|row| (row, false)).collect(),
        })
    }

    async fn plan_reject(&self, login: &Login, username: &str) -> Result<Vec<RowChange>, StoreError> {
        let mut rows = self.new_rows(Table::Check, username, &[("Auth-Type", "Reject")]).await?;
        let mut replies = Vec::new();
        if let Some(message) = &self.config.block.reply_message {
            replies.push(("Reply-Message", message.as_str()));
        }
        // FreeRADIUS reads a group's items after the user's, unless the user's reply items say not to
        if login.group_that_lets_in("reject").is_some() && login.stops_groups().is_none() {
            replies.push(("Fall-Through", "No"));
        }
        rows.extend(self.new_rows(Table::Reply, username, &replies).await?);
        Ok(rows)
    }

    async fn plan_group(&self, login: &Login, username: &str, group: &str) -> Result<Vec<RowChange>, StoreError> {
        let priority = (login.best_priority() - 1).to_string();
        let mut rows = self.new_rows(Table::UserGroup, username, &[(group, &priority)]).await?;
        for change in &mut rows {
            change.row.op = String::new();
        }
        Ok(rows)
    }

    /// The rows to change so that a held block closes the login again, its own among them; `None` when nothing is to be
    /// done. What is new stands on disk before it is changed, and counts as ours from then on.
    pub(super) async fn rows_again(
        &self,
        block: &BlockRecord,
        login: &Login,
    ) -> Result<Option<Vec<(RowChange, bool)>>, StoreError> {
        let new = match block.mode.as_str() {
            "remove" => plan_remove(login),
            "group" if login.group_in_front(block).is_some() => self.plan_in_front(block, login).await?,
            _ => Vec::new(),
        };
        if new.is_empty() && login.stands(block) {
            return Ok(None);
        }
        // What the panel wrote anew is what it wants back, not what stood there before
        let anew = |old: &RowChange| new.iter().any(|new| !new.present && new.gives_what(old));
        let old = block.rows.iter().filter(|(old, _)| !anew(old)).cloned();
        Ok(Some(old.chain(new.iter().map(|new| (new.clone(), true))).collect()))
    }

    /// The block's group once more, before all others: where it stands already it stays.
    async fn plan_in_front(&self, block: &BlockRecord, login: &Login) -> Result<Vec<RowChange>, StoreError> {
        let Some((own, _)) = block.rows.iter().find(|(change, _)| change.table == Table::UserGroup) else {
            return Ok(Vec::new());
        };
        let (username, group) = (own.row.username.clone(), own.row.attribute.clone());
        self.plan_group(login, &username, &group).await
    }

    async fn new_rows(
        &self,
        table: Table,
        username: &str,
        items: &[(&str, &str)],
    ) -> Result<Vec<RowChange>, StoreError> {
        if items.is_empty() {
            return Ok(Vec::new());
        }
        let ids = self.accounting.reserve_ids(table, items.len()).await?;
        let row = |(id, (attribute, value)): (i64, &(&str, &str))| RowImage {
            id,
            username: username.to_owned(),
            attribute: (*attribute).to_owned(),
            op: ":=".to_owned(),
            value: (*value).to_owned(),
        };
        let rows = ids.into_iter().zip(items).map(row);
        Ok(rows.map(|row| RowChange { table, row, present: true, only_if_absent: false }).collect())
    }
}

fn plan_remove(login: &Login) -> Vec<RowChange> {
    let rows = login.let_in().cloned();
    rows.map(|row| RowChange { table: Table::Check, row, present: false, only_if_absent: false }).collect()
}
