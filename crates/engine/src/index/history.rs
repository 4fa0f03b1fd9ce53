//! The history: how long the last completed jobs of each kind took, from which a new job of that kind gets its first estimate.

use std::collections::{HashMap, VecDeque};

use protocol::{Status, limits::HISTORY, number::Number};

use super::row::Row;

/// The completed jobs without which the history says nothing.
pub const FEWEST: usize = 5;
/// The kinds that a history knows. Past it, new ones are not learned until the object comes into memory again.
const KINDS: usize = 1_000;

/// The execution times of the last completed jobs, by kind, or by endpoint for jobs without a kind.
#[derive(Clone, Debug, Default)]
pub struct History(HashMap<Group, VecDeque<f64>>);

/// Jobs that are expected to take about as long as one another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Group {
    Kind(String),
    Endpoint(String),
}

impl Group {
    fn of(kind: Option<&str>, endpoint: Option<&str>) -> Option<Group> {
        let kind = kind.map(|kind| Group::Kind(kind.to_owned()));
        kind.or_else(|| endpoint.map(|endpoint| Group::Endpoint(endpoint.to_owned())))
    }
}

impl History {
    /// Adds the execution time of a completed job; the last ones are kept.
    pub fn add(&mut self, kind: Option<&str>, endpoint: Option<&str>, seconds: f64) {
        let Some(group) = Group::of(kind, endpoint) else { return };
        if self.0.len() >= KINDS && !self.0.contains_key(&group) {
            return;
        }
        let times = self.0.entry(group).or_default();
        times.push_back(seconds);
        if times.len() > HISTORY {
            times.pop_front();
        }
    }

    /// Adds the job of a row that `replaces` another one, if it completed with this change.
    pub fn note(&mut self, row: &Row, replaced: Option<&Row>) {
        let was_completed = replaced.is_some_and(|former| former.status == Status::Completed);
        if let Some(seconds) = row.execution_time.filter(|_| row.status == Status::Completed && !was_completed) {
            self.add(row.kind.as_deref(), row.endpoint_id.as_deref(), seconds.get());
        }
    }

    /// The median of the execution times of jobs like that of `row`, in seconds; `None` if fewer than [`FEWEST`] are known.
    ///
    /// ```
    /// use engine::index::history::History;
    /// let mut history = History::default();
    /// for seconds in [10.0, 30.0, 20.0, 50.0, 40.0] {
    ///     assert_eq!(history.expected(Some("import"), None), None);
    ///     history.add(Some("import"), Some("e"), seconds);
    /// }
    /// assert_eq!(history.expected(Some("import"), None).unwrap().get(), 30.0);
    /// assert_eq!(history.expected(None, Some("e")), None);
    /// ```
    pub fn expected(&self, kind: Option<&str>, endpoint: Option<&str>) -> Option<Number> {
        let times = self.0.get(&Group::of(kind, endpoint)?).filter(|times| times.len() >= FEWEST)?;
        let mut sorted: Vec<f64> = times.iter().copied().collect();
        sorted.sort_by(f64::total_cmp);
        Number::new(percentile(&sorted, 0.5)?)
    }
}

/// The smallest of the `sorted` numbers that is not exceeded by this share of them.
pub fn percentile(sorted: &[f64], share: f64) -> Option<f64> {
    let rank = (sorted.len() as f64 * share).ceil().max(1.0) as usize;
    sorted.get(rank.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_jobs_of_a_kind_count() {
        let mut history = History::default();
        (0..HISTORY).for_each(|_| history.add(Some("a"), None, 1.0));
        (0..HISTORY / 2 + 1).for_each(|_| history.add(Some("a"), None, 9.0));
        assert_eq!(history.expected(Some("a"), None), Number::new(9.0));
        assert_eq!(history.0.values().map(VecDeque::len).sum::<usize>(), HISTORY);
    }

    #[test]
    fn a_job_counts_when_it_completes_and_only_once() {
        let mut history = History::default();
        let running = Row { endpoint_id: Some("e".to_owned()), status: Status::Running, ..Row::default() };
        let completed = Row { status: Status::Completed, execution_time: Number::new(7.0), ..running.clone() };
        for _ in 0..FEWEST {
            history.note(&running, None);
            history.note(&completed, Some(&completed));
            assert_eq!(history.expected(None, Some("e")), None);
            history.note(&completed, Some(&running));
        }
        assert_eq!(history.expected(None, Some("e")), Number::new(7.0));
        assert_eq!(history.expected(None, None), None);
    }

    #[test]
    fn the_number_of_kinds_is_bounded() {
        let mut history = History::default();
        (0..KINDS + 10).for_each(|number| history.add(Some(&format!("k{number}")), None, 1.0));
        assert_eq!(history.0.len(), KINDS);
    }

    #[test]
    fn a_percentile_is_a_number_that_occurs() {
        let numbers = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0];
        assert_eq!((percentile(&numbers, 0.5), percentile(&numbers, 0.9)), (Some(5.0), Some(9.0)));
        assert_eq!(
            (percentile(&[3.0], 0.5), percentile(&[3.0], 0.9), percentile(&[], 0.5)),
            (Some(3.0), Some(3.0), None)
        );
    }
}
