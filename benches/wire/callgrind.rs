//! Instructions of one packet, as callgrind counts them: the figure is the same in each run and on each machine of the same
//! kind. What is counted is the difference between few and many, so that the start of the program is none of it.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Context as _;

use crate::codec::Operation;
use crate::verdict::say;

const FEW: u32 = 200;
const MORE: u32 = 2000;

pub(crate) fn measure() -> anyhow::Result<()> {
    if Command::new("valgrind").arg("--version").stdout(Stdio::null()).status().is_err() {
        say("No instructions are counted: valgrind is not installed (apt-get install valgrind)")?;
        return Ok(());
    }
    say("Instructions of one packet, by callgrind")?;
    let folder = tempfile::tempdir()?;
    for operation in Operation::ALL {
        let few = instructions(operation, FEW, folder.path())?;
        let many = instructions(operation, FEW + MORE, folder.path())?;
        let each = (many - few) / u64::from(MORE);
        say(format_args!("  {:<38} {each:>6} instructions", operation.name()))?;
    }
    Ok(())
}

/// Of a whole run of this program that does it so often.
fn instructions(operation: Operation, times: u32, folder: &Path) -> anyhow::Result<u64> {
    let output = folder.join("callgrind.out");
    let mut valgrind = Command::new("valgrind");
    valgrind.arg("--tool=callgrind").arg(format!("--callgrind-out-file={}", output.display()));
    valgrind.arg(std::env::current_exe()?).arg("--repeat").arg(operation.name()).arg(times.to_string());
    let run = valgrind.output()?;
    anyhow::ensure!(run.status.success(), "callgrind: {}", String::from_utf8_lossy(&run.stderr));
    let text = std::fs::read_to_string(&output)?;
    let totals = text.lines().find_map(|line| line.strip_prefix("totals: ")).context("no totals")?;
    Ok(totals.trim().parse()?)
}
