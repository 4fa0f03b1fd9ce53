//! `jp delete`: deletes jobs.

use clap::Args;
use serde_json::json;

use crate::{api::Api, exit::Exit, failure::Failure, job_ids::JobIds, output::Output, settings::Settings};

/// The arguments of `jp delete`.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    jobs: JobIds,
}

/// Deletes the jobs one after the other. One that cannot be deleted does not keep the others.
pub(crate) fn run(arguments: Arguments, settings: &Settings, output: Output) -> Result<Exit, Failure> {
    let jobs = arguments.jobs.distinct()?;
    let api = Api::new(settings.server()?);
    let mut exit = Exit::Success;
    for job in jobs {
        match api.delete(&format!("/v2/jobs/{}", job.to_url_part())) {
            Ok(()) if output.is_json() => output.json(&json!({"jobId": job.as_str(), "deleted": true}))?,
            Ok(()) => output.line(format_args!("{job}: deleted"))?,
            Err(Failure::Refused(refusal)) => {
                output.notice(format_args!("jp: {job}: {refusal}"));
                exit = Exit::Refused;
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok(exit)
}
