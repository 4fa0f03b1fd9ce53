//! Jobs on the server under test.

use contract::{http::Request, target::fresh_job};
use serde_json::{Value, json};

/// A job on the server under test, with an id that no other test uses.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its id.
    pub id: String,
}

impl Job {
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
}
