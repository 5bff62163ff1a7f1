//! HTTP Basic authentication against one `/user`.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use secrecy::ExposeSecret;

use super::reply::Reply;
use crate::simulator::{RestOptions, Rights};

/// The rights of whoever sends these headers; 401 for a wrong user or password, and for a user without `rest-api`.
pub(super) fn check(headers: &HeaderMap, options: &RestOptions) -> Result<Rights, Reply> {
    let expected = BASE64_STANDARD.encode(format!("{}:{}", options.user, options.password.expose_secret()));
    let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (scheme, credentials) = given.split_once(' ').unwrap_or_default();
    let right = scheme.eq_ignore_ascii_case("basic") && credentials.trim() == expected && options.rights.rest_api;
    if right { Ok(options.rights) } else { Err(Reply::error(401, None)) }
}
