//! Questions of many that are asked together: one round after the other, each for everybody who waits.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use crate::clock::Clock;

/// A round is not begun before so many times as long as the last one took: what is slow is asked seldom.
const REST_AFTER_LONG: u32 = 4;

/// A place that is asked in rounds. A question is answered by a round that began after it was put.
#[derive(Debug)]
pub(super) struct Rounds<Q, A> {
    questions: mpsc::UnboundedSender<(Q, oneshot::Sender<A>)>,
}

impl<Q, A> Rounds<Q, A>
where
    Q: Send + 'static,
    A: Send + 'static,
{
    /// Begins rounds at least `apart`, as long as this value lives. `ask` answers the questions of a round in their order;
    /// one that it leaves out is not answered.
    pub(super) fn start<F, Answers>(clock: Clock, apart: Duration, ask: F) -> Self
    where
        F: Fn(Vec<Q>) -> Answers + Send + 'static,
        Answers: Future<Output = Vec<A>> + Send + 'static,
    {
        let (questions, waiting) = mpsc::unbounded_channel();
        tokio::spawn(run(clock, apart, ask, waiting));
        Self { questions }
    }

    /// The answer of the next round; `None` where it has none.
    pub(super) async fn ask(&self, question: Q) -> Option<A> {
        let (answer, answered) = oneshot::channel();
        self.questions.send((question, answer)).ok()?;
        answered.await.ok()
    }
}

async fn run<Q, A, F, Answers>(
    clock: Clock,
    apart: Duration,
    ask: F,
    mut waiting: mpsc::UnboundedReceiver<(Q, oneshot::Sender<A>)>,
) where
    F: Fn(Vec<Q>) -> Answers,
    Answers: Future<Output = Vec<A>>,
{
    let mut free_at = clock.now();
    while let Some(first) = waiting.recv().await {
        tokio::time::sleep(free_at.saturating_duration_since(clock.now())).await;
        let mut round = vec![first];
        while let Ok(next) = waiting.try_recv() {
            round.push(next);
        }
        let (questions, askers): (Vec<Q>, Vec<oneshot::Sender<A>>) = round.into_iter().unzip();
        let began = clock.now();
        for (answer, asker) in ask(questions).await.into_iter().zip(askers) {
            // Who asked may have gone
            asker.send(answer).ok();
        }
        let took = clock.now().duration_since(began);
        free_at = began + apart.max(took.saturating_mul(REST_AFTER_LONG));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tokio::task::JoinSet;

    use super::*;

    /// What was asked, by round.
    type Asked = Arc<Mutex<Vec<Vec<u32>>>>;

    fn counting(asked: &Asked) -> Rounds<u32, u32> {
        let asked = Arc::clone(asked);
        Rounds::start(Clock, Duration::from_millis(100), move |round: Vec<u32>| {
            asked.lock().unwrap().push(round.clone());
            async move { round.into_iter().map(|question| question * 2).collect() }
        })
    }

    #[tokio::test(start_paused = true)]
    async fn however_many_wait_a_round_asks_once() {
        let asked = Asked::default();
        let rounds = Arc::new(counting(&asked));
        assert_eq!(rounds.ask(0).await, Some(0), "nobody waits for a first round");
        let mut waiting = JoinSet::new();
        for question in 1..=1_000 {
            let rounds = Arc::clone(&rounds);
            waiting.spawn(async move { (question, rounds.ask(question).await) });
        }
        for (question, answer) in waiting.join_all().await {
            assert_eq!(answer, Some(question * 2));
        }
        let rounds: Vec<usize> = asked.lock().unwrap().iter().map(Vec::len).collect();
        assert_eq!(rounds, [1, 1_000]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_round_that_fails_answers_nobody() {
        let rounds: Rounds<u32, u32> = Rounds::start(Clock, Duration::from_millis(100), |_| async { Vec::new() });
        assert_eq!(rounds.ask(1).await, None);
    }
}
