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
        row,
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
    /// When the alarm of the platform fires.
    alarm: Cell<Alarm>,
    /// What a deleted job has left.
    pub(super) tombstone: RefCell<Option<Tombstone>>,
}

/// A call to a recipient.
struct Call {
    recipient: Recipient,
    project: String,
    update: RowUpdate,
    /// The state that is update; `None` if the job was deleted.
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

    /// Notes that the alarm has fired.
    pub(super) fn forget_alarm(&self) {
        self.change_alarm(Alarm::clear);
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
    /// Marks in the job's record who has to be update of its last change. Whether there is anybody.
    pub(super) fn mark_notices(&self, job: &mut Job) -> bool {
        let shards = self.notices.index.as_ref().map(IndexStub::shards);
        let is_new = match shards.filter(|_| job.record.project.is_some()) {
            Some(shards) => {
                let digest = row::digest(&job.document, shards);
                job.record.notices.owe(Recipient::Index, job.document.seq, digest)
            }
            None => {
                job.record.notices.drop_recipient(Recipient::Index);
                false
            }
        };
        self.notices.is_new.set(self.notices.is_new.get() || is_new);
        is_new
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
        let is_notice_pending = job.record.notices.next_pending().is_some();
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
        if has_deliveries { now } else { self.notices.retry_at(now) }
    }

    /// When the alarm has to make a call again; `None` if nothing is pending.
    pub(super) fn next_notice(&self, job: Option<&Job>, now: Timestamp) -> Option<Timestamp> {
        let is_pending = match job {
            Some(job) => job.record.notices.next_pending().is_some(),
            None => self.notices.tombstone.borrow().is_some(),
        };
        is_pending.then(|| self.notices.retry_at(now))
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
        let Err(error) = self.try_to_send_notices().await else { return self.notices.failures.set(0) };
        self.notices.failures.set(self.notices.failures.get().saturating_add(1));
        worker::console_error!("{}", serde_json::json!({"level": "error", "notice": error.problem().message()}));
        // The handler of an alarm sets the next one when it ends.
        if !self.is_alarm_handled.get() {
            let now = js::now();
            self.bring_alarm_forward(self.notices.retry_at(now), now);
        }
    }

    async fn try_to_send_notices(self: &Rc<Object>) -> Result<(), ErrorResponse> {
        while let Some(call) = self.next_call()? {
            self.notices.is_new.set(false);
            let answered = match (call.recipient, &self.notices.index) {
                (Recipient::Index, Some(index)) => index.update(&call.project, &call.update).await?,
                (Recipient::Index, None) => UpdateReply::default(),
            };
            self.acknowledge(&call, answered)?;
        }
        Ok(())
    }

    /// The next call that is pending.
    fn next_call(&self) -> Result<Option<Call>, ErrorResponse> {
        if let Some(job) = self.load()? {
            let Some(recipient) = job.record.notices.next_pending() else { return Ok(None) };
            let project = job.record.project.clone().unwrap_or_default();
            let (update, cursor) = (RowUpdate::of(&job.document, &job.record.notices), Some(job.document.cursor()));
            return Ok(Some(Call { recipient, project, update, cursor }));
        }
        Ok(self.notices.tombstone.borrow().as_ref().and_then(|tombstone| {
            let recipient = tombstone.notices.next_pending()?;
            let (project, update) = (tombstone.project.clone(), RowUpdate::of_deleted(tombstone));
            Some(Call { recipient, project, update, cursor: None })
        }))
    }

    /// Notes that a call was answered, unless the job was replaced or deleted meanwhile.
    fn acknowledge(&self, call: &Call, answered: UpdateReply) -> Result<(), ErrorResponse> {
        let Some(job) = self.load()? else {
            return if call.cursor.is_none() { self.drop_tombstone() } else { Ok(()) };
        };
        let Some(cursor) = call.cursor.as_ref().filter(|cursor| cursor.epoch() == job.document.epoch) else {
            return Ok(());
        };
        let former = Former::Same(Lifecycle::of(&job.document));
        self.job.replace(None);
        let mut job = Rc::unwrap_or_clone(job);
        job.record.notices.acknowledge(call.recipient, cursor.seq());
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
