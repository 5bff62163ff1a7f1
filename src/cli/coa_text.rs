//! What `radkick coa` prints: JSON objects, or a line a session and what the lines mean.

use crate::command::Changed;
use crate::disconnect::{AttemptOutcome, Confirmed};
use crate::jobs::ChangeReport;
use crate::radius::ErrorCause;

use super::Output;
use super::person::{Tone, coloured, columns, safe};

use AttemptOutcome::{Ack, AlreadyGone, Cancelled, Nak, NoReply, NotListed, NotSent, Refused, Removed, Unreachable};

/// Prints what came of it.
pub(super) fn print(changed: &Changed, output: Output) -> std::io::Result<()> {
    changed.reports.iter().try_for_each(|report| output.object(report))?;
    let rows: Vec<Vec<String>> = changed.reports.iter().map(cells).collect();
    columns(&rows).iter().try_for_each(|line| output.line(line))?;
    let advice = advice(changed);
    if advice.is_empty() { Ok(()) } else { output.line(&advice.join(" ")) }
}

fn cells(report: &ChangeReport) -> Vec<String> {
    let or_dash = |text: Option<&str>| text.map_or_else(|| "-".to_owned(), safe);
    vec![
        safe(&report.user),
        or_dash(report.nas.as_deref()),
        or_dash(report.framed_ip_address.as_deref()),
        or_dash(report.acct_session_id.as_deref()),
        verdict(report),
        how(report),
    ]
}

fn verdict(report: &ChangeReport) -> String {
    let (word, tone) = match (report.outcome, report.confirmed) {
        _ if report.would.is_some() => ("WOULD CHANGE", Tone::Open),
        (Some(Ack), Confirmed::Confirmed) => ("CHANGED", Tone::Good),
        (Some(Ack), Confirmed::NotAsked) => ("ACK", Tone::Good),
        (Some(Ack), Confirmed::NotSeen) => ("ACK, NOT SEEN", Tone::Bad),
        (Some(Nak), _) => ("NAK", Tone::Bad),
        (Some(NoReply), _) => ("NO REPLY", Tone::Open),
        (Some(Unreachable), _) => ("UNREACHABLE", Tone::Open),
        (Some(AlreadyGone), _) => ("GONE", Tone::Good),
        _ if report.acct_unique_id.is_none() => ("OFFLINE", Tone::Good),
        (None | Some(Cancelled | NotSent | Removed | NotListed | Refused), _) => ("NOT SENT", Tone::Open),
    };
    coloured(word, tone)
}

/// What was asked, how it was answered, and what is known beyond that.
fn how(report: &ChangeReport) -> String {
    let mut parts: Vec<String> = report.changes.iter().map(|change| safe(change)).collect();
    if let Some(attempt) = report.attempts.last() {
        let took = attempt.rtt_ms.map(|ms| format!(" after {ms:.0} ms")).unwrap_or_default();
        parts.push(match attempt.outcome {
            Ack => format!("radius ACK{took}"),
            Nak => match attempt.error_cause {
                Some(cause) => format!("radius NAK {}{took}", ErrorCause(cause)),
                None => format!("radius NAK without Error-Cause{took}"),
            },
            NotSent => format!("radius: {}", safe(attempt.detail.as_deref().unwrap_or("not sent"))),
            NoReply | Unreachable | Cancelled | Removed | AlreadyGone | NotListed | Refused => {
                match attempt.transmissions {
                    1 => "1 try".to_owned(),
                    tries => format!("{tries} tries"),
                }
            }
        });
    }
    if report.outcome == Some(Ack) {
        parts.push(match report.confirmed {
            Confirmed::Confirmed => "the router shows it".to_owned(),
            Confirmed::NotAsked => not_asked(report),
            Confirmed::NotSeen => "the router does not show it".to_owned(),
        });
        parts.extend(report.seen_detail.as_deref().map(safe));
    }
    parts.extend(report.problem.as_deref().map(safe));
    if let Some(would) = &report.would {
        parts.push(format!("named by {}", would.identity.join(", ")));
    }
    parts.join(", ")
}

/// Of several changes the router's lists may show some.
fn not_asked(report: &ChangeReport) -> String {
    let shown: Vec<&str> =
        report.seen.iter().filter(|(_, seen)| **seen == Confirmed::Confirmed).map(|(name, _)| name.as_str()).collect();
    match shown.as_slice() {
        [] => "nothing beyond it known".to_owned(),
        shown => format!("of it the router shows {}", shown.join(", ")),
    }
}

fn advice(changed: &Changed) -> Vec<String> {
    let mut advice = Vec::new();
    if changed.reports.iter().all(|report| report.acct_unique_id.is_none()) {
        let which = if changed.narrowed { " that matches" } else { "" };
        advice.push(format!("User {} has no open session{which}: nothing to change.", safe(&changed.user)));
    }
    let any = |outcome| changed.reports.iter().any(|report| report.outcome == Some(outcome));
    if any(Nak) {
        advice.push(
            "A NAK leaves the session as it was: RouterOS refuses a request for one attribute that it does not take."
                .into(),
        );
    }
    if any(NoReply) {
        advice.push(
            "A router is silent when the secret is another, when we are not among its RADIUS servers, or when its RADIUS \
             incoming is off; whether it took the change is not known."
                .into(),
        );
    }
    let contradicted = |report: &ChangeReport| report.outcome == Some(Ack) && report.confirmed == Confirmed::NotSeen;
    if changed.reports.iter().any(contradicted) {
        advice.push(
            "An ACK that the router's own lists contradict has had no effect: radkick disconnect is certain.".into(),
        );
    }
    advice
}
