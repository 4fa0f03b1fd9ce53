//! The children of the job: what they notify it of, and the requests to cancel them (`engine::children` says how).

mod asking;

use std::cell::{Cell, RefCell};

use engine::{
    children::{
        COUNTED_MS, ChildJobs, Written,
        ancestry::Ancestry,
        update::{ChildReply, ChildUpdate},
    },
    job::Job,
    lifecycle::Lifecycle,
    throttle::{Due, Plan, Throttle},
};
use protocol::{Timestamp, children::Children};

use super::{Object, store::Former, unknown_command};
use crate::{
    command::CommandTime,
    js,
    response::{self, ErrorResponse, HandlerResult},
};
use asking::Requests;

/// The children of a job that are removed before those that were removed long ago are looked for.
const CROWDED: usize = 20_000;

/// The children of the job, and what is to be done about them.
pub(super) struct Counting {
    /// Empty until they are loaded.
    jobs: RefCell<ChildJobs>,
    is_loaded: Cell<bool>,
    /// Whether the table exists.
    has_table: Cell<bool>,
    /// How often the document is written because of the children.
    throttle: Cell<Throttle>,
    /// When it has to be written, if a command has planned that.
    planned: Cell<Option<Plan>>,
    /// The requests to cancel them.
    pub(super) requests: Requests,
}

impl Counting {
    /// Nothing is loaded.
    pub(super) fn new() -> Counting {
        Counting {
            jobs: RefCell::default(),
            is_loaded: Cell::new(false),
            has_table: Cell::new(false),
            throttle: Cell::new(Throttle::new(COUNTED_MS)),
            planned: Cell::default(),
            requests: Requests::default(),
        }
    }

    /// What the document says of the children.
    pub(super) fn counted(&self) -> Option<Children> {
        self.jobs.borrow().counted()
    }

    /// When the children of a job that nobody creates are forgotten.
    pub(super) fn expires_at(&self) -> Option<Timestamp> {
        self.jobs.borrow().expires_at()
    }

    /// Whether the table exists.
    pub(super) fn has_table(&self) -> bool {
        self.has_table.get()
    }

    /// Notes that the storage has no children any more: of a job that replaces another one at `since`, or without a job.
    pub(super) fn clear(&self, since: Option<Timestamp>) {
        self.jobs.replace(since.map_or_else(ChildJobs::default, ChildJobs::of_successor));
    }

    /// Notes that what is in memory may not be what is stored.
    fn unload(&self) {
        self.is_loaded.set(false);
    }

    /// Notes that the storage is empty.
    pub(super) fn forget(&self) {
        self.clear(None);
        self.has_table.set(false);
    }

    /// When [`Object::show_children`] has to be called, if a command has planned that.
    pub(super) fn take_plan(&self) -> Option<Plan> {
        self.planned.take()
    }

    /// Whether it still has to be called.
    pub(super) fn holds(&self, plan: Plan) -> bool {
        self.throttle.get().holds(plan)
    }

    fn on_throttle<T>(&self, change: impl FnOnce(&mut Throttle) -> T) -> T {
        let mut throttle = self.throttle.get();
        let result = change(&mut throttle);
        self.throttle.set(throttle);
        result
    }
}

impl Object {
    /// Loads the children once; `job` is the one that was loaded from storage.
    pub(super) fn load_children(&self, job: Option<&Job>, has_table: bool) -> Result<(), ErrorResponse> {
        if self.children.is_loaded.get() {
            return Ok(());
        }
        let rows = if has_table { self.store.children()? } else { Vec::new() };
        let shown = job.and_then(|job| job.document.children.as_ref());
        let jobs = ChildJobs::restore(rows, shown, job.and_then(|job| job.record.children_since));
        self.children.jobs.replace(jobs);
        self.children.has_table.set(has_table);
        self.children.is_loaded.set(true);
        self.forget_removed_children()
    }

    /// Makes the document of a job that was loaded from storage show the children of whose changes it did not learn before the
    /// object left memory.
    pub(super) fn correct_children(&self, job: &Job) -> Option<Job> {
        let counted = self.children.counted();
        let by_status = |children: &Option<Children>| children.as_ref().map(|children| children.by_status);
        let is_behind = by_status(&counted) != by_status(&job.document.children);
        is_behind.then(|| {
            let mut job = job.clone();
            job.count_children(counted, js::now());
            job
        })
    }

    /// Removes the children of a job that another one replaces at `since`, or that nobody has created.
    pub(super) fn drop_children(&self, since: Option<Timestamp>) -> Result<(), ErrorResponse> {
        if self.children.has_table() {
            self.store.drop_children().inspect_err(|_| self.children.unload())?;
        }
        self.children.clear(since);
        Ok(())
    }

    /// Takes the call of a child. What is written is committed when it is answered; the document follows soon.
    pub(super) fn take_child(&self, body: &[u8], time: CommandTime) -> HandlerResult {
        let update: ChildUpdate = serde_json::from_slice(body).map_err(worker::Error::from)?;
        let job = self.load()?;
        let cancellation = job.as_deref().and_then(|job| job.record.cancellation.as_ref());
        let written = self.children.jobs.borrow_mut().take(&update, cancellation, time.now);
        if let Some(written) = &written
            && let Err(error) = self.write_child(job.as_deref(), &update.job_id, written)
        {
            self.children.unload();
            self.job.replace(None);
            return Err(error);
        }
        match (job, &written) {
            // Nobody may create the job. The handler of an alarm sets the next one when it ends.
            (None, Some(_)) if !self.is_alarm_handled.get() => self.set_next_alarm()?,
            (None, _) => {}
            (Some(_), _) => self.plan_showing(time)?,
        }
        // The caller is an object, which sets no timer for this one.
        if self.viewers.take_edge_timer().is_some() {
            self.viewers.broadcast_pending(time);
        }
        let is_removal = written.is_some_and(|written| written.child.status.is_none());
        if is_removal && self.children.jobs.borrow().known() > CROWDED {
            self.forget_removed_children()?;
        }
        let progress_ms = self.children.jobs.borrow().progress_ms();
        Ok(response::json(200, &ChildReply { progress_ms }))
    }

    /// Writes the row of a child. If that fails, the call is made again, so nothing that depends on it is done before.
    fn write_child(&self, job: Option<&Job>, id: &str, written: &Written) -> Result<(), ErrorResponse> {
        let Written { child, is_new_attempt } = written;
        if let Some(job) = job.filter(|_| *is_new_attempt) {
            self.reopen_request(job, child)?;
        }
        self.store.put_child(id, child, !self.children.has_table())?;
        self.children.has_table.set(true);
        Ok(())
    }

    fn forget_removed_children(&self) -> Result<(), ErrorResponse> {
        let forgotten = self.children.jobs.borrow_mut().forget_removed(js::now());
        Ok(self.store.forget_children(&forgotten)?)
    }

    /// Writes the document, or plans it, if the children are not as it says.
    fn plan_showing(&self, time: CommandTime) -> Result<(), ErrorResponse> {
        let Some(job) = self.load()? else { return Ok(()) };
        if job.document.children == self.children.counted() {
            return Ok(());
        }
        match self.children.on_throttle(|throttle| throttle.ask(time.now.millis())) {
            Due::Now => self.show_children(time)?,
            // The timers of the object stand still with its clock.
            Due::In(_) | Due::Planned if time.is_set_back => self.show_children(time)?,
            Due::In(plan) => self.children.planned.set(Some(plan)),
            Due::Planned => {}
        }
        Ok(())
    }

    /// Commits the document with what it says of the children.
    pub(super) fn show_children(&self, time: CommandTime) -> Result<(), ErrorResponse> {
        self.children.on_throttle(|throttle| throttle.done(time.now.millis()));
        let Some(job) = self.load()? else { return Ok(()) };
        let former = Former::Same(Lifecycle::of(&job.document));
        let mut job = Job::clone(&job);
        match job.count_children(self.children.counted(), time.now) {
            true => self.commit(former, job, &[], time),
            false => Ok(()),
        }
    }

    /// Answers whether a job may be created as a descendant of this one; the ancestors are asked in turn.
    pub(super) async fn admit(&self, ancestry: Option<Ancestry>) -> HandlerResult {
        let Some(ancestry) = ancestry else { return unknown_command() };
        let job = self.load()?;
        let longer = ancestry.clone().with(job.and_then(|job| job.document.parent_id.clone()).as_deref())?;
        if let Some(child) = ancestry.child() {
            self.children.jobs.borrow_mut().admit(child.as_str(), js::now())?;
        }
        let project = self.project.borrow().clone().unwrap_or_default();
        match longer {
            Some(ancestry) => self.notices.jobs.admit(&project, &ancestry).await,
            None => Ok(response::json_text(200, "{}")),
        }
    }
}
