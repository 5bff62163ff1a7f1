//! The pages.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::config::Mode;

use super::Site;
use super::look::Look;

/// OpenMetrics' text, which Prometheus reads.
const METRICS_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// More events than this in the spool are not being kept up with.
const MANY_SPOOLED: u64 = 1000;

/// All pages. Another method than GET and HEAD is a 405, another path a 404.
pub(super) fn router(site: Arc<Site>) -> Router {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(site)
}

/// Whether the process lives and its loops go round: nothing else, no database.
async fn healthz(State(site): State<Arc<Site>>) -> Response {
    let stuck = site.pulses.stuck(site.clock.now());
    let status = if stuck.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({ "healthy": stuck.is_empty(), "stuck": stuck }))).into_response()
}

/// Whether it can do its work, and what is wrong if it cannot.
async fn readyz(State(site): State<Arc<Site>>) -> Response {
    let page = site.ready().await;
    let ready = page.get("ready") == Some(&Value::Bool(true));
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(page)).into_response()
}

async fn metrics(State(site): State<Arc<Site>>) -> Response {
    // What it finds goes into the metrics; where it finds nothing, they say so
    site.look().await.ok();
    ([(CONTENT_TYPE, METRICS_TYPE)], site.metrics.text()).into_response()
}

impl Site {
    async fn ready(&self) -> Value {
        let look = self.look().await;
        let (now, stuck) = (self.clock.epoch(), self.pulses.stuck(self.clock.now()));
        let mut wrong: Vec<String> = stuck.iter().map(|name| format!("the {name} makes no progress")).collect();
        let step = self.metrics.steps.last();
        let failed = step.as_ref().and_then(|step| step.failed.as_ref());
        wrong.extend(failed.map(|why| format!("the last step was cut short: {why}")));
        let (databases, jobs) = match &look {
            Ok(look) => (databases(look, &mut wrong), jobs(look, now)),
            Err(why) => {
                wrong.push(format!("the databases: {why}"));
                (Value::Null, Value::Null)
            }
        };
        let step = step.map(|step| {
            let result = if step.failed.is_some() { "failed" } else { "ok" };
            let took = u64::try_from(step.took.as_millis()).unwrap_or(u64::MAX);
            json!({ "age_s": now.saturating_sub(step.at).max(0), "took_ms": took, "result": result })
        });
        let mode = self.agent().ok().map(|agent| match agent.config.quota.mode {
            Mode::Observe => "observe",
            Mode::Enforce => "enforce",
        });
        let spooled = self.metrics.hooks.spooled();
        let late = spooled.filter(|waiting| *waiting > MANY_SPOOLED);
        wrong.extend(late.map(|waiting| format!("{waiting} events of hooks wait in the spool")));
        json!({
            "ready": wrong.is_empty(), "wrong": wrong, "mode": mode, "databases": databases, "spool": spooled.map(|waiting| json!({ "waiting": waiting })), "jobs": jobs,
            "last_step": step, "version": env!("CARGO_PKG_VERSION"),
        })
    }
}

fn databases(look: &Look, wrong: &mut Vec<String>) -> Value {
    let accounting = look.accounting.as_ref().err();
    let state = look.state.as_ref().err();
    wrong.extend(accounting.map(|why| format!("FreeRADIUS' database: {why}")));
    wrong.extend(state.map(|why| format!("radkick's own tables: {why}")));
    json!({ "accounting": { "up": accounting.is_none() }, "state": { "up": state.is_none() } })
}

fn jobs(look: &Look, now: i64) -> Value {
    let Ok(standing) = &look.state else { return Value::Null };
    let (live, oldest) = standing.at_work();
    let oldest = oldest.map(|made| now.saturating_sub(made).max(0));
    let tripped: Vec<_> = standing.brakes.iter().filter(|(_, tripped)| *tripped).map(|(name, _)| name).collect();
    json!({ "live": live, "oldest_age_s": oldest, "blocks_held": standing.blocks, "brakes_tripped": tripped })
}
