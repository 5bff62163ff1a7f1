//! Sessions that only go on are written later: it makes no difference, whoever looks and whoever dies.
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use radkick::config::{Config, DatabaseUrl, TableNames};
use radkick::ledger::{Counting, Ledger, LedgerRules, Told};
use radkick::quota::{Usage, UserName};
use radkick::store::{Accounting, State};

use crate::bad_input::site::create_database;
use crate::support::sqlite::sqlite;

const USERS: i64 = 6;
/// 2023-11-14 22:13:20 UTC.
const BEGIN: i64 = 1_700_000_000;

/// A ledger with tables of its own.
struct Keeper {
    accounting: Accounting,
    state: State,
    rules: LedgerRules,
    ledger: Ledger,
}

impl Keeper {
    async fn new(folder: &Path, name: &str) -> Self {
        let path = folder.join("radkick.toml");
        let text =
            "[database]\nurl = \"sqlite:radius.db\"\n[accounting]\ntime_zone = \"UTC\"\n[quota]\nperiod = \"daily\"\n";
        std::fs::write(&path, text).expect("a configuration");
        let config = Config::load(Some(&path), &|_| None).expect("a configuration");
        let url = DatabaseUrl::Sqlite(folder.join("radius.db"));
        let accounting = Accounting::open(&url, &TableNames::default()).await.expect("FreeRADIUS' tables");
        let state = State::open(&DatabaseUrl::Sqlite(folder.join(name))).await.expect("our tables");
        let rules = LedgerRules::new(&config);
        let ledger = Ledger::new(accounting.clone(), Some(state.clone()), rules.clone());
        Self { accounting, state, rules, ledger }
    }

    /// The first half of a look: what it counts is being written.
    async fn begin_look(&mut self, now: i64) -> Counting {
        assert!(self.ledger.take("the same", None, now).await.expect("asked"));
        self.ledger.load().await.expect("read");
        assert!(self.ledger.begin(&|_| None, now).await.expect("begun"));
        let looked = self.ledger.look(now).await.expect("seen");
        self.ledger.begin_count(looked, &|_| None).await.expect("counted")
    }

    /// One look, and what all users have used then as this process has it.
    async fn look(&mut self, now: i64) -> BTreeMap<(String, i64), u64> {
        let counting = self.begin_look(now).await;
        let users = users();
        let at_hand: Vec<Option<Usage>> = users.iter().map(|user| self.ledger.usage_at_hand(user)).collect();
        assert!(self.ledger.end_count(counting).await.expect("written"));
        let usage = self.ledger.usage(&users, (false, true)).await.expect("read");
        for (at_hand, usage) in at_hand.into_iter().zip(&usage) {
            assert!(at_hand.is_none_or(|at_hand| at_hand == *usage), "while it was written: as afterwards");
        }
        let slots = users.iter().zip(&usage).flat_map(|(user, usage)| {
            let slots = usage.zones.iter().flat_map(|zone| &zone.slots);
            slots.map(move |slot| ((user.as_str().to_owned(), slot.start), slot.used.octets()))
        });
        slots.filter(|(_, octets)| *octets > 0).collect()
    }

    /// Everything is written.
    async fn give_back(&mut self) {
        self.ledger.give_back().await.expect("given back");
    }

    /// It is killed, and another begins.
    fn die(&mut self) {
        self.ledger = Ledger::new(self.accounting.clone(), Some(self.state.clone()), self.rules.clone());
    }

    /// What our tables say, by user and slot.
    async fn tables(&self) -> BTreeMap<(String, i64), u64> {
        let mut sums = BTreeMap::new();
        for row in self.state.usage(&users()).await.expect("read") {
            *sums.entry((row.user.as_str().to_owned(), row.slot)).or_default() += row.used.octets();
        }
        sums.retain(|_, octets| *octets > 0);
        sums
    }
}

fn users() -> Vec<UserName> {
    (0..USERS).map(|user| UserName::new(format!("user{user}"))).collect()
}

/// What FreeRADIUS and a panel may do to radacct between two looks.
fn something_happens(random: &mut fastrand::Rng, now: i64) -> String {
    let one = format!(
        "(SELECT radacctid FROM radacct WHERE acctstoptime IS NULL ORDER BY radacctid LIMIT 1 OFFSET {})",
        random.u32(..8)
    );
    let (id, user, octets) = (random.u64(..), random.i64(0..USERS), random.u64(1..5_000_000));
    let by = random.i64(0..300);
    match random.u32(..20) {
        0 | 1 => format!(
            "INSERT INTO radacct (acctsessionid, acctuniqueid, username, nasipaddress, acctstarttime, acctupdatetime,
                 acctsessiontime, acctinputoctets, acctoutputoctets)
             VALUES ('{id:x}', '{id:016x}', 'user{user}', '10.0.0.{user}', {now}, {now}, 0, 0, {octets});"
        ),
        2 => format!("UPDATE radacct SET acctstoptime = {now}, acctoutputoctets = acctoutputoctets + 9 WHERE radacctid = {one};"),
        3 if by < 60 => format!("DELETE FROM radacct WHERE radacctid = {one};"),
        4 => format!("UPDATE radacct SET acctoutputoctets = acctoutputoctets / 2 WHERE radacctid = {one};"),
        5 => format!("UPDATE radacct SET acctstarttime = {now}, acctoutputoctets = 5 WHERE radacctid = {one};"),
        6 => format!("UPDATE radacct SET username = 'user{user}' WHERE radacctid = {one};"),
        _ => format!(
            "UPDATE radacct SET acctupdatetime = {now} - {by} % 30, acctsessiontime = acctsessiontime + {by},
                 acctinputoctets = acctinputoctets + {by}, acctoutputoctets = acctoutputoctets + {octets} WHERE radacctid = {one};"
        ),
    }
}

/// One writes all at once, after each look. One writes when it must. One also dies now and then, and one goes away while it
/// writes, where no row that it looked at since it last wrote runs backwards or is gone: what happened to such a row, nobody
/// knows then.
async fn tell(seed: u64) {
    let folder = tempfile::tempdir().expect("a folder");
    create_database(&folder.path().join("radius.db"));
    let mut random = fastrand::Rng::with_seed(seed);
    let mut at_once = Keeper::new(folder.path(), "at_once.db").await;
    let mut later = Keeper::new(folder.path(), "later.db").await;
    let mut dying = Keeper::new(folder.path(), "dying.db").await;
    let mut hasty = Keeper::new(folder.path(), "hasty.db").await;
    let (mut now, mut held_back) = (BEGIN, 0);
    for turn in 0..70 {
        now += random.i64(60..3 * 3600);
        let plain = turn % 20 > 12;
        let mut events: Vec<String> = (0..random.u32(..9)).map(|_| something_happens(&mut random, now)).collect();
        events.retain(|event| !plain || event.contains("acctupdatetime = "));
        sqlite(&folder.path().join("radius.db"), &events.concat());
        let right = at_once.look(now).await;
        at_once.give_back().await;
        assert_eq!(later.look(now).await, right, "seed {seed}, turn {turn}");
        assert_eq!(dying.look(now).await, right, "seed {seed}, turn {turn}, who dies");
        if [14, 17].contains(&(turn % 20)) {
            // Nobody waits for the end of it
            drop(hasty.begin_look(now).await);
        }
        assert_eq!(hasty.look(now).await, right, "seed {seed}, turn {turn}, who goes away");
        if later.tables().await != right {
            held_back += 1;
            let behind_since = later.state.feed().await.expect("read").expect("a ledger").behind_since;
            assert!(
                behind_since.is_some_and(|since| since < now),
                "seed {seed}, turn {turn}: {behind_since:?} at {now}"
            );
        }
        match turn % 20 {
            12 => {
                dying.give_back().await;
                hasty.give_back().await;
            }
            14 | 17 => dying.die(),
            _ => {}
        }
    }
    let right = at_once.tables().await;
    assert!(held_back > 20, "seed {seed}: written at once at all looks but {held_back}");
    later.give_back().await;
    assert_eq!(later.tables().await, right, "seed {seed}");
}

/// What a packet told is written before anybody is told that it was heard, with all that waits of its session.
#[tokio::test]
async fn what_was_heard_does_not_wait() {
    let folder = tempfile::tempdir().expect("a folder");
    create_database(&folder.path().join("radius.db"));
    let sql = |text: String| sqlite(&folder.path().join("radius.db"), &text);
    for (id, user) in [("ffffa", 1), ("ffffb", 2)] {
        sql(format!(
            "INSERT INTO radacct (acctsessionid, acctuniqueid, username, nasipaddress, acctstarttime, acctupdatetime,
                 acctsessiontime, acctinputoctets, acctoutputoctets)
             VALUES ('{id}', '{id}', 'user{user}', '10.0.0.1', {BEGIN}, {BEGIN}, 0, 0, 1);"
        ));
    }
    let mut keeper = Keeper::new(folder.path(), "state.db").await;
    let octets = |tables: BTreeMap<(String, i64), u64>| tables.into_values().collect::<Vec<_>>();
    let grow = |at: i64, octets: u64| {
        format!(
            "UPDATE radacct SET acctupdatetime = {at}, acctsessiontime = {at} - {BEGIN}, acctoutputoctets = {octets};"
        )
    };
    for (at, octets) in [(BEGIN + 9, 2), (BEGIN + 99, 3), (BEGIN + 199, 4)] {
        sql(grow(at, octets));
        keeper.look(at).await;
    }
    assert_eq!(octets(keeper.tables().await), [2, 2], "two looks wait");
    let told = Told { at: BEGIN + 250, input: 0, output: 100, seconds: 250 };
    let told = BTreeMap::from([("ffffa".to_owned(), Some(told))]);
    let (heard, missing) = keeper.ledger.hear((&told, &BTreeSet::new()), BEGIN + 250).await.expect("seen");
    assert_eq!(missing, Vec::<String>::new());
    assert!(keeper.ledger.count(heard, &|_| None).await.expect("counted"));
    assert_eq!(octets(keeper.tables().await), [100, 2], "it is on disk, the other still waits");
    sql(grow(BEGIN + 250, 100));
    assert_eq!(octets(keeper.look(BEGIN + 260).await), [100, 100]);
    keeper.give_back().await;
    assert_eq!(octets(keeper.tables().await), [100, 100]);
}

#[tokio::test]
async fn what_is_written_later_counts_the_same() {
    for seed in 1..5 {
        tell(seed).await;
    }
}

/// What says how far the history was read is written with what was counted of it.
#[tokio::test]
async fn a_slice_of_history_is_written_whole_or_not_at_all() {
    let folder = tempfile::tempdir().expect("a folder");
    create_database(&folder.path().join("radius.db"));
    sqlite(
        &folder.path().join("radius.db"),
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 7000)
         INSERT INTO radacct (acctsessionid, acctuniqueid, username, nasipaddress, acctstarttime, acctupdatetime,
             acctstoptime, acctsessiontime, acctinputoctets, acctoutputoctets)
         SELECT 'h' || i, 'h' || i, 'user' || (i BETWEEN 4001 AND 5000), '10.0.0.1', 1600000000, 1600000060, 1600000060, 60, 1, 0 FROM n;",
    );
    let mut keeper = Keeper::new(folder.path(), "state.db").await;
    let of_state = |sql: &str| sqlite(&folder.path().join("state.db"), sql);
    of_state(
        "CREATE TRIGGER of_the_last BEFORE INSERT ON radkick_usage WHEN NEW.user_name = 'user1'
         BEGIN SELECT RAISE(ABORT, 'not now'); END;",
    );
    assert!(keeper.ledger.take("the same", None, BEGIN).await.expect("asked"));
    keeper.ledger.load().await.expect("read");
    assert!(keeper.ledger.begin(&|_| None, BEGIN).await.is_err());
    of_state("DROP TRIGGER of_the_last;");
    assert_eq!(keeper.look(BEGIN).await.into_values().collect::<Vec<_>>(), [6000, 1000]);
}

/// What is put together is written before. What cannot be written then is counted all the same.
#[tokio::test]
async fn what_waits_is_not_lost_where_old_slots_cannot_be_put_together() {
    const DAY: i64 = 24 * 3600;
    let folder = tempfile::tempdir().expect("a folder");
    create_database(&folder.path().join("radius.db"));
    sqlite(
        &folder.path().join("radius.db"),
        &format!(
            "INSERT INTO radacct (acctsessionid, acctuniqueid, username, nasipaddress, acctstarttime, acctupdatetime,
                 acctsessiontime, acctinputoctets, acctoutputoctets)
             VALUES ('ffff1', 'ffff1', 'user1', '10.0.0.1', {BEGIN}, {BEGIN}, 0, 0, 1);"
        ),
    );
    let mut keeper = Keeper::new(folder.path(), "state.db").await;
    let grow = |at: i64| {
        let sql = "UPDATE radacct SET acctoutputoctets = acctoutputoctets + 10, acctupdatetime";
        sqlite(&folder.path().join("radius.db"), &format!("{sql} = {at}, acctsessiontime = {at} - {BEGIN};"));
    };
    let octets = |sums: BTreeMap<(String, i64), u64>| sums.into_values().sum::<u64>();
    let last = BEGIN + 20 * DAY;
    for at in (BEGIN..=last).step_by(usize::try_from(DAY).expect("a day")) {
        grow(at);
        keeper.look(at).await;
    }
    for at in [last + 5, last + 9] {
        grow(at);
        keeper.look(at).await;
    }
    assert_eq!((octets(keeper.look(last + 9).await), octets(keeper.tables().await)), (231, 221), "it waits");
    let of_state = |sql: &str| sqlite(&folder.path().join("state.db"), sql);
    of_state("CREATE TRIGGER full BEFORE INSERT ON radkick_usage BEGIN SELECT RAISE(ABORT, 'not now'); END;");
    assert!(keeper.ledger.keep(&|_| None, last + 9).await.is_err());
    of_state("DROP TRIGGER full;");
    assert_eq!(octets(keeper.look(last + 20).await), 231);
    keeper.ledger.keep(&|_| None, last + 20).await.expect("kept");
    let tables = keeper.tables().await;
    assert!(tables.len() < 9, "put together: {tables:?}");
    assert_eq!((octets(tables), octets(keeper.look(last + 30).await)), (231, 231));
}
