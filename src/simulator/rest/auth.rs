//! HTTP Basic authentication against one `/user`.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use secrecy::ExposeSecret;

use super::reply::Reply;
use crate::simulator::{RestOptions, Rights};

/// The rights of whoever sends these headers; 401 for a wrong user or password, and for a user without `rest-api`.
pub(super) fn check(headers: &HeaderMap, options: &RestOptions, needs_api: bool) -> Result<Rights, Reply> {
    let expected = BASE64_STANDARD.encode(format!("{}:{}", options.user, options.password.expose_secret()));
    let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (scheme, credentials) = given.split_once(' ').unwrap_or_default();
    let right = scheme.eq_ignore_ascii_case("basic") && credentials.trim() == expected;
    let may = options.rights.rest_api && (options.rights.api || !needs_api);
    if right && may { Ok(options.rights) } else { Err(Reply::error(401, None)) }
}

/// The user that the headers name, for the log.
pub(super) fn name(headers: &HeaderMap) -> String {
    let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let credentials = given.split_once(' ').and_then(|(_, text)| BASE64_STANDARD.decode(text.trim()).ok());
    let credentials = String::from_utf8_lossy(&credentials.unwrap_or_default()).into_owned();
    credentials.split(':').next().unwrap_or_default().escape_debug().to_string()
}
