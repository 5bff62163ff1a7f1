//! Whether a NAS answers a Disconnect-Request, and why not.

use crate::disconnect::{Disconnector, ResolvedNas};
use crate::dynauth::{Ended, Outcome, SendError};
use crate::routeros::IncomingCounters;

use super::rest::Desk;
use super::{Finding, NasHealth, advice};

/// Sends one request that changes nothing. A router that can be asked over REST says itself what became of it.
pub(super) async fn look(
    disconnector: &Disconnector,
    nas: &ResolvedNas,
    router: Option<&Desk<'_>>,
    health: &mut NasHealth,
) {
    if nas.profile.secret.is_none() {
        let what = "no secret is known, so RADIUS is left out and REST alone ends sessions";
        let line = advice::nas_line(nas, "secret_file = \"...\", or a secret in FreeRADIUS' nas table");
        health.findings.push(Finding::risk("no_secret", what, [line]));
        return;
    }
    let before = match router {
        Some(router) => router.counters().await,
        None => None,
    };
    let discarded = disconnector.discarded();
    let ended = match disconnector.probe(nas).await {
        Ok(Some(ended)) => ended,
        Ok(None) => return,
        Err(error) => {
            let line = advice::nas_line(nas, "source = an address of this machine, or no source at all");
            health.findings.push(Finding::wrong("radius_not_sent", error.to_string(), [line]));
            return;
        }
    };
    let after = match (before, router) {
        (Some(_), Some(router)) => router.counters().await,
        _ => None,
    };
    let forged = disconnector.discarded() > discarded;
    judge(nas, &ended, (before.zip(after), forged), health);
}

fn judge(
    nas: &ResolvedNas,
    ended: &Ended,
    (counters, forged): (Option<(IncomingCounters, IncomingCounters)>, bool),
    health: &mut NasHealth,
) {
    let took = ended.round_trip.map_or(0.0, |time| time.as_secs_f64() * 1000.0);
    match ended.outcome {
        Outcome::Nak { error_cause } => {
            let cause = error_cause.map_or_else(|| "without Error-Cause".to_owned(), |cause| cause.to_string());
            health.works.push(format!("RADIUS: a request for nobody is refused after {took:.0} ms, NAK {cause}"));
        }
        Outcome::Ack { .. } => {
            let what = "it acknowledges a request for a session that cannot exist: its ACK proves nothing";
            let line =
                advice::nas_line(nas, "[nas.rest] with url, username and password_file, for proof by its own list");
            health.findings.push(Finding::risk("ack_for_nobody", what, [line]));
        }
        Outcome::NoReply { .. } if forged => health.findings.push(Finding::wrong(
            "reply_not_taken",
            "replies came that are not sealed with the secret that radkick has, are from another address, or are stamped with \
             a time that is too far from this machine's",
            [
                advice::nas_line(nas, "secret_file = the router's own secret for us"),
                advice::nas_line(nas, "reply_from = [\"ADDRESS\"], if it answers from another address"),
                advice::nas_line(nas, "event_timestamp_window = \"0s\", if its clock is wrong and stays so"),
            ],
        )),
        Outcome::NoReply { .. } | Outcome::Unreachable(_) => health.findings.push(silence(nas, ended, counters)),
        Outcome::Cancelled => {}
    }
}

/// RouterOS is silent about everything that is wrong; its counters tell causes apart.
fn silence(nas: &ResolvedNas, ended: &Ended, counters: Option<(IncomingCounters, IncomingCounters)>) -> Finding {
    let (port, ours) = (nas.profile.coa_port, nas.our_address());
    let [entry, secret] = advice::radius_entry(ours);
    let firewall = advice::firewall("udp", port, ours);
    let tries = ended.transmissions;
    if let Outcome::Unreachable(error) = ended.outcome {
        let what = format!("no request reaches {}: {error}", nas.das_addr());
        return match error {
            SendError::PortUnreachable => Finding::wrong("radius_closed", what, [advice::accept(port), port_line(nas)]),
            SendError::NetworkUnreachable
            | SendError::HostUnreachable
            | SendError::Forbidden
            | SendError::AddressNotAvailable
            | SendError::NoBuffers
            | SendError::Refused => Finding::wrong(
                "radius_unreachable",
                what,
                [advice::nas_line(nas, "address = where this machine can reach it")],
            ),
        };
    }
    let Some((before, after)) = counters else {
        let what = format!(
            "silent: {tries} requests to {} without any answer. Its /radius incoming does not accept, listens on another \
             port, does not know our address{}, has another secret for us, or a firewall drops them",
            nas.das_addr(),
            ours.map(|ours| format!(" {ours}")).unwrap_or_default()
        );
        return Finding::wrong("radius_silent", what, [advice::accept(port), port_line(nas), entry, secret, firewall]);
    };
    if after.requests == before.requests {
        let what =
            format!("silent: none of {tries} requests to {} has arrived, says the router's own count", nas.das_addr());
        return Finding::wrong("radius_not_arriving", what, [advice::accept(port), port_line(nas), firewall]);
    }
    if after.bad_requests > before.bad_requests {
        let what = format!(
            "silent: the request has arrived and the router counts it as bad: it does not know our address{}, or has another \
             secret for it",
            ours.map(|ours| format!(" {ours}")).unwrap_or_default()
        );
        return Finding::wrong("radius_bad_request", what, [entry, secret]);
    }
    let what = "silent: the router has taken the request, and its answer does not come back";
    let lines = [advice::nas_line(nas, "source = the address that the router answers to; no NAT in between")];
    Finding::wrong("radius_answer_lost", what, lines)
}

fn port_line(nas: &ResolvedNas) -> String {
    advice::nas_line(nas, "coa_port = the port of /radius incoming print (3799, in older versions 1700)")
}
