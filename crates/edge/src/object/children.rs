//! The children of the job: what they notify it of, and the requests to cancel them (`engine::children` says how).

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    panic::AssertUnwindSafe,
    rc::Rc,
};

use engine::{
    children::{
        COUNTED_MS, Child, ChildJobs, KEPT_MS,
        ancestry::Ancestry,
        cancellation::ChildrenCancellation,
        update::{ChildReply, ChildUpdate},
    },
    job::Job,
    lifecycle::Lifecycle,
    throttle::{Due, Plan, Throttle},
};
use futures_util::{StreamExt as _, stream};
use protocol::{Timestamp, children::Children};
use wasm_bindgen_futures::spawn_local;

use super::{Object, store::Former, unknown_command};
use crate::{
    command::CommandTime,
    js,
    response::{self, ErrorResponse, HandlerResult},
    stub::CALLS_AT_ONCE,
};

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
    /// Whether children are being asked to be cancelled.
    is_asking: Cell<bool>,
    /// Those that have answered the request that was made at this time.
    asked: RefCell<(Option<Timestamp>, BTreeSet<String>)>,
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
            is_asking: Cell::new(false),
            asked: RefCell::default(),
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

    /// Whether children are being asked to be cancelled.
    pub(super) fn is_asking(&self) -> bool {
        self.is_asking.get()
    }

    /// Whether the table exists.
    pub(super) fn has_table(&self) -> bool {
        self.has_table.get()
    }

    /// Notes that the storage has no children any more: of a job that replaces another one at `since`, or without a job.
    pub(super) fn clear(&self, since: Option<Timestamp>) {
        self.jobs.replace(since.map_or_else(ChildJobs::default, ChildJobs::of_successor));
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

/// Children are being asked for as long as this exists, also if a call panics.
struct Asking(Rc<Object>);

impl Drop for Asking {
    fn drop(&mut self) {
        self.0.children.is_asking.set(false);
        // The handler of the alarm waits for the calls.
        self.0.wake_handler();
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
            self.store.drop_children()?;
        }
        self.children.clear(since);
        Ok(())
    }

    /// Takes the call of a child. What is written is committed when it is answered; the document follows soon.
    pub(super) fn take_child(&self, body: &[u8], time: CommandTime) -> HandlerResult {
        let update: ChildUpdate = serde_json::from_slice(body).map_err(worker::Error::from)?;
        let job = self.load()?;
        let written = self.children.jobs.borrow_mut().take(&update, time.now);
        if let Some(child) = &written {
            self.write_child(&update.job_id, child)?;
        }
        match (job, &written) {
            // Nobody may create the job.
            (None, Some(child)) => self.bring_alarm_forward(child.written_at.plus_millis(KEPT_MS), time.now),
            (None, None) => {}
            (Some(job), written) => {
                if let Some(child) = written {
                    self.concern(&job, child)?;
                }
                self.plan_showing(time)?;
            }
        }
        let progress_ms = self.children.jobs.borrow().progress_ms();
        Ok(response::json(200, &ChildReply { progress_ms }))
    }

    fn write_child(&self, id: &str, child: &Child) -> Result<(), ErrorResponse> {
        let children = &self.children;
        let written = self.store.put_child(id, child, !children.has_table());
        if let Err(error) = written {
            // What is in memory is not what is stored.
            children.is_loaded.set(false);
            self.job.replace(None);
            return Err(error.into());
        }
        children.has_table.set(true);
        let is_crowded = child.status.is_none() && children.jobs.borrow().known() > CROWDED;
        if is_crowded { self.forget_removed_children() } else { Ok(()) }
    }

    fn forget_removed_children(&self) -> Result<(), ErrorResponse> {
        let forgotten = self.children.jobs.borrow_mut().forget_removed(js::now());
        Ok(self.store.forget_children(&forgotten)?)
    }

    /// Has a child asked that was created before the children of the job were cancelled.
    fn concern(&self, job: &Job, child: &Child) -> Result<(), ErrorResponse> {
        let mut job = job.clone();
        let (Some(status), Some(cancellation)) = (child.status, &mut job.record.cancellation) else { return Ok(()) };
        if !cancellation.concern(child.created_at, status) {
            return Ok(());
        }
        let former = Former::Same(Lifecycle::of(&job.document));
        self.commit(former, job, &[], CommandTime::own())
    }

    /// Writes the document, or plans it, if the children are not as it says.
    fn plan_showing(&self, time: CommandTime) -> Result<(), ErrorResponse> {
        let Some(job) = self.load()? else { return Ok(()) };
        if job.document.children == self.children.counted() {
            return Ok(());
        }
        match self.children.on_throttle(|throttle| throttle.ask(time.now.millis())) {
            Due::Now => self.show_children(time)?,
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

    /// Asks the children to be cancelled, if they have to be, without waiting for them.
    pub(super) fn cancel_children(self: &Rc<Object>) {
        let is_pending = |job: &Job| job.record.cancellation.as_ref().is_some_and(|asked| asked.is_pending());
        let has_to = self.job.borrow().as_deref().is_some_and(is_pending);
        if !has_to || self.children.is_asking.replace(true) {
            return;
        }
        let asking = Asking(Rc::clone(self));
        spawn_local(AssertUnwindSafe(async move {
            if let Err(error) = asking.0.ask_children().await {
                asking.0.note_failure(&error);
            }
        }));
    }

    /// Asks each child that has not ended, until all have answered. An error of any of them leaves the request pending.
    async fn ask_children(&self) -> Result<(), ErrorResponse> {
        loop {
            let Some(job) = self.load()? else { return Ok(()) };
            let pending = job.record.cancellation.as_ref().filter(|cancellation| cancellation.is_pending());
            let Some(cancellation) = pending else { return Ok(()) };
            let ids = self.children_to_ask(cancellation.at());
            if ids.is_empty() {
                let mut job = Job::clone(&job);
                job.record.cancellation.iter_mut().for_each(ChildrenCancellation::finish);
                return self.save(job);
            }
            let (project, options) = (job.record.project.clone().unwrap_or_default(), cancellation.to_body());
            drop(job);
            let ask = async |id: String| {
                let answered = self.notices.jobs.cancel_child(&project, &id, &options).await;
                (id, answered)
            };
            let mut answers = stream::iter(ids.into_iter().map(ask)).buffer_unordered(CALLS_AT_ONCE);
            let mut failure = Ok(());
            while let Some((id, answered)) = answers.next().await {
                match answered {
                    Ok(()) => drop(self.children.asked.borrow_mut().1.insert(id)),
                    Err(error) => failure = Err(error),
                }
            }
            failure?;
        }
    }

    /// The children that have not ended, and have not answered the request that was made at this time.
    fn children_to_ask(&self, at: Timestamp) -> Vec<String> {
        let mut asked = self.children.asked.borrow_mut();
        if asked.0 != Some(at) {
            *asked = (Some(at), BTreeSet::new());
        }
        let jobs = self.children.jobs.borrow();
        jobs.active().filter(|id| !asked.1.contains(*id)).map(str::to_owned).collect()
    }
}
