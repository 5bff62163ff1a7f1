//! Tells the story line by line and keeps count of what of it is true.

use std::fmt::Display;
use std::io;
use std::time::Duration;

use anstyle::Style;
use serde::Serialize;

use crate::cli::person::{Tone, coloured};
use crate::cli::{Exit, Output};

const TITLE: Style = Style::new().bold();

/// One claim, as JSON has it.
#[derive(Debug, Serialize)]
struct Assertion<'a> {
    scene: u8,
    claim: &'a str,
    ok: bool,
    /// What was found instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<&'a str>,
}

/// The last object of JSON.
#[derive(Debug, Serialize)]
struct Ending {
    summary: bool,
    simulated: bool,
    claims: usize,
    not_true: usize,
    elapsed_s: f64,
}

/// How many claims there were, and the scenes of those that were not true.
#[derive(Debug, Default)]
struct Tally {
    claims: usize,
    not_true: Vec<String>,
}

impl Tally {
    fn count(&mut self, scene: u8, claim: &str, ok: bool) {
        self.claims += 1;
        if !ok {
            self.not_true.push(format!("scene {scene}: {claim}"));
        }
    }

    const fn exit(&self) -> Exit {
        if self.not_true.is_empty() && self.claims > 0 { Exit::Done } else { Exit::StillActive }
    }

    fn verdict(&self, elapsed: Duration) -> Vec<String> {
        let (claims, seconds) = (self.claims, elapsed.as_secs_f64());
        if self.not_true.is_empty() {
            let all = format!("All {claims} claims above were checked and hold ({seconds:.1} s).");
            return vec![coloured(&all, Tone::Good), "Next: README.md, from \"Set up the router\".".to_owned()];
        }
        let title = format!("{} of {claims} claims are NOT TRUE ({seconds:.1} s):", self.not_true.len());
        let lines = self.not_true.iter().map(|claim| format!("  {claim}"));
        std::iter::once(coloured(&title, Tone::Bad)).chain(lines).collect()
    }
}

/// Tells the story.
#[derive(Debug)]
pub(super) struct Narrator {
    output: Output,
    scene: u8,
    tally: Tally,
}

impl Narrator {
    pub(super) fn new(output: Output) -> Self {
        Self { output, scene: 0, tally: Tally::default() }
    }

    /// Begins a scene.
    pub(super) fn scene(&mut self, scene: u8, title: &str) -> io::Result<()> {
        self.scene = scene;
        self.output.line("")?;
        self.output.line(&format!("{TITLE}{scene}  {title}{TITLE:#}"))
    }

    /// Says something that is no claim: what the scene is.
    pub(super) fn tell(&self, line: &str) -> io::Result<()> {
        self.output.line(line)
    }

    /// Claims something that was checked: `ok` is what came of it, `found` what was seen, told when it is not true.
    pub(super) fn claim(&mut self, claim: &str, ok: bool, found: impl Display) -> io::Result<()> {
        self.tally.count(self.scene, claim, ok);
        let found = found.to_string();
        let found = Some(found.as_str()).filter(|_| !ok);
        self.output.object(&Assertion { scene: self.scene, claim, ok, found })?;
        claim_lines(claim, found).iter().try_for_each(|line| self.output.line(line))
    }

    /// Ends the story: exit 1 when anything in it was not true.
    pub(super) fn finish(self, elapsed: Duration) -> io::Result<Exit> {
        let (claims, not_true) = (self.tally.claims, self.tally.not_true.len());
        let elapsed_s = (elapsed.as_secs_f64() * 1000.0).round() / 1000.0;
        self.output.object(&Ending { summary: true, simulated: true, claims, not_true, elapsed_s })?;
        self.output.line("")?;
        self.tally.verdict(elapsed).iter().try_for_each(|line| self.output.line(line))?;
        Ok(self.tally.exit())
    }
}

fn claim_lines(claim: &str, found: Option<&str>) -> Vec<String> {
    match found {
        None => vec![format!("   {} {claim}", coloured("✓", Tone::Good))],
        Some(found) => {
            vec![format!("   {} NOT TRUE: {claim}", coloured("✗", Tone::Bad)), format!("     found: {found}")]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(lines: &[String]) -> Vec<String> {
        lines.iter().map(|line| anstream::adapter::strip_str(line).to_string()).collect()
    }

    #[test]
    fn one_false_claim_among_true_ones_is_exit_1_and_named() {
        let mut tally = Tally::default();
        tally.count(1, "water is wet", true);
        assert_eq!(tally.exit(), Exit::Done);
        tally.count(4, "the moon is a router", false);
        tally.count(5, "fire is hot", true);
        assert_eq!(tally.exit(), Exit::StillActive);
        let verdict = plain(&tally.verdict(Duration::from_millis(2340)));
        assert_eq!(verdict, ["1 of 3 claims are NOT TRUE (2.3 s):", "  scene 4: the moon is a router"]);
    }

    #[test]
    fn a_story_without_claims_proves_nothing() {
        assert_eq!(Tally::default().exit(), Exit::StillActive);
    }

    #[test]
    fn a_claim_is_told_as_what_it_came_to() {
        assert_eq!(plain(&claim_lines("water is wet", None)), ["   ✓ water is wet"]);
        let told = plain(&claim_lines("the moon is a router", Some("cheese")));
        assert_eq!(told, ["   ✗ NOT TRUE: the moon is a router", "     found: cheese"]);
    }
}
