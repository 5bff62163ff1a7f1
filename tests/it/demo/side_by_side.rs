//! What the demo's side-by-side cuts brought to light in the agent: every login is closed, however many at once.
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use radkick::cli::demo::sink::create_schema;
use radkick::clock::Clock;
use radkick::config::Config;
use radkick::jobs::{Agent, Closing};
use radkick::quota::UserName;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use tokio::task::JoinSet;

use crate::support::sqlite::sqlite;

const USERS: usize = 20;

async fn agent(folder: &Path) -> Agent {
    let options = SqliteConnectOptions::new().filename(folder.join("radius.db")).create_if_missing(true);
    let pool = SqlitePool::connect_with(options).await.expect("a database");
    create_schema(&pool).await.expect("the schema");
    pool.close().await;
    let text = "[database]\nurl = \"sqlite:radius.db\"\n[block]\nreply_message = \"closed\"\n";
    let config = Config::parse(&folder.join("radkick.toml"), text, &|_| None).expect("a configuration");
    Agent::open(config, Clock).await.expect("an agent")
}

#[tokio::test]
async fn all_logins_are_closed_and_opened_again_side_by_side() {
    let folder = tempfile::tempdir().expect("a directory");
    let agent = Arc::new(agent(folder.path()).await);
    let users: Vec<UserName> = (0..USERS).map(|number| UserName::new(format!("user{number}"))).collect();
    let mut tasks = JoinSet::new();
    for user in users.clone() {
        let agent = Arc::clone(&agent);
        tasks.spawn(async move { agent.block(&user, "quota", "test").await.expect("a block") });
    }
    assert_eq!(tasks.join_all().await, vec![Closing::Closed; USERS]);
    let closed = sqlite(&folder.path().join("radius.db"), "SELECT username FROM radcheck WHERE value = 'Reject'");
    let closed: BTreeSet<_> = closed.iter().map(|row| row["username"].as_str().expect("a name")).collect();
    assert_eq!(closed, users.iter().map(UserName::as_str).collect());
    for user in &users {
        assert_eq!(agent.restore(user, None).await.expect("a restore").rows, 2);
    }
    let rows = "SELECT username FROM radcheck UNION ALL SELECT username FROM radreply";
    assert_eq!(sqlite(&folder.path().join("radius.db"), rows), []);
}
