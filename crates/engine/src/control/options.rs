//! The bodies of control requests.

use protocol::{
    Problem,
    control::ControlRequest,
    document::Object,
    fields::{self, Fields},
    json::parse_request,
    limits::MESSAGE_BYTES,
    truncation::Truncations,
};
use serde_json::{Value, json};

use crate::{batch, children::cancellation::RequestId};

/// The body of a control request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ControlOptions {
    /// The human-readable reason, which the producer and the readers get.
    pub reason: Option<String>,
    /// For `cancel`: whether the job ends at once, without waiting for its producer.
    pub force: bool,
    /// For `cancel`: whether the children of the job are asked too, and their children.
    pub children: bool,
    /// The request of the job's parent, if that makes this one. No body has it.
    pub of_parent: Option<RequestId>,
    /// The paths of the texts that were cut.
    pub truncated: Vec<String>,
}

impl ControlOptions {
    /// Reads the body of a request; an empty body has no options.
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST` that names the field.
    pub fn from_body(body: &[u8], request: ControlRequest) -> Result<ControlOptions, Problem> {
        if body.trim_ascii().is_empty() {
            return Ok(ControlOptions::default());
        }
        // PHP writes an empty map as `[]`.
        let value = match parse_request(body)? {
            Value::Array(items) if items.is_empty() => Value::Object(Object::new()),
            value => value,
        };
        let mut fields = Fields::of(value, "")?;
        let options = ControlOptions::take(&mut fields, request)?;
        fields.finish("a control request")?;
        Ok(options)
    }

    /// The options as the body of a request.
    pub fn to_body(&self) -> Vec<u8> {
        // An object of an earlier release does not know the last member.
        let body = match self.children {
            true => json!({ "reason": self.reason, "force": self.force, "children": true }),
            false => json!({ "reason": self.reason, "force": self.force }),
        };
        body.to_string().into_bytes()
    }

    /// Takes the options out of an object that may have other members.
    ///
    /// # Errors
    ///
    /// As [`ControlOptions::from_body`].
    pub fn take(fields: &mut Fields, request: ControlRequest) -> Result<ControlOptions, Problem> {
        let mut reason = fields.optional("reason", fields::text)?;
        let mut of_cancel = |name: &str| -> Result<bool, Problem> {
            let is_set = fields.optional(name, fields::boolean)?.unwrap_or(false);
            match is_set && request != ControlRequest::Cancel {
                true => Err(Problem::invalid(name, "is only for cancel; leave it out")),
                false => Ok(is_set),
            }
        };
        let (force, children) = (of_cancel("force")?, of_cancel("children")?);
        let mut truncations = Truncations::default();
        if let Some(reason) = &mut reason {
            truncations.cut(reason, MESSAGE_BYTES, || "reason".to_owned());
        }
        Ok(ControlOptions { reason, force, children, of_parent: None, truncated: truncations.into_paths() })
    }
}

/// The body of `POST /v2/jobs/control/batch`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlBatchRequest {
    /// The jobs; an entry that is not a job id is reported in the errors. A repeated id counts once.
    pub job_ids: Vec<String>,
    /// The request.
    pub request: ControlRequest,
    /// The options of each request.
    pub options: ControlOptions,
}

impl ControlBatchRequest {
    /// Reads a body: `jobIds`, `request`, and the options of the request.
    ///
    /// ```
    /// use engine::control::ControlBatchRequest;
    /// let body = serde_json::json!({"jobIds": ["a", "b"], "request": "cancel", "reason": "wrong file"});
    /// let batch = ControlBatchRequest::from_json(body).unwrap();
    /// assert_eq!((batch.job_ids.len(), batch.options.reason.as_deref()), (2, Some("wrong file")));
    /// ```
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST` that names the field and what is expected of it.
    pub fn from_json(body: Value) -> Result<ControlBatchRequest, Problem> {
        let mut fields = Fields::of(body, "")?;
        let job_ids = batch::job_ids(&mut fields)?;
        let request = fields.required("request", |value, name| {
            fields::word(value, name, ControlRequest::ALL, ControlRequest::as_str)
        })?;
        let options = ControlOptions::take(&mut fields, request)?;
        fields.finish("a control request for many jobs")?;
        Ok(ControlBatchRequest { job_ids, request, options })
    }
}

#[cfg(feature = "schema")]
pub use schema::{Cancellation, ControlReason};

/// The schemas differ by request, because `force` is only for `cancel`.
#[cfg(feature = "schema")]
mod schema {
    use std::borrow::Cow;

    use protocol::{
        control::ControlRequest,
        limits::{JOBS, MESSAGE_BYTES, NAME_BYTES},
    };
    use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
    use serde_json::{Value, json};

    use super::ControlBatchRequest;

    /// The body of `cancel`.
    #[derive(Debug)]
    pub struct Cancellation;

    /// The body of `pause`, `resume` and `retry`.
    #[derive(Debug)]
    pub struct ControlReason;

    fn reason() -> Value {
        json!({
            "type": ["string", "null"],
            "description": "The human-readable reason, which the producer and the readers get.",
            "x-cutAfterBytes": MESSAGE_BYTES,
        })
    }

    fn force() -> Value {
        json!({
            "type": ["boolean", "null"],
            "description": "Whether the job ends at once, without waiting for its producer.",
        })
    }

    fn children() -> Value {
        json!({
            "type": ["boolean", "null"],
            "description": "Whether the children of the job are cancelled too, and their children. Requires a key.",
        })
    }

    impl JsonSchema for Cancellation {
        fn schema_name() -> Cow<'static, str> {
            "Cancellation".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({
                "type": "object",
                "description": "The options of a request to cancel.",
                "properties": { "reason": reason(), "force": force(), "children": children() },
                "additionalProperties": false,
            })
        }
    }

    impl JsonSchema for ControlReason {
        fn schema_name() -> Cow<'static, str> {
            "ControlReason".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({
                "type": "object",
                "description": "The options of a request to pause, resume or retry.",
                "properties": { "reason": reason() },
                "additionalProperties": false,
            })
        }
    }

    impl JsonSchema for ControlBatchRequest {
        fn schema_name() -> Cow<'static, str> {
            "ControlBatchRequest".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            let job_ids = json!({
                "type": "array",
                "description": "The jobs; an entry that is not a job id is reported in the errors. A repeated id counts once.",
                "items": { "type": "string", "maxLength": NAME_BYTES },
                "minItems": 1,
                "maxItems": JOBS,
            });
            let others = ControlRequest::ALL.into_iter().filter(|request| *request != ControlRequest::Cancel);
            let others: Vec<&str> = others.map(ControlRequest::as_str).collect();
            json_schema!({
                "description": "A control request for many jobs.",
                "anyOf": [
                    {
                        "type": "object",
                        "properties": {
                            "jobIds": job_ids.clone(), "request": { "const": "cancel" }, "reason": reason(), "force": force(),
                            "children": children(),
                        },
                        "required": ["jobIds", "request"],
                        "additionalProperties": false,
                    },
                    {
                        "type": "object",
                        "properties": { "jobIds": job_ids, "request": { "enum": others }, "reason": reason() },
                        "required": ["jobIds", "request"],
                        "additionalProperties": false,
                    },
                ],
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str, request: ControlRequest) -> Result<ControlOptions, Problem> {
        ControlOptions::from_body(body.as_bytes(), request)
    }

    #[test]
    fn a_body_may_be_absent_or_empty() {
        for body in ["", " \n", "{}", "[]", r#"{"reason": null, "force": null}"#] {
            assert_eq!(read(body, ControlRequest::Cancel), Ok(ControlOptions::default()), "{body}");
        }
    }

    #[test]
    fn a_reason_of_the_largest_size_is_kept() {
        let reason = "x".repeat(MESSAGE_BYTES);
        let options = read(&json!({ "reason": reason }).to_string(), ControlRequest::Pause).unwrap();
        assert_eq!((options.reason, options.truncated), (Some(reason), Vec::new()));
    }

    #[test]
    fn a_long_reason_is_cut_and_named() {
        let options = read(&json!({"reason": "é".repeat(MESSAGE_BYTES)}).to_string(), ControlRequest::Pause).unwrap();
        assert!(options.reason.unwrap().len() <= MESSAGE_BYTES);
        assert_eq!(options.truncated, ["reason"]);
    }

    #[test]
    fn a_body_is_read_whole_or_refused_by_the_name_of_its_field() {
        for (body, field) in [
            ("[1]", "body"),
            ("cancel", "body"),
            (r#"{"reason": 7}"#, "reason"),
            (r#"{"force": "true"}"#, "force"),
            (r#"{"force": true}"#, "force"),
            (r#"{"children": true}"#, "children"),
            (r#"{"because": "x"}"#, "because"),
        ] {
            assert_eq!(read(body, ControlRequest::Retry).unwrap_err().details()["field"], field, "{body}");
        }
        assert!(read(r#"{"force": false}"#, ControlRequest::Retry).is_ok());
        assert!(read(r#"{"force": true}"#, ControlRequest::Cancel).unwrap().force);
    }

    #[test]
    fn a_batch_is_read_whole_or_refused_by_the_name_of_its_field() {
        for (body, field) in [
            (json!({"request": "cancel"}), "jobIds"),
            (json!({"jobIds": ["a"]}), "request"),
            (json!({"jobIds": ["a"], "request": "stop"}), "request"),
            (json!({"jobIds": ["a"], "request": "pause", "force": true}), "force"),
            (json!({"jobIds": ["a"], "request": "pause", "include": []}), "include"),
        ] {
            assert_eq!(ControlBatchRequest::from_json(body.clone()).unwrap_err().details()["field"], field, "{body}");
        }
    }

    #[test]
    fn the_options_of_a_batch_are_sent_to_each_job_as_they_are() {
        let body = json!({"jobIds": ["a", "a"], "request": "cancel", "reason": "wrong \"file\"", "force": true, "children": true});
        let batch = ControlBatchRequest::from_json(body).unwrap();
        assert_eq!(batch.job_ids, ["a"]);
        assert_eq!(ControlOptions::from_body(&batch.options.to_body(), batch.request), Ok(batch.options));
    }
}
