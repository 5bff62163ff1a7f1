#![allow(missing_docs, clippy::all, clippy::pedantic, unused)]
use super::*;
use crate::quota::Sighting;
use std::time::Duration;
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowanceRow {
    pub username: UserName,
    pub limit: Option<String>,
    pub used_offset: Option<String>,
    pub period_start: Option<String>,
    pub expires_at: Option<String>,
    pub subject: Option<String>,
}
impl Accounting {
    pub async fn last_row_id(&self) -> Result<i64, StoreError> {
        todo!()
    }
    pub async fn open_rows(&self, after: Option<&Sighting>, limit: u32) -> Result<Vec<Sighting>, StoreError> {
        todo!()
    }
    pub async fn rows_by_id(&self, acct_unique_ids: &[String]) -> Result<Vec<Sighting>, StoreError> {
        todo!()
    }
    pub async fn rows_above(&self, row_id: i64, limit: u32) -> Result<Vec<Sighting>, StoreError> {
        todo!()
    }
    pub async fn sightings_of(&self, user: &UserName) -> Result<Vec<Sighting>, StoreError> {
        todo!()
    }
    pub async fn open_sightings_of(&self, users: &[UserName]) -> Result<Vec<Sighting>, StoreError> {
        todo!()
    }
    pub fn ledger_name(&self, user: &UserName) -> UserName {
        todo!()
    }
    pub async fn limit_items_of(
        &self,
        users: &[UserName],
        attributes: &[String],
    ) -> Result<BTreeMap<UserName, Vec<CheckItem>>, StoreError> {
        todo!()
    }
    pub async fn limited_names(&self, attributes: &[String]) -> Result<Vec<UserName>, StoreError> {
        todo!()
    }
    pub async fn close_stale(&self, id: &str, stop: i64, seen: Option<i64>) -> Result<bool, StoreError> {
        todo!()
    }
    pub async fn allowances(
        &self,
        q: &str,
        u: Option<&[UserName]>,
        s: Option<&[String]>,
        t: Duration,
    ) -> Result<Vec<AllowanceRow>, StoreError> {
        todo!()
    }
}
