//! `jp token`: mints a token.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Args;
use protocol::{
    Timestamp,
    id::{JobId, is_project},
};
use serde_json::{Value, json};

use crate::{
    api::Api,
    exit::Exit,
    failure::Failure,
    job_ids::JobIds,
    offline_token::{self, PERMISSIONS, READ},
    output::Output,
    settings::{Settings, non_empty},
};

const SIGNING_SECRET: &str = "JOB_PROGRESS_SIGNING_SECRET";

/// The arguments of `jp token`.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    jobs: JobIds,

    /// What the token permits; can be repeated
    #[arg(long = "permission", value_name = "PERMISSION", default_value = READ, value_parser = PERMISSIONS)]
    permissions: Vec<String>,

    /// How long the token is valid, such as 90m, 24h or 30d [default: 24h; 15m if it permits more than reading]
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    expires: Option<Duration>,

    /// Sign it here with JOB_PROGRESS_SIGNING_SECRET, without the server
    #[arg(long, requires = "project")]
    offline: bool,

    /// The project of the jobs, for --offline
    #[arg(long, env = "JOB_PROGRESS_PROJECT", hide_env_values = true)]
    project: Option<String>,
}

/// Prints the token.
pub(crate) fn run(arguments: Arguments, settings: &Settings, output: Output) -> Result<Exit, Failure> {
    let jobs = arguments.jobs.clone().distinct()?;
    let minted = match &arguments.project {
        Some(project) if arguments.offline => sign(&arguments, project, &jobs)?,
        _ => mint(&arguments, &jobs, settings)?,
    };
    if output.is_json() {
        output.json(&minted)?;
    } else {
        output.line(minted.get("token").and_then(Value::as_str).unwrap_or_default())?;
    }
    Ok(Exit::Success)
}

fn mint(arguments: &Arguments, jobs: &[JobId], settings: &Settings) -> Result<Value, Failure> {
    let ids: Vec<&str> = jobs.iter().map(JobId::as_str).collect();
    let mut body = json!({"jobIds": ids, "permissions": arguments.permissions});
    if let (Some(members), Some(expires)) = (body.as_object_mut(), arguments.expires) {
        members.insert("expiresIn".to_owned(), expires.as_secs().into());
    }
    Api::new(settings.server()?).post("/v2/tokens", &body)
}

fn sign(arguments: &Arguments, project: &str, jobs: &[JobId]) -> Result<Value, Failure> {
    if !is_project(project) {
        return Err(Failure::Usage("the project must be 1 to 32 of a-z, 0-9 and `-`".to_owned()));
    }
    let Some(secret) = non_empty(SIGNING_SECRET) else {
        let source = "`cargo xtask key secret --project …` prints it";
        return Err(Failure::Usage(format!(
            "{SIGNING_SECRET} is missing: the signing secret of the project; {source}"
        )));
    };
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX));
    let expires_in = arguments.expires.map(|expires| expires.as_secs());
    offline_token::sign(secret.trim(), project, jobs, &arguments.permissions, expires_in, now).map_err(Failure::Usage)
}
