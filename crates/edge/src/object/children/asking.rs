//! The requests to cancel the children of a job: after the commit, and again until each child has answered.

use std::{
    cell::{Cell, RefCell},
    panic::AssertUnwindSafe,
    rc::Rc,
};

use engine::{
    alarm::NOTICE_MS,
    children::{
        Child,
        cancellation::{Answers, Backoff, ChildrenCancellation, Concerned, RequestId},
    },
    job::Job,
    lifecycle::Lifecycle,
};
use futures_util::{StreamExt as _, stream};
use protocol::Timestamp;
use wasm_bindgen_futures::spawn_local;

use super::super::{Object, store::Former};
use crate::{command::CommandTime, js, response::ErrorResponse, stub::CALLS_AT_ONCE};

/// The calls of the last request to cancel the children.
#[derive(Default)]
pub(in crate::object) struct Requests {
    /// Whether a commit makes a request for which no alarm was set yet.
    is_new: Cell<bool>,
    /// Whether children are being asked.
    is_active: Cell<bool>,
    /// When those that have not answered are asked again.
    backoff: Cell<Backoff>,
    /// Those that have answered it.
    answers: RefCell<Answers>,
}

impl Requests {
    /// Notes that the next commit makes a request.
    pub(in crate::object) fn begin(&self) {
        self.is_new.set(true);
    }

    /// Whether the commit that asks this makes a request.
    pub(in crate::object) fn take_new(&self) -> bool {
        self.is_new.take()
    }

    /// Whether children are being asked.
    pub(in crate::object) fn is_active(&self) -> bool {
        self.is_active.get()
    }

    fn on_backoff<T>(&self, change: impl FnOnce(&mut Backoff) -> T) -> T {
        let mut backoff = self.backoff.get();
        let result = change(&mut backoff);
        self.backoff.set(backoff);
        result
    }
}

/// Children are being asked for as long as this exists, also if a call panics.
struct Asking(Rc<Object>);

impl Drop for Asking {
    fn drop(&mut self) {
        self.0.children.requests.is_active.set(false);
        // The handler of the alarm waits for the calls.
        self.0.wake_handler();
    }
}

/// The request of a job whose children have not all answered.
fn pending(job: &Job) -> Option<&ChildrenCancellation> {
    job.record.cancellation.as_ref().filter(|cancellation| cancellation.is_pending())
}

impl Object {
    /// When the alarm asks the children of the job again; `None` if all have answered.
    pub(in crate::object) fn next_asking(&self, job: &Job, now: Timestamp) -> Option<Timestamp> {
        let request = pending(job)?.id();
        let retry_at = self.children.requests.backoff.get().retry_at(request);
        Some(retry_at.unwrap_or_else(|| now.plus_millis(NOTICE_MS)))
    }

    /// Asks the children to be cancelled, if they have to be now, without waiting for them.
    pub(in crate::object) fn cancel_children(self: &Rc<Object>) {
        let requests = &self.children.requests;
        let request = self.job.borrow().as_deref().and_then(pending).map(ChildrenCancellation::id);
        let is_due = request.is_some_and(|request| requests.backoff.get().is_due(request, js::now()));
        if !is_due || requests.is_active.replace(true) {
            return;
        }
        let asking = Asking(Rc::clone(self));
        spawn_local(AssertUnwindSafe(async move {
            if let Err(error) = asking.0.ask_children().await {
                asking.0.note_unanswered(&error);
            }
        }));
    }

    /// Notes that not all children have answered, and when they are asked again.
    fn note_unanswered(&self, error: &ErrorResponse) {
        worker::console_error!("{}", serde_json::json!({"level": "error", "children": error.problem().message()}));
        let job = self.load().ok().flatten();
        let Some(request) = job.as_deref().and_then(pending).map(ChildrenCancellation::id) else { return };
        let now = js::now();
        let retry_at = self.children.requests.on_backoff(|backoff| backoff.fail(request, now));
        // The handler of an alarm sets the next one when it ends.
        if !self.is_alarm_handled.get() {
            self.bring_alarm_forward(retry_at, now);
        }
    }

    /// Asks each child that the request concerns, until all have answered. An error of any of them leaves the request pending.
    async fn ask_children(&self) -> Result<(), ErrorResponse> {
        loop {
            let Some(job) = self.load()? else { return Ok(()) };
            let Some(cancellation) = pending(&job).cloned() else { return Ok(()) };
            let requests = &self.children.requests;
            let concerned = requests.answers.borrow_mut().missing(&cancellation, &self.children.jobs.borrow());
            if concerned.is_empty() {
                return self.finish_request(cancellation.id());
            }
            let (project, options) = (job.record.project.clone().unwrap_or_default(), cancellation.to_body());
            drop(job);
            let ask = async |(id, concerned): (String, Concerned)| {
                let answered = self.notices.jobs.cancel_child(&project, &id, &concerned, &options).await;
                answered.map(|()| (id, concerned))
            };
            let mut answers = stream::iter(concerned.into_iter().map(ask)).buffer_unordered(CALLS_AT_ONCE);
            let mut failure = None;
            while let Some(answer) = answers.next().await {
                match answer {
                    Ok((id, concerned)) => requests.answers.borrow_mut().note(id, concerned),
                    Err(error) => failure = Some(error),
                }
            }
            match failure {
                // The calls end one day, also if a child never answers.
                Some(_) if cancellation.is_given_up(js::now()) => return self.finish_request(cancellation.id()),
                Some(error) => return Err(error),
                None => {}
            }
        }
    }

    /// Notes in the record that nothing more is to be done for this request, unless another one was made meanwhile.
    fn finish_request(&self, request: RequestId) -> Result<(), ErrorResponse> {
        self.children.requests.on_backoff(Backoff::succeed);
        let Some(job) = self.load()? else { return Ok(()) };
        let mut job = Job::clone(&job);
        match job.record.cancellation.as_mut().filter(|cancellation| cancellation.id() == request) {
            Some(cancellation) => cancellation.finish(),
            None => return Ok(()),
        }
        self.save(job)
    }

    /// Has a child asked of which the job has learned only now, if the last request concerns it.
    pub(super) fn reopen_request(&self, job: &Job, child: &Child) -> Result<(), ErrorResponse> {
        let mut job = job.clone();
        if !job.record.cancellation.as_mut().is_some_and(|cancellation| cancellation.reopen_for(child)) {
            return Ok(());
        }
        self.children.requests.begin();
        let former = Former::Same(Lifecycle::of(&job.document));
        self.commit(former, job, &[], CommandTime::own())
    }
}
