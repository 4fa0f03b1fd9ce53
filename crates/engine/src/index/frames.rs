//! The frames of a list's stream: what a viewer is sent when a row changes.

use std::collections::BTreeMap;

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
    fn add(&mut self, later: RowChange) {
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

/// The changes of the next broadcast, one for each job: several changes of a row are sent as one.
///
/// A viewer must not get a change that began before its page as one with a later change: of a row that came to its list with the
/// first and left it with the second it would never learn that it left. So what is pending is broadcast before a viewer is
/// added.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RowChanges(BTreeMap<String, RowChange>);

impl RowChanges {
    /// Adds a change of a job's row.
    pub fn add(&mut self, job_id: &str, change: RowChange) {
        match self.0.get_mut(job_id) {
            Some(earlier) => earlier.add(change),
            None => {
                self.0.insert(job_id.to_owned(), change);
            }
        }
    }

    /// Whether nothing has changed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The frames for the viewers of the list with this filter.
    pub fn frames(&self, filter: &Filter) -> impl Iterator<Item = Vec<u8>> {
        self.0.values().filter_map(|change| change.frame(filter))
    }
}

#[cfg(test)]
mod tests {
    use protocol::Status;
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
    fn a_viewer_that_is_added_between_two_changes_learns_that_a_row_has_left_its_list() {
        let of = |status| Some(Row { job_id: "a".to_owned(), status, ..Row::default() });
        let started = RowChange { before: of(Status::Queued), after: of(Status::Running) };
        let completed = RowChange { before: of(Status::Running), after: of(Status::Completed) };
        let running = Filter { statuses: vec![Status::Running], ..Filter::default() };
        let mut pending = RowChanges::default();
        pending.add("a", started);
        // The page of the new viewer has the running job; what is pending is broadcast before.
        let broadcast = std::mem::take(&mut pending);
        assert_eq!(broadcast.frames(&running).count(), 1);
        pending.add("a", completed);
        let frames: Vec<_> = pending.frames(&running).collect();
        assert!(frames.len() == 1 && String::from_utf8_lossy(&frames[0]).contains("event: removed"));
        assert!(!pending.is_empty() && RowChanges::default().is_empty());
    }

    #[test]
    fn several_changes_of_a_row_are_sent_as_one() {
        let mut changes = RowChanges::default();
        changes.add("a", RowChange { before: Some(row("u1")), after: Some(row("u2")) });
        changes.add("a", RowChange { before: Some(row("u2")), after: Some(row("u1")) });
        let one = RowChange { before: Some(row("u1")), after: Some(row("u1")) };
        assert_eq!(changes.0.into_values().collect::<Vec<_>>(), [one]);
    }
}
