//! Connections, each with its bounds: axum's own server has none.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

/// Connections at a time; one more is closed at once.
const CONNECTIONS: usize = 64;
/// Until the head of a request is complete.
const HEAD_TIME: Duration = Duration::from_secs(5);
/// From the first octet to the last: one request and its answer.
const WHOLE_TIME: Duration = Duration::from_secs(10);
/// Octets that the head of a request may have.
const HEAD_OCTETS: usize = 16 * 1024;
const HEADERS: usize = 64;
/// After a failure to accept, as when the process has no file left to open.
const PAUSE: Duration = Duration::from_millis(100);

/// Answers until `stop`. Whoever is connected then is cut off.
pub(super) async fn accept(listener: TcpListener, router: Router, stop: CancellationToken) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match (accepted, Arc::clone(&room).try_acquire_owned()) {
            (Ok((stream, _)), Ok(place)) => {
                tokio::spawn(stop.clone().run_until_cancelled_owned(answer(stream, router.clone(), place)));
            }
            (Ok((_, from)), Err(_)) => tracing::debug!(%from, "too many connections: closed"),
            (Err(error), _) => {
                tracing::warn!("HTTP: a connection could not be accepted: {error}");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn answer(stream: TcpStream, router: Router, _place: OwnedSemaphorePermit) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME).max_buf_size(HEAD_OCTETS).max_headers(HEADERS);
    // One request a connection: what is idle holds no place. A client that has said all it will say is answered
    http.keep_alive(false).half_close(true);
    let connection = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    match tokio::time::timeout(WHOLE_TIME, connection).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!("HTTP: {error}"),
        Err(_) => tracing::debug!("HTTP: a client took too long"),
    }
}
