//! The children of a job, as its object counts them.
//!
//! A child notifies the object of its parent after its commits ([`crate::notice`]): of a status at once and until it is
//! acknowledged, of its progress at most once a second, and less often beside many others. The object of the parent keeps a [`Child`] for each, in a row of its
//! own that is written when the status changes; the progress in between is only in memory. What the document says of the
//! children is computed from them, so no call counts twice, however often or late it comes.
//!
//! A parent need not exist: its object keeps the children until the job is created, or for [`KEPT_MS`] after the last of their
//! rows was written.

pub mod ancestry;
pub mod cancellation;
pub mod update;

use std::collections::BTreeMap;

use protocol::{
    Problem, Status, Timestamp,
    children::{Children, StatusCounts},
    limits::CHILDREN,
    number::Number,
};

use crate::{
    children::{
        cancellation::ChildrenCancellation,
        update::{ChildState, ChildUpdate},
    },
    index::row::REMOVED_MS,
};

pub use crate::index::row::KEPT_MS;

/// The milliseconds for which a place is kept for a child that is being created.
const ADMITTED_MS: u64 = 60_000;
/// By how many milliseconds the clock of a child may be behind that of its parent.
const BEHIND_MS: u64 = 60_000;
/// The milliseconds after which a row is written again although the status is the same, so that it does not expire.
const RENEWED_MS: u64 = 5 * 86_400_000;
/// The shortest interval in milliseconds between two changes of the document because of the children.
pub const COUNTED_MS: u64 = 100;
/// The shortest interval in milliseconds between two notices of the progress of a child.
pub const PROGRESS_MS: u64 = 1_000;
/// The milliseconds that the interval has for each child that has not ended: together they make 200 calls a second, which leave the
/// object of the parent time for everything else.
const PROGRESS_PER_CHILD_MS: u64 = 5;
/// Progress is added up in units of 10^-9 percent, so that the order of the additions makes no difference.
const UNITS: f64 = 1e9;
const ALL_UNITS: u64 = 100_000_000_000;

/// What the parent knows of a child, or of one that was removed.
#[derive(Clone, Debug, PartialEq)]
pub struct Child {
    /// When the job was created: of two jobs of one id, the later one replaces the other.
    pub created_at: Timestamp,
    /// The attempt; 0 if the job was removed.
    pub attempt: u64,
    /// The number of the last request to cancel the children that does not concern this attempt ([`cancellation`]).
    pub request: u64,
    /// The change of the job that this is.
    pub seq: u64,
    /// The state; `None` if the job was removed. It is remembered for a while, so that a late call does not bring it back.
    pub status: Option<Status>,
    /// The progress in percent.
    pub progress: Option<Number>,
    /// When the row was written.
    pub written_at: Timestamp,
}

impl Child {
    /// The units of progress that count for the child.
    fn units(&self) -> u64 {
        match (self.status, self.progress) {
            (None, _) => 0,
            (Some(Status::Completed), _) => ALL_UNITS,
            (_, progress) => progress.map_or(0, |progress| (progress.get() * UNITS).round() as u64).min(ALL_UNITS),
        }
    }

    fn is_active(&self) -> bool {
        self.status.is_some_and(|status| !status.is_terminal())
    }
}

/// A row of a child that has to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// The child.
    pub child: Child,
    /// Whether the parent did not know of this attempt of the child.
    pub is_new_attempt: bool,
}

/// Whether the row of a child was written at least `millis` ago. One from the future is, too: it is of a clock that was set back,
/// and would otherwise stay for as long.
fn is_past(child: &Child, millis: u64, now: Timestamp) -> bool {
    child.written_at.millis().abs_diff(now.millis()) >= millis
}

/// The children of one job.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChildJobs {
    /// By the id of the job; those that were removed too.
    children: BTreeMap<String, Child>,
    /// Those that are being created, and when they were admitted.
    admitted: BTreeMap<String, Timestamp>,
    counts: StatusCounts,
    /// The units of progress of all of them.
    units: u64,
    /// Children that were created before are not counted: they are those of a job that was replaced.
    since: Option<Timestamp>,
}

impl ChildJobs {
    /// The children with these stored rows. `shown` is what the document says of them, and `since` is as in
    /// [`Record`](crate::job::Record).
    ///
    /// What they reported since their rows were written is lost. The document still shows the sum, which is divided among those
    /// that have begun and not ended, so that the progress of the parent does not fall back; each of them corrects it with its
    /// next notice. A document that does not show the states of the rows is older than these, so its sum says nothing.
    pub fn restore(
        rows: impl IntoIterator<Item = (String, Child)>,
        shown: Option<&Children>,
        since: Option<Timestamp>,
    ) -> ChildJobs {
        let mut jobs = ChildJobs { since, ..ChildJobs::default() };
        // The rows of a job that was replaced are removed with it; this is for those whose removal failed.
        let is_counted = |child: &Child| since.is_none_or(|since| child.created_at.plus_millis(BEHIND_MS) >= since);
        for (id, child) in rows.into_iter().filter(|(_, child)| is_counted(child)) {
            jobs.put(id, child);
        }
        let shown = shown.filter(|shown| shown.by_status == jobs.counts);
        // The mean has as many decimals as a unit, so that the sum of what is divided shows the same mean again.
        let mean_units = shown.map_or(0, |shown| (shown.progress.get() * UNITS).round() as u64);
        let shown_units = mean_units.saturating_mul(shown.map_or(0, |shown| shown.total));
        jobs.divide(shown_units.saturating_sub(jobs.units));
        jobs
    }

    /// Divides units of progress evenly among the children that have begun and not ended, as far as they have room for them.
    fn divide(&mut self, units: u64) {
        // One that is queued has no progress, and may stay so.
        let has_begun = |child: &Child| child.is_active() && child.status != Some(Status::Queued);
        let begun = self.children.iter().filter(|(_, child)| has_begun(child));
        let mut begun: Vec<(u64, String)> = begun.map(|(id, child)| (child.units(), id.clone())).collect();
        // What does not fit into the fullest is for the others.
        begun.sort_by_key(|(has, _)| std::cmp::Reverse(*has));
        let mut rest = units;
        for (left, (has, id)) in (1..=begun.len() as u64).rev().zip(begun) {
            let share = rest.checked_div(left).unwrap_or_default().min(ALL_UNITS.saturating_sub(has));
            rest = rest.saturating_sub(share);
            let Some(mut child) = self.children.get(&id).cloned().filter(|_| share > 0) else { continue };
            child.progress = Number::percentage(has.saturating_add(share) as f64 / UNITS);
            self.put(id, child);
        }
    }

    /// No children, of a job that was created at `since` and replaces another one.
    pub fn of_successor(since: Timestamp) -> ChildJobs {
        ChildJobs { since: Some(since), ..ChildJobs::default() }
    }

    /// What the document says of the children; `None` without any.
    pub fn counted(&self) -> Option<Children> {
        let total = self.counts.total();
        let mean = (total > 0).then(|| self.units as f64 / total as f64 / UNITS)?;
        Some(Children { total, by_status: self.counts, progress: Number::percentage(mean)? })
    }

    /// The interval in milliseconds at which a child may send its progress now.
    pub fn progress_ms(&self) -> u64 {
        self.counts.active().saturating_mul(PROGRESS_PER_CHILD_MS).max(PROGRESS_MS)
    }

    /// Whether nothing is known of any child, also not that it was removed.
    pub fn is_empty(&self) -> bool {
        self.children.is_empty()
    }

    /// How many children are known, those that were removed included.
    pub fn known(&self) -> usize {
        self.children.len()
    }

    /// When the children of a job that nobody creates are forgotten, and those that were removed; `None` without any.
    pub fn expires_at(&self) -> Option<Timestamp> {
        let kept_ms = |child: &Child| if child.status.is_some() { KEPT_MS } else { REMOVED_MS };
        self.children.values().map(|child| child.written_at.plus_millis(kept_ms(child))).max()
    }

    /// Keeps a place for a child that is about to be created.
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST` if the job has as many children as it may have.
    pub fn admit(&mut self, id: &str, now: Timestamp) -> Result<(), Problem> {
        let is_counted = |id: &str| self.children.get(id).is_some_and(|child| child.status.is_some());
        if is_counted(id) {
            return Ok(());
        }
        let admitted = std::mem::take(&mut self.admitted);
        let is_waiting = |(id, at): &(String, Timestamp)| !is_counted(id) && now < at.plus_millis(ADMITTED_MS);
        // A place that was kept before the clock was set back is kept for as long as any other one.
        let admitted = admitted.into_iter().map(|(id, at)| (id, at.min(now)));
        let mut admitted: BTreeMap<_, _> = admitted.filter(is_waiting).collect();
        let taken = self.counts.total().saturating_add(admitted.len() as u64);
        let is_full = taken >= CHILDREN as u64 && !admitted.contains_key(id);
        if !is_full {
            admitted.insert(id.to_owned(), now);
        }
        self.admitted = admitted;
        if is_full { Err(Problem::past_limit("parentId", CHILDREN, "children of one job")) } else { Ok(()) }
    }

    /// Takes the call of a child; `cancellation` is the last request to cancel the children. The row of the child if it has to be
    /// written.
    pub fn take(
        &mut self,
        update: &ChildUpdate,
        cancellation: Option<&ChildrenCancellation>,
        now: Timestamp,
    ) -> Option<Written> {
        let id = &update.job_id;
        let is_forgotten = |child: &&Child| child.status.is_none() && is_past(child, REMOVED_MS, now);
        let mut stored = self.children.get(id).filter(|stored| !is_forgotten(stored)).cloned();
        let (mut is_written, mut is_new_attempt) = (false, false);
        let removed = update.removed.iter().max().copied();
        if let Some(removed) =
            removed.filter(|removed| stored.as_ref().is_none_or(|stored| stored.created_at <= *removed))
        {
            let mark = Child {
                created_at: removed,
                attempt: 0,
                request: 0,
                seq: 0,
                status: None,
                progress: None,
                written_at: now,
            };
            let is_known = |stored: &Child| stored.status.is_none() && stored.created_at == removed;
            if !stored.as_ref().is_some_and(is_known) {
                (stored, is_written) = (Some(mark), true);
            }
        }
        if let Some(new) = &update.child
            && self.is_of_this_job(id, new, stored.as_ref())
            && stored.as_ref().is_none_or(|stored| new.replaces(stored))
        {
            let of_attempt = stored
                .as_ref()
                .filter(|stored| (stored.created_at, stored.attempt) == (new.created_at, new.attempt))
                .cloned();
            is_new_attempt = of_attempt.is_none();
            let is_fresh = |stored: &Child| stored.status == Some(new.status) && !is_past(stored, RENEWED_MS, now);
            let written_at = of_attempt.as_ref().filter(|stored| is_fresh(stored)).map(|stored| stored.written_at);
            is_written |= written_at.is_none();
            let request = match (of_attempt, cancellation) {
                (Some(stored), _) => stored.request,
                (None, cancellation) => cancellation.map_or(0, |asked| asked.number_before(new.began_at)),
            };
            stored = Some(Child {
                created_at: new.created_at,
                attempt: new.attempt,
                request,
                seq: new.seq,
                status: Some(new.status),
                progress: new.progress,
                written_at: written_at.unwrap_or(now),
            });
        }
        let child = stored?;
        self.put(id.clone(), child.clone());
        is_written.then_some(Written { child, is_new_attempt })
    }

    /// Whether a child is not one of the job that this one has replaced. By its own clock one that this job has admitted may have
    /// been created before.
    fn is_of_this_job(&self, id: &str, new: &ChildState, stored: Option<&Child>) -> bool {
        let Some(since) = self.since else { return true };
        let is_known = stored.is_some_and(|stored| stored.status.is_some() && stored.created_at == new.created_at);
        let is_admitted = self.admitted.contains_key(id) && new.created_at.plus_millis(BEHIND_MS) >= since;
        is_known || is_admitted || new.created_at >= since
    }

    /// Forgets the children that were removed so long ago that no late call can bring them back; returns their ids.
    pub fn forget_removed(&mut self, now: Timestamp) -> Vec<String> {
        let is_old = |child: &Child| child.status.is_none() && is_past(child, REMOVED_MS, now);
        let old: Vec<String> =
            self.children.iter().filter(|(_, child)| is_old(child)).map(|(id, _)| id.clone()).collect();
        self.children.retain(|_, child| !is_old(child));
        old
    }

    fn put(&mut self, id: String, child: Child) {
        let units = child.units();
        if let Some(status) = child.status {
            let count = self.counts.of_mut(status);
            *count = count.saturating_add(1);
        }
        self.units = self.units.saturating_add(units);
        let Some(before) = self.children.insert(id, child) else { return };
        if let Some(status) = before.status {
            let count = self.counts.of_mut(status);
            *count = count.saturating_sub(1);
        }
        self.units = self.units.saturating_sub(before.units());
    }
}

#[cfg(test)]
mod tests;
