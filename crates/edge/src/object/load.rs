//! Loading a job from storage, and making a new one.

use std::rc::Rc;

use engine::{grant::object_name, job::Job, lifecycle::Lifecycle, tags::RequiredTags, webhook::of_job};
use protocol::{Problem, Timestamp, id, report::Reports};

use super::{Object, store::Former};
use crate::{command::CommandTime, js, response::ErrorResponse};

impl Object {
    /// The job, if it exists.
    pub(super) fn load(&self) -> Result<Option<Rc<Job>>, ErrorResponse> {
        if let Some(job) = self.job.borrow().as_ref() {
            return Ok(Some(Rc::clone(job)));
        }
        let tables = self.store.tables()?;
        if tables.delivery && !self.is_outbox_loaded.get() {
            self.outbox.replace(self.store.outbox()?);
            self.has_deliveries.set(true);
        }
        self.is_outbox_loaded.set(true);
        let mut job = if tables.job { self.store.load()? } else { None };
        if tables.tombstone && self.notices.tombstone.borrow().is_none() {
            self.notices.tombstone.replace(self.store.tombstone()?);
            self.notices.renew_tombstone();
        }
        self.load_children(job.as_ref(), tables.child)?;
        if let Some(job) = &mut job {
            self.add_project(job);
            self.renew_notices(job);
        }
        if let Some(corrected) = job.as_ref().and_then(|job| self.correct_children(job)) {
            let former = Former::Same(Lifecycle::of(&corrected.document));
            self.commit(former, corrected, &[], CommandTime::own())?;
            return Ok(self.job.borrow().clone());
        }
        let job = job.map(Rc::new);
        self.job.replace(job.clone());
        Ok(job)
    }

    /// The name of the object, as far as storage has it.
    fn name(&self) -> Result<Option<String>, ErrorResponse> {
        let job = self.load()?;
        let of_job = job.as_deref().and_then(|job| Some((job.record.project.clone()?, job.document.job_id.clone())));
        let tombstone = self.notices.tombstone.borrow();
        let of_tombstone = || tombstone.as_ref().map(|left| (left.project.clone(), left.job_id.clone()));
        Ok(of_job.or_else(of_tombstone).map(|(project, job_id)| object_name(&project, &job_id)))
    }

    /// Notes that an alarm or a timer has fired, after which the object stays in memory for as long as after a command.
    pub(super) fn note_wake(&self) -> Result<(), ErrorResponse> {
        if let Some(name) = self.name()? {
            self.config.note_wake(&name);
        }
        Ok(())
    }

    /// Notes the project that a command names.
    pub(super) fn note_project(&self, project: &str) {
        if !project.is_empty() && self.project.borrow().is_none() {
            self.project.replace(Some(project.to_owned()));
        }
    }

    /// Gives the job the project that a command has named, and the webhooks of its project.
    fn add_project(&self, job: &mut Job) {
        if job.record.project.is_none() {
            job.record.project.clone_from(&self.project.borrow());
        }
        job.outgoing.project = self.config.webhooks.of(job.record.project.as_deref().unwrap_or_default());
    }

    /// Checks the webhooks of reports whose sender has the permissions `held` if it may not read the job.
    pub(super) fn check_webhooks(&self, job_id: &str, reports: &Reports, held: Option<&str>) -> Result<(), Problem> {
        let held = held.map(|held| held.parse().unwrap_or_default());
        of_job::check(reports, &self.config.targets, held, job_id)
    }

    /// A new job, in the place of `former` if there is one.
    pub(super) fn new_job(&self, job_id: &str, former: Option<&Job>, now: Timestamp) -> Job {
        let new = Job::new(job_id.to_owned(), id::epoch(js::random()), now);
        let mut job = match (former, &*self.notices.tombstone.borrow()) {
            (Some(former), _) => new.replacing(former),
            (None, Some(tombstone)) => new.after(tombstone),
            (None, None) => new,
        };
        if former.is_none() {
            // Children can be created before their parent.
            job.document.children = self.children.counted();
        }
        self.add_project(&mut job);
        job
    }

    /// Checks that the job carries the tags that the caller's token requires, and returns them; `parameter` is that of the command.
    ///
    /// # Errors
    ///
    /// `JOB_NOT_FOUND`, as if the job did not exist.
    pub(super) fn check_tags(&self, job_id: &str, parameter: &str) -> Result<RequiredTags, ErrorResponse> {
        let job = self.find(job_id)?;
        let tags = job.document.tags.as_ref();
        let required = RequiredTags::from_parameter(parameter).filter(|required| required.are_carried_by(tags));
        required.ok_or_else(|| Problem::job_not_found(job_id).into())
    }

    /// The job.
    ///
    /// # Errors
    ///
    /// `JOB_NOT_FOUND`.
    pub(super) fn find(&self, job_id: &str) -> Result<Rc<Job>, ErrorResponse> {
        self.load()?.ok_or_else(|| Problem::job_not_found(job_id).into())
    }
}
