//! Events that a database refuses while it is well itself: they are set aside, and hold up no others.

use std::sync::Arc;

use crate::hook::Event;
use crate::jobs::AgentError;

use super::intake::{Intake, PAUSE, Waiting};

impl Intake {
    /// Tries each of these a second time, a while later and alone, before it is set aside.
    pub(super) async fn once_more(
        &mut self,
        refused: impl Iterator<Item = (Event, Waiting)> + Send,
    ) -> Result<(), String> {
        tokio::time::sleep(PAUSE).await;
        for event in refused {
            let one = vec![event];
            match self.handle(&one).await {
                Ok(done) => self.answer(one, done).await,
                Err(error) if self.is_refusal(&error).await => {
                    for (_, waiting) in one {
                        self.refuse(waiting, &error.to_string()).await;
                    }
                }
                Err(error) => return Err(error.to_string()),
            }
        }
        Ok(())
    }

    /// Whether a database refused what it was asked for, and answers everything else.
    pub(super) async fn is_refusal(&self, error: &AgentError) -> bool {
        let agent = Arc::clone(&self.agents.borrow());
        let AgentError::Store(error) = error else { return false };
        error.kind() == "query" && agent.accounting.ping().await.is_ok() && agent.state.job_counts().await.is_ok()
    }
}
