//! A report that travels: with what its JSON for programs leaves out.

use serde::{Deserialize, Serialize};

use crate::jobs::SessionReport;
use crate::store::SessionRow;

/// A [`SessionReport`], whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    report: SessionReport,
    session: Option<SessionRow>,
    selected_at: i64,
    failed: bool,
}

impl From<SessionReport> for Record {
    fn from(report: SessionReport) -> Self {
        let (session, selected_at, failed) = (report.session.clone(), report.selected_at, report.failed);
        Self { report, session, selected_at, failed }
    }
}

impl From<Record> for SessionReport {
    fn from(Record { report, session, selected_at, failed }: Record) -> Self {
        Self { session, selected_at, failed, ..report }
    }
}
