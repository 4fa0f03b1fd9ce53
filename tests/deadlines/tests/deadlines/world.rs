//! The world: the clock, the storage, the platform's one alarm, and every step that they can take.

mod change;
mod check;
mod object;

use std::{
    hash::{Hash, Hasher},
    sync::{Arc, LazyLock},
};

use engine::{control::ControlOptions, job::Job, webhook::outbox::Outbox};
use protocol::{Timestamp, report, webhook::Webhook};

use crate::{
    delivery::{Delivery, Reply, Try},
    functions,
    mutant::Mutant,
    promise::{Due, History},
    step::{CREATIONS, Faults, PROJECT, REPORTS, SUBSCRIBERS, Step},
    subscribers::Subscribers,
};
use change::Cause;
use object::Handler;

const HOUR_MS: u64 = 3_600_000;
const FORTY_DAYS_MS: u64 = 40 * 86_400_000;
/// The time of the creation.
const START: u64 = 1_700_000_000_000;

/// The parsed subscriptions of the project.
static PROJECT_WEBHOOKS: LazyLock<Arc<[Webhook]>> = LazyLock::new(|| {
    let webhooks: Vec<Webhook> = serde_json::from_str(PROJECT).unwrap();
    webhooks.into()
});

/// The whole state.
#[derive(Clone, Debug)]
pub(crate) struct World {
    /// The server's clock.
    pub(crate) now: Timestamp,
    /// When the platform fires the alarm.
    pub(crate) alarm: Option<Timestamp>,
    /// The handler of an alarm, while it is active.
    pub(crate) handler: Option<Handler>,
    /// The job in memory, until it is deleted.
    pub(crate) job: Option<Job>,
    /// The time of the alarm in the stored record. The rest of the record, and the document, are always stored.
    pub(crate) stored_alarm: Option<Timestamp>,
    /// The pending deliveries in memory.
    pub(crate) outbox: Outbox,
    /// The deliveries in storage that are pending, and those that the last step has changed, by number.
    pub(crate) deliveries: Vec<Delivery>,
    /// The requests to receivers that have not responded, by their begin.
    pub(crate) tries: Vec<Try>,
    /// After the object was killed: when the alarm fires at the latest.
    pub(crate) recovers_by: Option<Timestamp>,
    pub(crate) subscribers: Subscribers,
    pub(crate) history: History,
    /// The number of jobs that were created.
    created: u32,
    faults: Faults,
    pub(crate) mutant: Option<Mutant>,
}

impl World {
    /// The world after the creation of the job with this body.
    pub(crate) fn new(creation: usize, faults: Faults, mutant: Option<Mutant>) -> World {
        let now = Timestamp::from_millis(START);
        let mut world = World {
            now,
            alarm: None,
            handler: None,
            job: None,
            stored_alarm: None,
            outbox: Outbox::default(),
            deliveries: Vec::new(),
            tries: Vec::new(),
            recovers_by: None,
            subscribers: Subscribers::new(&[]),
            history: History::new(now, false),
            created: 0,
            faults,
            mutant,
        };
        world.create(creation).unwrap();
        world
    }

    /// Whether storage has neither a job nor a delivery.
    pub(crate) fn is_empty(&self) -> bool {
        self.job.is_none() && self.deliveries.is_empty()
    }

    /// The deadlines of the job and when they are due.
    pub(crate) fn dues(&self) -> Vec<Due> {
        let are_pending = self.deliveries.iter().any(Delivery::is_pending);
        self.job.as_ref().map_or(Vec::new(), |job| self.history.dues(&job.document, are_pending))
    }

    /// Whether the step may change anything.
    pub(crate) fn is_possible(&self, step: Step) -> bool {
        match step {
            Step::Report(_) | Step::Control(..) | Step::Delete => self.job.is_some(),
            Step::Replace(_) => self.job.as_ref().is_none_or(|job| job.may_be_replaced(true)),
            Step::Wait(_) => true,
            Step::Alarm | Step::AlarmNow => self.alarm.is_some() || self.handler.is_some(),
            Step::Respond(index, _) => index < self.tries.len(),
            Step::Kill => self.handler.is_some(),
            Step::RespondAndKill => self.handler.is_some() && !self.tries.is_empty(),
            Step::SetBack => self.faults.set_back > 0,
            Step::SetForward => self.faults.set_forward > 0,
        }
    }

    /// Takes a step. A step that is not possible now changes nothing.
    pub(crate) fn take(&mut self, step: Step) -> Result<(), String> {
        if !self.is_possible(step) {
            return Ok(());
        }
        if self.job.is_some() || self.deliveries.iter().any(Delivery::is_pending) {
            self.deliveries.retain(Delivery::is_pending);
        }
        match step {
            Step::Report(index) => self.report(REPORTS[index])?,
            Step::Control(request, force) => {
                let Some(job) = self.job.clone() else { return Ok(()) };
                let options = ControlOptions { force, reason: Some("why".to_owned()), ..ControlOptions::default() };
                let applied = functions::control(self.mutant, job, request, options, self.now);
                if let Some((job, true)) = applied {
                    let requested_at = job.document.control.as_ref().map(|control| control.at);
                    self.commit(job, Cause::Request(request))?;
                    self.history.requested_at = requested_at.or(self.history.requested_at);
                }
            }
            Step::Replace(creation) => self.create(creation)?,
            Step::Delete => self.remove()?,
            Step::Wait(millis) => self.now = self.now.plus_millis(millis),
            Step::Alarm => {
                let due = self.handler.map(|handler| handler.wakes_at).or(self.alarm);
                self.now = self.now.max(due.unwrap_or(self.now));
                return self.run_handler();
            }
            Step::AlarmNow => return self.run_handler(),
            Step::Respond(index, reply) => {
                self.respond(index, reply)?;
                return self.wake_handler();
            }
            Step::Kill => self.kill(),
            Step::RespondAndKill => {
                self.respond(0, Reply::Accepted)?;
                self.kill();
            }
            Step::SetBack => {
                self.faults.set_back -= 1;
                self.set_clock(self.now.millis() - HOUR_MS);
            }
            Step::SetForward => {
                self.faults.set_forward -= 1;
                self.set_clock(self.now.millis() + FORTY_DAYS_MS);
            }
        }
        match step {
            Step::Report(_) | Step::Control(..) | Step::Replace(_) | Step::Delete => self.follow_up(),
            _ => Ok(()),
        }
    }

    /// Creates the job, in the place of one that has ended if there is one.
    fn create(&mut self, creation: usize) -> Result<(), String> {
        let new = Job::new("import-42".to_owned(), format!("epoch{}", self.created), self.now);
        let mut new = match &self.job {
            Some(former) if former.may_be_replaced(true) => new.replacing(former),
            Some(_) => return Ok(()),
            None => new,
        };
        new.outgoing.project = if creation == 3 { Arc::clone(&PROJECT_WEBHOOKS) } else { Arc::default() };
        let body = report::from_body(CREATIONS[creation].parse().unwrap()).unwrap();
        let created = engine::accept::create(new, body, self.now).unwrap();
        self.created += 1;
        self.subscribers = Subscribers::new(SUBSCRIBERS[creation]);
        self.history = History::new(self.now, self.history.clock_changed);
        self.commit(created.job, Cause::Creation)
    }

    fn report(&mut self, body: &str) -> Result<(), String> {
        let Some(job) = self.job.clone() else { return Ok(()) };
        let (former, order) = (job.document.clone(), body.contains("order").then_some(1));
        let reports = report::from_body(body.parse().unwrap()).unwrap();
        let acceptance = functions::accept(self.mutant, job, reports, self.now);
        let is_late = body.contains("attempt") && former.attempt != 1;
        let is_repeated = order.is_some() && self.history.order == order;
        let is_refused = acceptance.answer().is_err();
        let is_wanted = !is_late && !is_repeated && !former.status.is_terminal() && !is_refused;
        if acceptance.changed != is_wanted {
            let not = if is_wanted { "not " } else { "" };
            return Err(format!("{body} is {not}accepted by {former:?}"));
        }
        if acceptance.changed {
            self.history.report(&acceptance.job.document, order, former.updated_at, self.now);
            self.commit(acceptance.job, Cause::Report)?;
        }
        Ok(())
    }

    /// Saves the job, which in memory is then as it is read from storage.
    pub(crate) fn save(&mut self, job: &Job) -> Result<(), String> {
        self.stored_alarm = job.record.alarm;
        self.job = Some(stored(job)?);
        Ok(())
    }

    fn set_clock(&mut self, millis: u64) {
        self.now = Timestamp::from_millis(millis);
        self.history.clock_changed = true;
    }
}

/// The job as it is read from its stored form.
fn stored(job: &Job) -> Result<Job, String> {
    let document = serde_json::to_string(&job.document).map_err(|error| error.to_string())?;
    let record = serde_json::to_string(&job.record).map_err(|error| error.to_string())?;
    let mut read = Job::stored(
        serde_json::from_str(&document).map_err(|error| error.to_string())?,
        serde_json::from_str(&record).map_err(|error| error.to_string())?,
        document.len(),
    );
    if (&read.document, &read.record) != (&job.document, &job.record) {
        return Err(format!("storage loses a part of {job:?}"));
    }
    read.outgoing.project = Arc::clone(&job.outgoing.project);
    Ok(read)
}

/// Worlds that differ only in the time of day and in `seq` have the same hash: nothing depends on these.
impl Hash for World {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        let ago = |at: Timestamp| self.now.millis().wrapping_sub(at.millis());
        let handler = self.handler.map(|handler| (ago(handler.fired_for), ago(handler.wakes_at)));
        (self.alarm.map(ago), handler, self.stored_alarm.map(ago), self.deliveries.is_empty()).hash(hasher);
        for Delivery { number, url, event, tries, due, .. } in &self.deliveries {
            let sent = self.tries.iter().position(|sent| sent.number == *number);
            (url, event, tries, ago(*due), sent).hash(hasher);
        }
        self.tries.iter().for_each(|sent| ago(sent.since).hash(hasher));
        (self.recovers_by.map(ago), self.subscribers.gone()).hash(hasher);
        (self.faults, self.history.is_marked, self.history.order).hash(hasher);
        (ago(self.history.reported_at), self.history.started_at.map(ago), self.history.clock_changed).hash(hasher);
        self.history.requested_at.map(ago).hash(hasher);
        let Some(Job { document, record, .. }) = &self.job else { return };
        let control = document.control.as_ref();
        (document.status, document.attempt, control.map(|control| (control.request, ago(control.at)))).hash(hasher);
        (document.timeout_seconds, document.heartbeat_timeout_seconds, document.stalled_after_seconds).hash(hasher);
        (document.retention_seconds, document.progress.map(|progress| progress.get().to_bits())).hash(hasher);
        let times = [document.started_at, document.ended_at(), document.expires_at, document.stalled_since];
        (times.map(|time| time.map(ago)), ago(document.created_at), ago(document.updated_at)).hash(hasher);
        (record.alarm.map(ago), record.reported_at.map(ago), record.orders.len()).hash(hasher);
        let attempts = document.attempts.iter().flatten();
        attempts.for_each(|former| (former.status, former.started_at.map(ago), ago(former.ended_at)).hash(hasher));
    }
}
