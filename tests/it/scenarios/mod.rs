//! Cuts against routers with random switches, in random trouble: whatever happens, no claim is false and nobody else is hit.
//!
//! `RADKICK_SCENARIOS` says how many (2,000), `RADKICK_SEED` from which seed on (0): a failure names its own.
mod chance;
mod lane;
mod rows;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chance::{Aim, Scenario};
use lane::{Ground, LANES, Lane};

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).map_or(otherwise, |text| text.parse().expect("a number"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_claim_is_false_and_nobody_else_is_cut() {
    let (count, first) = (number("RADKICK_SCENARIOS", 2_000), number("RADKICK_SEED", 0));
    let ground = Arc::new(Ground::start().await);
    let next = Arc::new(AtomicU64::new(first));
    let mut lanes = tokio::task::JoinSet::new();
    for index in 0..LANES {
        let (ground, next) = (Arc::clone(&ground), Arc::clone(&next));
        lanes.spawn(async move {
            let lane = Lane::new(index);
            let mut told: BTreeMap<String, u64> = BTreeMap::new();
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= first + count {
                    return told;
                }
                let scenario = Scenario::of(seed, lane.kind());
                for report in lane.play(&ground, &scenario).await {
                    if scenario.plain && scenario.aim != Aim::PaidUp {
                        let word = if report.is_off() { "plain and proven" } else { "plain and not proven" };
                        *told.entry(word.to_owned()).or_default() += 1;
                    }
                    *told.entry(report.fate).or_default() += 1;
                }
            }
        });
    }
    let mut told: BTreeMap<String, u64> = BTreeMap::new();
    while let Some(lane) = lanes.join_next().await {
        for (fate, times) in lane.expect("a lane without a false claim") {
            *told.entry(fate).or_default() += times;
        }
    }
    println!("{told:?}");
    let sum = |words: &[&str]| words.iter().filter_map(|word| told.get(*word)).sum::<u64>();
    let (proven, unproven) = (sum(&["ended", "already_gone"]), sum(&["still_active", "unknown"]));
    let all = proven + unproven;
    // A busy machine may let a proof come too late; no more than that
    let (plain, late) = (sum(&["plain and proven"]), sum(&["plain and not proven"]));
    assert!(plain > late * 10, "{told:?}: nothing was out of the ordinary, and yet there was no proof");
    assert!(all >= count * 9 / 10, "{told:?}: hardly anybody was aimed at");
    assert!(proven * 2 > all, "{told:?}: a proof is rare");
    assert!(told.contains_key("still_active") && told.contains_key("unknown"), "{told:?}: no trouble at all");
}
