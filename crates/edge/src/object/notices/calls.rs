//! The calls to the recipients of notices: one after the other, those to a recipient that fails again later.

use std::rc::Rc;

use engine::{
    children::update::ChildUpdate,
    index::{
        Shard,
        update::{RowUpdate, UpdateReply},
    },
    lifecycle::Lifecycle,
    notice::{Notices, Recipient},
};
use protocol::cursor::Cursor;

use super::{
    super::{
        Object,
        store::{self, Former},
    },
    Sending,
};
use crate::{command::CommandTime, js, response::ErrorResponse};

/// A call to a recipient.
struct Call {
    /// The recipient; `None` if the call is not that of a notice, and need not be made again.
    recipient: Option<Recipient>,
    project: String,
    /// The object of the recipient.
    place: String,
    /// Whether this is an object that was the recipient before.
    is_former: bool,
    update: Update,
    /// The state that the call has; `None` if the job was deleted.
    cursor: Option<Cursor>,
}

/// What a call sends.
enum Update {
    Row(Box<RowUpdate>),
    Child(ChildUpdate),
}

impl Sending {
    /// A recipient that has to be notified and that the deployment has.
    pub(super) fn next_recipient(&self, notices: &Notices, failed: &[Recipient]) -> Option<Recipient> {
        let exists = |recipient: &Recipient| *recipient != Recipient::Index || self.index.is_some();
        notices.pending().find(|recipient| exists(recipient) && !failed.contains(recipient))
    }
}

impl Object {
    /// Makes the calls that are pending, one after the other.
    pub(super) async fn make_calls(self: &Rc<Object>) {
        self.notices.retry.set(None);
        match self.try_to_send_notices().await {
            Ok(()) => {
                self.notices.failures.set(0);
                self.plan_to_put_alarm_back();
            }
            Err(error) => self.note_failure(&error),
        }
    }

    /// Notes that a call failed, and when it is made again.
    pub(in crate::object) fn note_failure(&self, error: &ErrorResponse) {
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
        // A recipient that fails does not delay the others.
        let (mut failed, mut failure) = (Vec::new(), Ok(()));
        while let Some(call) = self.next_call(&failed)? {
            self.notices.is_new.set(false);
            match (self.make(&call).await, call.recipient) {
                (Ok(answered), _) => self.acknowledge(&call, answered)?,
                (Err(error), Some(recipient)) => {
                    failed.push(recipient);
                    failure = Err(error);
                }
                (Err(_), None) => {}
            }
        }
        failure
    }

    async fn make(&self, call: &Call) -> Result<UpdateReply, ErrorResponse> {
        let now = self.edge_now.get();
        match (&call.update, &self.notices.index, Shard::parse(&call.place)) {
            (Update::Row(update), Some(index), Some(shard)) => {
                index.update(&call.project, shard, update, now.is_some()).await
            }
            // A release that writes other texts has an index of its own.
            (Update::Row(_), ..) => Ok(UpdateReply::default()),
            (Update::Child(update), ..) => {
                let reply = self.notices.jobs.notify_parent(&call.project, &call.place, update, now).await?;
                self.notices.progress.set_interval(reply.progress_ms);
                Ok(UpdateReply::default())
            }
        }
    }

    /// The next call that is pending, but for those to recipients that have failed: first those to the former objects of a
    /// recipient, and last the progress of which the parent has no notice.
    fn next_call(&self, failed: &[Recipient]) -> Result<Option<Call>, ErrorResponse> {
        let sending = &self.notices;
        if let Some(job) = self.load()? {
            let (document, notices) = (&job.document, &job.record.notices);
            let recipient = sending.next_recipient(notices, failed);
            let (place, is_former) = match (recipient, &document.parent_id) {
                (Some(recipient), _) => {
                    let former = notices.former_place(recipient);
                    (former.unwrap_or(notices.place(recipient)), former.is_some())
                }
                // A parent that has failed to take a notice gets the progress with that.
                (None, Some(parent))
                    if sending.progress.has_to_send(document.progress) && !failed.contains(&Recipient::Parent) =>
                {
                    (parent.as_str(), false)
                }
                (None, _) => {
                    sending.progress.forget();
                    return Ok(None);
                }
            };
            let update = match recipient {
                Some(Recipient::Index) if is_former => Update::Row(Box::new(RowUpdate::of_moved(document, notices))),
                Some(Recipient::Index) => Update::Row(Box::new(RowUpdate::of(document, notices))),
                Some(Recipient::Parent) | None => Update::Child(ChildUpdate::of(&job, place)),
            };
            if document.parent_id.as_deref() == Some(place) {
                sending.progress.sends(document.progress);
            }
            let (place, project) = (place.to_owned(), job.record.project.clone().unwrap_or_default());
            return Ok(Some(Call { recipient, project, place, is_former, update, cursor: Some(document.cursor()) }));
        }
        Ok(sending.tombstone.borrow().as_ref().and_then(|tombstone| {
            let recipient = sending.next_recipient(&tombstone.notices, failed)?;
            let update = match recipient {
                Recipient::Index => Update::Row(Box::new(RowUpdate::of_deleted(tombstone))),
                Recipient::Parent => Update::Child(ChildUpdate::of_deleted(tombstone)),
            };
            let former = tombstone.notices.former_place(recipient);
            let place = former.unwrap_or(tombstone.notices.place(recipient)).to_owned();
            let (project, is_former) = (tombstone.project.clone(), former.is_some());
            Some(Call { recipient: Some(recipient), project, place, is_former, update, cursor: None })
        }))
    }

    /// Notes that a call was answered, unless the job was replaced or deleted meanwhile.
    fn acknowledge(&self, call: &Call, answered: UpdateReply) -> Result<(), ErrorResponse> {
        let Some(recipient) = call.recipient else { return Ok(()) };
        let Some(job) = self.load()? else {
            return if call.cursor.is_some() { Ok(()) } else { self.acknowledge_deletion(recipient, call) };
        };
        let Some(cursor) = call.cursor.as_ref().filter(|cursor| cursor.epoch() == job.document.epoch) else {
            return Ok(());
        };
        let former = Former::Same(Lifecycle::of(&job.document));
        self.job.replace(None);
        let mut job = Rc::unwrap_or_clone(job);
        if call.is_former {
            job.record.notices.acknowledge_former(recipient, &call.place);
        } else {
            job.record.notices.acknowledge(recipient, cursor.seq());
        }
        if job.expect(answered.expected_seconds, js::now()) {
            return self.commit(former, job, &[], CommandTime::own());
        }
        self.job.replace(Some(Rc::new(job)));
        Ok(())
    }

    /// Notes that a recipient knows of the deletion of the job; the tombstone is for those that do not.
    fn acknowledge_deletion(&self, recipient: Recipient, call: &Call) -> Result<(), ErrorResponse> {
        let mut tombstone = self.notices.tombstone.borrow_mut();
        let Some(left) = &mut *tombstone else { return Ok(()) };
        match call.is_former {
            true => left.notices.acknowledge_former(recipient, &call.place),
            false => left.acknowledge(recipient),
        }
        let is_needed = left.notices.pending().next().is_some();
        drop(tombstone);
        if is_needed { Ok(()) } else { self.drop_tombstone() }
    }

    /// Removes the tombstone, and everything else if nothing is pending.
    pub(super) fn drop_tombstone(&self) -> Result<(), ErrorResponse> {
        self.notices.tombstone.replace(None);
        if self.outbox.borrow().next_due().is_some() || self.children.expires_at().is_some() {
            self.store.drop_tombstone()?;
        } else {
            self.delete_all();
        }
        Ok(())
    }

    /// Deletes everything that is stored of an object without a job.
    pub(in crate::object) fn delete_all(&self) {
        self.has_deliveries.set(false);
        self.children.forget();
        self.notices.forget_alarm();
        store::delete_all(&self.state);
    }
}
