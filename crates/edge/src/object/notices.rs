//! Notifying other objects of the changes of the job: after the commit, and again by the alarm until they have answered
//! (`engine::notice` says how).

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use engine::{
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
    /// When the alarm fires at the latest, as far as notices need it.
    alarm: Cell<Option<Timestamp>>,
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

    /// Notes that the alarm has fired.
    pub(super) fn forget_alarm(&self) {
        self.alarm.set(None);
    }

    /// When a call that is pending is made again.
    fn retry_at(&self, now: Timestamp) -> Timestamp {
        now.plus_millis(notice::retry_ms(self.failures.get()))
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

    /// The new time of the alarm after a commit for which the deadlines alone would set it to `alarm`. `is_new` comes from
    /// [`Object::mark_notices`].
    pub(super) fn alarm_with_notices(
        &self,
        alarm: Option<Timestamp>,
        job: &Job,
        is_new: bool,
        now: Timestamp,
    ) -> Option<Timestamp> {
        if job.record.notices.next_pending().is_none() {
            return alarm;
        }
        let known = self.notices.alarm.get().filter(|at| *at > now);
        let retry = known.unwrap_or_else(|| self.notices.retry_at(now));
        let is_late = job.record.alarm.is_none_or(|alarm| alarm > retry);
        let at = match alarm {
            // The alarm that the notices may have must not be lost.
            Some(alarm) => alarm.min(retry),
            None if is_new && known.is_none() && is_late => retry,
            None => return None,
        };
        self.notices.alarm.set(Some(retry));
        Some(at)
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
        let at = is_pending.then(|| self.notices.retry_at(now));
        self.notices.alarm.set(at);
        at
    }

    /// Makes the calls of the notices that commits have made, without waiting for them.
    pub(super) fn send_new_notices(self: &Rc<Object>) {
        if self.notices.is_new.take() {
            let object = Rc::clone(self);
            spawn_local(std::panic::AssertUnwindSafe(async move { object.send_notices().await }));
        }
    }

    /// Makes the calls that are pending, one after the other, until one fails.
    pub(super) async fn send_notices(self: &Rc<Object>) {
        if self.notices.is_sending.replace(true) {
            return;
        }
        let result = self.try_to_send_notices().await;
        self.notices.is_sending.set(false);
        match result {
            Ok(()) => self.notices.failures.set(0),
            Err(error) => {
                self.notices.failures.set(self.notices.failures.get().saturating_add(1));
                worker::console_error!(
                    "{}",
                    serde_json::json!({"level": "error", "notice": error.problem().message()})
                );
            }
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
            store::delete_all(&self.state);
        }
        Ok(())
    }
}
