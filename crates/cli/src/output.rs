//! What a command prints: lines for people or JSON on standard output, notices on standard error.

use std::{
    borrow::Cow,
    fmt,
    io::{self, IsTerminal as _, Write as _},
};

use console::{Style, Term, strip_ansi_codes, truncate_str};
use serde_json::Value;

use crate::failure::Failure;

/// The output of a command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    is_json: bool,
    is_terminal: bool,
}

impl Output {
    /// The output; JSON if `is_json`. Colours are used in a terminal, unless `NO_COLOR` is set and not empty.
    pub(crate) fn new(is_json: bool) -> Output {
        // A dumb terminal cannot move its cursor.
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let is_terminal = io::stdout().is_terminal() && !is_dumb;
        let allows_color = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        console::set_colors_enabled(is_terminal && allows_color && !is_json);
        Output { is_json, is_terminal }
    }

    /// Whether JSON is wanted.
    pub(crate) fn is_json(self) -> bool {
        self.is_json
    }

    /// Whether lines for people go to a terminal.
    pub(crate) fn is_interactive(self) -> bool {
        self.is_terminal && !self.is_json
    }

    /// The line, cut to the width of the terminal; whole if the output is not a terminal.
    pub(crate) fn fitted(self, line: &str) -> Cow<'_, str> {
        match Term::stdout().size_checked() {
            Some((_, columns)) if self.is_interactive() => truncate_str(line, usize::from(columns), "…"),
            _ => Cow::Borrowed(line),
        }
    }

    /// Prints a line.
    pub(crate) fn line(self, line: impl fmt::Display) -> Result<(), Failure> {
        Ok(writeln!(io::stdout(), "{line}")?)
    }

    /// Prints a JSON value on one line.
    pub(crate) fn json(self, value: &Value) -> Result<(), Failure> {
        self.line(value)
    }

    /// Prints a line on standard error. If that cannot be written, there is nobody to notify.
    pub(crate) fn notice(self, line: impl fmt::Display) {
        let _ = writeln!(io::stderr(), "{line}");
    }
}

/// The style of a status.
pub(crate) fn style_of(status: &str) -> Style {
    match status {
        "completed" => Style::new().green(),
        "failed" | "timeout" => Style::new().red(),
        "cancelled" | "paused" => Style::new().yellow(),
        "running" => Style::new().cyan(),
        _ => Style::new(),
    }
}

/// A text from a job on one line, without the control characters by which it could change the terminal.
pub(crate) fn printable(text: &str) -> String {
    strip_ansi_codes(text).split(char::is_control).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_a_job_cannot_control_the_terminal() {
        assert_eq!(printable("a\x1b[31mred\x1b[0m b"), "ared b");
        assert_eq!(printable("two\r\nlines\x07\x1b]0;title\x07"), "two lines");
        assert_eq!(printable("\u{9b}31mc\u{85}d"), "c d");
        assert_eq!(printable("Ünïcode 日本"), "Ünïcode 日本");
    }
}
