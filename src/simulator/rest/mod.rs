//! REST as `www` and `www-ssl` serve it (RouterOS manual, REST API).
//!
//! A request passes `auth.rs`, is placed by `route.rs`, and is answered by `menu.rs` from the rows of `rows.rs`.

mod auth;
mod menu;
mod query;
mod reply;
mod route;
mod rows;
mod tls;

use std::io;
use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::response::Response;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::shared::Shared;
use super::{Event, RestFault, RestOptions, RestRequest, Tls};
use reply::Reply;

/// The longest request body that is read.
const MAX_BODY_OCTETS: usize = 64 * 1024;

/// A running REST service.
#[derive(Debug)]
pub(super) struct RestService {
    pub(super) url: String,
    pub(super) certificate: Certificate,
}

/// What a client needs to trust the server.
#[derive(Debug, Default)]
pub(super) struct Certificate {
    pub(super) pem: String,
    pub(super) fingerprint: String,
}

/// What a request handler sees.
#[derive(Debug, Clone)]
struct Site {
    shared: Arc<Shared>,
    options: Arc<RestOptions>,
    stop: CancellationToken,
}

/// Starts the service on the router's address.
pub(super) async fn start(
    shared: &Arc<Shared>,
    options: RestOptions,
    stop: &CancellationToken,
    tasks: &mut JoinSet<()>,
) -> io::Result<RestService> {
    let listener = TcpListener::bind((shared.options.bind, options.port)).await?;
    let address = listener.local_addr()?;
    let identity = tls::Identity::make(options.tls, shared.options.bind)?;
    let scheme = if options.tls == Tls::Plain { "http" } else { "https" };
    let site = Site { shared: Arc::clone(shared), options: Arc::new(options), stop: stop.clone() };
    let app = axum::Router::new().fallback(answer).with_state(site);
    let stopped = stop.clone().cancelled_owned();
    let certificate = match identity {
        None => {
            tasks.spawn(async move {
                // It ends only when it is told to, and never with an error (axum's promise).
                axum::serve(listener, app).with_graceful_shutdown(stopped).await.ok();
            });
            Certificate::default()
        }
        Some(identity) => {
            let listener = tls::TlsListener::start(listener, identity.acceptor, tasks)?;
            tasks.spawn(async move {
                axum::serve(listener, app).with_graceful_shutdown(stopped).await.ok();
            });
            identity.certificate
        }
    };
    Ok(RestService { url: format!("{scheme}://{address}"), certificate })
}

/// Answers one request, and remembers it.
async fn answer(State(site): State<Site>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let method = parts.method.as_str().to_owned();
    let path = parts.uri.path_and_query().map_or_else(String::new, ToString::to_string);
    let fault = fault(&site.shared, &method);
    let reply = if let Some(fault) = fault {
        reply::of_fault(fault)
    } else {
        match (to_bytes(body, MAX_BODY_OCTETS).await, auth::check(&parts.headers, &site.options)) {
            (_, Err(reply)) => reply,
            (Err(_), _) => Reply::error(400, Some("body too long".to_owned())),
            (Ok(body), Ok(rights)) => menu::answer(&site.shared, &parts, &body, rights),
        }
    };
    let status = reply.status();
    site.shared.state().remember_rest(RestRequest { method: method.clone(), path: path.clone(), status });
    site.shared.tell(Event::Rest { method, path, status });
    if status.is_none() {
        site.stop.cancelled().await;
    }
    reply.into_response()
}

/// The fault that strikes a request of this method.
fn fault(shared: &Shared, method: &str) -> Option<RestFault> {
    let state = shared.state();
    let rest = &state.behaviours.rest;
    let strikes = rest.fault_method.as_ref().is_none_or(|only| only.eq_ignore_ascii_case(method));
    rest.fault.clone().filter(|_| strikes)
}
