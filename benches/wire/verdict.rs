//! Numbers of several rounds, and a figure with its bar beside it.

use std::fmt::Display;
use std::io::Write as _;

/// The same thing measured several times.
#[derive(Debug, Default)]
pub(crate) struct Figures(Vec<f64>);

impl Figures {
    pub(crate) fn add(&mut self, figure: f64) {
        self.0.push(figure);
        self.0.sort_by(f64::total_cmp);
    }

    /// The one in the middle, of two the higher; 0 if there is none.
    pub(crate) fn median(&self) -> f64 {
        self.0.get(self.0.len() / 2).copied().unwrap_or_default()
    }

    pub(crate) fn lowest(&self) -> f64 {
        self.0.first().copied().unwrap_or_default()
    }

    pub(crate) fn highest(&self) -> f64 {
        self.0.last().copied().unwrap_or_default()
    }
}

/// What a figure is to be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bar {
    AtLeast(f64),
    AtMost(f64),
    Below(f64),
}

/// A line of its own on standard output.
pub(crate) fn say(line: impl Display) -> std::io::Result<()> {
    writeln!(std::io::stdout(), "{line}")
}

/// A figure, its bar, and whether it is met.
pub(crate) fn judge(what: &str, figure: f64, unit: &str, bar: Bar) -> std::io::Result<()> {
    let (words, bound, met) = match bar {
        Bar::AtLeast(bound) => ("at least", bound, figure >= bound),
        Bar::AtMost(bound) => ("at most", bound, figure <= bound),
        Bar::Below(bound) => ("below", bound, figure < bound),
    };
    let verdict = if met { "met" } else { "MISSED" };
    say(format_args!("  {what:<56} {figure:>8.2}{unit}   bar: {words} {bound}{unit}   {verdict}"))
}
