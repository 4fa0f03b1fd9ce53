//! Notifying other objects of the changes of the job: after the commit, and again by the alarm until they have answered
//! (`engine::notice` says how).

mod calls;
mod progress;

use std::{
    cell::{Cell, RefCell},
    panic::AssertUnwindSafe,
    rc::Rc,
};

use engine::{
    alarm::{Alarm, NOTICE_MS, Needs, PUT_BACK_MS},
    children::{self, cancellation::ChildrenCancellation},
    index::row,
    job::Job,
    notice::{self, Recipient, Tombstone},
};
use protocol::Timestamp;
use wasm_bindgen_futures::spawn_local;
use worker::Env;

use super::{Object, store};
use crate::{command::CommandTime, index_stub::IndexStub, job_calls::JobCalls, js, response::ErrorResponse};
use progress::ProgressSending;

/// The sending of notices.
pub(super) struct Sending {
    /// The index, if the deployment has one.
    index: Option<IndexStub>,
    /// The objects of other jobs.
    pub(super) jobs: JobCalls,
    /// Whether a commit made a notice that no call was made for yet.
    is_new: Cell<bool>,
    /// Whether calls are being made: one at a time, so that none overtakes a later one.
    is_sending: Cell<bool>,
    /// The calls that failed one after another.
    failures: Cell<u32>,
    /// When a call that failed is made again, if the alarm is handled for so long.
    retry: Cell<Option<Timestamp>>,
    /// What the parent is sent beside the notices.
    progress: ProgressSending,
    /// When the alarm of the platform fires.
    alarm: Cell<Alarm>,
    /// Whether it is planned to put the alarm back.
    is_put_back_planned: Cell<bool>,
    /// What a deleted job has left.
    pub(super) tombstone: RefCell<Option<Tombstone>>,
}

impl Sending {
    /// Nothing is to be sent.
    pub(super) fn new(env: &Env) -> Sending {
        Sending {
            index: IndexStub::new(env),
            jobs: JobCalls::new(env),
            is_new: Cell::default(),
            is_sending: Cell::default(),
            failures: Cell::default(),
            retry: Cell::default(),
            progress: ProgressSending::new(),
            alarm: Cell::default(),
            is_put_back_planned: Cell::default(),
            tombstone: RefCell::default(),
        }
    }

    /// Whether calls are being made.
    pub(super) fn is_active(&self) -> bool {
        self.is_sending.get()
    }

    /// When a call that failed is made again.
    pub(super) fn retry(&self) -> Option<Timestamp> {
        self.retry.get()
    }

    /// Notes that the alarm has fired.
    pub(super) fn forget_alarm(&self) {
        self.change_alarm(Alarm::clear);
    }

    /// Makes the calls of a tombstone that was loaded from storage: the index may have been off when its alarm was set.
    pub(super) fn renew_tombstone(&self) {
        self.is_new.set(self.tombstone.borrow().is_some());
    }

    fn change_alarm<T>(&self, change: impl FnOnce(&mut Alarm) -> T) -> T {
        let mut alarm = self.alarm.get();
        let result = change(&mut alarm);
        self.alarm.set(alarm);
        result
    }

    /// When the alarm makes a call that is pending.
    fn retry_at(&self, now: Timestamp) -> Timestamp {
        let failures = self.failures.get();
        now.plus_millis(if failures == 0 { NOTICE_MS } else { notice::retry_ms(failures) })
    }
}

/// Calls are being made for as long as this exists, also if one of them panics.
struct Active(Rc<Object>);

impl Active {
    /// `None` if calls are being made already.
    fn begin(object: &Rc<Object>) -> Option<Active> {
        (!object.notices.is_sending.replace(true)).then(|| Active(Rc::clone(object)))
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        self.0.notices.is_sending.set(false);
        // The handler of the alarm waits for the calls.
        self.0.wake_handler();
    }
}

impl Object {
    /// Marks in the job's record who has to be notified of its last change. Whether there is anybody.
    pub(super) fn mark_notices(&self, job: &mut Job) -> bool {
        let is_new_for_index = match (self.place_of(&job.document.job_id), &job.record.project) {
            (Some(place), Some(_)) => {
                let digest = row::digest(&job.document);
                job.record.notices.mark(Recipient::Index, &place, job.document.seq, digest)
            }
            _ => {
                job.record.notices.suspend(Recipient::Index);
                false
            }
        };
        let is_new_for_parent = children::update::mark(&mut job.record.notices, &job.document);
        let is_new = self.children.requests.take_new() || is_new_for_index || is_new_for_parent;
        self.notices.is_new.set(self.notices.is_new.get() || is_new);
        is_new
    }

    /// Notes that the parent has to be sent the progress of the job.
    pub(super) fn note_progress(&self, job: &Job, now: Timestamp) {
        if job.document.parent_id.is_some() {
            self.notices.progress.note(job.document.progress, now);
        }
    }

    /// Marks what a job that was loaded from storage has to report because the index was off for a time, or had other shards.
    pub(super) fn renew_notices(&self, job: &mut Job) {
        let place = self.place_of(&job.document.job_id);
        if place.is_some_and(|place| job.record.notices.is_outdated(Recipient::Index, &place)) {
            self.mark_notices(job);
        }
    }

    /// The shard of the index that has the row of the job, if the deployment has an index.
    fn place_of(&self, job_id: &str) -> Option<String> {
        Some(self.notices.index.as_ref()?.shards().of(job_id).to_string())
    }

    /// Whether the job has to make a call that the deployment can make.
    fn is_pending(&self, job: &Job) -> bool {
        self.notices.next_recipient(&job.record.notices, &[]).is_some()
            || job.record.cancellation.as_ref().is_some_and(ChildrenCancellation::is_pending)
    }

    /// The time for which a commit sets the alarm: `deadline` is the new time for the deadlines alone, `stored` the one that the
    /// record had before, and `is_new` comes from [`Object::mark_notices`].
    pub(super) fn alarm_after(
        &self,
        deadline: Option<Timestamp>,
        stored: Option<Timestamp>,
        job: &Job,
        is_new: bool,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let is_notice_pending = self.is_pending(job);
        let needs = Needs { deadline, stored, is_notice_new: is_new, is_notice_pending };
        self.notices.change_alarm(|alarm| alarm.on_commit(needs, now))
    }

    /// Sets the alarm for `at`.
    pub(super) fn set_alarm(&self, at: Timestamp) {
        self.notices.change_alarm(|alarm| alarm.set(at));
        store::set_alarm(&self.state, at);
    }

    /// Sets the alarm so that it fires at `at` at the latest.
    pub(super) fn bring_alarm_forward(&self, at: Timestamp, now: Timestamp) {
        if let Some(at) = self.notices.change_alarm(|alarm| alarm.bring_forward(at, now)) {
            store::set_alarm(&self.state, at);
        }
    }

    /// Plans to put the alarm back, once, since every recipient has answered.
    fn plan_to_put_alarm_back(self: &Rc<Object>) {
        if !self.notices.is_put_back_planned.replace(true) {
            self.after(PUT_BACK_MS, |object| {
                object.notices.is_put_back_planned.set(false);
                object.put_alarm_back();
            });
        }
    }

    /// Sets the alarm to the time that the record names, unless a notice needs it. The handler of an alarm sets the next one
    /// itself.
    fn put_alarm_back(&self) {
        let job = self.job.borrow().clone();
        let Some(job) = job.filter(|job| !self.is_alarm_handled.get() && !self.is_pending(job)) else { return };
        let at = job.record.alarm.and_then(|needed| self.notices.change_alarm(|alarm| alarm.put_back(needed)));
        if let Some(at) = at {
            store::set_alarm(&self.state, at);
        }
    }

    /// Notes what a deleted job leaves; returns the time of the alarm for it.
    pub(super) fn leave(&self, tombstone: Option<Tombstone>, has_deliveries: bool, now: Timestamp) -> Timestamp {
        self.notices.is_new.set(tombstone.is_some());
        self.notices.tombstone.replace(tombstone);
        if has_deliveries { now } else { self.next_notice(None, now).unwrap_or(now) }
    }

    /// When the alarm has to make a call again; `None` if nothing is pending.
    pub(super) fn next_notice(&self, job: Option<&Job>, now: Timestamp) -> Option<Timestamp> {
        match (job, &*self.notices.tombstone.borrow()) {
            (Some(job), _) => {
                let has_notice = self.notices.next_recipient(&job.record.notices, &[]).is_some();
                let notice = has_notice.then(|| self.notices.retry_at(now));
                notice.into_iter().chain(self.next_asking(job, now)).min()
            }
            (None, Some(tombstone)) if self.notices.next_recipient(&tombstone.notices, &[]).is_none() => {
                tombstone.retry_without_recipients(now)
            }
            (None, tombstone) => tombstone.as_ref().map(|_| self.notices.retry_at(now)),
        }
    }

    /// Removes a tombstone that nobody needs any more.
    pub(super) fn drop_needless_tombstone(&self, now: Timestamp) -> Result<(), ErrorResponse> {
        let has_job = self.load()?.is_some();
        let has_tombstone = self.notices.tombstone.borrow().is_some();
        if !has_job && has_tombstone && self.next_notice(None, now).is_none() { self.drop_tombstone() } else { Ok(()) }
    }

    /// Makes the calls of the notices that commits have made, without waiting for them, and plans those that have to wait.
    pub(super) fn send_new_notices(self: &Rc<Object>) {
        if self.notices.is_new.take() || self.notices.progress.is_due() {
            self.send_notices();
        }
        if let Some(plan) = self.notices.progress.take_plan() {
            self.after(plan.millis, move |object| {
                if object.notices.progress.begin(plan) {
                    object.send_notices();
                }
            });
        }
        if let Some(plan) = self.children.take_plan() {
            self.after(plan.millis, move |object| {
                if !object.children.holds(plan) {
                    return;
                }
                if let Err(error) = object.show_children(CommandTime::own()) {
                    worker::console_error!(
                        "{}",
                        serde_json::json!({"level": "error", "children": error.problem().message()})
                    );
                }
                object.send_new_notices();
            });
        }
    }

    /// Does something later, if the object is in memory then.
    fn after(self: &Rc<Object>, millis: u64, then: impl FnOnce(&Rc<Object>) + 'static) {
        let object = Rc::clone(self);
        spawn_local(AssertUnwindSafe(async move {
            js::sleep(millis).await;
            // A storage that fails now fails for what is done then, too.
            let _ = object.note_wake();
            then(&object);
        }));
    }

    /// Makes the calls that are pending, without waiting for them.
    pub(super) fn send_notices(self: &Rc<Object>) {
        if let Some(active) = Active::begin(self) {
            spawn_local(AssertUnwindSafe(async move { active.0.make_calls().await }));
        }
        self.cancel_children();
    }
}
