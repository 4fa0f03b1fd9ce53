//! The history: how long the last completed jobs of each kind took, from which a new job of that kind gets its first estimate.
//!
//! The execution times of a group of jobs are stored in one small row, which is written with every eighth of them. Those after it
//! are found again among the newest rows, so that a shard that comes into memory reads few rows, and a completion costs
//! no row of its own.

use std::collections::HashMap;

use protocol::{Status, Timestamp, limits::HISTORY, number::Number};

use super::row::Row;

/// The completed jobs without which the history says nothing.
pub const FEWEST: usize = 5;
/// The execution times of a group after which they are stored.
pub const STORED_EVERY: usize = 8;
/// The groups in memory. Past it, all are read again when they are needed.
const GROUPS: usize = 1_000;

/// The group of jobs that are expected to take about as long as one another: those of the same kind, or of the same endpoint if
/// they have no kind.
///
/// ```
/// use engine::index::history::group;
/// assert_eq!(group(Some("import"), Some("e")).as_deref(), Some("kind:import"));
/// assert_eq!(group(None, Some("e")).as_deref(), Some("endpoint:e"));
/// assert_eq!(group(None, None), None);
/// ```
pub fn group(kind: Option<&str>, endpoint: Option<&str>) -> Option<String> {
    let kind = kind.map(|kind| format!("kind:{kind}"));
    kind.or_else(|| endpoint.map(|endpoint| format!("endpoint:{endpoint}")))
}

/// A job that completed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Completed {
    /// Its execution time in seconds.
    pub seconds: f64,
    /// When its row changed by that.
    pub at: Timestamp,
}

/// What is stored of a group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StoredTimes {
    /// The execution times of the last completed jobs in seconds, the last one at the end.
    pub seconds: Vec<f64>,
    /// When the latest change among theirs was. Jobs that completed after it are found among the rows.
    pub at: Timestamp,
}

/// The execution times of the last completed jobs, by group.
#[derive(Clone, Debug, Default)]
pub struct History(HashMap<String, Times>);

#[derive(Clone, Debug, Default)]
struct Times {
    times: StoredTimes,
    /// How many of them are not stored.
    unstored: usize,
}

impl Times {
    fn add(&mut self, completed: Completed) {
        let StoredTimes { seconds, at } = &mut self.times;
        *at = completed.at.max(*at);
        seconds.push(completed.seconds);
        let over = seconds.len().saturating_sub(HISTORY);
        seconds.drain(..over);
        self.unstored = self.unstored.saturating_add(1);
    }
}

impl History {
    /// Whether the group is in memory.
    pub fn knows(&self, group: &str) -> bool {
        self.0.contains_key(group)
    }

    /// Adds a group: what was stored of it, and the jobs that completed after that, the first one first.
    pub fn insert(&mut self, group: String, stored: StoredTimes, later: Vec<Completed>) {
        if self.0.len() >= GROUPS {
            self.0.clear();
        }
        let mut times = Times { times: stored, unstored: 0 };
        later.into_iter().for_each(|completed| times.add(completed));
        self.0.insert(group, times);
    }

    /// Adds the job of a row that was written in the place of `replaced`, if it completed with this change. Its group is in
    /// memory.
    pub fn note(&mut self, row: &Row, replaced: Option<&Row>) {
        let was_completed = replaced.is_some_and(|former| former.status == Status::Completed);
        let Some(seconds) = row.execution_time.filter(|_| row.status == Status::Completed && !was_completed) else {
            return;
        };
        let group = group(row.kind.as_deref(), row.endpoint_id.as_deref());
        if let Some(times) = group.and_then(|group| self.0.get_mut(&group)) {
            times.add(Completed { seconds: seconds.get(), at: row.updated_at });
        }
    }

    /// What is to be stored of the group now; `None` if nothing need be.
    pub fn unstored(&self, group: &str) -> Option<&StoredTimes> {
        self.0.get(group).filter(|times| times.unstored >= STORED_EVERY).map(|times| &times.times)
    }

    /// Notes that [`History::unstored`] was stored.
    pub fn note_stored(&mut self, group: &str) {
        if let Some(times) = self.0.get_mut(group) {
            times.unstored = 0;
        }
    }

    /// The median of the execution times of the group, in seconds; `None` if fewer than [`FEWEST`] are known.
    ///
    /// ```
    /// use engine::index::history::{History, StoredTimes};
    /// use protocol::Timestamp;
    /// let stored = |seconds| StoredTimes { seconds, at: Timestamp::from_millis(7) };
    /// let mut history = History::default();
    /// history.insert("kind:import".to_owned(), stored(vec![10.0, 30.0, 20.0, 50.0]), Vec::new());
    /// assert_eq!(history.expected("kind:import"), None);
    /// history.insert("kind:import".to_owned(), stored(vec![10.0, 30.0, 20.0, 50.0, 40.0]), Vec::new());
    /// assert_eq!(history.expected("kind:import").unwrap().get(), 30.0);
    /// ```
    pub fn expected(&self, group: &str) -> Option<Number> {
        let seconds = self.0.get(group).map(|times| &times.times.seconds).filter(|seconds| seconds.len() >= FEWEST)?;
        let mut sorted = seconds.clone();
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

    const GROUP: &str = "endpoint:e";

    fn completed() -> Row {
        let endpoint_id = Some("e".to_owned());
        Row { endpoint_id, status: Status::Completed, execution_time: Number::new(7.0), ..Row::default() }
    }

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn stored(seconds: f64, count: usize) -> StoredTimes {
        StoredTimes { seconds: vec![seconds; count], at: at(5) }
    }

    fn later(seconds: f64, count: usize) -> Vec<Completed> {
        vec![Completed { seconds, at: at(9) }; count]
    }

    fn empty() -> History {
        let mut history = History::default();
        history.insert(GROUP.to_owned(), StoredTimes::default(), Vec::new());
        history
    }

    #[test]
    fn only_the_last_jobs_of_a_group_count() {
        let mut history = History::default();
        history.insert(GROUP.to_owned(), stored(1.0, HISTORY), later(9.0, HISTORY / 2 + 1));
        assert_eq!(history.expected(GROUP), Number::new(9.0));
        assert_eq!(history.unstored(GROUP).unwrap().seconds.len(), HISTORY);
    }

    #[test]
    fn a_job_counts_when_it_completes_and_only_once() {
        let mut history = empty();
        let running = Row { status: Status::Running, execution_time: None, ..completed() };
        for _ in 0..FEWEST {
            history.note(&running, None);
            history.note(&completed(), Some(&completed()));
            assert_eq!(history.expected(GROUP), None);
            history.note(&completed(), Some(&running));
        }
        assert_eq!(history.expected(GROUP), Number::new(7.0));
        assert_eq!(history.expected("kind:e"), None);
    }

    #[test]
    fn every_eighth_time_stores_the_group_and_what_was_found_after_it_counts() {
        let mut history = empty();
        for number in 1..=2 * STORED_EVERY {
            history.note(&completed(), None);
            let count = history.unstored(GROUP).map(|times| times.seconds.len());
            assert_eq!(count, (number % STORED_EVERY == 0).then_some(number));
            if count.is_some() {
                history.note_stored(GROUP);
            }
        }
        history.insert(GROUP.to_owned(), stored(1.0, 8), later(2.0, STORED_EVERY - 1));
        assert_eq!(history.unstored(GROUP), None);
        history.note(&completed(), None);
        assert_eq!(history.unstored(GROUP).unwrap().seconds.len(), 16);
    }

    #[test]
    fn what_could_not_be_stored_is_stored_with_the_next_job() {
        let mut history = empty();
        (0..STORED_EVERY).for_each(|_| history.note(&completed(), None));
        // The write fails, so nothing notes it.
        assert!(history.unstored(GROUP).is_some());
        history.note(&completed(), None);
        assert_eq!(history.unstored(GROUP).unwrap().seconds.len(), STORED_EVERY + 1);
    }

    #[test]
    fn the_stored_time_is_that_of_the_latest_job_which_counts_and_of_no_other_change() {
        let mut history = empty();
        let of = |status, millis| Row { status, updated_at: at(millis), ..completed() };
        for millis in [3, 8, 4] {
            history.note(&of(Status::Completed, millis), None);
        }
        history.note(&of(Status::Running, 99), None);
        assert_eq!(history.0[GROUP].times.at, at(8));
        history.insert(GROUP.to_owned(), stored(1.0, 8), Vec::new());
        assert_eq!(history.0[GROUP].times.at, at(5));
        history.insert(GROUP.to_owned(), stored(1.0, 8), later(1.0, 1));
        assert_eq!(history.0[GROUP].times.at, at(9));
    }

    #[test]
    fn the_number_of_groups_in_memory_is_bounded() {
        let mut history = History::default();
        (0..GROUPS + 10)
            .for_each(|number| history.insert(format!("kind:{number}"), StoredTimes::default(), Vec::new()));
        assert!(history.0.len() <= GROUPS && history.knows(&format!("kind:{}", GROUPS + 9)));
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
