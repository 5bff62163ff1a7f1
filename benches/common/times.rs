//! Durations, and what is in their middle.

use std::time::Duration;

use radkick::clock::Clock;

/// How long it takes, and what it gives.
pub(crate) async fn timed<T>(what: impl Future<Output = T>) -> (Duration, T) {
    let begun = Clock.now();
    let given = Box::pin(what).await;
    (Clock.now().duration_since(begun), given)
}

/// How long the same thing took, each time.
#[derive(Debug, Default)]
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn add(&mut self, took: Duration) {
        self.0.push(took);
        self.0.sort();
    }

    /// The one in the middle, of two the later; zero if there is none.
    pub(crate) fn median(&self) -> Duration {
        self.0.get(self.0.len() / 2).copied().unwrap_or_default()
    }
}

impl std::fmt::Display for Times {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ends = [self.0.first(), self.0.last()].map(|end| end.copied().unwrap_or_default().as_secs_f64() * 1e3);
        let [shortest, longest] = ends;
        let median = self.median().as_secs_f64() * 1e3;
        write!(f, "median {median:.2} ms of {} ({shortest:.2} to {longest:.2})", self.0.len())
    }
}
