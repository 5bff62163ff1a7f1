//! FreeRADIUS' Expiration attribute.

use jiff::tz::TimeZone;

use crate::radius::parse_date;

/// A date that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a date such as \"22 Nov 2026 18:00:00\", \"Nov 22 2026\", \"2026-11-22T18:00:00\" or seconds since 1970"
)]
pub struct ExpiryError(String);

/// Seconds since 1970 from the text of an Expiration value, as [`parse_date`] reads it.
///
/// # Errors
/// [`ExpiryError`] for what is no date.
pub fn parse_expiration(text: &str, zone: &TimeZone) -> Result<i64, ExpiryError> {
    parse_date(text, Some(zone)).ok_or_else(|| ExpiryError(text.trim().to_owned()))
}
