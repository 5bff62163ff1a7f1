//! Turns, in time that the test moves.

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const LIMITS: Limits = Limits { in_flight: 2, rate: 10 };

fn place(pace: &Pace, address: &str) -> Arc<Place> {
    let at = Where { path: "radius", place: address.to_owned(), nas: address };
    pace.place(at, Clock, &Arc::default())
}

async fn turn(place: &Arc<Place>, by_hand: bool) -> Result<Turn, NotNow> {
    Arc::clone(place).turn(LIMITS, by_hand).await
}

/// Three requests without an answer.
async fn fall_silent(place: &Arc<Place>) {
    for _ in 0..3 {
        turn(place, false).await.expect("a turn").ended(false);
    }
}

#[tokio::test(start_paused = true)]
async fn no_more_at_a_time_than_allowed() {
    let place = place(&Pace::default(), "R1");
    let first = turn(&place, false).await.expect("a turn");
    let _second = turn(&place, false).await.expect("a turn");
    let mut third = std::pin::pin!(turn(&place, false));
    assert!(timeout(10 * SECOND, &mut third).await.is_err(), "two are under way");
    first.ended(true);
    timeout(SECOND, third).await.expect("at once").expect("a turn").ended(true);
}

#[tokio::test(start_paused = true)]
async fn no_faster_than_allowed() {
    let (place, began) = (place(&Pace::default(), "R1"), Clock.now());
    for _ in 0..31 {
        turn(&place, false).await.expect("a turn").ended(true);
    }
    let took = Clock.now() - began;
    assert!((3 * SECOND..4 * SECOND).contains(&took), "30 at 10 a second after the first: {took:?}");
}

#[tokio::test(start_paused = true)]
async fn who_waits_too_long_is_not_sent() {
    let place = place(&Pace::default(), "R1");
    let _under_way = (turn(&place, false).await.expect("a turn"), turn(&place, true).await.expect("a turn"));
    let refused = turn(&place, false).await.expect_err("a minute has passed");
    assert_eq!(refused, NotNow("too many requests wait for it".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_silent_router_is_left_alone_but_for_one_try_and_a_person() {
    let (pace, metrics) = (Pace::default(), Arc::new(Metrics::default()));
    let at = Where { path: "radius", place: "10.0.0.1:3799".to_owned(), nas: "R1" };
    let place = pace.place(at, Clock, &metrics);
    fall_silent(&place).await;
    assert!(metrics.text().contains("radkick_nas_left_alone{nas=\"R1\",path=\"radius\"} 1"), "{}", metrics.text());
    let NotNow(why) = turn(&place, false).await.expect_err("silent");
    assert!(why.starts_with("silent since 2") && why.ends_with("Z, tried again in 30 s"), "{why}");
    turn(&place, true).await.expect("a person's is tried").ended(false);
    sleep(30 * SECOND).await;
    let probe = turn(&place, false).await.expect("one tries");
    turn(&place, false).await.expect_err("one at a time");
    probe.ended(false);
    sleep(30 * SECOND).await;
    turn(&place, false).await.expect_err("a minute, now");
    turn(&place, true).await.expect("a person's is tried").ended(true);
    turn(&place, false).await.expect("it answers again").ended(true);
    assert!(metrics.text().contains("radkick_nas_left_alone{nas=\"R1\",path=\"radius\"} 0"), "{}", metrics.text());
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_are_refused_once_it_is_silent() {
    let place = place(&Pace::default(), "R1");
    let under_way = [turn(&place, false).await.expect("a turn"), turn(&place, false).await.expect("a turn")];
    let waiting: Vec<_> = (0..5)
        .map(|_| {
            let place = Arc::clone(&place);
            tokio::spawn(async move { turn(&place, false).await.map(|turn| turn.ended(false)) })
        })
        .collect();
    sleep(SECOND).await;
    for turn in under_way {
        turn.ended(false);
    }
    let mut refused = 0;
    for waiting in waiting {
        refused += usize::from(waiting.await.expect("no panic").is_err());
    }
    // Two were let go before the third miss, so that one or both of those were sent
    assert!((3..=4).contains(&refused), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn a_dead_router_costs_the_others_nothing() {
    let pace = Pace::default();
    let (dead, live) = (place(&pace, "dead"), place(&pace, "live"));
    let _under_way = [turn(&dead, false).await.expect("a turn"), turn(&dead, false).await.expect("a turn")];
    let waiting = tokio::spawn(async move { turn(&dead, false).await.map(|_| ()) });
    let began = Clock.now();
    turn(&live, false).await.expect("a turn").ended(true);
    assert_eq!(Clock.now(), began, "it did not wait");
    assert!(!waiting.is_finished());
    assert!(Arc::ptr_eq(&live, &place(&pace, "live")), "all agents of a process share it");
}

#[tokio::test(start_paused = true)]
async fn other_limits_count_at_once() {
    let place = place(&Pace::default(), "R1");
    let _under_way = [turn(&place, false).await.expect("a turn"), turn(&place, false).await.expect("a turn")];
    let wider = Limits { in_flight: 3, rate: 1000 };
    Arc::clone(&place).turn(wider, false).await.expect("a turn").ended(true);
}

#[tokio::test]
async fn a_silent_rest_service_is_left_alone_too() {
    use crate::config::{RestSettings, Tls};
    use crate::routeros::{RestClient, RestFailure};

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address")).parse().expect("a URL");
    drop(listener);
    let (username, password) = ("kick".to_owned(), "p".to_owned().into());
    let settings = RestSettings { url, username, password, tls: Tls::Off, identity: None };
    let client = RestClient::new(&settings).expect("a client").behind(place(&Pace::default(), "R1"));
    for _ in 0..3 {
        let error = client.identity().await.expect_err("nobody listens");
        assert!(matches!(error.failure, RestFailure::Refused), "{error}");
    }
    let error = client.identity().await.expect_err("not asked");
    assert!(error.to_string().contains("not asked: silent since 2"), "{error}");
    let by_hand = client.by_hand().identity().await.expect_err("asked, and nobody listens");
    assert!(matches!(by_hand.failure, RestFailure::Refused), "{by_hand}");
}
