//! config/panels/laravel.sql and laravel.toml, on a Laravel panel's tables.
use serde_json::json;

use super::database::Engine;
use super::on_each;
use super::site::{Site, users};

const PANEL: [&str; 3] = [
    include_str!("../../../fixtures/panels/laravel-sqlite.sql"),
    include_str!("../../../fixtures/panels/laravel-postgres.sql"),
    include_str!("../../../fixtures/panels/laravel-mariadb.sql"),
];
const ROWS: &str = include_str!("../../../fixtures/panels/laravel-rows.sql");
const QUERY: &str = include_str!("../../../config/panels/laravel.sql");
const CONFIG: &str = include_str!("../../../config/panels/laravel.toml");

const ODD: &str = "o'brien \"x\" é";
const MIB: u64 = 1_048_576;
/// 1.1 GiB, whole octets.
const FRACTION: u64 = 1_181_116_006;

/// Everybody online, with the use that makes some of them over.
fn panel(engine: Engine) -> Site {
    let site = Site::start(engine);
    site.panel(PANEL, &["users", "plans"]);
    site.sql(ROWS);
    std::fs::write(site.folder.path().join("laravel.sql"), QUERY).expect("the shipped query");
    site.configure_shipped(CONFIG);
    let used = [
        ("over", MIB),
        ("under", MIB - 1),
        ("planless", 100 * MIB),
        ("unlimited", 100 * MIB),
        ("expired", 1),
        ("expiring", 100 * MIB),
        ("child1", MIB / 2),
        ("child2", MIB / 2),
        (ODD, 600),
        ("fraction", FRACTION),
        ("fractionunder", FRACTION - 1),
        ("small", MIB),
        ("unknownunit", 100 * MIB),
        ("oddchild", 400),
        // Used before the plan began
        ("early", 100 * MIB),
    ];
    for (place, (user, octets)) in used.iter().enumerate() {
        site.online(user, &format!("81{place:03}"), *octets);
    }
    site.check("parent", &[("Cleartext-Password", "pw")]);
    site
}

const OVER: [&str; 9] = ["child1", "child2", "expired", "fraction", ODD, "oddchild", "over", "parent", "small"];

fn whom_the_plans_limit(engine: Engine) {
    let site = panel(engine);
    let finished = site.any_step();
    assert_eq!(finished.code, Some(0), "{finished:#?}");
    assert!(finished.stderr.contains("user unknownunit: query limit_bytes is \"-1\""), "{finished:#?}");
    let told = finished.json_lines();
    assert_eq!(users(&told), OVER, "{told:#?}");
    for report in &told {
        let offline = report["user"] == "parent";
        let keys = ["fate", "blocked", "actor"].map(|key| report[key].clone());
        assert_eq!(json!(keys), json!([if offline { "already_gone" } else { "ended" }, true, "worker"]), "{report:#}");
    }
    for user in OVER {
        assert!(!site.lets_in(user), "{user}");
    }
    let family = |user: &str| told.iter().find(|report| report["user"] == user).map(|report| &report["subject"]);
    assert_eq!((family("child2"), family("oddchild")), (Some(&json!("parent")), Some(&json!(ODD))));
    let used = |user: &str| told.iter().find(|report| report["user"] == user).map(|report| &report["used_octets"]);
    assert_eq!((used("child1"), used("oddchild")), (Some(&json!(MIB)), Some(&json!(1000))));
    for user in ["under", "planless", "unlimited", "expiring", "fractionunder", "unknownunit", "early"] {
        assert!(site.lets_in(user), "{user}");
    }
    // What is used already is not found anew
    assert!(site.step().iter().all(|report| report["attempts"] == json!([])));
}

/// The panel writes `plan_started_at` alone, and the next step lets in; then the plan counts from there.
fn a_renewed_plan(engine: Engine) {
    let site = panel(engine);
    let before = site.tables();
    site.step();
    assert!(!site.lets_in("over"));
    let renew = |user: &str| {
        site.sql(&format!("UPDATE users SET plan_started_at = '2024-06-01 00:00:00' WHERE username = '{user}';"));
    };
    renew("over");
    renew("parent");
    site.sql("UPDATE users SET plan_expiry = '2037-01-01 00:00:00' WHERE username = 'expired';");
    site.sql("UPDATE plans SET data_limit = 2000 WHERE name = 'octets';");
    let told = site.step();
    let left = ["fraction", "small"];
    assert_eq!(users(&told), left, "{told:#?}");
    for user in OVER {
        assert_eq!(site.lets_in(user), !left.contains(&user), "{user}");
    }
    site.sql("UPDATE users SET plan_started_at = '2024-06-01 00:00:00' WHERE username IN ('fraction', 'small');");
    assert!(site.step().is_empty());
    assert_eq!(site.tables(), before);
    used_up_again(&site);
}

/// What comes after the renewal counts, once.
fn used_up_again(site: &Site) {
    let session = |status, octets: &str| {
        let mut record = site.record("over", "82001", status, "0");
        record.retain(|(name, _)| !["Event-Timestamp", "Acct-Output-Octets"].contains(name));
        let record = record.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let more = [("Event-Timestamp", "1720000000"), ("Acct-Output-Octets", octets)];
        let record: Vec<_> = record.chain(more.map(|(name, value)| (name.to_owned(), value.to_owned()))).collect();
        let record: Vec<(&str, &str)> = record.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        site.server.account(&record);
    };
    session("Start", "0");
    session("Interim-Update", "1048575");
    assert!(site.step().is_empty());
    session("Interim-Update", "1048576");
    let told = site.step();
    assert_eq!(users(&told), ["over"], "{told:#?}");
    assert_eq!(json!([told[0]["fate"], told[0]["used_octets"]]), json!(["ended", MIB]));
}

on_each!(whom_the_plans_limit, a_renewed_plan);
