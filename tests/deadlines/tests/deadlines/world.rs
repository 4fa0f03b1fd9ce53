//! The world: the clock, the storage, the platform's one alarm, and every step that they can take.

use std::hash::{Hash, Hasher};

use engine::{control::ControlOptions, deadline::AlarmOutcome, job::Job};
use protocol::{Timestamp, report};

use crate::{
    functions::{self, Mutant},
    promise::History,
    step::{CREATIONS, Faults, REPORTS, Step},
};

const HOUR_MS: u64 = 3_600_000;
const FORTY_DAYS_MS: u64 = 40 * 86_400_000;
/// The time of the creation.
const START: u64 = 1_700_000_000_000;

/// The whole state.
#[derive(Clone, Debug)]
pub(crate) struct World {
    /// The server's clock.
    pub(crate) now: Timestamp,
    /// When the platform fires the alarm.
    pub(crate) alarm: Option<Timestamp>,
    /// The job in storage, until it is deleted.
    pub(crate) job: Option<Job>,
    pub(crate) history: History,
    faults: Faults,
    mutant: Option<Mutant>,
}

impl World {
    /// The world after the creation of the job with this body.
    pub(crate) fn new(creation: usize, faults: Faults, mutant: Option<Mutant>) -> World {
        let now = Timestamp::from_millis(START);
        let mut world = World { now, alarm: None, job: None, history: History::new(now, false), faults, mutant };
        world.create(creation).unwrap();
        world
    }

    /// Takes a step. A step that is not possible now changes nothing.
    pub(crate) fn take(&mut self, step: Step) -> Result<(), String> {
        match step {
            Step::Report(index) => self.report(REPORTS[index])?,
            Step::Control(request, force) => {
                let Some(job) = self.job.clone() else { return Ok(()) };
                let options = ControlOptions { force, reason: Some("why".to_owned()), truncated: Vec::new() };
                let applied = functions::control(self.mutant, job, request, options, self.now);
                if let Some((job, true)) = applied {
                    let requested_at = job.document.control.as_ref().map(|control| control.at);
                    self.commit(job)?;
                    self.history.requested_at = requested_at.or(self.history.requested_at);
                }
            }
            Step::Replace(creation) => self.create(creation)?,
            Step::Wait(millis) => self.now = self.now.plus_millis(millis),
            Step::Alarm => {
                self.now = self.now.max(self.alarm.unwrap_or(self.now));
                self.on_alarm()?;
            }
            Step::AlarmNow => self.on_alarm()?,
            Step::SetBack if self.faults.set_back > 0 => {
                self.faults.set_back -= 1;
                self.set_clock(self.now.millis() - HOUR_MS);
            }
            Step::SetForward if self.faults.set_forward > 0 => {
                self.faults.set_forward -= 1;
                self.set_clock(self.now.millis() + FORTY_DAYS_MS);
            }
            Step::SetBack | Step::SetForward => {}
        }
        Ok(())
    }

    /// Creates the job, in the place of one that has ended if there is one.
    fn create(&mut self, creation: usize) -> Result<(), String> {
        let new = Job::new("import-42".to_owned(), "k3v9a0".to_owned(), self.now);
        let new = match &self.job {
            Some(former) if former.may_be_replaced(true) => new.replacing(former),
            Some(_) => return Ok(()),
            None => new,
        };
        let body = report::from_body(CREATIONS[creation].parse().unwrap()).unwrap();
        let created = engine::accept::create(new, body, self.now).unwrap();
        self.history = History::new(self.now, self.history.clock_changed);
        self.commit(created.job)
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
            self.commit(acceptance.job)?;
        }
        Ok(())
    }

    fn on_alarm(&mut self) -> Result<(), String> {
        let (Some(job), Some(_)) = (self.job.clone(), self.alarm.take()) else { return Ok(()) };
        match functions::on_alarm(self.mutant, &job, self.now) {
            AlarmOutcome::Early(due) => {
                let mut job = job;
                job.record.alarm = Some(due);
                self.alarm = Some(due);
                self.job = Some(stored(&job)?);
                Ok(())
            }
            AlarmOutcome::Changed(job) => {
                self.history.is_marked |= job.document.stalled_since.is_some();
                self.commit(*job)
            }
            AlarmOutcome::Expired => {
                self.job = None;
                Ok(())
            }
        }
    }

    /// Commits the job, and sets the alarm if it must be set, as the object does.
    fn commit(&mut self, mut job: Job) -> Result<(), String> {
        let alarm = functions::alarm(self.mutant, job.record.alarm, &job, self.now);
        job.record.alarm = alarm.or(job.record.alarm);
        self.alarm = alarm.or(self.alarm);
        if job.document.attempt > self.job.as_ref().map_or(1, |former| former.document.attempt) {
            self.history = History { reported_at: self.now, ..History::new(self.now, self.history.clock_changed) };
        }
        self.job = Some(stored(&job)?);
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
    let read = Job {
        document: serde_json::from_str(&document).map_err(|error| error.to_string())?,
        record: serde_json::from_str(&record).map_err(|error| error.to_string())?,
        stored_bytes: Some(document.len()),
    };
    if (&read.document, &read.record) != (&job.document, &job.record) {
        return Err(format!("storage loses a part of {job:?}"));
    }
    Ok(read)
}

/// Worlds that differ only in the time of day and in `seq` have the same hash: nothing depends on these.
impl Hash for World {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        let ago = |at: Timestamp| self.now.millis().wrapping_sub(at.millis());
        (self.alarm.map(ago), self.faults, self.history.is_marked, self.history.order).hash(hasher);
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
