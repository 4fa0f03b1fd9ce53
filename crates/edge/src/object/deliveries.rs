//! The deliveries of a job: they are stored with their change, and sent while the alarm is handled.
//!
//! The handler of the alarm ends when nothing is being sent. Until then the platform keeps the object in memory, and applies
//! no other alarm, so the handler also applies the deadlines that pass meanwhile.

use std::{mem, panic::AssertUnwindSafe, rc::Rc};

use engine::{
    deadline,
    job::Job,
    lifecycle::Lifecycle,
    webhook::{
        delivery::{DeliveryPage, DeliveryStatus, NewDelivery},
        outbox::{Answer, Outbox},
    },
};
use protocol::{Problem, Timestamp, limits::DELIVERY_SECONDS, problem::Code, webhook::WebhookUrl};
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::{
    ALARM_RETRY_MS, Object,
    store::{
        self, Former,
        outbox::{Remains, Sent},
    },
};
use crate::{
    command::CommandTime,
    glue, js,
    response::{self, ErrorResponse, HandlerResult},
};

/// The longest sleep of the handler of an alarm. A try without a result ends after it.
const LONGEST_SLEEP_MS: u64 = (DELIVERY_SECONDS + 5) * 1000;

/// How long one handler of an alarm starts tries. The platform ends one after 15 minutes.
const LONGEST_HANDLER_MS: u64 = 10 * 60_000;

/// New deliveries with their numbers, and the outbox that has them.
pub(super) struct Stored {
    pub(super) deliveries: Vec<(u64, NewDelivery)>,
    pub(super) outbox: Outbox,
    /// The number of the first delivery that is kept.
    pub(super) first: u64,
}

impl Stored {
    /// Takes the deliveries that a change of `job` has caused; `outbox` is the one before.
    pub(super) fn take(job: &mut Job, mut outbox: Outbox, now: Timestamp) -> Stored {
        let new = mem::take(&mut job.outgoing.deliveries);
        let deliveries = new.into_iter().map(|new| (outbox.add(new.url.clone(), now), new)).collect();
        let first = outbox.trim();
        Stored { deliveries, outbox, first }
    }
}

impl Object {
    /// Handles an alarm.
    pub(super) async fn handle_alarm(self: &Rc<Object>) {
        self.is_alarm_handled.set(true);
        let result = self.apply_what_is_due().await;
        self.is_alarm_handled.set(false);
        // The platform retries a failed alarm six times and then drops it, so this never fails: it logs the error and sets
        // another alarm.
        if let Err(error) = result {
            worker::console_error!("{}", serde_json::json!({"level": "error", "alarm": error.problem().message()}));
            let now = js::now();
            self.bring_alarm_forward(now.plus_millis(ALARM_RETRY_MS), now);
        }
    }

    async fn apply_what_is_due(self: &Rc<Object>) -> Result<(), ErrorResponse> {
        self.forget_alarm()?;
        let began = js::now();
        self.note_wake()?;
        self.drop_needless_tombstone(began)?;
        if self.load()?.is_none() && self.children.expires_at().is_some_and(|at| at <= began) {
            self.drop_children(None)?;
        }
        // Deadlines and deliveries do not wait for the calls.
        if self.next_notice(self.load()?.as_deref(), began).is_some() {
            self.send_notices();
        }
        loop {
            self.apply_deadlines()?;
            if js::now().millis().saturating_sub(began.millis()) < LONGEST_HANDLER_MS {
                self.send_due();
            }
            self.send_new_notices();
            if !self.outbox.borrow().is_sending() && !self.notices.is_active() && !self.children.requests.is_active() {
                return self.set_next_alarm();
            }
            let now = js::now();
            if self.notices.retry().is_some_and(|at| at <= now) {
                self.send_notices();
            }
            self.cancel_children();
            let job = self.load()?;
            let retry = self.notices.retry().filter(|_| !self.notices.is_active());
            let asking = job.as_deref().filter(|_| !self.children.requests.is_active());
            let asking = asking.and_then(|job| self.next_asking(job, now));
            let next = deadline::wake_due(job.as_deref(), &self.outbox.borrow(), now);
            let longest = now.plus_millis(LONGEST_SLEEP_MS);
            self.sleep_until(next.into_iter().chain(retry).chain(asking).fold(longest, Timestamp::min), now).await;
        }
    }

    /// Sleeps until `at`, or until it is woken.
    async fn sleep_until(&self, at: Timestamp, now: Timestamp) {
        let resolvers = js::with_resolvers();
        let timer = js::set_timeout(&resolvers.resolve(), at.millis().saturating_sub(now.millis()) as f64);
        self.wake.replace(Some((resolvers.resolve(), at)));
        // The promise is only ever resolved.
        let _ = JsFuture::from(resolvers.promise()).await;
        self.wake.replace(None);
        js::clear_timeout(&timer);
    }

    /// Wakes the handler of the alarm, if it sleeps, because something else may be due now.
    pub(super) fn wake_handler(&self) {
        if let Some((wake, _)) = self.wake.take() {
            // The function resolves a promise, which never fails.
            let _ = wake.call0(&wasm_bindgen::JsValue::UNDEFINED);
        }
    }

    /// Wakes the handler of the alarm if something of `job` is due before it wakes by itself. The alarm fires only after it
    /// is handled.
    pub(super) fn wake_handler_for(&self, job: &Job, has_new_deliveries: bool) {
        let is_due = |at: Timestamp| deadline::next_due(job, &self.outbox.borrow()).0 < at;
        let is_early = self.wake.borrow().as_ref().is_some_and(|(_, at)| has_new_deliveries || is_due(*at));
        if is_early {
            self.wake_handler();
        }
    }

    /// Starts the tries that are due.
    fn send_due(self: &Rc<Object>) {
        let numbers = self.outbox.borrow_mut().start(js::now());
        for number in numbers {
            let object = Rc::clone(self);
            spawn_local(AssertUnwindSafe(async move { object.send(number).await }));
        }
    }

    /// Sends a delivery and stores the result.
    async fn send(&self, number: u64) {
        if let Err(error) = self.try_to_send(number).await {
            worker::console_error!("{}", serde_json::json!({"level": "error", "delivery": error.problem().message()}));
        }
        self.wake_handler();
    }

    async fn try_to_send(&self, number: u64) -> Result<(), ErrorResponse> {
        let Some(sent) = self.store.delivery(number)? else {
            // The job was deleted, and the number is not in the outbox any more.
            return Ok(());
        };
        let answer = match self.config.targets.check(&sent.url) {
            Ok(()) => self.post(&sent).await?,
            Err(rule) => Answer::Refused(rule),
        };
        let now = js::now();
        let tried = self.outbox.borrow_mut().finish(number, answer, now, js_sys::Math::random(), self.config.retries);
        let Some(tried) = tried else { return Ok(()) };
        self.store.tried(number, tried, answer, now)?;
        if tried.status == DeliveryStatus::Gone {
            self.end_webhooks(&sent.url)?;
        }
        Ok(())
    }

    /// Makes the request.
    async fn post(&self, sent: &Sent) -> Result<Answer, ErrorResponse> {
        let Sent { url, project, id, payload } = sent;
        let seconds = js::now().seconds();
        let Ok(access) = self.config.access() else {
            return Ok(Answer::NoResponse("this server is not configured"));
        };
        let signature = access.signer.webhook_signature(project, id, seconds, payload);
        let network = self.any_network.as_ref().filter(|_| self.config.targets.allow_any_network(url));
        let (timestamp, most) = (seconds.to_string(), DELIVERY_SECONDS as f64);
        let delivered =
            JsFuture::from(glue::deliver(network, &url.0, id, &timestamp, &signature, payload, most)).await?;
        Ok(match delivered.error().as_deref() {
            None => {
                let retry_after = Some(u64::from(delivered.retry_after())).filter(|seconds| *seconds > 0);
                Answer::Response { status: delivered.status(), retry_after }
            }
            Some("timeout") => Answer::NoResponse("no response in time"),
            Some(_) => Answer::NoResponse("the connection failed"),
        })
    }

    /// Ends the webhooks of a URL whose receiver is gone.
    fn end_webhooks(&self, url: &WebhookUrl) -> Result<(), ErrorResponse> {
        self.store.give_up(url)?;
        let Some(job) = self.load()? else { return Ok(()) };
        let mut job = Job::clone(&job);
        job.record.webhooks.end(url);
        self.save(job)
    }

    /// Saves a job whose document has not changed.
    pub(super) fn save(&self, mut job: Job) -> Result<(), ErrorResponse> {
        self.job.replace(None);
        let former = Former::Same(Lifecycle::of(&job.document));
        self.store.save(&mut job, &[], former)?;
        self.job.replace(Some(Rc::new(job)));
        Ok(())
    }

    /// Notes that the alarm has fired, so that a commit while it is handled sets another one.
    fn forget_alarm(&self) -> Result<(), ErrorResponse> {
        self.notices.forget_alarm();
        if let Some(job) = self.load()? {
            let mut job = Job::clone(&job);
            self.stored_alarm.set(job.record.alarm.take());
            self.job.replace(Some(Rc::new(job)));
        }
        Ok(())
    }

    /// Sets the alarm for what is due next. An object that has neither a job nor a delivery is emptied.
    pub(super) fn set_next_alarm(&self) -> Result<(), ErrorResponse> {
        let (job, now) = (self.load()?, js::now());
        let notice = self.next_notice(job.as_deref(), now);
        let Some(job) = job else {
            let due = self.outbox.borrow().next_due().into_iter().chain(notice).chain(self.children.expires_at()).min();
            let is_stored = self.has_deliveries.get() || self.children.has_table();
            match due {
                Some(due) => self.bring_alarm_forward(due, now),
                None if is_stored => self.delete_all(),
                None => {}
            }
            return Ok(());
        };
        let due = deadline::alarm_due(&job, &self.outbox.borrow());
        // An alarm that is early sets the next one. To keep the time that the record names saves a written row.
        let stored = job.record.alarm.or(self.stored_alarm.take());
        let at = stored.filter(|at| *at > now && *at <= due).unwrap_or(due);
        let mut job = Job::clone(&job);
        job.record.alarm = Some(at);
        if stored == Some(at) {
            self.job.replace(Some(Rc::new(job)));
        } else {
            self.save(job)?;
        }
        // Also if the record names this time: the alarm that the platform had may be the one that has fired.
        self.bring_alarm_forward(notice.map_or(at, |notice| notice.min(at)), now);
        Ok(())
    }

    /// Removes the job, and stores the deliveries of its deletion until they have ended, and its tombstone until nobody needs
    /// it. `true` if there is neither, so that the caller deletes everything that is stored.
    pub(super) fn remove(&self, job: &Job, now: Timestamp) -> Result<bool, ErrorResponse> {
        let mut job = Job::clone(job);
        job.outgoing.deliveries.clear();
        job.publish_deletion(now);
        let outbox = self.outbox.borrow().emptied();
        let Stored { deliveries, outbox, .. } = Stored::take(&mut job, outbox, now);
        let tombstone = job.tombstone(now);
        let is_last = deliveries.is_empty() && tombstone.is_none();
        if is_last {
            self.has_deliveries.set(false);
            self.children.forget();
            // The caller deletes it.
            self.notices.forget_alarm();
        } else {
            let (has_log, had_deliveries) = (store::has_log(&job.record), self.has_deliveries.get());
            let has_children = self.children.has_table();
            self.has_deliveries.set(had_deliveries || !deliveries.is_empty());
            let alarm = self.leave(tombstone.clone(), !deliveries.is_empty(), now);
            let (store, project) = (Rc::clone(&self.store), job.record.project.unwrap_or_default());
            self.store.transaction(move || {
                let former = Remains { project: &project, has_log, has_deliveries: had_deliveries, has_children };
                store.replace_by_remains(&deliveries, tombstone.as_ref(), &former, now)
            })?;
            self.set_alarm(alarm);
            self.children.clear(None);
        }
        self.outbox.replace(outbox);
        self.forget(&job.document.job_id);
        self.wake_handler();
        Ok(is_last)
    }

    /// A page of the deliveries.
    pub(super) fn deliveries(&self, job_id: &str, after: u64, limit: u64) -> HandlerResult {
        let is_unknown = self.load()?.is_none() && self.outbox.borrow().is_empty();
        if is_unknown {
            return Err(Problem::job_not_found(job_id).into());
        }
        let deliveries = if self.has_deliveries.get() { self.store.deliveries(after, limit)? } else { Vec::new() };
        Ok(response::json(200, &DeliveryPage { job_id: job_id.to_owned(), deliveries }))
    }

    /// Makes a delivery pending again, and returns it.
    pub(super) fn redeliver(&self, job_id: &str, number: u64, time: CommandTime) -> HandlerResult {
        self.load()?;
        let delivery = if self.has_deliveries.get() { self.store.delivery(number)? } else { None };
        let Some(Sent { url, .. }) = delivery else {
            self.find(job_id)?;
            let message = format!("The job has no delivery {number}; `GET …/deliveries` lists those that it has");
            return Err(Problem::new(Code::NotFound, message).into());
        };
        self.store.redeliver(number, time.now)?;
        self.outbox.borrow_mut().redeliver(number, url, time.now);
        if self.is_alarm_handled.get() {
            self.wake_handler();
        } else {
            self.set_next_alarm()?;
        }
        let delivery = self.store.deliveries(number.saturating_sub(1), 1)?.pop();
        Ok(response::json(200, &delivery))
    }
}
