//! `jp run`: runs a command and reports it as a job.

mod child;
mod events;
mod lines;
mod logged;
mod observer;
mod outcome;
mod stream;
mod supervisor;
mod terminal;

use std::{ffi::OsString, io, path::Path, sync::Arc, time::Duration};

use clap::Args;
use humantime::parse_duration;
use job_progress::{Client, ControlRequest, JobBuilder};
use protocol::id::JobId;

use self::{child::Child, logged::Logged, observer::Observer, supervisor::Supervisor};
use crate::{
    delivery,
    exit::Exit,
    failure::Failure,
    job_name,
    output::Output,
    page,
    progress::{Pattern, Reader},
    settings::{Server, Settings},
    warnings,
};

/// The arguments of `jp run`.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct Arguments {
    /// The id of the job; a job of this id that has ended is replaced [default: the command's name and random characters]
    #[arg(long, value_name = "ID")]
    job: Option<JobId>,

    /// The title of the job, its tag `title` [default: the name of the program; its arguments can be secret]
    #[arg(long)]
    title: Option<String>,

    /// The kind of job
    #[arg(long)]
    kind: Option<String>,

    /// The id of the job to which this one belongs
    #[arg(long, value_name = "ID")]
    parent: Option<JobId>,

    /// A label of the job; can be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = name_and_value)]
    tag: Vec<(String, String)>,

    /// End the command and the job as `timeout` after this time, such as 90s or 2h
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    timeout: Option<Duration>,

    /// How long nothing may be received from this machine before the server ends the job as `timeout`
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "60s")]
    heartbeat: Duration,

    /// How long a command that was asked to end may take before it is killed
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "10s")]
    grace: Duration,

    /// Read the progress with this regular expression alone, with the named groups current, total, percent and message
    #[arg(long, value_name = "REGEX")]
    regex: Option<Pattern>,

    /// Report no output as the log or the text of an error; the progress is read from it nevertheless
    #[arg(long)]
    no_log: bool,

    /// Give the command a terminal of its own, for programs that show progress only in a terminal
    #[arg(long)]
    pty: bool,

    /// The command and its arguments
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

const HELP: &str = "\
The output of the command is passed on unchanged. Everything that the command prints is sent to the
server as the log of the job, which every token of the job can read. Not sent are: anything with
--no-log; standard output that goes to another program or to a file of its own, as in `jp run … |
gzip`, because it is data (with `2>&1` or --pty it is logged); and a stream from its first NUL byte
on.

The progress is read from what the command prints: curl, rsync --info=progress2, ffmpeg, pv, tar
--checkpoint, and counts or percentages such as `3/10`, `3 of 10` and `42%`. Programs that show
progress only in a terminal need --pty; standard output and standard error are then one.

Exit code 0 makes the job completed, any other one failed, with the last lines of the log as the
error. A request to cancel on the page ends the command with SIGTERM, after --grace with SIGKILL; a
request to pause stops it with SIGSTOP. The exit code is that of the command, or 128 + the signal
that has ended it; 126 or 127 if it cannot be started.

The command finds the id of the job in JOB_PROGRESS_JOB and the URL of the server in
JOB_PROGRESS_URL.";

/// Runs the command to its end.
pub(crate) fn run(arguments: Arguments, settings: &Settings, output: Output) -> Result<Exit, Failure> {
    let server = settings.server()?;
    warnings::show(output);
    let id = arguments.job.as_ref().map_or_else(|| generated_id(&arguments.command), |id| id.as_str().to_owned());
    let client =
        Client::new(&server.url, server.credential.expose()).map_err(|error| Failure::Usage(error.to_string()))?;
    let job = Arc::new(job(&arguments, &client, &id).start());
    let child = Child::start(&arguments.command, &environment(&server, &id), arguments.pty);
    page::show(&job, output);
    let exit = match child {
        Ok(child) => {
            let logged = if arguments.no_log { Logged::Nothing } else { Logged::of_command(arguments.pty) };
            let observer = Observer::new(Arc::clone(&job), Reader::new(arguments.regex), logged);
            Supervisor::new(Arc::clone(&job), arguments.grace, arguments.timeout).run(child, &Arc::new(observer))?
        }
        Err(error) => {
            let program = arguments.command.first().map(|program| program.to_string_lossy()).unwrap_or_default();
            output.notice(format_args!("jp: {program} cannot be started: {error}"));
            job.fail(format_args!("{program} cannot be started: {error}"));
            if error.kind() == io::ErrorKind::NotFound { 127 } else { 126 }
        }
    };
    delivery::finish(&job, output);
    Ok(Exit::OfCommand(exit))
}

/// The job with the fields of the arguments.
fn job(arguments: &Arguments, client: &Client, id: &str) -> JobBuilder {
    let title = arguments.title.clone().unwrap_or_else(|| program_name(&arguments.command));
    let controls = [ControlRequest::Cancel, ControlRequest::Pause];
    let mut job = client.job(id).tag("title", title).controls(controls).heartbeat_timeout(arguments.heartbeat);
    if let Some(kind) = &arguments.kind {
        job = job.kind(kind);
    }
    if let Some(parent) = &arguments.parent {
        job = job.parent(parent.as_str());
    }
    if let Some(timeout) = arguments.timeout {
        job = job.timeout(timeout.max(Duration::from_secs(1)));
    }
    arguments.tag.iter().fold(job, |job, (name, value)| job.tag(name, value.as_str()))
}

fn environment<'a>(server: &'a Server, id: &'a str) -> [(&'static str, &'a str); 2] {
    [("JOB_PROGRESS_JOB", id), ("JOB_PROGRESS_URL", &server.url)]
}

fn program_name(command: &[OsString]) -> String {
    let name = command.first().map(Path::new).and_then(Path::file_name).unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// An id with the name of the program.
fn generated_id(command: &[OsString]) -> String {
    job_name::generate(&program_name(command))
}

pub(crate) fn name_and_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("it must be NAME=VALUE".to_owned()),
    }
}
