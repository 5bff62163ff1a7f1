//! `radkick doctor`: reach every part for real, and say what is wrong and the line that mends it.

use crate::command::{Finding, NasHealth, Weight, examine, not_empty};
use crate::jobs::directory;

use super::context::{Context, refuse};
use super::person::{Tone, coloured};
use super::{Exit, check};

/// Reach every part for real, and say what is wrong and the line that mends it
///
/// The databases and the rights there, then each NAS: a Disconnect-Request for nobody, which a NAS must refuse; REST, its
/// identity, rights, lists, settings and counters. Nothing is changed anywhere.
///
/// Exits with 0 when nothing is wrong, 1 with findings (risks alone are told and count as nothing wrong), 4 when the NAS is
/// unknown, 5 when a database cannot be used.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct DoctorArgs {
    /// Only this NAS
    #[arg(long, value_name = "NAME", value_parser = not_empty)]
    nas: Option<String>,
}

/// Runs the command.
pub(crate) async fn run(args: DoctorArgs, context: Context) -> anyhow::Result<Exit> {
    let output = context.output;
    let (exit, accounting) = check::databases(&context).await?;
    let Some(accounting) = accounting else { return Ok(exit) };
    let directory = directory(&context.config, &accounting).await?;
    let healths = examine((&accounting, context.clock), &directory, args.nas.as_deref()).await?;
    if let (Some(name), true) =
        (&args.nas, healths.is_empty() && !directory.knows(args.nas.as_deref().unwrap_or_default()))
    {
        return refuse(output, Exit::Unknown, &format!("NAS {name} is unknown: {}", directory.names_text()));
    }
    for health in &healths {
        output.object(health)?;
        lines(health).iter().try_for_each(|line| output.line(line))?;
    }
    let count = |weight| healths.iter().flat_map(|health| &health.findings).filter(|f| f.weight == weight).count();
    let (wrong, risks) = (count(Weight::Wrong), count(Weight::Risk));
    output.object(&serde_json::json!({ "summary": true, "nas": healths.len(), "wrong": wrong, "risks": risks }))?;
    output.line(&match (healths.len(), wrong, risks) {
        (0, ..) => "No NAS is known: give [[nas]] in radkick.toml, or rows in FreeRADIUS' nas table.".to_owned(),
        (_, 0, 0) => "Nothing wrong.".to_owned(),
        (_, wrong, risks) => {
            format!("{}, {}.", counted(wrong, "thing wrong", "things wrong"), counted(risks, "risk", "risks"))
        }
    })?;
    Ok(exit.max(if wrong > 0 || healths.is_empty() { Exit::StillActive } else { Exit::Done }))
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn lines(health: &NasHealth) -> Vec<String> {
    let at = health.address.as_deref().map(|address| format!("{address}, ")).unwrap_or_default();
    let sessions = counted(health.open_sessions, "open session", "open sessions");
    let mut lines = vec![format!("{} ({at}{sessions})", health.nas)];
    lines.extend(health.works.iter().map(|works| format!("  {}  {works}", coloured("ok   ", Tone::Good))));
    for Finding { weight, what, mend, .. } in &health.findings {
        let word = match weight {
            Weight::Wrong => coloured("WRONG", Tone::Bad),
            Weight::Risk => coloured("risk ", Tone::Open),
        };
        lines.push(format!("  {word}  {what}"));
        lines.extend(mend.iter().map(|line| format!("           {line}")));
    }
    lines
}
