//! `radkick explain` for people.

use crate::quota::{Counters, SessionAccount};
use crate::store::{BlockRecord, JobRecord, JournalRecord};

use super::explain::{Explained, SHOWN};
use super::person::{Tone, coloured, columns, octets, safe};
use super::usage_text::{Standing, amount, time};
use super::{Exit, Output};

impl Explained {
    pub(super) fn print(&self, output: Output) -> anyhow::Result<Exit> {
        output.line(&self.headline())?;
        self.limit_lines().iter().try_for_each(|line| output.line(line))?;
        self.session_lines().iter().try_for_each(|line| output.line(line))?;
        self.done_lines().iter().try_for_each(|line| output.line(line))?;
        output.line(&format!("Next: {}", self.next))?;
        Ok(Exit::Done)
    }

    fn headline(&self) -> String {
        match &self.seen.limits.subject {
            Some(subject) if self.seen.members.len() > 1 => {
                let members: Vec<String> = self.seen.members.iter().map(ToString::to_string).collect();
                format!("{} shares the allowance of {} with {}", self.user, safe(subject), members.join(", "))
            }
            _ => self.user.to_string(),
        }
    }

    fn limit_lines(&self) -> Vec<String> {
        let zone = self.zones.site();
        let mut lines: Vec<String> = self.standings().iter().map(|one| self.limit_line(one)).collect();
        if let Some((at, source)) = &self.seen.limits.expires_at {
            let word = if *at <= self.now { coloured("expired", Tone::Bad) } else { "expires".to_owned() };
            lines.push(format!("  login {word} {} ({})", time(*at, zone), safe(source)));
        }
        lines.extend(self.seen.limits.problems.iter().map(|problem| format!("  {problem}")));
        lines
    }

    fn limit_line(&self, standing: &Standing) -> String {
        let zone = self.zones.site();
        let Some(limit) = &standing.limit else { return format!("  no limit; {} used", standing.used_text()) };
        let used = standing.used_text();
        let left = limit.amount.saturating_sub(standing.used);
        let left = if standing.is_reached() {
            coloured("over", Tone::Bad)
        } else {
            format!("{} left", amount(limit.unit, left))
        };
        let period = match standing.period {
            (None, _) => "ever".to_owned(),
            (Some(start), None) => format!("since {}", time(start, zone)),
            (Some(start), Some(end)) => {
                format!("{} from {} to {}", standing.word(), time(start, zone), time(end, zone))
            }
        };
        let mut notes = vec![safe(&limit.source)];
        if limit.offset > 0 {
            notes.push(format!("{} of it used before", amount(limit.unit, limit.offset)));
        }
        if standing.estimated > 0 {
            notes.push(format!("{} of it estimated", octets(standing.estimated)));
        }
        format!("  {used} of {} {period}: {left} ({})", standing.limit_text(), notes.join("; "))
    }

    fn session_lines(&self) -> Vec<String> {
        let zone = self.zones.site();
        let limit = self.seen.limits.amounts.first();
        let cells = |account: &SessionAccount| {
            let share = limit.map(|limit| amount(limit.unit, limit.amount_of(self.share(account, limit))));
            let held = account.all_held().octets();
            vec![
                format!("  {}", safe(&account.acct_unique_id)),
                safe(&account.nas_ip_address),
                account.start.map_or_else(|| "?".to_owned(), |start| time(start, zone)),
                account.stop.map_or_else(|| coloured("open", Tone::Good), |stop| time(stop, zone)),
                octets(account.counted.octets()),
                share.unwrap_or_else(|| "-".to_owned()),
                if held == 0 {
                    String::new()
                } else {
                    coloured(&format!("{} held, not counted", octets(held)), Tone::Open)
                },
            ]
        };
        if self.seen.sessions.is_empty() {
            return vec!["No session that the ledger keeps apart.".to_owned()];
        }
        let head = ["  SESSION", "NAS", "FROM", "TO", "USED", "COUNTS NOW", ""].map(str::to_owned).to_vec();
        let earlier = self.seen.sessions.len().saturating_sub(SHOWN);
        let shown = self.seen.sessions.iter().skip(earlier).map(cells);
        let mut lines = columns(&std::iter::once(head).chain(shown).collect::<Vec<_>>());
        if earlier > 0 {
            lines.push(format!("  and {earlier} earlier ones"));
        }
        let apart = self.seen.sessions.iter().fold(Counters::ZERO, |sum, account| sum.plus(account.counted));
        let rest = self.seen.usage.total().beyond(apart).octets();
        if rest > 0 && self.seen.members.len() < 2 {
            lines.push(format!("  {} in sessions that are kept as a sum alone", octets(rest)));
        }
        lines
    }

    fn done_lines(&self) -> Vec<String> {
        let zone = self.zones.site();
        let block = |block: &BlockRecord| {
            format!(
                "Login closed ({}, by {}, {}): {}",
                block.mode,
                safe(&block.actor),
                safe(&block.reason),
                block.state.as_str()
            )
        };
        let job = |job: &JobRecord| {
            let when = time(job.retry_at, zone);
            format!(
                "Job {} ({}): {}, {} attempts, next {when}",
                job.id,
                safe(&job.spec.reason),
                job.state.as_str(),
                job.attempts
            )
        };
        let line = |line: &JournalRecord| {
            format!(
                "  {}  {} {}  {}",
                time(line.at, zone),
                safe(&line.actor),
                safe(&line.event),
                safe(&line.detail.to_string())
            )
        };
        let mut lines: Vec<String> = self.done.blocks.iter().map(block).collect();
        lines.extend(self.done.jobs.iter().map(job));
        if !self.done.journal.is_empty() {
            lines.push("Journal, latest first:".to_owned());
            lines.extend(self.done.journal.iter().map(line));
        }
        lines
    }
}
