//! What `radkick send` prints.

use std::time::Duration;
use std::{fmt, io};

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use super::Exit;
use super::sheet::Sheet;
use crate::dynauth::{Ended, Outcome};
use crate::radius::Code;

const SILENCE: &str = "A NAS stays silent when the secret differs, when this machine is not among its RADIUS servers \
     (RouterOS: /radius; FreeRADIUS: clients.conf), when a firewall drops the packets, or when nothing listens on the port \
     (RouterOS: /radius incoming set accept=yes port=3799).";
const DISCARDED: &str = "Datagrams came and were not believed: signed with another secret, forged, late, stamped with a \
     time far from ours, or from another address (-vv says which).";

/// One request's end, for programs.
#[derive(Debug, Serialize)]
struct Packet {
    index: u64,
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
    pub(super) fn print(&mut self, index: u64, ended: &Ended, sheet: &mut Sheet) -> io::Result<()> {
        self.retransmissions += u64::from(ended.transmissions.saturating_sub(1));
        match ended.outcome {
            Outcome::Ack { .. } => self.acked += 1,
            Outcome::Nak { .. } => self.naked += 1,
            Outcome::NoReply { .. } | Outcome::Unreachable(_) | Outcome::Cancelled => self.unanswered += 1,
        }
        sheet.object(&packet(index, ended))?;
        line(index, ended, sheet)
    }

    /// Prints the counts, and for people what silence may mean.
    pub(super) fn print_summary(&self, elapsed: Duration, sheet: &mut Sheet) -> io::Result<()> {
        let sent = self.acked + self.naked + self.unanswered;
        let rate_per_s = f64::from(u32::try_from(sent).unwrap_or(u32::MAX)) / elapsed.as_secs_f64().max(1e-6);
        sheet.object(&Totals {
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
        sheet.line(format_args!(
            "{sent} sent: {} ACK, {} NAK, {} without a reply; {} retransmissions, {} discarded; {}",
            self.acked,
            self.naked,
            self.unanswered,
            self.retransmissions,
            self.discarded,
            InWords(elapsed),
        ))?;
        if self.interrupted {
            sheet.line(format_args!("Interrupted: what was not sent yet has not been sent."))?;
        } else if self.unanswered > 0 {
            sheet.line(format_args!("{SILENCE}"))?;
        }
        if self.discarded > 0 {
            sheet.line(format_args!("{DISCARDED}"))?;
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

fn packet(index: u64, ended: &Ended) -> Packet {
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

fn line(index: u64, ended: &Ended, sheet: &mut Sheet) -> io::Result<()> {
    let painted = |colour: AnsiColor, sheet: &Sheet| sheet.style(Style::new().fg_color(Some(colour.into())));
    let (green, red) = (painted(AnsiColor::Green, sheet), painted(AnsiColor::Red, sheet));
    let yellow = painted(AnsiColor::Yellow, sheet);
    match ended.outcome {
        Outcome::Ack { residual_context_removed } => {
            let rest = if residual_context_removed { " (only the remains of a session were there)" } else { "" };
            sheet.line(format_args!("#{index} {green}ACK{green:#} {}{rest}", InWords(ended.elapsed)))
        }
        Outcome::Nak { error_cause: Some(cause) } => sheet.line(format_args!("#{index} {red}NAK{red:#} {cause}")),
        Outcome::Nak { error_cause: None } => {
            sheet.line(format_args!("#{index} {red}NAK{red:#} without an Error-Cause"))
        }
        Outcome::NoReply { .. } => sheet.line(format_args!("#{index} {yellow}NO REPLY{yellow:#}{}", after(ended))),
        Outcome::Unreachable(error) => sheet.line(format_args!("#{index} {yellow}UNREACHABLE{yellow:#}: {error}")),
        Outcome::Cancelled => sheet.line(format_args!("#{index} {yellow}CANCELLED{yellow:#}{}", after(ended))),
    }
}

fn after(ended: &Ended) -> String {
    let plural = if ended.transmissions == 1 { "" } else { "s" };
    format!(" after {} transmission{plural}, {}", ended.transmissions, InWords(ended.elapsed))
}

/// A time with two digits or so: `0.4 ms`, `41 ms`, `1.9 s`, `31 s`.
struct InWords(Duration);

impl fmt::Display for InWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(time) = self;
        let (number, unit) =
            if *time < Duration::from_secs(1) { (time.as_secs_f64() * 1e3, "ms") } else { (time.as_secs_f64(), "s") };
        if number < 9.95 { write!(f, "{number:.1} {unit}") } else { write!(f, "{number:.0} {unit}") }
    }
}

/// Three decimals.
fn rounded(number: f64) -> f64 {
    (number * 1e3).round() / 1e3
}
