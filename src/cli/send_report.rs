//! What `radkick send` prints.

use std::io;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use super::{Exit, Output};
use crate::dynauth::{Ended, Outcome};
use crate::radius::Code;

const SILENCE: &str = "A NAS stays silent when the secret differs, when this machine is not among its RADIUS servers \
     (RouterOS: /radius; FreeRADIUS: clients.conf), when a firewall drops the packets, or when nothing listens on the port \
     (RouterOS: /radius incoming set accept=yes port=3799).";
const DISCARDED: &str = "Datagrams came and were not believed: signed with another secret, forged, late, or from another \
     address (-vv says which).";

/// One request's end, for programs.
#[derive(Debug, Serialize)]
struct Packet {
    index: usize,
    outcome: &'static str,
    code: Option<u8>,
    error_cause: Option<u32>,
    transmissions: u32,
    rtt_ms: Option<f64>,
}

/// All requests' ends, for programs. `no_reply` counts whatever was not answered, so that three counts make `sent`.
#[derive(Debug, Serialize)]
struct Totals {
    sent: u64,
    acked: u64,
    naked: u64,
    no_reply: u64,
    discarded: u64,
    retransmissions: u64,
    elapsed_s: f64,
    rate_per_s: f64,
    summary: bool,
}

/// What has come of the requests so far.
#[derive(Debug, Default)]
pub(super) struct Tally {
    acked: u64,
    naked: u64,
    unanswered: u64,
    retransmissions: u64,
    pub(super) discarded: u64,
    /// Whether someone has pressed Ctrl-C.
    pub(super) interrupted: bool,
}

impl Tally {
    /// Counts and prints one end.
    pub(super) fn print(&mut self, index: usize, ended: &Ended, output: Output) -> io::Result<()> {
        self.retransmissions += u64::from(ended.transmissions.saturating_sub(1));
        match ended.outcome {
            Outcome::Ack { .. } => self.acked += 1,
            Outcome::Nak { .. } => self.naked += 1,
            Outcome::NoReply { .. } | Outcome::Unreachable(_) | Outcome::Cancelled => self.unanswered += 1,
        }
        output.object(&packet(index, ended))?;
        output.line(&line(index, ended))
    }

    /// Prints the counts, and for people what silence may mean.
    pub(super) fn print_summary(&self, elapsed: Duration, output: Output) -> io::Result<()> {
        let sent = self.acked + self.naked + self.unanswered;
        let rate_per_s = f64::from(u32::try_from(sent).unwrap_or(u32::MAX)) / elapsed.as_secs_f64().max(1e-6);
        output.object(&Totals {
            sent,
            acked: self.acked,
            naked: self.naked,
            no_reply: self.unanswered,
            discarded: self.discarded,
            retransmissions: self.retransmissions,
            elapsed_s: rounded(elapsed.as_secs_f64()),
            rate_per_s: rounded(rate_per_s),
            summary: true,
        })?;
        output.line(&format!(
            "{sent} sent: {} ACK, {} NAK, {} without a reply; {} retransmissions, {} discarded; {}",
            self.acked,
            self.naked,
            self.unanswered,
            self.retransmissions,
            self.discarded,
            in_words(elapsed),
        ))?;
        if self.interrupted {
            output.line("Interrupted: what was not sent yet has not been sent.")?;
        } else if self.unanswered > 0 {
            output.line(SILENCE)?;
        }
        if self.discarded > 0 {
            output.line(DISCARDED)?;
        }
        Ok(())
    }

    /// The worst of all ends: a NAK, then silence.
    pub(super) const fn exit(&self) -> Exit {
        if self.naked > 0 {
            Exit::StillActive
        } else if self.unanswered > 0 || self.interrupted {
            Exit::Unproven
        } else {
            Exit::Done
        }
    }
}

fn packet(index: usize, ended: &Ended) -> Packet {
    let error_cause = ended.reply.as_ref().and_then(crate::radius::Attributes::error_cause);
    Packet {
        index,
        outcome: match ended.outcome {
            Outcome::Ack { .. } => "ack",
            Outcome::Nak { .. } => "nak",
            Outcome::NoReply { .. } => "no_reply",
            Outcome::Unreachable(_) => "unreachable",
            Outcome::Cancelled => "cancelled",
        },
        code: ended.code.map(Code::octet),
        error_cause: error_cause.map(|cause| cause.0),
        transmissions: ended.transmissions,
        rtt_ms: ended.round_trip.map(|time| rounded(time.as_secs_f64() * 1e3)),
    }
}

fn line(index: usize, ended: &Ended) -> String {
    let (colour, word, rest) = match ended.outcome {
        Outcome::Ack { residual_context_removed } => {
            let rest = if residual_context_removed { " (only the remains of a session were there)" } else { "" };
            (AnsiColor::Green, "ACK", format!(" {}{rest}", in_words(ended.elapsed)))
        }
        Outcome::Nak { error_cause: Some(cause) } => (AnsiColor::Red, "NAK", format!(" {cause}")),
        Outcome::Nak { error_cause: None } => (AnsiColor::Red, "NAK", " without an Error-Cause".to_owned()),
        Outcome::NoReply { .. } => (AnsiColor::Yellow, "NO REPLY", after(ended)),
        Outcome::Unreachable(error) => (AnsiColor::Yellow, "UNREACHABLE", format!(": {error}")),
        Outcome::Cancelled => (AnsiColor::Yellow, "CANCELLED", after(ended)),
    };
    let style = Style::new().fg_color(Some(colour.into()));
    format!("#{index} {style}{word}{style:#}{rest}")
}

fn after(ended: &Ended) -> String {
    let plural = if ended.transmissions == 1 { "" } else { "s" };
    format!(" after {} transmission{plural}, {}", ended.transmissions, in_words(ended.elapsed))
}

/// A time with two digits or so: `0.4 ms`, `41 ms`, `1.9 s`, `31 s`.
fn in_words(time: Duration) -> String {
    let (number, unit) =
        if time < Duration::from_secs(1) { (time.as_secs_f64() * 1e3, "ms") } else { (time.as_secs_f64(), "s") };
    if number < 9.95 { format!("{number:.1} {unit}") } else { format!("{number:.0} {unit}") }
}

/// Three decimals.
fn rounded(number: f64) -> f64 {
    (number * 1e3).round() / 1e3
}
