//! Notifying other objects of the changes of the job: after the commit, and again by the alarm until they have answered
//! (`engine::notice` says how).

use std::{
    cell::{Cell, RefCell},
    panic::AssertUnwindSafe,
    rc::Rc,
};

use engine::{
    alarm::{Alarm, NOTICE_MS, Needs},
    index::{
        Shard, row,
        update::{RowUpdate, UpdateReply},
    },
    job::Job,
    lifecycle::Lifecycle,
    notice::{self, Recipient, Tombstone},
};
use protocol::{Timestamp, cursor::Cursor};
use wasm_bindgen_futures::spawn_local;
use worker::Env;

use super::{
    Object,
    store::{self, Former},
};
use crate::{command::CommandTime, index_stub::IndexStub, js, response::ErrorResponse};

/// The sending of notices.
#[derive(Default)]
pub(super) struct Sending {
    /// The index, if the deployment has one.
    index: Option<IndexStub>,
    /// Whether a commit made a notice that no call was made for yet.
    is_new: Cell<bool>,
    /// Whether calls are being made: one at a time, so that none overtakes a later one.
    is_sending: Cell<bool>,
    /// The calls that failed one after another.
    failures: Cell<u32>,
    /// When a call that failed is made again, if the alarm is handled for so long.
    retry: Cell<Option<Timestamp>>,
    /// When the alarm of the platform fires.
    alarm: Cell<Alarm>,
    /// What a deleted job has left.
    pub(super) tombstone: RefCell<Option<Tombstone>>,
}

/// A call to a recipient.
struct Call {
    recipient: Recipient,
    project: String,
    /// The object of the recipient.
    place: String,
    /// Whether this is an object that was the recipient before.
    is_former: bool,
    update: RowUpdate,
    /// The state that the call has; `None` if the job was deleted.
    cursor: Option<Cursor>,
}

impl Sending {
    /// Nothing is to be sent.
    pub(super) fn new(env: &Env) -> Sending {
        Sending { index: IndexStub::new(env), ..Sending::default() }
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
        let is_new = match (self.place_of(&job.document.job_id), &job.record.project) {
            (Some(place), Some(_)) => {
                let digest = row::digest(&job.document);
                job.record.notices.mark(Recipient::Index, &place, job.document.seq, digest)
            }
            _ => {
                job.record.notices.suspend(Recipient::Index);
                false
            }
        };
        self.notices.is_new.set(self.notices.is_new.get() || is_new);
        is_new
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
        self.notices.index.is_some() && job.record.notices.next_pending().is_some()
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

    /// Notes what a deleted job leaves; returns the time of the alarm for it.
    pub(super) fn leave(&self, tombstone: Option<Tombstone>, has_deliveries: bool, now: Timestamp) -> Timestamp {
        self.notices.is_new.set(tombstone.is_some());
        self.notices.tombstone.replace(tombstone);
        if has_deliveries { now } else { self.next_notice(None, now).unwrap_or(now) }
    }

    /// When the alarm has to make a call again; `None` if nothing is pending.
    pub(super) fn next_notice(&self, job: Option<&Job>, now: Timestamp) -> Option<Timestamp> {
        match (job, &*self.notices.tombstone.borrow()) {
            (Some(job), _) => self.is_pending(job).then(|| self.notices.retry_at(now)),
            (None, Some(tombstone)) if self.notices.index.is_none() => tombstone.retry_without_recipients(now),
            (None, tombstone) => tombstone.as_ref().map(|_| self.notices.retry_at(now)),
        }
    }

    /// Removes a tombstone that nobody needs any more.
    pub(super) fn drop_needless_tombstone(&self, now: Timestamp) -> Result<(), ErrorResponse> {
        let has_job = self.load()?.is_some();
        let has_tombstone = self.notices.tombstone.borrow().is_some();
        if !has_job && has_tombstone && self.next_notice(None, now).is_none() { self.drop_tombstone() } else { Ok(()) }
    }

    /// Makes the calls of the notices that commits have made, without waiting for them.
    pub(super) fn send_new_notices(self: &Rc<Object>) {
        if self.notices.is_new.take() {
            self.send_notices();
        }
    }

    /// Makes the calls that are pending, without waiting for them.
    pub(super) fn send_notices(self: &Rc<Object>) {
        if let Some(active) = Active::begin(self) {
            spawn_local(AssertUnwindSafe(async move { active.0.make_calls().await }));
        }
    }

    /// Makes the calls that are pending, one after the other, until one fails.
    async fn make_calls(self: &Rc<Object>) {
        self.notices.retry.set(None);
        let Err(error) = self.try_to_send_notices().await else { return self.notices.failures.set(0) };
        self.notices.failures.set(self.notices.failures.get().saturating_add(1));
        let now = js::now();
        let retry_at = self.notices.retry_at(now);
        self.notices.retry.set(Some(retry_at));
        worker::console_error!("{}", serde_json::json!({"level": "error", "notice": error.problem().message()}));
        // The handler of an alarm sets the next one when it ends.
        if !self.is_alarm_handled.get() {
            self.bring_alarm_forward(retry_at, now);
        }
    }

    async fn try_to_send_notices(self: &Rc<Object>) -> Result<(), ErrorResponse> {
        let Some(index) = &self.notices.index else { return Ok(()) };
        while let Some(call) = self.next_call()? {
            self.notices.is_new.set(false);
            // A release that writes other texts has an index of its own.
            let answered = match Shard::parse(&call.place) {
                Some(shard) => index.update(&call.project, shard, &call.update).await?,
                None => UpdateReply::default(),
            };
            self.acknowledge(&call, answered)?;
        }
        Ok(())
    }

    /// The next call that is pending: first those to the former objects of a recipient.
    fn next_call(&self) -> Result<Option<Call>, ErrorResponse> {
        if let Some(job) = self.load()? {
            let notices = &job.record.notices;
            let Some(recipient) = notices.next_pending() else { return Ok(None) };
            let project = job.record.project.clone().unwrap_or_default();
            let (update, place, is_former) = match notices.former_place(recipient) {
                Some(place) => (RowUpdate::of_moved(&job.document, notices), place, true),
                None => (RowUpdate::of(&job.document, notices), notices.place(recipient), false),
            };
            let cursor = Some(job.document.cursor());
            return Ok(Some(Call { recipient, project, place: place.to_owned(), is_former, update, cursor }));
        }
        Ok(self.notices.tombstone.borrow().as_ref().and_then(|tombstone| {
            let recipient = tombstone.notices.next_pending()?;
            let (project, update) = (tombstone.project.clone(), RowUpdate::of_deleted(tombstone));
            let former = tombstone.notices.former_place(recipient);
            let place = former.unwrap_or(tombstone.notices.place(recipient)).to_owned();
            Some(Call { recipient, project, place, is_former: former.is_some(), update, cursor: None })
        }))
    }

    /// Notes that a call was answered, unless the job was replaced or deleted meanwhile.
    fn acknowledge(&self, call: &Call, answered: UpdateReply) -> Result<(), ErrorResponse> {
        let Some(job) = self.load()? else {
            if call.cursor.is_some() {
                return Ok(());
            }
            if !call.is_former {
                return self.drop_tombstone();
            }
            if let Some(tombstone) = &mut *self.notices.tombstone.borrow_mut() {
                tombstone.notices.acknowledge_former(call.recipient, &call.place);
            }
            return Ok(());
        };
        let Some(cursor) = call.cursor.as_ref().filter(|cursor| cursor.epoch() == job.document.epoch) else {
            return Ok(());
        };
        let former = Former::Same(Lifecycle::of(&job.document));
        self.job.replace(None);
        let mut job = Rc::unwrap_or_clone(job);
        if call.is_former {
            job.record.notices.acknowledge_former(call.recipient, &call.place);
        } else {
            job.record.notices.acknowledge(call.recipient, cursor.seq());
        }
        if job.expect(answered.expected_seconds, js::now()) {
            return self.commit(former, job, &[], CommandTime::own());
        }
        self.job.replace(Some(Rc::new(job)));
        Ok(())
    }

    /// Removes the tombstone, and everything else if nothing is pending.
    fn drop_tombstone(&self) -> Result<(), ErrorResponse> {
        self.notices.tombstone.replace(None);
        if self.outbox.borrow().next_due().is_some() {
            self.store.drop_tombstone()?;
        } else {
            self.has_deliveries.set(false);
            self.notices.forget_alarm();
            store::delete_all(&self.state);
        }
        Ok(())
    }
}
