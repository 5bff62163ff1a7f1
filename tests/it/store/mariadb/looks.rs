//! Looks at rows of radacct, as this server alone has them: names that it takes for one, times that never were.
use std::collections::BTreeSet;

use radkick::config::TableNames;
use radkick::quota::UserName;
use radkick::store::Accounting;

use super::super::paging::open_rows;
use super::{store, url};
use crate::support::mariadb::MariaDb;
use crate::support::sqlite::Row;

const T0: i64 = 1_700_000_000;

fn user(name: &str) -> UserName {
    UserName::new(name)
}

/// To the server a column that is NOT NULL holds NULL wherever it holds the time that never was: such a row is there once,
/// and so it is where one column holds both.
#[tokio::test]
async fn the_time_that_never_was_is_none() {
    for (column, closed) in [("NOT NULL DEFAULT '0000-00-00 00:00:00'", "'0000-00-00'"), ("NULL", "NULL")] {
        let database = MariaDb::new();
        database.sql(&format!(
            "SET sql_mode = '';
             ALTER TABLE radacct MODIFY acctstoptime datetime {column};
             INSERT INTO radacct (radacctid, acctuniqueid, username, acctstarttime, acctupdatetime, acctstoptime) VALUES
               (1, 'u1', 'a', '0000-00-00', '0000-00-00', '0000-00-00'), (2, 'u2', 'a', NULL, NULL, {closed}),
               (3, 'u3', 'a', NULL, NULL, FROM_UNIXTIME({T0})), (4, 'u4', 'a', NULL, NULL, {closed}),
               (5, 'u5', 'a', NULL, NULL, '0000-00-00')"
        ));
        let store = store(&database).await;
        let seen = open_rows(&store, 2).await;
        assert_eq!(seen.iter().map(|row| row.row_id).collect::<Vec<_>>(), [1, 2, 4, 5], "{column}");
        assert!(seen.iter().all(|row| (row.start, row.update, row.stop) == (None, None, None)));
        assert_eq!(store.open_sightings_of(&[user("a")]).await.expect("asked"), seen);
        assert!(store.close_stale("u1", T0, None).await.expect("asked"));
        assert!(!store.close_stale("u1", T0, None).await.expect("asked"));
        assert_eq!(store.sightings_of(&user("a")).await.expect("asked")[0].stop, Some(T0));
    }
}

/// Names that collations take for one, and names that only look like it, between bars.
const NAMES: &str = "alice|Alice|ALICE|alice |alice  | alice|alice\t|alice\n|al ice|al-ice|o'brien|O'Brien|o=27brien|\
    O=27brien|a\"B\\n|A\"b\\N|x@Realm.example|X@realm.EXAMPLE|a\0|jose|josé|JOSÉ|jöse|jøse|JØSE|joſe|jo\u{ad}se|\
    jo\u{200b}se|jose\u{301}|ｊｏｓｅ|ｊOse|𝐣𝐨𝐬𝐞|strasse|straße|STRASSE|strase|æ|ae|Æ|ä|å|a|Ё|ё|е|Ж|ж|Σ|σ|ς|日本|\
    日木|😀|😁|𐐀|𐐨|o＇brien";

const COLLATIONS: [&str; 14] = [
    "latin1",
    "latin1 COLLATE latin1_general_cs",
    "latin1 COLLATE latin1_german2_ci",
    "cp1251 COLLATE cp1251_general_ci",
    "utf8mb3 COLLATE utf8mb3_unicode_ci",
    "utf8mb4 COLLATE utf8mb4_general_ci",
    "utf8mb4 COLLATE utf8mb4_general_nopad_ci",
    "utf8mb4 COLLATE utf8mb4_bin",
    "utf8mb4 COLLATE utf8mb4_nopad_bin",
    "utf8mb4 COLLATE utf8mb4_unicode_ci",
    "utf8mb4 COLLATE utf8mb4_unicode_520_ci",
    "utf8mb4 COLLATE utf8mb4_uca1400_ai_ci",
    "utf8mb4 COLLATE utf8mb4_uca1400_nopad_ai_ci",
    "utf8mb4 COLLATE utf8mb4_uca1400_as_cs",
];

/// A row of radacct for each of the names that its character set has; their numbers, and the pairs that the server takes for
/// one name.
fn named(database: &MariaDb) -> (BTreeSet<u64>, BTreeSet<(u64, u64)>) {
    let rows = NAMES.split('|').enumerate();
    let rows = rows.map(|(n, name)| format!("({n} + 1, 'u{n}', '{}')", user(name).to_table())).collect::<Vec<_>>();
    database.sql(&format!(
        "CREATE TABLE names (id int, unique_id varchar(9), name varchar(64)) CHARACTER SET utf8mb4;
         INSERT INTO names VALUES {};
         SET sql_mode = '';
         INSERT INTO radacct (radacctid, acctuniqueid, username) SELECT * FROM names;
         DELETE radacct FROM radacct JOIN names ON id = radacctid
         WHERE CONVERT(username USING utf8mb4) COLLATE utf8mb4_bin <> name",
        rows.join(", ")
    ));
    let number = |row: &Row, column: &str| row[column].as_u64().expect("a number");
    let kept = database.sql("SELECT radacctid AS id FROM radacct");
    let same = "SELECT a.radacctid AS a, b.radacctid AS b FROM radacct a JOIN radacct b ON a.username = b.username";
    let same = database.sql(same).iter().map(|row| (number(row, "a"), number(row, "b"))).collect();
    (kept.iter().map(|row| number(row, "id")).collect(), same)
}

/// Two names are one in the ledger when they are one to radacct. For names in ASCII nothing need have been read before.
#[tokio::test]
async fn the_ledger_keeps_the_names_that_the_server_tells_apart() {
    for collation in COLLATIONS {
        let database = MariaDb::with_charset(collation);
        let (kept, same) = named(&database);
        let store = store(&database).await;
        for ascii in [true, false] {
            // What is spelled with a mark of its own weighs the same only in parts
            let seen =
                |name: &str| name.is_ascii() || !(ascii || collation.contains("_as_") && name.contains('\u{301}'));
            let names: Vec<_> =
                (1..).zip(NAMES.split('|')).filter(|(id, name)| kept.contains(id) && seen(name)).collect();
            for (one, a) in &names {
                for (other, b) in &names {
                    let in_ledger = store.ledger_name(&user(a)) == store.ledger_name(&user(b));
                    assert_eq!(in_ledger, same.contains(&(*one, *other)), "{collation}: {a:?} {b:?}");
                }
            }
            let before = ["O'Brien ", "alice"].map(|name| store.ledger_name(&user(name)));
            open_rows(&store, 99).await;
            assert_eq!(before, ["O'Brien ", "alice"].map(|name| store.ledger_name(&user(name))), "{collation}");
        }
    }
}

#[tokio::test]
async fn one_user_whatever_the_case() {
    let database = MariaDb::new();
    database.sql(&format!(
        "INSERT INTO radacct (radacctid, acctuniqueid, username) VALUES
           (1, '1', 'O=27BRIEN'), (2, '2', 'o=27brien'), (3, '3', 'o=3D27brien'), (4, '4', 'BOB'), (5, '5', 'o''Brien');
         INSERT INTO radacct (radacctid, acctuniqueid, username, acctstoptime)
           VALUES (6, '6', 'O=27brien', FROM_UNIXTIME({T0}))"
    ));
    let store = store(&database).await;
    for name in ["o'brien", "O'BRIEN"] {
        let rows = store.sightings_of(&user(name)).await.expect("asked");
        assert_eq!(rows.iter().map(|row| row.row_id).collect::<Vec<_>>(), [1, 2, 5, 6]);
        // Each as it stands; the ledger has one name for them
        assert_eq!(rows[0].user, user("O'BRIEN"));
        assert!(rows.iter().all(|row| store.ledger_name(&row.user) == user("o'brien")));
    }
    let asked = ["o'brien", "O'BRIEN", "bob", "日本"].map(user);
    let open = store.open_sightings_of(&asked).await.expect("asked");
    assert_eq!(open.iter().map(|row| row.row_id).collect::<Vec<_>>(), [1, 2, 4, 5]);
    assert!(store.sightings_of(&user("日本")).await.expect("asked").is_empty());
    assert!(store.open_sightings_of(&[user("日本")]).await.expect("asked").is_empty());
}

/// Whose names, limits and groups are spelled anyhow: the same as for everybody, under the same names.
#[tokio::test]
async fn limits_of_some_go_under_the_names_of_all() {
    let database = MariaDb::with_charset("utf8mb4");
    database.sql(
        "ALTER TABLE radusergroup CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
         ALTER TABLE radreply CONVERT TO CHARACTER SET latin1;
         INSERT INTO radcheck (username, attribute, op, value) VALUES
           ('O=27Brien', 'Cleartext-Password', ':=', 'x'), ('o=27brien', 'Max-Octets', ':=', '100'),
           ('o=3D27brien', 'Max-Octets', ':=', '7'), ('É', 'Max-Octets', ':=', '1'), ('日本', 'Max-Octets', ':=', '2');
         INSERT INTO radreply (username, attribute, op, value) VALUES ('o''BRIEN', 'Max-Octets', ':=', '3');
         INSERT INTO radusergroup (username, groupname, priority) VALUES
           ('O=27BRIEN', 'Gold', 1), ('bob', 'GOLD', 2), ('BOB', 'silver', 1), ('é', 'gold', 1), ('carol', 'none', 1);
         INSERT INTO radgroupcheck (groupname, attribute, op, value) VALUES
           ('gold', 'Max-Octets', ':=', '50'), ('SILVER', 'Max-Octets', ':=', '60')",
    );
    let store = store(&database).await;
    let wanted = ["max-octets".to_owned()];
    let all = store.limited_users(&wanted).await.expect("asked");
    let told: Vec<_> = all.iter().map(|(user, items)| (user.as_str(), items.len())).collect();
    // What a panel spells bare is another text to the server: it goes under a name of its own
    assert_eq!(told, [("O'Brien", 2), ("bob", 2), ("o'BRIEN", 1), ("o=27brien", 1), ("É", 2), ("日本", 1)]);
    for (asked, names) in [
        (&["o'brien", "O'BRIEN", "é", "É"][..], &["O'Brien", "o'BRIEN", "É"][..]),
        (&["BOB", "nobody", "carol"], &["bob"]),
        (&["日本", "O=27BRIEN"], &["o=27brien", "日本"]),
    ] {
        let asked: Vec<_> = asked.iter().map(|name| user(name)).collect();
        let mut expected = all.clone();
        expected.retain(|name, _| names.contains(&name.as_str()));
        assert_eq!(store.limit_items_of(&asked, &wanted).await.expect("asked"), expected, "{asked:?}");
    }
}

/// The first row of a user in any of the tables gives the name, in the order of ids; groups count in that of their priority.
#[tokio::test]
async fn limits_of_some_where_all_tables_keep_names_alike() {
    let database = MariaDb::with_charset("utf8mb4");
    database.sql(
        "INSERT INTO radcheck (id, username, attribute, op, value) VALUES
           (9, 'bob', 'Max-Octets', ':=', '9'), (3, 'BOB', 'max-octets', ':=', '3'), (7, 'o=27brien', 'Max-Octets', ':=', '7'),
           (5, 'O=27Brien', 'Cleartext-Password', ':=', 'x'), (6, 'é', 'Cleartext-Password', ':=', 'x');
         INSERT INTO radreply (id, username, attribute, op, value) VALUES
           (2, 'e', 'Max-Octets', ':=', '2'), (1, 'Carol', 'Reply-Message', ':=', 'x'), (4, 'bob ', 'Max-Octets', ':=', '4');
         INSERT INTO radusergroup (id, username, groupname, priority) VALUES
           (8, 'dave', 'SILVER', 2), (9, 'dave', 'gold', 1), (7, 'DAVE', 'none', 3), (1, 'carol', 'Gold', 1),
           (2, 'erin', 'nobody', 1);
         INSERT INTO radgroupcheck (groupname, attribute, op, value) VALUES
           ('gold', 'Max-Octets', ':=', '50'), ('Silver', 'Max-Octets', ':=', '60')",
    );
    let store = store(&database).await;
    let wanted = ["max-octets".to_owned()];
    let asked = ["bob", "o'brien", "e", "carol", "dave", "erin", "nobody"].map(user);
    let found = store.limit_items_of(&asked, &wanted).await.expect("asked");
    let told: Vec<_> = found
        .iter()
        .map(|(user, items)| (user.as_str(), items.iter().map(|item| item.value.as_str()).collect::<Vec<_>>()))
        .collect();
    let expected: [(&str, &[&str]); 5] =
        [("BOB", &["3", "9", "4"]), ("Carol", &["50"]), ("DAVE", &["50", "60"]), ("O'Brien", &["7"]), ("é", &["2"])];
    assert_eq!(told, expected.map(|(name, values)| (name, values.to_vec())));
    assert_eq!(found, store.limited_users(&wanted).await.expect("asked"));
}

/// Columns that hold other things than those of the stock schema: what a look tells is what the whole row says.
#[tokio::test]
async fn looks_at_columns_of_other_types() {
    for (times, counters, more, input) in [
        ("datetime(6)", "decimal(30, 4)", "'2023-11-14 22:13:20.600000', 7.6, 18446744073709551615.0, -3.0", 8),
        ("timestamp(3) NULL", "double", "'2023-11-14 22:13:20.400', 7.4, 1e15, -0.4", 7),
        ("timestamp NULL", "bigint unsigned", "'2023-11-14 22:13:20', 0, 18446744073709551615, NULL", 0),
        ("datetime", "int(10) unsigned zerofill", "'2023-11-14 22:13:20', 7, 4294967295, 0", 7),
        ("datetime", "varchar(30)", "'2023-11-14 22:13:20', '007', '8', '-9'", 7),
    ] {
        let database = MariaDb::new();
        let columns = ["acctinputoctets", "acctoutputoctets", "acctsessiontime"];
        let columns = columns.map(|column| format!("MODIFY {column} {counters}")).join(", ");
        database.sql(&format!(
            "ALTER TABLE radacct MODIFY acctstarttime {times}, MODIFY acctupdatetime {times}, {columns};
             INSERT INTO radacct (radacctid, acctuniqueid, username, acctstarttime, acctinputoctets, acctoutputoctets,
               acctsessiontime) VALUES (1, 'u1', 'a', {more}), (2, 'u2', 'a', NULL, NULL, NULL, NULL)"
        ));
        // What it compares is asserted there
        let seen = open_rows(&store(&database).await, 9).await;
        assert_eq!((seen.len(), seen[0].input, seen[1].input), (2, Some(input), None), "{times} {counters}");
        assert!(seen[0].start.is_some() && seen[0].seconds.unwrap_or(0) == 0, "{times} {counters}");
    }
}

/// A site may show radkick a view: it has no index that a statement could name.
#[tokio::test]
async fn a_view_in_place_of_radacct() {
    let database = MariaDb::new();
    database.sql("CREATE VIEW accounting AS SELECT * FROM radacct WHERE nasipaddress <> 'x'");
    database.sql("INSERT INTO radacct (radacctid, acctuniqueid, username) VALUES (7, 'u', 'a')");
    database.sql(&format!("GRANT SELECT ON {}.accounting TO {}", database.name(), database.account()));
    let tables = TableNames { acct: "accounting".to_owned(), ..TableNames::default() };
    let store = Accounting::open(&url(&database), &tables).await.expect("a view will do");
    assert_eq!(open_rows(&store, 9).await.len(), 1);
    assert_eq!(store.last_row_id().await.expect("asked"), 7);
}
