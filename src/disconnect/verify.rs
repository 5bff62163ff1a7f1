//! Looking for proof.

use std::time::Duration;

use crate::store::{SessionRow, StoreError};

use super::lists::ListQuestion;
use super::{Disconnector, ResolvedNas, RouterView};

/// How often radacct is read while a proof is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How many of those reads go by between two of the router's list, each of which costs the router a login.
const LOOKS_PER_LISTING: u32 = 5;

/// What radacct says of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowFinding {
    /// Its row is open.
    Open {
        /// When accounting last updated it.
        update: Option<i64>,
    },
    /// Its row is closed.
    Closed {
        /// When it stopped.
        stop: i64,
    },
    /// There is no such row (any more).
    Missing,
}

/// What radacct and the router say of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Findings {
    /// radacct.
    pub row: RowFinding,
    /// The router's list.
    pub router: RouterView,
}

impl Disconnector {
    /// Looks once.
    ///
    /// # Errors
    /// When the database cannot be asked. A router that cannot be asked is a finding.
    pub async fn look(&self, nas: &ResolvedNas, session: &SessionRow) -> Result<Findings, StoreError> {
        let router = self.router_view(nas, session).await;
        Ok(Findings { row: self.row(session).await?, router })
    }

    /// Looks until `enough` says so, or for `within`. The last findings.
    ///
    /// # Errors
    /// As [`Disconnector::look`].
    pub async fn watch(
        &self,
        nas: &ResolvedNas,
        session: &SessionRow,
        within: Duration,
        enough: impl Fn(&Findings) -> bool,
    ) -> Result<Findings, StoreError> {
        let started = self.clock().now();
        let mut looks = 0;
        let mut findings = Findings { row: self.row(session).await?, router: RouterView::NotAsked };
        loop {
            let over = self.clock().now().duration_since(started) >= within;
            // A closed row says most, and the list, which outranks it, is asked before it is believed
            if over || matches!(findings.row, RowFinding::Closed { .. }) || looks % LOOKS_PER_LISTING == 1 {
                findings.router = self.router_view(nas, session).await;
            }
            if over || enough(&findings) {
                return Ok(findings);
            }
            tokio::time::sleep(LOOK_EVERY).await;
            looks += 1;
            findings.row = self.row(session).await?;
        }
    }

    /// What radacct says of a session.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn row(&self, session: &SessionRow) -> Result<RowFinding, StoreError> {
        let id = &session.acct_unique_id;
        if id.is_empty() {
            return Ok(RowFinding::Missing);
        }
        let row = match self.rows().ask(id.clone()).await {
            Some(row) => row,
            // Once more, to say what is wrong
            None => self.accounting().session(id).await?,
        };
        Ok(match row {
            None => RowFinding::Missing,
            // Closed when it was selected already, which did not end it: nothing but a later Stop tells
            Some(row) if session.stop.is_some() && row.stop <= session.stop => RowFinding::Missing,
            Some(row) => row.stop.map_or(RowFinding::Open { update: row.update }, |stop| RowFinding::Closed { stop }),
        })
    }

    pub(super) async fn router_view(&self, nas: &ResolvedNas, session: &SessionRow) -> RouterView {
        let router = match self.router(nas) {
            Ok(None) => return RouterView::NotAsked,
            Ok(Some(router)) => router,
            Err(error) => return RouterView::Unreadable { reason: error.to_string() },
        };
        let question = ListQuestion { nas: nas.clone(), session: session.clone() };
        let gone = || RouterView::Unreadable { reason: "nobody asks it any more".to_owned() };
        router.list.ask(question).await.unwrap_or_else(gone)
    }
}
