//! The engine among NAS of every kind, behind a network of every kind, under attack: ten thousand courses of events.
//!
//! A seed decides all that happens. `RADKICK_SEED` runs one, `RADKICK_SEEDS` so many from 0.
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use self::nas::Manner;
use self::plan::Plan;
use self::world::World;
use super::wire::by_hand;

mod attackers;
mod driver;
mod nas;
pub(crate) mod oracle;
mod pace;
mod plan;
pub(crate) mod watch;
mod world;

const SEEDS: u64 = 10_000;
const THREADS: usize = 2;

/// What a NAS and we share.
pub(crate) fn secret_of(das_addr: SocketAddr) -> Vec<u8> {
    format!("secret of {das_addr}").into_bytes()
}

/// Runs `simulate` with every seed; the one that fails is named.
#[expect(clippy::print_stdout, reason = "how to repeat it")]
fn with_every_seed(test: &str, seeds: u64, simulate: impl Fn(u64) + Sync) {
    let number = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let (first, last) = match (number("RADKICK_SEED"), number("RADKICK_SEEDS")) {
        (Some(seed), _) => (seed, seed + 1),
        (None, seeds_asked_for) => (0, seeds_asked_for.unwrap_or(seeds)),
    };
    let next = AtomicU64::new(first);
    let run = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= last {
                return;
            }
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| simulate(seed))) {
                println!("seed {seed}; again: RADKICK_SEED={seed} cargo test --features failpoints --test it {test}");
                next.store(last, Ordering::Relaxed);
                resume_unwind(panic);
            }
        }
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(run)).collect();
        for thread in threads {
            thread.join().unwrap_or_else(|panic| resume_unwind(panic));
        }
    });
}

#[test]
fn whatever_happens_the_engine_keeps_its_word() {
    with_every_seed("whatever_happens", SEEDS, |seed| World::new(Plan::new(seed)).run());
}

/// The healthy ones' transmissions and ends are made at the same times, whether others are dead or not there at all.
#[test]
fn a_dead_nas_delays_no_other() {
    with_every_seed("a_dead_nas", 500, |seed| {
        let mut plan = Plan::new(seed).undisturbed();
        // Which Identifiers a NAS gets is another matter, so that none may go by them alone.
        for nas in plan.nas.iter_mut().filter(|nas| [Manner::Silent, Manner::ByIdentifier].contains(&nas.habits.manner))
        {
            nas.habits.manner = Manner::Strict;
        }
        plan.nas[0].habits.manner = Manner::Silent;
        let mut without = plan.clone();
        without.nas.remove(0);
        let (mut beside, mut alone) = (World::new(plan), World::new(without));
        beside.run();
        alone.run();
        for (with, without) in beside.logs[1..].iter().zip(&alone.logs) {
            let differing = with.iter().zip(without).position(|(with, without)| with != without);
            assert_eq!(differing.map(|at| (&with[at], &without[at])), None);
            assert_eq!(with.len(), without.len());
        }
    });
}

/// The seeds see to it that all of it occurs, and not as an exception.
#[test]
fn the_seeds_leave_nothing_out() {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    // Crowded ones, of which ports are the matter, more than their share.
    for seed in (0..300).chain((307..1100).step_by(20)) {
        let mut world = World::new(Plan::new(seed));
        world.run();
        world.seen.into_iter().for_each(|(what, times)| *seen.entry(what).or_default() += times);
    }
    let endings = ["Ack", "Nak", "NoReply", "Unreachable", "Cancelled"];
    let reasons = ["Source", "Malformed", "Code", "Identifier", "Authenticator", "MessageAuthenticator"];
    let others = ["MissingMessageAuthenticator", "Stale", "port opened", "port closed", "port failed"];
    for what in [&endings[..], &reasons, &others].concat() {
        assert!(seen.get(what).is_some_and(|times| *times > 4), "{what}: {seen:?}");
    }
    println!("{seen:?}");
}
