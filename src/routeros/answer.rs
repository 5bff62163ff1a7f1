//! What an answer of RouterOS means.

use reqwest::header::LOCATION;
use reqwest::{Response, StatusCode};
use url::Url;

use super::body::parse_error;
use super::error::RestFailure;

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
        400 if words.contains("session closed") => RestFailure::SessionClosed,
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
