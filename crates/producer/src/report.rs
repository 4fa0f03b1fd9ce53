//! A report: the fields of a job that one call sets.

use protocol::{Status, Substate, Timestamp, control::ControlRequest, document::Object, step::Step};
use serde_json::{Map, Value};

use crate::quantity::Quantity;

/// The fields that one call sets. A field that is set again replaces the former value as a whole.
///
/// The server checks the fields and names the one that it refuses ([`Job::problem`](crate::Job::problem)). The methods have
/// the names of the fields; section 3 of PROTOCOL.md has their meaning, section 5 their limits.
///
/// ```
/// use job_progress::Report;
///
/// let report = Report::new().counts(45, 100).unit("files").message("Copying");
/// assert_eq!(report.get("current"), Some(&45.into()));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    fields: Map<String, Value>,
}

/// Declares a setter for each field: `name "wireName": kind`, with its doc comment.
macro_rules! setters {
    ($($(#[doc = $doc:literal])+ $name:ident $wire:literal: $kind:ident,)*) => {
        impl Report {
            $(setters!($kind $(#[doc = $doc])+ $name $wire);)*
        }
    };
    (text $(#[$doc:meta])+ $name:ident $wire:literal) => {
        $(#[$doc])+
        #[must_use]
        pub fn $name(self, text: impl Into<String>) -> Report {
            self.field($wire, Value::String(text.into()))
        }
    };
    (quantity $(#[$doc:meta])+ $name:ident $wire:literal) => {
        $(#[$doc])+
        #[must_use]
        pub fn $name(self, number: impl Quantity) -> Report {
            self.field($wire, number.into_json())
        }
    };
    (integer $(#[$doc:meta])+ $name:ident $wire:literal) => {
        $(#[$doc])+
        #[must_use]
        pub fn $name(self, number: u64) -> Report {
            self.field($wire, number)
        }
    };
    (time $(#[$doc:meta])+ $name:ident $wire:literal) => {
        $(#[$doc])+
        #[must_use]
        pub fn $name(self, time: Timestamp) -> Report {
            self.field($wire, time.to_string())
        }
    };
    (object $(#[$doc:meta])+ $name:ident $wire:literal) => {
        $(#[$doc])+
        #[must_use]
        pub fn $name(self, object: Object) -> Report {
            self.field($wire, object)
        }
    };
    (json $(#[$doc:meta])+ $name:ident $wire:literal) => {
        $(#[$doc])+
        #[must_use]
        pub fn $name(self, value: impl Into<Value>) -> Report {
            self.field($wire, value)
        }
    };
}

setters! {
    /// Units done.
    current "current": quantity,
    /// Units in total.
    total "total": quantity,
    /// Units done since the last report, for jobs with several producers. It excludes `current`.
    increment "increment": quantity,
    /// Percent done, 0–100, if it does not follow from `current` and `total`.
    progress "progress": quantity,
    /// What is counted: `files`, `bytes`, …
    unit "unit": text,
    /// One line for people: what the job is doing.
    message "message": text,
    /// The name of the current step.
    current_step "currentStep": text,
    /// Free-form details of the progress.
    metadata "metadata": object,
    /// Resources in use, in any shape.
    resources "resources": object,
    /// Free-form figures.
    metrics "metrics": object,
    /// What the job used: duration, cost, tokens, calls, in any shape.
    execution "execution": object,
    /// Details of the cold start, in any shape.
    cold_start "coldStart": object,
    /// When the job is expected to end, if the producer knows better than the server's estimate.
    estimated_completion "estimatedCompletion": time,
    /// The output of the job.
    output "output": json,
    /// The output of the job under the name that the Flask API uses.
    result "result": json,
    /// Figures of the finished job, in any shape.
    final_metrics "finalMetrics": object,
    /// What was done before the job failed.
    partial_results "partialResults": json,
    /// The number of retries, if the job counts them itself.
    retry_count "retryCount": integer,
    /// When the job will be retried.
    next_retry_at "nextRetryAt": time,
    /// Seconds from the start after which the server ends the job as `timeout`.
    timeout_seconds "timeoutSeconds": integer,
    /// Seconds without a report after which the server ends the job as `timeout`. From then on the producer sends a report
    /// at least every third of it, so that the job ends only if its process has died or is cut off.
    heartbeat_timeout_seconds "heartbeatTimeoutSeconds": integer,
    /// Seconds without a report after which the server marks the job as stalled.
    stalled_after_seconds "stalledAfterSeconds": integer,
    /// Seconds from the end of the job to its deletion.
    retention_seconds "retentionSeconds": integer,
    /// The number of jobs ahead in the queue.
    queue_position "queuePosition": integer,
    /// The endpoint or program that runs the job.
    endpoint_id "endpointId": text,
    /// The kind of job.
    kind "kind": text,
    /// The priority.
    priority "priority": text,
    /// Free-form labels.
    tags "tags": object,
    /// The webhooks of the job: a list in the form of section 18 of PROTOCOL.md.
    webhooks "webhooks": json,
}

impl Report {
    /// A report without fields: only a sign of life.
    pub fn new() -> Report {
        Report::default()
    }

    /// The state to enter. A terminal state ends the job: what is reported after it is ignored.
    #[must_use]
    pub fn status(self, status: Status) -> Report {
        self.field("status", status.as_str())
    }

    /// What a running job is doing.
    #[must_use]
    pub fn substate(self, substate: Substate) -> Report {
        self.field("substate", substate.as_str())
    }

    /// `current` and `total` in one call.
    #[must_use]
    pub fn counts(self, current: impl Quantity, total: impl Quantity) -> Report {
        self.current(current).total(total)
    }

    /// The steps of the job, in order.
    #[must_use]
    pub fn steps(self, steps: impl IntoIterator<Item = Step>) -> Report {
        // A step has only texts and numbers, which are always JSON.
        let steps = steps.into_iter().filter_map(|step| serde_json::to_value(step).ok());
        self.field("steps", steps.collect::<Vec<_>>())
    }

    /// Free-form texts by name, which the pages show as a table.
    #[must_use]
    pub fn attributes<N: Into<String>, T: Into<String>>(self, attributes: impl IntoIterator<Item = (N, T)>) -> Report {
        let attributes = attributes.into_iter().map(|(name, text)| (name.into(), Value::String(text.into())));
        self.field("attributes", attributes.collect::<Object>())
    }

    /// The speed, if the producer knows better than the server's estimate: `unit` per second.
    #[must_use]
    pub fn throughput(self, rate: impl Quantity, unit: impl Into<String>) -> Report {
        let throughput = [("rate".to_owned(), rate.into_json()), ("unit".to_owned(), unit.into().into())];
        self.field("throughput", Object::from_iter(throughput))
    }

    /// Why the job failed: a word for programs and a sentence for people.
    #[must_use]
    pub fn error(self, code: impl Into<String>, message: impl Into<String>) -> Report {
        let error = [("code".to_owned(), code.into().into()), ("message".to_owned(), message.into().into())];
        self.field("error", Object::from_iter::<[(String, Value); 2]>(error))
    }

    /// Whether another attempt can succeed.
    #[must_use]
    pub fn retryable(self, retryable: bool) -> Report {
        self.field("retryable", retryable)
    }

    /// The control requests that the producer honours; `Pause` includes `Resume`. Pages show buttons for them.
    #[must_use]
    pub fn controls(self, requests: impl IntoIterator<Item = ControlRequest>) -> Report {
        self.field("controls", requests.into_iter().map(|request| Value::from(request.as_str())).collect::<Vec<_>>())
    }

    /// Why the job makes no progress, and until when, if that is known.
    #[must_use]
    pub fn waiting(self, reason: impl Into<String>, until: Option<Timestamp>) -> Report {
        let mut waiting = Object::from_iter([("reason".to_owned(), Value::String(reason.into()))]);
        if let Some(until) = until {
            waiting.insert("until".to_owned(), until.to_string().into());
        }
        self.field("waiting", waiting)
    }

    /// Sets any field by its name on the wire.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Report {
        self.fields.insert(name.into(), value.into());
        self
    }

    /// Clears a field of the job, by its name on the wire.
    #[must_use]
    pub fn clear(self, name: impl Into<String>) -> Report {
        self.field(name, Value::Null)
    }

    /// The value that this report sets.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.fields.get(name)
    }

    /// The fields that this report sets, by their names on the wire.
    pub fn into_fields(self) -> Map<String, Value> {
        self.fields
    }
}

/// A report from a JSON object, whose members are fields by their names on the wire.
impl From<Map<String, Value>> for Report {
    fn from(fields: Map<String, Value>) -> Report {
        Report { fields }
    }
}
