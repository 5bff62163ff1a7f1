//! Opening, by many at once and by none before.
use radkick::config::DatabaseUrl;
use radkick::store::{Brake, State};
use tokio::task::JoinSet;

use super::Bench;

fn brake() -> Brake {
    Brake { tripped_at: 1, detail: "x".to_owned(), confirmed_at: None }
}

pub(super) async fn sixteen_at_once(bench: &impl Bench) {
    let mut opening = JoinSet::new();
    for index in 0..16 {
        let url: DatabaseUrl = bench.state_url();
        opening.spawn(async move {
            let state = State::open(&url).await;
            (index, state)
        });
    }
    while let Some(opened) = opening.join_next().await {
        let (index, state) = opened.expect("no panic");
        let written = state.expect("opened").set_brake(&format!("brake {index}"), Some(&brake())).await;
        written.expect("written");
    }
    let state = bench.state().await;
    for index in 0..16 {
        assert_eq!(state.brake(&format!("brake {index}")).await.expect("asked"), Some(brake()));
    }
}

pub(super) async fn existing_creates_nothing(bench: &impl Bench) {
    for _ in 0..2 {
        assert!(State::open_existing(&bench.state_url()).await.expect("asked").is_none());
    }
    if let DatabaseUrl::Sqlite(path) = bench.state_url() {
        let folder = path.parent().expect("a folder").read_dir().expect("readable");
        let names: Vec<_> = folder.map(|entry| entry.expect("an entry").file_name()).collect();
        assert_eq!(names, ["radius.db"]);
    }
    bench.state().await;
    assert!(State::open_existing(&bench.state_url()).await.expect("asked").is_some());
}

pub(super) async fn what_was_written_is_there_after_opening_again(bench: &impl Bench) {
    bench.state().await.set_brake("cut", Some(&brake())).await.expect("written");
    assert_eq!(bench.state().await.brake("cut").await.expect("asked"), Some(brake()));
    let again = State::open_existing(&bench.state_url()).await.expect("asked").expect("it is there");
    assert_eq!(again.brake("cut").await.expect("asked"), Some(brake()));
}
