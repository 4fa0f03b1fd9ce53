//! Jobs on the server under test.

use contract::{http::Request, target::fresh_job};
use serde_json::{Value, json};

use crate::wait;

/// A job on the server under test, with an id that no other test uses.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its id.
    pub id: String,
}

impl Job {
    /// An id that no other test uses, of a job that does not exist yet.
    pub fn fresh() -> Job {
        Job { id: fresh_job() }
    }

    /// A job that this report has created.
    ///
    /// # Panics
    ///
    /// When the server refuses it.
    pub fn create(report: &Value) -> Job {
        let job = Job { id: fresh_job() };
        Request::post(format!("/v2/jobs/{}/reports?create=true", job.id), report).send().expect(201);
        job
    }

    /// Sends a report of the job.
    ///
    /// # Panics
    ///
    /// When the server does not accept it.
    pub fn report(&self, report: &Value) {
        let answer = Request::post(format!("/v2/jobs/{}/reports", self.id), report).send().expect(200);
        assert_eq!(answer.get("accepted"), Some(&json!(true)), "{answer}");
    }

    /// The job's document.
    ///
    /// # Panics
    ///
    /// When the job does not exist.
    pub fn document(&self) -> Value {
        Request::get(format!("/v2/jobs/{}/status", self.id)).send().expect(200)
    }

    /// Waits until the document is as `fits` wants it, and returns it.
    ///
    /// # Panics
    ///
    /// When it is not in time.
    pub fn until(&self, fits: impl Fn(&Value) -> bool) -> Value {
        let read = || Request::get(format!("/v2/jobs/{}/status", self.id)).send().json();
        wait::until(|| Some(read()).filter(&fits), || read().to_string())
    }

    /// Waits until the job has this status, and returns the document.
    ///
    /// # Panics
    ///
    /// When it has not in time.
    pub fn until_status(&self, status: &str) -> Value {
        self.until(|document| document.get("status").is_some_and(|is| is == status))
    }

    /// The text of every log line.
    ///
    /// # Panics
    ///
    /// When the job does not exist.
    pub fn log(&self) -> Vec<String> {
        let page = Request::get(format!("/v2/jobs/{}/logs?limit=1000", self.id)).send().expect(200);
        let lines = page.get("lines").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let text = |line: &Value| line.get("message").and_then(Value::as_str).unwrap_or_default().to_owned();
        lines.iter().map(text).collect()
    }

    /// Makes a control request with these members.
    ///
    /// # Panics
    ///
    /// When the server refuses it.
    pub fn request(&self, request: &str, body: &Value) {
        Request::post(format!("/v2/jobs/{}/{request}", self.id), body).send().expect(200);
    }
}
