//! IRT, MRT, MRC and MRD, exact at the extremes of RAND (RFC 5080 §2.2.1).
use std::time::Duration;

use radkick::dynauth::{Ended, Limit, Outcome, Request, RetransmitPolicy};

use super::das;
use super::link::Link;

const LOW: u64 = 0;
const HIGH: u64 = u64::MAX;

/// Times in milliseconds.
fn policy(irt: u64, mrt: u64, mrc: u32, mrd: u64) -> RetransmitPolicy {
    let ms = Duration::from_millis;
    RetransmitPolicy { irt: ms(irt), mrt: ms(mrt), mrc, mrd: ms(mrd) }
}

/// When a request that nobody answers is sent, in milliseconds, and how it ends.
fn unanswered(policy: RetransmitPolicy, random: u64) -> (Vec<u128>, Ended) {
    let mut link = Link::silent(random);
    link.send(Request { policy, ..das::disconnect("alice") }).expect("a request");
    link.run();
    assert_eq!(link.client.in_flight(), 0);
    (link.times_ms(), link.only_end().clone())
}

fn end(ended: &Ended) -> (Outcome, u128) {
    (ended.outcome, ended.elapsed.as_millis())
}

const fn silence(limit: Limit) -> Outcome {
    Outcome::NoReply { limit }
}

#[test]
fn the_default_is_that_of_rfc_5080() {
    assert_eq!(RetransmitPolicy::default(), policy(2000, 16_000, 5, 30_000));
}

#[test]
fn the_least_rand_sends_five_times_within_mrd() {
    let (times, ended) = unanswered(RetransmitPolicy::default(), LOW);
    assert_eq!(times, [0, 1800, 5220, 11_718, 24_064]);
    assert_eq!(end(&ended), (silence(Limit::Mrd), 30_000));
    assert_eq!(ended.transmissions, 5);
    assert_eq!((ended.code, ended.round_trip, ended.reply), (None, None, None));
}

#[test]
fn the_greatest_rand_sends_four_times_within_mrd() {
    let (times, ended) = unanswered(RetransmitPolicy::default(), HIGH);
    assert_eq!(times, [0, 2200, 6820, 16_522]);
    assert_eq!(end(&ended), (silence(Limit::Mrd), 30_000));
}

#[test]
fn mrt_caps_every_wait_but_for_rand() {
    let (times, ended) = unanswered(policy(2000, 5000, 6, 0), LOW);
    assert_eq!(times, [0, 1800, 5220, 9720, 14_220, 18_720]);
    assert_eq!(end(&ended), (silence(Limit::Mrc), 23_220));
    let (times, ended) = unanswered(policy(2000, 5000, 4, 0), HIGH);
    assert_eq!(times, [0, 2200, 6820, 12_320]);
    assert_eq!(end(&ended), (silence(Limit::Mrc), 17_820));
    let (times, _) = unanswered(policy(9000, 5000, 2, 0), LOW);
    assert_eq!(times, [0, 4500], "the first wait too");
}

#[test]
fn mrt_has_a_rand_of_its_own() {
    let first_wait = |random| {
        let mut link = Link::silent(random);
        link.send(Request { policy: policy(9000, 5000, 2, 0), ..das::disconnect("alice") }).expect("a request");
        link.client.poll_timeout().map(|deadline| (deadline - link.started).as_millis())
    };
    assert_eq!(first_wait(0x0000_0000_ffff_ffff), Some(5500));
    assert_eq!(first_wait(0xffff_ffff_0000_0000), Some(4500));
}

#[test]
fn mrc_counts_all_transmissions() {
    let (times, ended) = unanswered(policy(1000, 4000, 3, 60_000), LOW);
    assert_eq!(times, [0, 900, 2610]);
    assert_eq!(end(&ended), (silence(Limit::Mrc), 5859));
}

#[test]
fn without_mrc_mrd_alone_ends_it() {
    let (times, ended) = unanswered(policy(100, 0, 0, 1000), LOW);
    assert_eq!(times, [0, 90, 261, 585]);
    assert_eq!(end(&ended), (silence(Limit::Mrd), 1000));
}

#[test]
fn a_single_transmission_waits_for_the_whole_mrd() {
    let (times, ended) = unanswered(policy(2000, 16_000, 1, 30_000), LOW);
    assert_eq!((times, end(&ended)), (vec![0], (silence(Limit::Mrd), 30_000)));
    let (times, ended) = unanswered(policy(2000, 16_000, 1, 0), LOW);
    assert_eq!((times, end(&ended)), (vec![0], (silence(Limit::Mrc), 1800)));
}

#[test]
fn no_policy_sends_without_a_pause() {
    let (times, _) = unanswered(policy(0, 0, 0, 1000), LOW);
    assert!((5..20).contains(&times.len()), "{times:?}");
    let (times, _) = unanswered(policy(0, 1, 10, 0), HIGH);
    assert_eq!(times.len(), 10);
    let huge = RetransmitPolicy { irt: Duration::MAX, mrt: Duration::MAX, mrc: 2, mrd: Duration::MAX };
    let mut link = Link::silent(HIGH);
    link.send(Request { policy: huge, ..das::disconnect("alice") }).expect("a request");
    assert!(link.client.poll_timeout().is_some());
}

#[test]
fn any_rand_stays_between_the_extremes() {
    for random in (0..64).map(|n| 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(n + 1)) {
        let (times, _) = unanswered(RetransmitPolicy::default(), random);
        assert!((1800..=2200).contains(&times[1]), "{random:#x}: {times:?}");
        for pair in times[1..].windows(2) {
            assert!(pair[1] - pair[0] <= 17_600, "{random:#x}: {times:?}");
        }
    }
}

#[test]
fn nothing_happens_before_the_deadline() {
    let mut link = Link::silent(LOW);
    link.send(das::disconnect("alice")).expect("a request");
    assert_eq!(link.client.poll_timeout(), Some(link.started + Duration::from_millis(1800)));
    link.pass(Duration::from_millis(1799));
    link.timer();
    assert_eq!(link.transmissions.len(), 1);
}

#[test]
fn delays_of_the_driver_do_not_add_up() {
    let mut link = Link::silent(LOW);
    link.send(das::disconnect("alice")).expect("a request");
    link.pass(Duration::from_millis(1900));
    link.timer();
    assert_eq!(link.client.poll_timeout(), Some(link.started + Duration::from_millis(5220)));
}

#[test]
fn a_driver_that_slept_sends_once_and_not_after_the_end() {
    let mut link = Link::silent(LOW);
    link.send(das::disconnect("alice")).expect("a request");
    link.pass(Duration::from_secs(20));
    link.timer();
    assert_eq!(link.transmissions.len(), 2);
    assert_eq!(link.client.poll_timeout(), Some(link.now + Duration::from_millis(3420)));
    link.pass(Duration::from_secs(20));
    link.timer();
    assert_eq!(link.transmissions.len(), 2);
    assert_eq!(link.only_end().outcome, silence(Limit::Mrd));
}
