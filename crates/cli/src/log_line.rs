//! A line of a log as text for people.

use console::style;
use serde_json::Value;

use crate::{document_view::DocumentView, output::printable};

/// Time, level and text of a log line.
pub(crate) fn log_line(line: &Value) -> String {
    let view = DocumentView(line);
    let at = style(view.text(&["at"]).map(printable).unwrap_or_default()).dim();
    let level = view.text(&["level"]).map(|level| format!("{} ", printable(level))).unwrap_or_default();
    format!("{at} {level}{}", view.text(&["message"]).map(printable).unwrap_or_default())
}
