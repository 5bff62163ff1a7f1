//! A report of a session as the line that people read, and what the lines together mean.

use crate::config::Service;
use crate::disconnect::service_of;
use crate::jobs::{Reconnected, SessionReport};
use crate::store::SessionRow;

use super::Output;
use super::person::{Tone, coloured, columns, duration, octets, safe};

/// Prints reports: JSON objects, or aligned lines.
pub(super) fn print(output: Output, reports: &[SessionReport], now: i64) -> std::io::Result<()> {
    reports.iter().try_for_each(|report| output.object(report))?;
    let rows: Vec<Vec<String>> = reports.iter().map(|report| cells(report, now)).collect();
    columns(&rows).iter().try_for_each(|line| output.line(line))
}

fn cells(report: &SessionReport, now: i64) -> Vec<String> {
    let nas = report.nas.as_deref().map_or_else(|| "-".to_owned(), safe);
    match &report.session {
        Some(session) => vec![
            safe(&report.user),
            nas,
            service(session).to_owned(),
            safe(&session.framed_ip_address),
            safe(&session.acct_session_id),
            session.start.map_or_else(|| "?".to_owned(), |start| duration(now - start)),
            verdict(report),
            how(report),
        ],
        None => {
            vec![safe(&report.user), nas, "-".into(), "-".into(), "-".into(), "-".into(), verdict(report), how(report)]
        }
    }
}

/// The service of a session, in a word.
pub(super) fn service(session: &SessionRow) -> &'static str {
    match service_of(session, Service::Auto) {
        Service::Hotspot => "hotspot",
        Service::Ppp => "ppp",
        Service::Other | Service::Auto => "other",
    }
}

fn verdict(report: &SessionReport) -> String {
    match (report.fate.as_str(), report.would.is_some()) {
        (_, true) => coloured("WOULD CUT", Tone::Open),
        ("ended", _) => coloured("ENDED", Tone::Good),
        ("already_gone", _) if report.session.is_none() => coloured("OFFLINE", Tone::Good),
        ("already_gone", _) => coloured("GONE", Tone::Good),
        ("still_active", _) => coloured("STILL ON", Tone::Bad),
        _ => coloured("NOT PROVEN", Tone::Open),
    }
}

/// What was tried and how it is known.
fn how(report: &SessionReport) -> String {
    let mut parts: Vec<String> =
        report.cookies_removed.iter().map(|count| format!("{count} cookies taken away")).collect();
    parts.extend(report.attempts.iter().map(attempt));
    parts.extend(report.problem.as_deref().map(safe));
    if let Some(would) = &report.would {
        let paths = if would.paths.is_empty() { "no session".to_owned() } else { would.paths.join(", then ") };
        parts.push(if would.block { format!("close the login, {paths}") } else { paths });
    }
    parts.extend(evidence(report).map(str::to_owned));
    match (report.used_octets, report.limit_octets, &report.session) {
        (Some(used), Some(limit), _) => parts.push(format!("{} of {}", octets(used), octets(limit))),
        (_, _, Some(session)) => parts.push(octets(session.octets())),
        _ => {}
    }
    if report.blocked {
        parts.push("login closed".to_owned());
    }
    if let Some(bounce) = report.bounce.filter(|_| report.problem.is_none()) {
        parts.push(format!("had come straight back by {} (time {})", bounce.cause, bounce.time));
    }
    match &report.reconnected {
        Some(Reconnected { acct_session_id: Some(id), cause }) => {
            parts.push(coloured(&format!("BACK ON as {} by {cause}", safe(id)), Tone::Open));
        }
        Some(Reconnected { acct_session_id: None, cause }) => {
            parts.push(coloured(&format!("BACK ON by {cause}"), Tone::Open));
        }
        None => {}
    }
    parts.join(", ")
}

fn evidence(report: &SessionReport) -> Option<&'static str> {
    Some(match report.evidence.as_deref()? {
        "accounting_stop" => "Stop received",
        "absent_from_router" => "absent from the router's list",
        "session_not_found" => "the NAS does not have it",
        "no_open_row" => "no open session",
        "on_router" => "still on the router's list",
        "interim_after_ack" => "still counting after the ACK",
        "refused" => "the NAS refused",
        "disconnect_ack" => "nothing confirms the ACK",
        "interims_stopped" => "reports on it stopped with the ACK",
        _ => return None,
    })
}

/// One attempt: `radius ACK 41 ms`, `radius silent (3 tries)`, `rest removed it`.
pub(super) fn attempt(attempt: &serde_json::Value) -> String {
    let text = |key: &str| attempt.get(key).and_then(|value| value.as_str()).unwrap_or_default();
    let number = |key: &str| attempt.get(key).and_then(serde_json::Value::as_f64);
    let path = text("path");
    let rtt = number("rtt_ms").map(|ms| format!(" {ms:.0} ms")).unwrap_or_default();
    match text("outcome") {
        "ack" => format!("{path} ACK{rtt}"),
        "nak" => match number("error_cause") {
            Some(cause) => format!("{path} NAK {cause}{rtt}"),
            None => format!("{path} NAK without Error-Cause{rtt}"),
        },
        "no_reply" => format!("{path} silent ({} tries)", number("transmissions").unwrap_or(0.0)),
        "not_sent" => format!("{path} not asked ({})", safe(text("detail"))),
        "removed" => format!("{path} removed it"),
        "already_gone" => format!("{path}: gone before us"),
        "not_listed" => format!("{path}: not on the list"),
        outcome => {
            let detail = text("detail");
            let told = if detail.is_empty() { outcome } else { detail };
            format!("{path}: {}", safe(told))
        }
    }
}
