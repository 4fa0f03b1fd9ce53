//! `jp status`: shows one job.

use clap::Args;
use protocol::id::JobId;

use crate::{api::Api, exit::Exit, failure::Failure, output::Output, settings::Settings};

/// The arguments of `jp status`.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The id of the job
    #[arg(value_name = "ID")]
    job: JobId,
}

/// Prints the document of the job.
pub(crate) fn run(arguments: &Arguments, settings: &Settings, output: Output) -> Result<Exit, Failure> {
    let api = Api::new(settings.server()?);
    let document = api.get(&format!("/v2/jobs/{}/status", arguments.job.to_url_part()))?;
    output.json(&document)?;
    Ok(Exit::Success)
}
