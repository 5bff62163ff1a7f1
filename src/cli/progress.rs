//! How far a long command has come, drawn on a terminal.

use std::fmt;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

/// A bar on standard error, if that is a terminal; nothing else.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// With the number of all, where it is known.
    pub(super) fn new(total: Option<u64>) -> Self {
        let (bar, template) = match total {
            // One or two need none
            Some(0..=2) => return Self { bar: ProgressBar::hidden() },
            Some(total) => (ProgressBar::new(total), "{wide_bar} {pos}/{len}  {rate}  {msg}  {eta} to go"),
            None => (ProgressBar::no_length(), "{spinner} {pos} done  {rate}  {msg}"),
        };
        bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.with_key("rate", rate));
        }
        Self { bar }
    }

    /// Whether anybody sees it.
    pub(super) fn is_hidden(&self) -> bool {
        self.bar.is_hidden()
    }

    pub(super) fn show(&self, done: u64, in_flight: usize) {
        self.bar.set_message(format!("{in_flight} in flight"));
        self.bar.set_position(done);
    }

    /// Takes the bar away while something else is written to the terminal.
    pub(super) fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        self.bar.suspend(write)
    }

    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}

fn rate(state: &ProgressState, text: &mut dyn fmt::Write) {
    // A terminal that takes no text takes none of it
    write!(text, "{:.0}/s", state.per_sec()).ok();
}

/// How often a bar and lines on a terminal are brought up to date.
pub(super) const TICK: Duration = Duration::from_millis(50);
