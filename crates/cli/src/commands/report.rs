//! `jp report`: sends one report of a job.

use std::{
    io::{self, Read as _},
    time::{SystemTime, UNIX_EPOCH},
};

use clap::Args;
use job_progress::Report;
use protocol::{
    id::JobId,
    report::{Field, Report as Fields},
};
use serde_json::{Map, Value};

use crate::{api::Api, exit::Exit, failure::Failure, output::Output, settings::Settings};

/// The name of the producer of all reports that `jp report` sends.
const PRODUCER: &str = "jp";

/// The arguments of `jp report`.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct Arguments {
    /// The id of the job, which is created if it does not exist
    #[arg(value_name = "ID")]
    job: JobId,

    /// The fields of the report
    #[arg(value_name = "FIELD=VALUE", value_parser = field_and_value)]
    fields: Vec<(String, String)>,

    /// The id of the job to which this one belongs, if the report creates it
    #[arg(long, value_name = "ID")]
    parent: Option<JobId>,

    /// A JSON object with fields of the report, `-` to read it from standard input
    #[arg(long, value_name = "JSON")]
    data: Option<String>,
}

const HELP: &str = "\
A field is a field of a report, such as current, total, message or status, or `log`, which adds a line to
the log. A value is JSON, or text where the field is a text or the value is not JSON. `tags.user=u1` sets a
member of a field that is an object.

Examples:
  jp report import-42 current=45 total=100 unit=files message='Reading a.csv'
  jp report import-42 status=failed error='The file a.csv is empty' log='3 rows skipped'
  jp report import-42 --data '{\"status\": \"completed\", \"output\": {\"rows\": 12}}'";

/// Sends the report and prints the answer.
pub(crate) fn run(arguments: &Arguments, settings: &Settings, output: Output) -> Result<Exit, Failure> {
    let api = Api::new(settings.server()?);
    let mut report = match &arguments.data {
        Some(data) => object(data)?,
        None => Map::new(),
    };
    for (name, value) in &arguments.fields {
        set(&mut report, name, value);
    }
    let report = Report::from(report).field("producer", PRODUCER).field("order", unix_micros());
    let mut path = format!("/v2/jobs/{}/reports?create=true", arguments.job.to_url_part());
    if let Some(parent) = &arguments.parent {
        path.push_str(&format!("&parentId={}", parent.to_url_part()));
    }
    let answer = api.post(&path, &report.into_fields().into())?;
    if output.is_json() {
        output.json(&answer)?;
    } else {
        output.line(summary(&answer))?;
    }
    let is_accepted = answer.get("accepted").and_then(Value::as_bool) != Some(false);
    Ok(if is_accepted { Exit::Success } else { Exit::Refused })
}

/// The answer in a line for people, with the page of a new job.
fn summary(answer: &Value) -> String {
    let text = |name: &str| answer.get(name).and_then(Value::as_str).unwrap_or_default();
    let progress = match text("reason") {
        "" => format!("{} is {}", text("jobId"), text("status")),
        reason => format!("not accepted ({reason}): {} is {}", text("jobId"), text("status")),
    };
    match answer.pointer("/links/page").and_then(Value::as_str) {
        Some(page) => format!("{progress}: {page}"),
        None => progress,
    }
}

fn field_and_value(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("it must be FIELD=VALUE, such as current=45")?;
    let field = name.split('.').next().unwrap_or_default();
    if field != "log" && form_of(field).is_none() {
        return Err(format!("`{field}` is not a field of a report"));
    }
    Ok((name.to_owned(), value.to_owned()))
}

/// The form of a field, such as `Text<NAME_BYTES>`.
fn form_of(name: &str) -> Option<&'static str> {
    Fields::FIELDS.iter().find(|field: &&Field| field.name == name).map(|field| field.form)
}

/// Sets a field by its name, or a member of it.
fn set(report: &mut Map<String, Value>, name: &str, value: &str) {
    if name == "log" {
        if let Value::Array(lines) = report.entry("logs").or_insert_with(|| Vec::<Value>::new().into()) {
            lines.push(value.into());
        }
        return;
    }
    let (field, member) = name.split_once('.').map_or((name, None), |(field, member)| (field, Some(member)));
    let is_text = form_of(field).is_some_and(|form| form.contains("Text<"));
    let parsed = if is_text { None } else { serde_json::from_str(value).ok() };
    let value = parsed.unwrap_or_else(|| Value::from(value));
    match member {
        None => {
            report.insert(field.to_owned(), value);
        }
        Some(member) => {
            if let Value::Object(object) = report.entry(field).or_insert_with(|| Map::new().into()) {
                object.insert(member.to_owned(), value);
            }
        }
    }
}

fn object(data: &str) -> Result<Map<String, Value>, Failure> {
    let text = if data == "-" {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text)?;
        text
    } else {
        data.to_owned()
    };
    match serde_json::from_str(&text) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Failure::Usage("--data must be a JSON object".to_owned())),
        Err(error) => Err(Failure::Usage(format!("--data is not JSON: {error}"))),
    }
}

/// The time in microseconds: each report of a machine has a higher number than the one before it.
fn unix_micros() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn report(arguments: &[&str]) -> Value {
        let mut report = Map::new();
        for argument in arguments {
            let (name, value) = field_and_value(argument).unwrap();
            set(&mut report, &name, &value);
        }
        report.into()
    }

    #[test]
    fn a_value_is_json_where_the_field_is_not_a_text() {
        let expected = json!({"current": 45, "message": "7", "status": "running", "output": {"a": 1}, "total": null});
        assert_eq!(report(&["current=45", "message=7", "status=running", "output={\"a\": 1}", "total=null"]), expected);
        assert_eq!(report(&["output=a=b", "retryable=true"]), json!({"output": "a=b", "retryable": true}));
    }

    #[test]
    fn log_lines_and_members_are_added() {
        let expected = json!({"logs": ["a", "1"], "tags": {"user": "u1", "n": 2}});
        assert_eq!(report(&["log=a", "log=1", "tags.user=u1", "tags.n=2"]), expected);
    }

    #[test]
    fn an_unknown_field_is_refused_by_name() {
        assert!(field_and_value("curent=45").unwrap_err().contains("`curent`"));
        assert!(field_and_value("current").is_err());
    }
}
