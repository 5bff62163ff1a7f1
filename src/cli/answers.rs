//! Having a command with an effect done, by the daemon or by this process, and telling what came of it.

use crate::command::{Answer, Cut, Exit, Hands, Request, Stepped, asker, carry_out};
use crate::control::{Asked, Asking, ask, databases};

use super::context::{Context, refuse};
use super::{Output, coa_text, sessions_text};

/// Has it done by the daemon that works on the same databases, where one answers; by this process otherwise.
pub(super) async fn run(request: Request, context: Context) -> anyhow::Result<Exit> {
    let (output, now, socket) = (context.output, context.clock.epoch(), &context.config.serve.control_socket.path);
    let called_by = called_by();
    let databases = databases(&context.config);
    let asking = Asking { socket, databases, called_by: called_by.clone(), request: &request };
    match Box::pin(ask(asking)).await {
        Asked::Answered(answer, code) => print(&answer, output, now).map(|exit| exit.max(Exit::of(code))),
        Asked::Refused(why) => refuse(output, Exit::Failed, &why),
        Asked::Unknown(why) => {
            let why = format!(
                "the daemon on {} has taken it, and what became of it is not known: {why}. What it began is on disk: `radkick \
                 jobs` tells, and the same command again goes on with it",
                socket.display()
            );
            refuse(output, Exit::Unproven, &why)
        }
        Asked::Nobody(told) => {
            if let Some(told) = told {
                output.note(&format!("warning: {told}"))?;
            }
            let by = asker(rustix::process::getuid().as_raw(), called_by.as_deref());
            let answer = Box::pin(carry_out(request, &Hands::new(context.config, context.clock, by))).await?;
            print(&answer, output, now)
        }
    }
}

/// For whom sudo was called.
fn called_by() -> Option<String> {
    std::env::var("SUDO_USER").ok()
}

/// Tells it, and the exit code.
fn print(answer: &Answer, output: Output, now: i64) -> anyhow::Result<Exit> {
    match answer {
        Answer::Refused { exit, why } => return refuse(output, *exit, why),
        Answer::Cut(cut) => print_cut(cut, output, now)?,
        Answer::Changed(changed) => coa_text::print(changed, output)?,
        Answer::Blocked { user, open } => print_blocked(user, open.as_deref(), output)?,
        Answer::Restored { user, blocked, rows, superseded } => {
            output.object(&serde_json::json!({
                "user": user, "blocked": blocked, "rows": rows, "superseded": superseded,
            }))?;
            if *blocked {
                let why = format!("user {user}: another radkick has closed the login again");
                return refuse(output, answer.exit(), &why);
            }
            output.line(&match superseded {
                0 => format!("{user}: login as before"),
                rows => format!(
                    "{user}: our block is gone; {rows} of its rows were left as somebody else wrote them meanwhile"
                ),
            })?;
        }
        Answer::Retried { id, at, at_work } => {
            output.object(&serde_json::json!({ "id": id, "retry_at": at, "at_work": at_work }))?;
            output.line(&match at_work {
                Some(holder) => format!("Job {id} is being worked on now, by {holder}: nothing to bring forward."),
                None => format!("Job {id} is due now: `radkick serve` or the next step of `radkick enforce` runs it."),
            })?;
        }
        Answer::Cancelled { id, user, blocked } => {
            output.object(&serde_json::json!({ "id": id, "state": "lapsed", "blocked": blocked }))?;
            let login = if *blocked { "the login stays closed" } else { "the login is not closed by us" };
            output.line(&format!("Job {id} of {user} is called off; {login}."))?;
        }
        Answer::Confirmed { confirmed } => {
            output.object(&serde_json::json!({ "confirmed": confirmed }))?;
            if confirmed.is_empty() {
                output.line("No brake has tripped.")?;
            }
            confirmed.iter().try_for_each(|detail| output.line(&format!("Confirmed: {detail}")))?;
        }
        Answer::Stepped(step) => print_step(step, output, now)?,
    }
    Ok(answer.exit())
}

fn print_blocked(user: &str, open: Option<&str>, output: Output) -> std::io::Result<()> {
    output.object(&serde_json::json!({ "user": user, "blocked": open.is_none() }))?;
    match open {
        Some(why) => output.note(&format!("error: user {user}: the login is open: {why}")),
        None => {
            output.line(&format!("{user}: login closed. Open sessions stay open: radkick disconnect --user cuts them."))
        }
    }
}

fn print_cut(cut: &Cut, output: Output, now: i64) -> std::io::Result<()> {
    sessions_text::print(output, &cut.reports, now)?;
    if let Some((_, why)) = &cut.refused {
        return output.note(&format!("error: {why}"));
    }
    let mut advice = Vec::new();
    if cut.reports.iter().all(|report| report.session.is_none()) {
        let which = if cut.narrowed { " that matches" } else { "" };
        advice.push(format!("User {} has no open session{which}.", cut.user));
    }
    if cut.reports.iter().any(|report| !report.is_off()) {
        advice.push(
            "Not every session is proven off: see the reason behind each, then run the same command again.".to_owned(),
        );
    }
    if !cut.reports.iter().any(|report| report.blocked) && cut.can_block {
        advice.push("Login still allowed (--block closes it).".to_owned());
    }
    if advice.is_empty() { Ok(()) } else { output.line(&advice.join(" ")) }
}

/// Tells what a step of the worker came to.
pub(super) fn print_step(step: &Stepped, output: Output, now: i64) -> std::io::Result<()> {
    sessions_text::print(output, &step.reports, now)?;
    if step.reports.is_empty() && (step.held.is_empty() || step.observed) {
        output.line("Nobody is over.")?;
    }
    if step.observed {
        output.line("Mode observe: nothing was done. [quota] mode = \"enforce\" acts.")?;
    } else {
        for user in &step.restored {
            output.line(&format!("{user}: no longer over, login as before"))?;
        }
        step.held.iter().try_for_each(|why| output.note(&format!("warning: {why}")))?;
    }
    step.failed.iter().try_for_each(|why| output.note(&format!("error: {why}")))
}
