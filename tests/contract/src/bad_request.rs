//! Sends the bad requests of a file to one job: each must be refused with the right problem and change nothing.

use std::sync::OnceLock;

use cases::{
    bad_request::{BadRequest, BadRequestFile},
    matchers::matches,
};
use serde_json::{Value, json};

use crate::{http::Request, play::render, rules::check_rules, variables::Variables};

/// A file of bad requests and the job that they are sent to, which is created when the first one needs it.
///
/// Its requests may be sent in any order and at the same time, as none of them may change the job.
#[derive(Debug)]
pub struct BadRequests {
    file: BadRequestFile,
    job: OnceLock<Result<Job, String>>,
}

#[derive(Debug)]
struct Job {
    /// Its id is `{{job}}`.
    variables: Variables,
    /// Its document as text.
    document: String,
}

impl BadRequests {
    /// The bad requests of a file, without a job yet.
    pub fn new(file: BadRequestFile) -> BadRequests {
        BadRequests { file, job: OnceLock::new() }
    }

    /// Sends one request and checks the answer and that the job is as before.
    ///
    /// # Errors
    ///
    /// A sentence with what is not as expected, the request and the answer.
    pub fn play(&self, bad: &BadRequest) -> Result<(), String> {
        let job = self.job.get_or_init(|| create_job(&self.file.job)).as_ref().map_err(Clone::clone)?;
        let mut variables = job.variables.clone();
        let request = render(&bad.request(&self.file.request)?, &mut variables)?;
        let answer = request.send();
        let context = |error: String| format!("{error}\n    {request}\n    {answer}");
        check_rules(&answer, &request.path).map_err(context)?;
        let status = bad.status.unwrap_or(400);
        if answer.status != status {
            return Err(context(format!("the status is {}; expected {status}", answer.status)));
        }
        let body = answer.json();
        let expect = |place: &str, expected: Value| matches(&expected, body.pointer(place), place).map_err(context);
        expect("/error", bad.error.as_deref().unwrap_or("INVALID_REQUEST").into())?;
        if let Some(field) = &bad.field {
            let field = variables.fill_text(field)?;
            expect("/details/field", field.clone().into())?;
            // A person who reads only the message must find the field in it too.
            expect("/message", json!({"$contains": field}))?;
        }
        if let Some(details) = &bad.details {
            expect("/details", variables.fill(details)?)?;
        }
        for (name, expected) in &bad.answer_headers {
            let value = answer.header(&name.to_ascii_lowercase()).map(Value::from);
            matches(expected, value.as_ref(), name).map_err(context)?;
        }
        match document(&mut variables)? {
            after if after == job.document => Ok(()),
            after => Err(context(format!("the job changed:\n    {}\n    {after}", job.document))),
        }
    }
}

fn create_job(reports: &[Value]) -> Result<Job, String> {
    let mut variables = Variables::new();
    for report in reports {
        let path = variables.fill_text("/v2/jobs/{{job}}/reports?create=true")?;
        let answer = Request::post(path, &variables.fill(report)?).send();
        if answer.status >= 300 {
            return Err(format!("the job could not be created: {answer}"));
        }
    }
    let document = document(&mut variables)?;
    Ok(Job { variables, document })
}

fn document(variables: &mut Variables) -> Result<String, String> {
    let answer = Request::get(variables.fill_text("/v2/jobs/{{job}}/status?include=logs,metrics,resources")?).send();
    if answer.status == 200 { Ok(answer.text) } else { Err(format!("the document cannot be read: {answer}")) }
}
