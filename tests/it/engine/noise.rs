//! Many exchanges over a link that loses, delays, reorders and repeats, a thousand times over.
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use radkick::dynauth::{ExchangeId, Outcome, Request};

use super::das;
use super::link::Link;

const EXCHANGES: u8 = 40;

/// Runs one storm; the seed decides all of it.
fn storm(seed: u64) -> Link {
    let mut random = fastrand::Rng::with_seed(seed);
    let loss = random.f64() * 0.6;
    let mut link = Link::new(random.u64(..));
    let mut weather = random.fork();
    link.weather = Box::new(move |_| {
        let copies = if weather.f64() < loss { 0 } else { 1 + usize::from(weather.f64() < 0.2) };
        (0..copies).map(|_| Duration::from_millis(weather.u64(1..4000))).collect()
    });
    for n in 0..EXCHANGES {
        let name = ["alice", "nak503", "nak"][random.usize(0..3)];
        link.send(Request { das_addr: das::das_addr(n % 3), ..das::disconnect(name) }).expect("a request");
        link.pass(Duration::from_millis(random.u64(0..50)));
        link.random = random.u64(..);
    }
    link.run();
    link
}

#[test]
fn every_exchange_ends_once_and_nothing_is_left() {
    for seed in 0..300 {
        let link = storm(seed);
        let ends: BTreeSet<ExchangeId> = link.ended.iter().map(|(id, _)| *id).collect();
        assert_eq!((ends.len(), link.ended.len()), (usize::from(EXCHANGES), usize::from(EXCHANGES)), "seed {seed}");
        assert_eq!((link.client.in_flight(), link.client.poll_timeout()), (0, None), "seed {seed}");
    }
}

#[test]
fn all_transmissions_of_an_exchange_have_equal_octets() {
    for seed in 0..300 {
        let link = storm(seed);
        let mut octets: BTreeMap<ExchangeId, &[u8]> = BTreeMap::new();
        let mut count: BTreeMap<ExchangeId, u32> = BTreeMap::new();
        for (_, id, sent) in &link.transmissions {
            assert_eq!(*octets.entry(*id).or_insert(sent), sent.as_slice(), "seed {seed}");
            *count.entry(*id).or_default() += 1;
        }
        for (id, ended) in &link.ended {
            assert_eq!(count[id], ended.transmissions, "seed {seed}");
        }
    }
}

#[test]
fn each_hears_the_answer_to_its_own_question() {
    for seed in 0..300 {
        let link = storm(seed);
        for (id, ended) in &link.ended {
            let (_, _, octets) = link.transmissions.iter().find(|(_, sent, _)| sent == id).expect("its transmission");
            let right = das::answer(octets).expect("an answer");
            match ended.outcome {
                Outcome::Ack { .. } => assert_eq!(right[0], 41, "seed {seed}"),
                Outcome::Nak { .. } => assert_eq!(right[0], 42, "seed {seed}"),
                Outcome::NoReply { .. } => {}
                Outcome::Unreachable(_) | Outcome::Cancelled => panic!("seed {seed}: {ended:?}"),
            }
        }
    }
}
