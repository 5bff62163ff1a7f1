//! What an answer of RouterOS means.

use reqwest::header::LOCATION;
use reqwest::{Response, StatusCode};
use serde_json::Value;
use url::Url;

use super::body::{parse, parse_error};
use super::error::RestFailure;
use super::rows::{ActiveRow, Menu};

/// The JSON of a list. A list always exists, so where it does not there is no REST.
pub(super) fn list(octets: Result<Vec<u8>, RestFailure>) -> Result<Value, RestFailure> {
    match octets {
        Ok(octets) => parse(&octets),
        Err(RestFailure::NoSuchRow) => Err(RestFailure::NoRest { status: 404 }),
        Err(failure) => Err(failure),
    }
}

/// The rows of a list, every one of them of the right shape: right after its start a router may answer anything.
pub(super) fn rows(menu: Menu, value: &Value) -> Result<Vec<ActiveRow>, RestFailure> {
    let rows = value.as_array().ok_or(RestFailure::Shape("no list of rows"))?;
    rows.iter().map(|row| ActiveRow::parse(menu, row)).collect()
}

/// What a status that is no success means. A 404 tells of a missing row only in RouterOS' own form: a page of something
/// in between proves nothing.
pub(super) fn refusal(status: StatusCode, octets: &[u8]) -> RestFailure {
    let body = parse_error(octets);
    let words = body.detail.to_ascii_lowercase();
    let status = status.as_u16();
    match status {
        401 => RestFailure::Unauthorized,
        403 => RestFailure::Forbidden { status, detail: body.detail },
        _ if words.contains("permission") => RestFailure::Forbidden { status, detail: body.detail },
        400 | 404 if words.contains("no such item") => RestFailure::NoSuchRow,
        400 | 404 if words.contains("no such command") => RestFailure::NoRest { status },
        404 if body.genuine => RestFailure::NoSuchRow,
        404 => RestFailure::NoRest { status },
        _ => RestFailure::Status { status, detail: body.detail },
    }
}

/// Where a redirect points to: without user, password, query or fragment, and not endless.
pub(super) fn target(response: &Response) -> String {
    let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
    let target = location.and_then(|location| response.url().join(location).ok());
    target.map_or_else(
        || "nowhere".to_owned(),
        |url: Url| {
            let path: String = url.path().chars().take(100).collect();
            format!("{}{path}", url.origin().ascii_serialization())
        },
    )
}
