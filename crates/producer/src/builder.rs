//! How a job is reported, before it starts.

use std::{fmt, sync::Arc, time::Duration};

use protocol::{
    Status,
    control::{Control, ControlRequest},
    document::Object,
    id::JobId,
};
use serde_json::{Map, Value};

use crate::{
    driver::{self, Callback, Driver},
    http::Server,
    identity::Identity,
    job::{DropPolicy, Job},
    machine::{Machine, Options},
    problem::Problem,
    quantity::Quantity,
    report::Report,
};

/// The minimum time between two requests that only report progress, unless the application sets it.
const INTERVAL: Duration = Duration::from_millis(500);

/// A job that has not started yet: what its first report sets, and how its producer behaves.
#[must_use = "nothing is reported before `start`"]
pub struct JobBuilder {
    server: Server,
    id: String,
    first: Map<String, Value>,
    tags: Object,
    create: bool,
    replace: bool,
    parent: Option<String>,
    interval: Duration,
    producer: Option<String>,
    callback: Option<Callback>,
    drop_policy: DropPolicy,
}

impl fmt::Debug for JobBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobBuilder").field("id", &self.id).field("first", &self.first).finish_non_exhaustive()
    }
}

impl JobBuilder {
    pub(crate) fn run_of(server: Server, id: String) -> JobBuilder {
        let running = Report::new().status(Status::Running);
        JobBuilder { create: true, replace: true, drop_policy: DropPolicy::Ends, ..JobBuilder::producer_of(server, id) }
            .report(running)
    }

    pub(crate) fn producer_of(server: Server, id: String) -> JobBuilder {
        JobBuilder {
            server,
            id,
            first: Map::new(),
            tags: Object::new(),
            create: false,
            replace: false,
            parent: None,
            interval: INTERVAL,
            producer: None,
            callback: None,
            drop_policy: DropPolicy::LeavesOpen,
        }
    }

    /// Units in total.
    pub fn total(self, total: impl Quantity) -> JobBuilder {
        self.report(Report::new().total(total))
    }

    /// What is counted: `files`, `bytes`, …
    pub fn unit(self, unit: impl Into<String>) -> JobBuilder {
        self.report(Report::new().unit(unit))
    }

    /// One line for people: what the job is doing.
    pub fn message(self, message: impl Into<String>) -> JobBuilder {
        self.report(Report::new().message(message))
    }

    /// The kind of job.
    pub fn kind(self, kind: impl Into<String>) -> JobBuilder {
        self.report(Report::new().kind(kind))
    }

    /// Adds a label.
    pub fn tag(mut self, name: impl Into<String>, value: impl Into<Value>) -> JobBuilder {
        self.tags.insert(name.into(), value.into());
        self
    }

    /// The time from the start after which the server ends the job as `timeout`, in whole seconds.
    pub fn timeout(self, timeout: Duration) -> JobBuilder {
        self.report(Report::new().timeout_seconds(timeout.as_secs()))
    }

    /// The time without a report after which the server ends the job as `timeout`, in whole seconds, at least 5. The
    /// producer sends an empty report at least every third of it, so the job ends only if its process dies or is cut off.
    pub fn heartbeat_timeout(self, timeout: Duration) -> JobBuilder {
        self.report(Report::new().heartbeat_timeout_seconds(timeout.as_secs()))
    }

    /// The control requests that the job honours. Pages show buttons for them; the server refuses all others.
    pub fn controls(self, requests: impl IntoIterator<Item = ControlRequest>) -> JobBuilder {
        self.report(Report::new().controls(requests))
    }

    /// Fields that the first report sets.
    pub fn report(mut self, report: Report) -> JobBuilder {
        self.first.extend(report.into_fields());
        self
    }

    /// A function that is called once for each control request, on a thread of the producer. It should return soon, because
    /// no report is sent meanwhile. The job confirms the request with a status, such as [`Job::cancelled`].
    pub fn on_control(mut self, callback: impl Fn(&Control) + Send + Sync + 'static) -> JobBuilder {
        self.callback = Some(Arc::new(callback));
        self
    }

    /// The minimum time between two requests that only report progress: 0.5 seconds unless it is set.
    pub fn interval(mut self, interval: Duration) -> JobBuilder {
        self.interval = interval;
        self
    }

    /// The name of the producer, for programs that are restarted while the job runs. Two producers of a job that run at the
    /// same time must not have the same name. Without it, the name is random.
    pub fn producer_name(mut self, name: impl Into<String>) -> JobBuilder {
        self.producer = Some(name.into());
        self
    }

    /// Whether the first report creates the job if it does not exist.
    pub fn create(mut self, create: bool) -> JobBuilder {
        self.create = create;
        self
    }

    /// Whether the first report replaces a job of the same id that has ended. Without it, such a job stays as it is, and
    /// nothing is reported.
    pub fn replace_ended(mut self, replace: bool) -> JobBuilder {
        self.replace = replace;
        self
    }

    /// The id of the parent, the job to which this one belongs, if the first report creates this one.
    pub fn parent(mut self, id: impl Into<String>) -> JobBuilder {
        self.parent = Some(id.into());
        self
    }

    /// Starts to report. The first report is sent in the background.
    ///
    /// An id that is not a job id is a [problem](Job::problem) of the job, as every refusal of the server.
    pub fn start(mut self) -> Job {
        if !self.tags.is_empty() {
            self.first.insert("tags".to_owned(), self.tags.into());
        }
        let id = JobId::parse(&self.id);
        let parent = self.parent.as_deref().map(JobId::parse);
        let options = Options {
            path: format!("/v2/jobs/{}", id.as_ref().map(JobId::to_url_part).unwrap_or_default()),
            create: self.create,
            replace: self.replace,
            parent: parent.clone().flatten(),
            interval_ms: u64::try_from(self.interval.as_millis()).unwrap_or(u64::MAX),
            listens: self.callback.is_some(),
        };
        let now = driver::now();
        let identity = match self.producer {
            Some(name) => Identity::named(name, now.millis()),
            None => Identity::random(random_bytes(now.millis())),
        };
        let mut machine = Machine::new(options, identity);
        if id.is_none() {
            machine.refuse(invalid_id("jobId", &self.id));
        } else if parent == Some(None) {
            machine.refuse(invalid_id("parentId", &self.parent.unwrap_or_default()));
        } else if !self.first.is_empty() {
            machine.report(self.first, now);
        }
        Job::new(Driver::start(self.id, self.server, machine, self.callback), self.drop_policy)
    }

    /// Runs `work` as the job: `Ok` completes it, `Err` fails it with the text of the error, or makes it `cancelled` if its
    /// cancellation was requested; a panic fails it. Returns the result of `work`.
    ///
    /// # Errors
    ///
    /// Those of `work`.
    ///
    /// ```no_run
    /// # let client = job_progress::Client::from_env().unwrap();
    /// let names = ["a.csv", "b.csv"];
    /// let bytes = client.job("import-42").run(|job| {
    ///     let mut bytes = 0;
    ///     for name in job.track(names) {
    ///         bytes += std::fs::read(name)?.len();
    ///     }
    ///     Ok::<_, std::io::Error>(bytes)
    /// })?;
    /// # Ok::<_, std::io::Error>(())
    /// ```
    pub fn run<T, E: fmt::Display>(self, work: impl FnOnce(&Job) -> Result<T, E>) -> Result<T, E> {
        let job = self.start();
        let result = work(&job);
        match &result {
            Ok(_) => job.complete(),
            Err(_) if job.is_cancel_requested() => job.cancelled(),
            Err(error) => job.fail(error),
        }
        result
    }
}

fn invalid_id(field: &str, id: &str) -> Problem {
    let rule = "a job id is 1 to 128 characters of A–Z a–z 0–9 . _ ~ - : @ + =";
    Problem::invalid(field, format!("`{id}` is not a job id: {rule}"))
}

/// Random bytes; without a source of them, the time distinguishes the producers well enough.
fn random_bytes(now_ms: u64) -> [u8; 12] {
    let mut bytes = [0; 12];
    if getrandom::fill(&mut bytes).is_err() {
        for (byte, time) in bytes.iter_mut().zip(now_ms.to_le_bytes()) {
            *byte = time;
        }
    }
    bytes
}
