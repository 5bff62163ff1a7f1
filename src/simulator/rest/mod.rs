//! REST as `www` and `www-ssl` serve it (RouterOS manual, REST API).
//!
//! A request passes `auth.rs`, is placed by `route.rs`, and is answered by `menu.rs` from the rows of `rows.rs`.

mod auth;
mod gate;
mod menu;
mod query;
mod reply;
mod route;
mod row;
mod rows;
mod tls;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::request::Parts;
use axum::response::Response;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::shared::Shared;
use super::{Event, RestFault, RestOptions, RestRequest};
use gate::{Gate, Peer};
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
    let (acceptor, certificate) = identity.map(|identity| (identity.acceptor, identity.certificate)).unzip();
    let scheme = if acceptor.is_some() { "https" } else { "http" };
    let site = Site { shared: Arc::clone(shared), options: Arc::new(options), stop: stop.clone() };
    let gate = Gate::start(listener, acceptor, site.clone(), tasks)?;
    let app = axum::Router::new().fallback(answer).with_state(site);
    let app = app.into_make_service_with_connect_info::<Peer>();
    let stopped = stop.clone().cancelled_owned();
    tasks.spawn(async move {
        // It ends only when it is told to, and never with an error (axum's promise).
        axum::serve(gate, app).with_graceful_shutdown(stopped).await.ok();
    });
    Ok(RestService { url: format!("{scheme}://{address}"), certificate: certificate.unwrap_or_default() })
}

/// Answers one request, and remembers it.
async fn answer(State(site): State<Site>, ConnectInfo(peer): ConnectInfo<Peer>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let method = parts.method.as_str().to_owned();
    let path = parts.uri.path_and_query().map_or_else(String::new, ToString::to_string);
    let fault = fault(&site.shared, &method, &path);
    let reply = match fault {
        Some(fault) if !matches!(fault, RestFault::Slow(_) | RestFault::CutBody) => reply::of_fault(fault),
        fault => {
            let reply = own_answer(&site, &peer, &parts, body).await;
            match fault {
                Some(RestFault::Slow(pause_ms)) => reply.slowly(Duration::from_millis(pause_ms)),
                Some(_) => reply.cut(),
                None => reply,
            }
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

/// The answer of a router that works.
async fn own_answer(site: &Site, peer: &Peer, parts: &Parts, body: Body) -> Reply {
    let allowed = &site.options.allowed;
    if !allowed.is_empty() && !allowed.contains(&peer.from().ip()) {
        site.shared.tell(Event::Refused { from: peer.from(), reason: "address= of the service".to_owned() });
        return Reply::error(403, None);
    }
    let body = to_bytes(body, MAX_BODY_OCTETS).await;
    let needs_api = site.shared.state().behaviours.rest.needs_api_policy;
    match (body, auth::check(&parts.headers, &site.options, needs_api)) {
        (_, Err(reply)) => {
            let text =
                format!("login failure for user {} from {} via rest-api", auth::name(&parts.headers), peer.from().ip());
            site.shared.tell(Event::Log { text });
            reply
        }
        (Err(_), _) => Reply::error(400, Some("body too long".to_owned())),
        (Ok(body), Ok(rights)) => {
            peer.logged_in();
            menu::answer(&site.shared, parts, &body, rights)
        }
    }
}

/// The fault that strikes this request; one that the last reboot left goes first.
fn fault(shared: &Shared, method: &str, path: &str) -> Option<RestFault> {
    let mut state = shared.state();
    let (wrong, empty) = &mut state.spoiled;
    for (left, fault) in [(wrong, RestFault::WrongBody), (empty, RestFault::EmptyList)] {
        if *left > 0 {
            *left -= 1;
            return Some(fault);
        }
    }
    let rest = &mut state.behaviours.rest;
    let strikes = rest.fault_method.as_ref().is_none_or(|only| only.eq_ignore_ascii_case(method))
        && rest.fault_path.as_ref().is_none_or(|beginning| path.starts_with(beginning));
    let fault = rest.fault.clone().filter(|_| strikes && rest.fault_times != Some(0))?;
    rest.fault_times = rest.fault_times.map(|left| left.saturating_sub(1));
    Some(fault)
}
