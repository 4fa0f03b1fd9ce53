//! Bad requests as they stand in `tests/cases/bad`: each is refused by the right problem and changes nothing.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    case::Ask,
    expect::matches,
    http::Request,
    play::{lawful, request},
    template::Names,
};

/// A file of bad requests, one job for all of them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefusalFile {
    /// What the requests have in common.
    pub about: String,
    /// The reports that make the job that nothing must change.
    pub job: Vec<Value>,
    /// What a request holds where it says nothing itself.
    pub request: Value,
    /// The requests.
    pub refusals: Vec<Refusal>,
}

/// A bad request: the members of a request, and what is expected of the answer.
#[derive(Debug, Deserialize)]
pub struct Refusal {
    /// What is bad about it.
    pub name: String,
    /// The HTTP status; 400 when absent.
    #[serde(default)]
    pub status: Option<u16>,
    /// The code; `INVALID_REQUEST` when absent.
    #[serde(default)]
    pub error: Option<String>,
    /// What `details.field` names.
    #[serde(default)]
    pub field: Option<String>,
    /// What is expected of the other details.
    #[serde(default)]
    pub details: Option<Value>,
    /// What is expected of the headers.
    #[serde(default)]
    pub answer_headers: Map<String, Value>,
    /// The members of the request.
    #[serde(flatten)]
    pub ask: Map<String, Value>,
}

/// Sends some requests of a file, against a job of their own; returns what went wrong.
pub fn refuse_all(file: &RefusalFile, refusals: &[Refusal]) -> Vec<String> {
    let mut names = Names::new();
    let before = match make(file, &mut names) {
        Ok(before) => before,
        Err(error) => return vec![error],
    };
    let refused = refusals.iter().filter_map(|refusal| {
        let refused = refuse(file, refusal, &mut names, &before);
        refused.err().map(|error| format!("{}: {error}", refusal.name))
    });
    refused.collect()
}

/// Makes the job and answers with its document as text.
fn make(file: &RefusalFile, names: &mut Names) -> Result<String, String> {
    for report in &file.job {
        let path = names.text("/v2/jobs/{{job}}/reports?create=true")?;
        let answer = Request::post(path, &names.fill(report)?).send();
        if answer.status >= 300 {
            return Err(format!("the job could not be made: {answer}"));
        }
    }
    document(names)
}

fn document(names: &mut Names) -> Result<String, String> {
    let answer = Request::get(names.text("/v2/jobs/{{job}}/status?include=logs,metrics,resources")?).send();
    if answer.status == 200 { Ok(answer.text) } else { Err(format!("the document cannot be read: {answer}")) }
}

fn refuse(file: &RefusalFile, refusal: &Refusal, names: &mut Names, before: &str) -> Result<(), String> {
    let mut ask = file.request.as_object().cloned().unwrap_or_default();
    ask.extend(refusal.ask.clone());
    let ask: Ask = serde_json::from_value(ask.into()).map_err(|error| error.to_string())?;
    let request = request(&ask, names)?;
    let answer = request.send();
    let context = |error: String| format!("{error}\n    {request}\n    {answer}");
    lawful(&answer, &request.path).map_err(context)?;
    let status = refusal.status.unwrap_or(400);
    if answer.status != status {
        return Err(context(format!("the status is {}, and should be {status}", answer.status)));
    }
    let body = answer.json();
    let expect = |place: &str, expected: Value| matches(&expected, body.pointer(place), place).map_err(context);
    expect("/error", refusal.error.as_deref().unwrap_or("INVALID_REQUEST").into())?;
    if let Some(field) = &refusal.field {
        expect("/details/field", names.text(field)?.into())?;
        // Whoever reads only the sentence must find the field in it too.
        expect("/message", serde_json::json!({"$contains": names.text(field)?}))?;
    }
    if let Some(details) = &refusal.details {
        expect("/details", names.fill(details)?)?;
    }
    for (name, expected) in &refusal.answer_headers {
        let value = answer.header(&name.to_ascii_lowercase()).map(Value::from);
        matches(expected, value.as_ref(), name).map_err(context)?;
    }
    match document(names)? {
        after if after == before => Ok(()),
        after => Err(context(format!("the job changed:\n    {before}\n    {after}"))),
    }
}
