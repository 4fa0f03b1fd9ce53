//! The frames of a list's stream: what a viewer is sent when a row changes.

use super::{filter::Filter, row::Row};
use crate::frame;

/// A change of a row, or several of the same row as one.
#[derive(Clone, Debug, PartialEq)]
pub struct RowChange {
    /// The row before; `None` if there was none.
    pub before: Option<Row>,
    /// The row after; `None` if there is none.
    pub after: Option<Row>,
}

impl RowChange {
    /// Adds a later change of the same row.
    pub fn add(&mut self, later: RowChange) {
        self.after = later.after;
    }

    /// The frame for a viewer of the list with this filter; `None` if the change does not concern it.
    pub fn frame(&self, filter: &Filter) -> Option<Vec<u8>> {
        let selected = |row: &Option<Row>| row.as_ref().filter(|row| filter.selects(row)).cloned();
        match (selected(&self.before), selected(&self.after)) {
            (_, Some(after)) => Some(frame::row(&after)),
            (Some(before), None) => Some(frame::removed_row(&before)),
            (None, None) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(user: &str) -> Row {
        let tags = json!({ "userId": user }).as_object().cloned().unwrap();
        Row { job_id: "a".to_owned(), tags, ..Row::default() }
    }

    fn event(before: Option<&str>, after: Option<&str>) -> Option<String> {
        let change = RowChange { before: before.map(row), after: after.map(row) };
        let pairs = [("tags.userId".to_owned(), "u1".to_owned())];
        let frame = change.frame(&Filter::from_query(pairs, &[]).unwrap().0)?;
        let text = String::from_utf8(frame).unwrap();
        text.lines().find_map(|line| line.strip_prefix("event: ")).map(str::to_owned)
    }

    #[test]
    fn a_viewer_gets_the_rows_of_its_list_and_the_removal_of_those_that_leave_it() {
        for (before, after, sent) in [
            (None, Some("u1"), Some("job")),
            (None, Some("u2"), None),
            (Some("u1"), Some("u1"), Some("job")),
            (Some("u2"), Some("u1"), Some("job")),
            (Some("u1"), Some("u2"), Some("removed")),
            (Some("u1"), None, Some("removed")),
            (Some("u2"), None, None),
        ] {
            assert_eq!(event(before, after).as_deref(), sent, "{before:?} → {after:?}");
        }
    }

    #[test]
    fn several_changes_of_a_row_are_sent_as_one() {
        let mut change = RowChange { before: Some(row("u1")), after: Some(row("u2")) };
        change.add(RowChange { before: Some(row("u2")), after: Some(row("u1")) });
        assert_eq!(change, RowChange { before: Some(row("u1")), after: Some(row("u1")) });
    }
}
