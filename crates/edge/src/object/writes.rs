//! The commands that create, change and delete the job.

use std::rc::Rc;

use engine::{
    accept::{self, Acceptance},
    creation_answer::CreationAnswer,
    idempotency,
    lifecycle::Lifecycle,
};
use protocol::{Problem, creation::Creation, json, report::Reports};

use super::{Object, store::Former};
use crate::{
    command::{CommandTime, Creates},
    glue, js, metrics,
    response::{self, HandlerResult, text_of},
};

impl Object {
    /// Creates the job; `held` are the permissions of a credential that may not read it.
    pub(super) fn create(
        &self,
        job_id: &str,
        body: &[u8],
        receipt: bool,
        held: Option<&str>,
        time: CommandTime,
    ) -> HandlerResult {
        let value = json::parse_body(body)?;
        let digest = idempotency::digest(&value);
        // The body is checked first: a job that exists is no reason to overlook an error in it.
        let creation = Creation::from_json(value)?;
        let (replaces, first) = (creation.replace.is_some(), Reports::One(Box::new(creation.report)));
        self.check_webhooks(job_id, &first, held)?;
        let former = self.load()?;
        if let Some(job) = former.as_ref().filter(|job| !job.may_be_replaced(replaces)) {
            idempotency::check_recreation(job, &digest)?;
            return Ok(response::json(200, &CreationAnswer::new(&job.document, &[], receipt)));
        }
        let mut new = self.new_job(job_id, former.as_deref(), time.now);
        new.document.parent_id = creation.parent_id.map(|id| id.to_string());
        new.record.created_with = Some(digest);
        let created = accept::create(new, first, time.now)?;
        let answer = text_of(&CreationAnswer::new(&created.job.document, created.truncated(), receipt));
        self.commit(Former::replaced(former.as_deref()), created.job, &created.lines, time)?;
        Ok(response::json_text(201, &answer))
    }

    /// Applies reports; `creates` says in which cases they make a new job.
    pub(super) fn report(&self, job_id: &str, reports: Reports, creates: Creates, time: CommandTime) -> HandlerResult {
        let now = time.now;
        // The job is taken out, so that it need not be copied. On every way out, what is put back is what storage has.
        let (former, accepted) = match self.load()? {
            Some(job) if !job.may_be_replaced(creates.ended) => {
                self.job.replace(None);
                (Former::Same(Lifecycle::of(&job.document)), accept::accept(Rc::unwrap_or_clone(job), reports, now))
            }
            None if !creates.missing => return Err(Problem::job_not_found(job_id).into()),
            former => {
                let mut new = self.new_job(job_id, former.as_deref(), now);
                new.document.parent_id = creates.parent.map(|id| id.to_string());
                (Former::replaced(former.as_deref()), accept::create(new, reports, now)?)
            }
        };
        let answer = accepted.answer().map(|answer| text_of(&answer));
        let Acceptance { job, changed, lines, outcomes, .. } = accepted;
        if changed {
            self.commit(former, job, &lines, time)?;
        } else {
            self.job.replace(Some(Rc::new(job)));
        }
        if self.config.is_server() {
            metrics::count(|metrics| metrics.reported(outcomes.len()));
        }
        Ok(match former {
            // On the fast path this is the response to the producer as it is.
            Former::Same(_) => {
                let config = &self.config;
                glue::success(&answer?, config.allowed_origin(None), config.varies_by_origin())
            }
            Former::None | Former::Replaced { .. } => response::json_text(201, &answer?),
        })
    }

    /// Deletes the job.
    pub(super) async fn delete(&self, job_id: &str) -> HandlerResult {
        let job = self.find(job_id)?;
        if self.remove(&job, js::now())? {
            // It deletes the alarm too (since compatibility date 2026-02-24).
            self.state.storage().delete_all().await?;
        }
        Ok(response::empty(204))
    }
}
