//! Words for people: octets, durations, colours, columns.

use anstyle::{AnsiColor, Style};

const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const OPEN: Style = AnsiColor::Yellow.on_default().bold();

/// How a word is to be taken.
#[derive(Debug, Clone, Copy)]
pub(super) enum Tone {
    Good,
    Bad,
    Open,
}

/// A word in the colour of its tone; [`super::Output`] strips colours where there is no terminal.
pub(super) fn coloured(word: &str, tone: Tone) -> String {
    let style = match tone {
        Tone::Good => GOOD,
        Tone::Bad => BAD,
        Tone::Open => OPEN,
    };
    format!("{style}{word}{style:#}")
}

/// Octets as `3.21 GB` (powers of ten, as data is sold).
pub(super) fn octets(octets: u64) -> String {
    let text = bytesize::ByteSize(octets).display().si().to_string();
    text.replace("kB", "KB")
}

/// Seconds as `41s`, `12m`, `1h12m`, `4d02h`.
pub(super) fn duration(seconds: i64) -> String {
    let seconds = seconds.max(0);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m"),
        (0, _, _) => format!("{hours}h{minutes:02}m"),
        _ => format!("{days}d{hours:02}h"),
    }
}

/// Text from a router or a database, safe for a terminal: control characters as escapes.
pub(super) fn safe(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() }.chars().collect::<Vec<_>>()).collect()
}

/// Pads every column but the last to its widest cell, two spaces between.
pub(super) fn columns(rows: &[Vec<String>]) -> Vec<String> {
    let widths: Vec<usize> = (0..rows.iter().map(Vec::len).max().unwrap_or(0))
        .map(|column| rows.iter().filter_map(|row| row.get(column)).map(|cell| width(cell)).max().unwrap_or(0))
        .collect();
    rows.iter()
        .map(|row| {
            let cells = row.iter().zip(&widths).map(|(cell, width_wanted)| {
                format!("{cell}{}", " ".repeat(width_wanted.saturating_sub(width(cell))))
            });
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        })
        .collect()
}

/// How many characters a cell shows, colours left out.
fn width(cell: &str) -> usize {
    anstream::adapter::strip_str(cell).to_string().chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_octets_are_short() {
        assert_eq!(["41s", "12m", "1h12m", "4d02h"].map(str::to_owned), [41, 720, 4320, 352_800].map(duration));
        assert_eq!(octets(3_210_000_000), "3.2 GB");
        assert_eq!(safe("a\nb\u{1b}[1m"), "a\\nb\\u{1b}[1m");
    }

    #[test]
    fn colours_do_not_count_as_width() {
        let lines = columns(&[vec![coloured("ab", Tone::Good), "x".into()], vec!["abcd".into(), "y".into()]]);
        assert_eq!(anstream::adapter::strip_str(&lines[0]).to_string(), "ab    x");
        assert_eq!(lines[1], "abcd  y");
    }
}
