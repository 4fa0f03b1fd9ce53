//! The object: what it stores with a commit, and the handler of its alarm, which sends the deliveries. This is
//! `crates/edge/src/object/deliveries.rs` without the platform.

use std::mem;

use engine::{
    deadline::AlarmOutcome,
    job::Job,
    webhook::{
        delivery::{DeliveryStatus, NewDelivery},
        outbox::Outbox,
    },
};
use protocol::{Timestamp, webhook::WebhookUrl};

use super::{
    World,
    change::{self, Cause},
    check,
};
use crate::{
    delivery::{self, Delivery, Reply, Try},
    functions,
    mutant::Mutant,
    promise::LOST_MS,
};

/// The handler of an alarm, while it is active.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Handler {
    /// The time for which the alarm was set. The platform fires it again if the handler does not end.
    pub(crate) fired_for: Timestamp,
    /// When the handler wakes if no try ends before.
    pub(crate) wakes_at: Timestamp,
}

impl World {
    /// Fires the alarm; or wakes its handler, if it is active.
    pub(crate) fn run_handler(&mut self) -> Result<(), String> {
        if self.handler.is_none() {
            let Some(fired_for) = self.alarm.take() else { return Ok(()) };
            self.handler = Some(Handler { fired_for, wakes_at: self.now });
            self.recovers_by = None;
            // In memory only: the commits while the handler is active set another alarm.
            let job = self.job.as_mut().filter(|_| self.mutant != Some(Mutant::ForgetsThatTheAlarmHasFired));
            job.into_iter().for_each(|job| job.record.alarm = None);
        }
        self.wake_handler()
    }

    /// Lets the handler of the alarm do what is due, if it is active.
    pub(crate) fn wake_handler(&mut self) -> Result<(), String> {
        if self.handler.is_none() {
            return Ok(());
        }
        self.apply_deadlines()?;
        self.send_due()?;
        check::caught_up(self)?;
        if !self.outbox.is_sending() {
            self.handler = None;
            return if self.mutant == Some(Mutant::SetsNoAlarmAfterSending) { Ok(()) } else { self.set_next_alarm() };
        }
        self.sleep()
    }

    /// Lets the handler of the alarm, which has done what was due, sleep.
    fn sleep(&mut self) -> Result<(), String> {
        let longest = self.now.plus_millis(LOST_MS);
        let due = functions::wake_due(self.mutant, self.job.as_ref(), &self.outbox, self.now);
        let wakes_at = due.map_or(longest, |due| due.min(longest));
        if wakes_at <= self.now {
            return Err(format!("the handler wakes at {wakes_at}, and it is {}: it never sleeps", self.now));
        }
        self.handler = self.handler.map(|handler| Handler { wakes_at, ..handler });
        Ok(())
    }

    /// What follows a commit: it wakes the handler of the alarm, if it is active.
    pub(crate) fn follow_up(&mut self) -> Result<(), String> {
        match self.mutant {
            Some(Mutant::CommitLeavesItsDeliveries) if self.outbox.is_sending() => self.sleep(),
            Some(Mutant::SleepsPastANewDeadline) if self.handler.is_some() => self.send_due(),
            _ => self.wake_handler(),
        }
    }

    fn apply_deadlines(&mut self) -> Result<(), String> {
        while let Some(job) = &self.job {
            match functions::on_alarm(self.mutant, job, &self.outbox, self.now) {
                AlarmOutcome::Early(_) => break,
                AlarmOutcome::Changed(job) => {
                    let is_marked = job.document.stalled_since.is_some();
                    self.commit(*job, Cause::Deadline)?;
                    self.history.is_marked |= is_marked;
                }
                AlarmOutcome::Expired => {
                    change::expiry(self)?;
                    self.remove()?;
                }
            }
        }
        Ok(())
    }

    /// Starts the tries that are due.
    fn send_due(&mut self) -> Result<(), String> {
        let World { mutant, outbox, deliveries, tries, now, .. } = self;
        let numbers = functions::start(*mutant, outbox, deliveries, tries, *now);
        for number in numbers {
            let sent = self.deliveries.iter().find(|delivery| delivery.number == number);
            let Some(delivery) = sent else { return Err(format!("delivery {number} is sent and not stored")) };
            let id = functions::id(self.mutant, delivery);
            // A former try of the same delivery was given up.
            self.tries.retain(|sent| sent.number != number);
            self.tries.push(Try { number, id, since: self.now });
            check::deliveries::beginning(self, number)?;
        }
        Ok(())
    }

    /// Sets the alarm for what is due next. An object that has neither a job nor a delivery is emptied.
    fn set_next_alarm(&mut self) -> Result<(), String> {
        let Some(job) = &self.job else {
            match self.outbox.next_due() {
                Some(due) => self.alarm = Some(due),
                None => self.delete_all(),
            }
            return Ok(());
        };
        let due = functions::alarm_due(self.mutant, job, &self.outbox);
        if job.record.alarm != Some(due) {
            let mut job = job.clone();
            job.record.alarm = Some(due);
            self.alarm = Some(due);
            self.save(&job)?;
        }
        Ok(())
    }

    /// Commits the job with its deliveries, and sets the alarm if it must be set.
    pub(crate) fn commit(&mut self, mut job: Job, cause: Cause) -> Result<(), String> {
        let mut outbox = self.outbox.clone();
        let at =
            |new: &NewDelivery| if self.mutant == Some(Mutant::DueAtTheTimeOfTheChange) { new.at } else { self.now };
        let new = self.add(&mut outbox, mem::take(&mut job.outgoing.deliveries), at);
        let alarm = functions::alarm(self.mutant, job.record.alarm, &job, &outbox, self.now);
        job.record.alarm = alarm.or(job.record.alarm);
        change::check(self, cause, &job.document, &new)?;
        self.history.follow(self.job.as_ref().map(|former| &former.document), &job.document, self.now);
        self.alarm = alarm.or(self.alarm);
        self.save(&job)?;
        self.outbox = outbox;
        self.deliveries.extend(new);
        Ok(())
    }

    /// Adds new deliveries to the outbox.
    fn add(
        &self,
        outbox: &mut Outbox,
        new: Vec<NewDelivery>,
        due: impl Fn(&NewDelivery) -> Timestamp,
    ) -> Vec<Delivery> {
        let mut stored = Vec::new();
        for new in new {
            let (number, due) = (outbox.add(new.url.clone(), self.now), due(&new));
            stored.push(Delivery::new(number, new, due));
        }
        outbox.trim();
        stored
    }

    /// Deletes the job. What notifies its subscribers of the deletion is stored until it is delivered.
    pub(crate) fn remove(&mut self) -> Result<(), String> {
        let Some(mut job) = self.job.take() else { return Ok(()) };
        job.outgoing.deliveries.clear();
        job.publish_deletion(self.now);
        let mut outbox = functions::emptied(self.mutant, &self.outbox);
        let new = self.add(&mut outbox, mem::take(&mut job.outgoing.deliveries), |_| self.now);
        change::deletion(self, &job.document, &new)?;
        self.outbox = outbox;
        self.stored_alarm = None;
        if self.mutant != Some(Mutant::DeletionKeepsDeliveries) {
            self.deliveries.clear();
        }
        if new.is_empty() {
            self.delete_all();
            return Ok(());
        }
        self.alarm = Some(self.now).filter(|_| self.mutant != Some(Mutant::DeletionEndsTheAlarm));
        self.deliveries.extend(new);
        Ok(())
    }

    fn delete_all(&mut self) {
        self.deliveries.clear();
        self.alarm = None;
    }

    /// A receiver responds to a try.
    pub(crate) fn respond(&mut self, index: usize, reply: Reply) -> Result<(), String> {
        if index >= self.tries.len() {
            return Ok(());
        }
        let sent = self.tries.remove(index);
        let Some(tried) = functions::finish(&mut self.outbox, sent.number, reply, self.now) else { return Ok(()) };
        let stored = self.deliveries.iter_mut().find(|delivery| delivery.number == sent.number);
        let Some(delivery) = stored else { return Err(format!("delivery {} is tried and not stored", sent.number)) };
        check::deliveries::result(delivery, &sent, reply, tried, self.now)?;
        (delivery.status, delivery.tries, delivery.due) = (tried.status, tried.tries, tried.due);
        let url = delivery.url.clone();
        if tried.status == DeliveryStatus::Gone { self.end_subscription(&url) } else { Ok(()) }
    }

    /// Ends the subscriptions of a URL whose receiver is gone.
    fn end_subscription(&mut self, url: &WebhookUrl) -> Result<(), String> {
        for delivery in self.deliveries.iter_mut().filter(|delivery| delivery.is_pending() && delivery.url == *url) {
            delivery.status = DeliveryStatus::Gone;
        }
        let Some(mut job) = self.job.clone() else { return Ok(()) };
        self.subscribers.end(url);
        if self.mutant != Some(Mutant::GoneReceiverGetsMore) {
            job.record.webhooks.end(url);
        }
        self.save(&job)
    }

    /// Kills the object and loads it again: it has what is in storage, and the platform has an alarm whose handler did not end;
    /// or the one that a commit has set meanwhile, which may be for the time at which a try was to be given up.
    pub(crate) fn kill(&mut self) {
        let lost: Vec<u64> = mem::take(&mut self.tries).into_iter().map(|sent| sent.number).collect();
        let forgets = self.mutant == Some(Mutant::LostResultIsNeverTriedAgain);
        let kept = |delivery: &&Delivery| !forgets || !lost.contains(&delivery.number);
        let fired = self.handler.take().filter(|_| !self.is_empty()).map(|handler| handler.fired_for);
        self.alarm = self.alarm.or(fired);
        // One that was set before the clock was set back fires as much later.
        let latest = self.alarm.filter(|_| self.history.clock_changed).unwrap_or_default();
        self.recovers_by = Some(self.now.plus_millis(LOST_MS).max(latest));
        self.job.iter_mut().for_each(|job| job.record.alarm = self.stored_alarm);
        self.outbox = delivery::restore(self.outbox.emptied(), self.deliveries.iter().filter(kept));
    }
}
