//! A line of a log as text for people.

use client::log::NewLines;
use console::style;
use protocol::id::JobId;
use serde_json::Value;

use crate::{document_view::DocumentView, output::printable};

/// Time, level and text of a log line.
pub(crate) fn log_line(line: &Value) -> String {
    let view = DocumentView(line);
    let at = style(view.text(&["at"]).map(printable).unwrap_or_default()).dim();
    let level = view.text(&["level"]).map(|level| format!("{} ", printable(level))).unwrap_or_default();
    format!("{at} {level}{}", view.text(&["message"]).map(printable).unwrap_or_default())
}

/// The notice that lines are missing before these, if some are.
pub(crate) fn skipped(job: &JobId, new: &NewLines<Value>) -> Option<String> {
    let (from, to) = new.skipped?;
    Some(format!("jp: {job}: the log lines {from} to {to} are not shown; `jp logs {job}` prints them"))
}
