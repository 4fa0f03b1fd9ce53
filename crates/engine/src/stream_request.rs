//! A request for one stream of several jobs, each with a token of its own.

use std::{collections::HashSet, fmt};

use protocol::{
    Problem,
    cursor::Cursor,
    fields::{Fields, list, short, string},
    include::Include,
    limits::{JOBS, REPORTS_BYTES},
};
use serde_json::Value;

use crate::include;

/// The body of `POST /v2/jobs/status/stream`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(deny_unknown_fields))]
pub struct StreamRequest {
    /// The jobs.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = JOBS)))]
    pub jobs: Vec<StreamedJob>,
}

/// A job of a stream of several jobs.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase", deny_unknown_fields))]
#[cfg_attr(feature = "schema", schemars(extend("required" = ["jobId"])))]
pub struct StreamedJob {
    /// The id of the job.
    #[cfg_attr(feature = "schema", schemars(length(max = protocol::limits::NAME_BYTES)))]
    pub job_id: String,
    /// A token for this job; it replaces the credential of the request.
    pub token: Option<String>,
    /// The parts to return in addition to the document.
    #[cfg_attr(feature = "schema", schemars(with = "Option<include::IncludeList>"))]
    pub include: Include,
    /// The last version of the document that the reader has seen, `<epoch>.<seq>`. A malformed cursor is ignored.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>", length(max = protocol::limits::NAME_BYTES)))]
    pub cursor: Option<Cursor>,
}

// The token is a secret.
impl fmt::Debug for StreamedJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let StreamedJob { job_id, token: _, include, cursor } = self;
        f.debug_struct("StreamedJob")
            .field("job_id", job_id)
            .field("include", include)
            .field("cursor", cursor)
            .finish_non_exhaustive()
    }
}

impl StreamRequest {
    /// Reads a body: `jobs`, 1 to [`JOBS`], each with `jobId`, `token`, `include` and `cursor`.
    ///
    /// ```
    /// use engine::stream_request::StreamRequest;
    /// let body = serde_json::json!({"jobs": [{"jobId": "a", "cursor": "k3v9a0.17"}, {"jobId": "b"}]});
    /// let request = StreamRequest::from_json(body).unwrap();
    /// assert_eq!(request.jobs[0].cursor.as_ref().unwrap().seq(), 17);
    /// assert_eq!(request.jobs[1].token, None);
    /// ```
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST` that names the field and what is expected of it.
    pub fn from_json(body: Value) -> Result<StreamRequest, Problem> {
        let mut fields = Fields::of(body, "")?;
        let jobs = fields.required("jobs", |value, name| list(value, name, JOBS, StreamedJob::from_json))?;
        fields.finish("a stream request")?;
        if jobs.is_empty() {
            return Err(Problem::invalid("jobs", format_args!("must name 1 to {JOBS} jobs")));
        }
        // Two entries of one job may differ in everything else; which of them counts would be a guess.
        let mut ids = HashSet::new();
        if let Some(index) = jobs.iter().position(|job| !ids.insert(job.job_id.as_str())) {
            let message = "is the id of an earlier entry; name each job once";
            return Err(Problem::invalid(&format!("jobs[{index}].jobId"), message));
        }
        Ok(StreamRequest { jobs })
    }
}

/// Reads the values of the query parameter `jobIds`: ids, comma-separated or repeated. A repeated id counts once.
///
/// ```
/// use engine::stream_request::job_ids;
/// assert_eq!(job_ids(["a,b", "a"]).unwrap(), ["a", "b"]);
/// ```
///
/// # Errors
///
/// `INVALID_REQUEST` if there are no ids, or more than [`JOBS`].
pub fn job_ids<'a>(values: impl IntoIterator<Item = &'a str>) -> Result<Vec<&'a str>, Problem> {
    let ids = values.into_iter().flat_map(|value| value.split(',')).filter(|id| !id.is_empty());
    // One id past the limit is enough to refuse the request.
    let mut ids: Vec<_> = ids.take(JOBS.saturating_add(1)).collect();
    if ids.is_empty() || ids.len() > JOBS {
        return Err(Problem::invalid("jobIds", format_args!("must name 1 to {JOBS} jobs")).with("limit", JOBS));
    }
    let mut seen = HashSet::new();
    ids.retain(|id| seen.insert(*id));
    Ok(ids)
}

impl StreamedJob {
    fn from_json(value: Value, name: &str) -> Result<StreamedJob, Problem> {
        let mut fields = Fields::of(value, name)?;
        let job = StreamedJob {
            job_id: fields.required("jobId", short)?,
            token: fields.optional("token", |value, name| string(value, name, REPORTS_BYTES))?,
            include: fields.optional("include", include::from_body)?.unwrap_or_default(),
            cursor: fields.optional("cursor", short)?.as_deref().and_then(Cursor::parse),
        };
        fields.finish("a job of a stream")?;
        Ok(job)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::limits::NAME_BYTES;
    use serde_json::json;

    fn job(body: Value) -> StreamedJob {
        StreamRequest::from_json(json!({ "jobs": [body] })).unwrap().jobs.remove(0)
    }

    #[test]
    fn every_field_of_a_job_is_read() {
        let read = job(json!({ "jobId": "a:1", "token": "t", "include": ["logs"], "cursor": "k3v9a0.17" }));
        assert_eq!((read.job_id.as_str(), read.token.as_deref()), ("a:1", Some("t")));
        assert_eq!((read.include.bits(), read.cursor), (1, Cursor::parse("k3v9a0.17")));
    }

    #[test]
    fn null_and_a_text_that_is_not_a_cursor_count_as_absent() {
        let absent = job(json!({ "jobId": "a" }));
        assert_eq!(job(json!({ "jobId": "a", "token": null, "include": null, "cursor": null })), absent);
        assert_eq!(job(json!({ "jobId": "a", "cursor": "yesterday" })), absent);
    }

    #[test]
    fn a_body_is_read_whole_or_refused_by_the_name_of_its_field() {
        let jobs: Vec<_> = (0..JOBS).map(|index| json!({ "jobId": format!("a{index}") })).collect();
        assert!(StreamRequest::from_json(json!({ "jobs": jobs })).is_ok());
        for (body, field) in [
            (json!([]), "body"),
            (json!({}), "jobs"),
            (json!({ "jobs": [] }), "jobs"),
            (json!({ "jobs": vec![json!({ "jobId": "a" }); JOBS + 1] }), "jobs"),
            (json!({ "jobs": ["a"] }), "jobs[0]"),
            (json!({ "jobs": [{ "jobId": "a" }, { "jobId": "b" }, { "jobId": "a", "token": "t" }] }), "jobs[2].jobId"),
            (json!({ "jobs": [{ "jobId": "a" }, {}] }), "jobs[1].jobId"),
            (json!({ "jobs": [{ "jobId": "x".repeat(NAME_BYTES + 1) }] }), "jobs[0].jobId"),
            (json!({ "jobs": [{ "jobId": "a", "token": 1 }] }), "jobs[0].token"),
            (json!({ "jobs": [{ "jobId": "a", "include": ["gpu"] }] }), "include"),
            (json!({ "jobs": [{ "jobId": "a", "id": "a" }] }), "jobs[0].id"),
            (json!({ "jobs": [{ "jobId": "a" }], "include": [] }), "include"),
        ] {
            assert_eq!(StreamRequest::from_json(body.clone()).unwrap_err().details()["field"], field, "{body}");
        }
    }

    #[test]
    fn the_ids_of_a_url_are_distinct_and_at_most_a_hundred_are_named() {
        assert_eq!(job_ids(["b,,a", "", "b"]), Ok(vec!["b", "a"]));
        for values in ["", ",", &"a,".repeat(JOBS + 1)] {
            assert_eq!(job_ids([values]).unwrap_err().details()["limit"], JOBS, "{values}");
        }
        assert_eq!(job_ids([&*"a,".repeat(JOBS)]), Ok(vec!["a"]));
    }

    #[test]
    fn debug_shows_no_token() {
        assert!(!format!("{:?}", job(json!({ "jobId": "a", "token": "secret" }))).contains("secret"));
    }
}
