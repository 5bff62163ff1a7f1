//! `radkick quota`: allowances in radkick's own table.

use crate::command::{known, user_name};
use crate::config::{LimitSource, parse_octets, parse_period};
use crate::ledger::LimitReader;
use crate::quota::UserName;
use crate::radius::parse_date;
use crate::store::{JournalEntry, QuotaRow, State};

use super::Exit;
use super::context::{Context, refuse};
use super::person::{columns, octets, safe};
use super::usage_text::time;

/// Allowances in radkick's own table: set, top up, list, remove
#[derive(Debug, Clone, clap::Subcommand)]
pub(crate) enum QuotaCommand {
    /// Give a user an allowance; a top-up made before is gone
    Set(SetArgs),
    /// Give a user more for the period in force; for good where the limit never starts again
    Topup(TopupArgs),
    /// All allowances, or one user's
    List(ListArgs),
    /// Take a user's allowance away
    Remove(RemoveArgs),
}

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct SetArgs {
    /// Whose
    #[arg(long, value_name = "NAME", value_parser = user_name)]
    user: UserName,
    /// How much, as in "5 GiB" or "10 GB"; "none" for no limit
    #[arg(long, value_name = "SIZE", value_parser = limit)]
    limit: Allowed,
    /// When it starts again: total, hourly, daily, weekly, monthly, or a window as in 30d [default: quota.period]
    #[arg(long, value_name = "PERIOD", value_parser = period)]
    period: Option<String>,
    /// Count from this date on, instead of by period
    #[arg(long, value_name = "DATE", conflicts_with = "period")]
    since: Option<String>,
    /// The login ends at this date
    #[arg(long, value_name = "DATE")]
    expires: Option<String>,
    /// Share one allowance: all users of this subject together
    #[arg(long, value_name = "NAME")]
    subject: Option<String>,
}

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct TopupArgs {
    /// Whose
    #[arg(long, value_name = "NAME", value_parser = user_name)]
    user: UserName,
    /// How much more, as in "1 GiB"
    #[arg(long, value_name = "SIZE", value_parser = size)]
    add: u64,
}

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ListArgs {
    /// Whose
    #[arg(long, value_name = "NAME", value_parser = user_name)]
    user: Option<UserName>,
}

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct RemoveArgs {
    /// Whose
    #[arg(long, value_name = "NAME", value_parser = user_name)]
    user: UserName,
}

/// Octets, or any number of them.
#[derive(Debug, Clone, Copy)]
struct Allowed(Option<u64>);

fn limit(text: &str) -> Result<Allowed, String> {
    if text == "none" { Ok(Allowed(None)) } else { size(text).map(|octets| Allowed(Some(octets))) }
}

fn size(text: &str) -> Result<u64, String> {
    parse_octets(text).ok_or_else(|| format!("{text:?} is no size; right would be \"5 GiB\", \"10 GB\" or octets"))
}

fn period(text: &str) -> Result<String, String> {
    let right = "total, hourly, daily, weekly, monthly, or a window from 1h to 400d";
    parse_period(text).map(|_| text.to_owned()).ok_or_else(|| format!("{text:?} is no period; right would be {right}"))
}

/// Runs the command.
pub(crate) async fn run(command: QuotaCommand, context: Context) -> anyhow::Result<Exit> {
    match command {
        QuotaCommand::Set(args) => set(args, &context).await,
        QuotaCommand::Topup(args) => top_up(&args, &context).await,
        QuotaCommand::List(args) => list(&args, &context).await,
        QuotaCommand::Remove(args) => remove(&args, &context).await,
    }
}

async fn open(context: &Context) -> anyhow::Result<State> {
    Ok(State::open_beside(&context.config.state.url, Some(&context.config.database.url)).await?)
}

async fn set(args: SetArgs, context: &Context) -> anyhow::Result<Exit> {
    let (output, now) = (context.output, context.clock.epoch());
    let zone = &context.config.accounting.time_zone;
    let mut times = [None, None];
    for (place, text) in times.iter_mut().zip([&args.since, &args.expires]) {
        let Some(text) = text else { continue };
        *place = parse_date(text, Some(zone));
        if place.is_none() {
            let why = format!("{text:?} is no date; right would be 2026-12-31 or \"2026-12-31 18:00:00\"");
            return refuse(output, Exit::Usage, &why);
        }
    }
    let accounting = context.accounting().await?;
    let known = accounting.known_as(&args.user).await?;
    if known.is_none() {
        output.note(&format!("warning: no table of FreeRADIUS' has the name {}", args.user))?;
    }
    let user = accounting.ledger_name(&known.unwrap_or(args.user));
    let (subject, changed_by) = (args.subject.filter(|subject| !subject.is_empty()), "command".to_owned());
    let row = QuotaRow {
        user: user.clone(),
        limit_octets: args.limit.0,
        topup_octets: 0,
        topup_start: 0,
        period: args.period,
        since: times[0],
        expires_at: times[1],
        subject,
        changed_at: now,
        changed_by,
    };
    open(context).await?.put_quota(&row, &entry(&user, now, &row)).await?;
    tell(&row, context)?;
    if !context.config.quota.sources.contains(&LimitSource::Table) {
        output.note("warning: [quota] sources does not name \"table\": this allowance is not looked at")?;
    }
    Ok(Exit::Done)
}

async fn top_up(args: &TopupArgs, context: &Context) -> anyhow::Result<Exit> {
    let (output, now) = (context.output, context.clock.epoch());
    let accounting = context.accounting().await?;
    let user = accounting.ledger_name(&args.user);
    let state = open(context).await?;
    let rows = state.quota_rows(Some(std::slice::from_ref(&user))).await?;
    let Some(row) = rows.into_iter().find(|row| row.user == user) else {
        let why =
            format!("{user} has no allowance in radkick's table; `radkick explain --user` says where the limit stands");
        return refuse(output, Exit::Unknown, &why);
    };
    let start = LimitReader::new(&context.config, accounting, None).top_up_start(&row, now);
    let detail = serde_json::json!({ "topup_octets": args.add, "period_start": start });
    let entry = JournalEntry { at: now, actor: "command".to_owned(), user: user.clone(), event: "topup", detail };
    match state.top_up(&user, args.add, start, &entry).await? {
        Some(row) => tell(&row, context).map(|()| Exit::Done),
        None => refuse(output, Exit::Unknown, &format!("{user} has no allowance in radkick's table any more")),
    }
}

async fn list(args: &ListArgs, context: &Context) -> anyhow::Result<Exit> {
    let output = context.output;
    let accounting = context.accounting().await?;
    let user = args.user.as_ref().map(|user| accounting.ledger_name(user));
    let rows = match context.existing_state().await? {
        Some(state) => state.quota_rows(user.as_ref().map(std::slice::from_ref)).await?,
        None => Vec::new(),
    };
    // One that was given an allowance before FreeRADIUS knew the name is listed all the same
    if let (Some(user), true) = (&args.user, rows.is_empty())
        && let Err(why) = known(&accounting, user).await?
    {
        return refuse(output, Exit::Unknown, &format!("{why}, and radkick's own table has no allowance for it"));
    }
    let zone = &context.config.accounting.time_zone;
    let mut lines = vec![["USER", "LIMIT", "TOP-UP", "PERIOD", "SUBJECT", "EXPIRES"].map(str::to_owned).to_vec()];
    for row in &rows {
        output.object(&object(row))?;
        let since = row.since.map(|since| format!("since {}", time(since, zone)));
        lines.push(vec![
            row.user.to_string(),
            row.limit_octets.map_or_else(|| "none".to_owned(), octets),
            if row.topup_octets == 0 { "-".to_owned() } else { octets(row.topup_octets) },
            since.or_else(|| row.period.clone()).unwrap_or_else(|| "as configured".to_owned()),
            row.subject.as_deref().map_or_else(|| "-".to_owned(), safe),
            row.expires_at.map_or_else(|| "-".to_owned(), |at| time(at, zone)),
        ]);
    }
    if rows.is_empty() {
        output.line("No allowance in radkick's table.")?;
    } else {
        columns(&lines).iter().try_for_each(|line| output.line(line))?;
    }
    Ok(Exit::Done)
}

async fn remove(args: &RemoveArgs, context: &Context) -> anyhow::Result<Exit> {
    let (output, now) = (context.output, context.clock.epoch());
    let user = context.accounting().await?.ledger_name(&args.user);
    let detail = serde_json::json!({});
    let entry = JournalEntry { at: now, actor: "command".to_owned(), user: user.clone(), event: "quota", detail };
    let there = context.has_state().await? && open(context).await?.remove_quota(&user, &entry).await?;
    if !there {
        return refuse(output, Exit::Unknown, &format!("{user} has no allowance in radkick's table"));
    }
    output.object(&serde_json::json!({ "user": user.as_str(), "limit_octets": null }))?;
    output.line(&format!("{user}: no allowance in radkick's table any more"))?;
    Ok(Exit::Done)
}

fn entry(user: &UserName, at: i64, row: &QuotaRow) -> JournalEntry {
    JournalEntry { at, actor: "command".to_owned(), user: user.clone(), event: "quota", detail: object(row) }
}

fn tell(row: &QuotaRow, context: &Context) -> anyhow::Result<()> {
    context.output.object(&object(row))?;
    let limit = row.limit_octets.map_or_else(|| "no limit".to_owned(), octets);
    let on_top =
        if row.topup_octets == 0 { String::new() } else { format!(" and {} on top", octets(row.topup_octets)) };
    let shared = row.subject.as_ref().map(|subject| format!(", shared by all of {}", safe(subject)));
    context.output.line(&format!("{}: {limit}{on_top}{}", row.user, shared.unwrap_or_default()))?;
    Ok(())
}

fn object(row: &QuotaRow) -> serde_json::Value {
    serde_json::json!({
        "user": row.user.as_str(), "limit_octets": row.limit_octets, "topup_octets": row.topup_octets,
        "period": row.period, "period_start": row.since, "expires_at": row.expires_at, "subject": row.subject,
        "changed_at": row.changed_at, "changed_by": row.changed_by,
    })
}
