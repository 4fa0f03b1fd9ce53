//! `jp cancel`, `jp pause`, `jp resume` and `jp retry`: control requests.

use clap::Args;
use protocol::{control::ControlRequest, id::JobId};
use serde_json::{Value, json};

use crate::{
    api::{Api, refusals},
    document_view::DocumentView,
    exit::Exit,
    failure::Failure,
    job_ids::JobIds,
    output::{Output, printable},
    settings::Settings,
};

/// The arguments of all control requests.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    jobs: JobIds,

    /// Why, for the people who look at the job
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// The arguments of `jp cancel`.
#[derive(Args, Debug)]
pub(crate) struct CancelArguments {
    #[command(flatten)]
    pub(crate) shared: Arguments,

    /// End the jobs at once, without their producers
    #[arg(long)]
    pub(crate) force: bool,

    /// Cancel their children too
    #[arg(long)]
    pub(crate) children: bool,
}

/// The options of a request to cancel; other requests have none.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CancelOptions {
    pub(crate) force: bool,
    pub(crate) children: bool,
}

/// Makes the request for all jobs and prints what has become of it.
pub(crate) fn run(
    request: ControlRequest,
    arguments: Arguments,
    options: CancelOptions,
    settings: &Settings,
    output: Output,
) -> Result<Exit, Failure> {
    let jobs = arguments.jobs.distinct()?;
    let ids: Vec<&str> = jobs.iter().map(JobId::as_str).collect();
    let mut body = json!({"jobIds": ids, "request": request.as_str(), "reason": arguments.reason});
    for (name, is_set) in [("force", options.force), ("children", options.children)] {
        if let Some(members) = body.as_object_mut().filter(|_| is_set) {
            members.insert(name.to_owned(), true.into());
        }
    }
    let response = Api::new(settings.server()?).post("/v2/jobs/control/batch", &body)?;
    for job in response.get("jobs").and_then(Value::as_array).into_iter().flatten() {
        if output.is_json() {
            output.json(job)?;
            continue;
        }
        let view = DocumentView(job);
        let id = view.text(&["jobId"]).map(printable).unwrap_or_default();
        match view.text(&["control", "request"]) {
            Some(pending) => {
                output.line(format_args!(
                    "{id}: {} requested; the job is {}",
                    printable(pending),
                    view.styled_status()
                ))?;
            }
            None => output.line(format_args!("{id}: {}", view.styled_status()))?,
        }
    }
    Ok(refusals(&response, output))
}
