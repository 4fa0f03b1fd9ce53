//! `jp watch`: shows jobs live until they end.

mod bars;
mod json_lines;
mod lines;
mod view;
mod watched_job;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use clap::Args;
use client::native::Update;
use protocol::include::Include;
use signal_hook::consts::{SIGINT, SIGTERM};

use self::{bars::Bars, json_lines::JsonLines, lines::Lines, view::View, watched_job::WatchedJob};
use crate::{exit::Exit, failure::Failure, follower::Follower, job_ids::JobIds, output::Output, settings::Settings};

/// The arguments of `jp watch`.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    jobs: JobIds,

    /// Show new log lines too
    #[arg(long)]
    logs: bool,

    /// Show the steps of the jobs too
    #[arg(long)]
    steps: bool,
}

/// Shows the jobs until all of them have ended. The exit is that of the first job that did not complete.
pub(crate) fn run(arguments: Arguments, settings: &Settings, output: Output) -> Result<Exit, Failure> {
    let ids = arguments.jobs.distinct()?;
    // Programs get all of a document; people are not shown its metrics and resources.
    let logs = arguments.logs.then_some("logs");
    let include = Include::parse(logs.into_iter().chain(output.is_json().then_some("metrics,resources")));
    let include = include.unwrap_or_default();
    let mut follower = Follower::new(&settings.server()?, &ids, include);
    let mut jobs: Vec<WatchedJob> = ids.into_iter().map(WatchedJob::new).collect();
    let interrupted = Arc::new(AtomicBool::new(false));
    let mut view: Box<dyn View> = if output.is_json() {
        Box::new(JsonLines::new(output))
    } else if output.is_interactive() {
        // A signal must not end the program while a line is half drawn.
        for signal in [SIGINT, SIGTERM] {
            signal_hook::flag::register(signal, Arc::clone(&interrupted))?;
        }
        Box::new(Bars::new(output, arguments.steps))
    } else {
        Box::new(Lines::new(output, arguments.steps))
    };
    let mut wakes_at = Instant::now();
    while jobs.iter().any(|job| job.exit.is_none()) {
        let update = follower.next(wakes_at)?;
        if interrupted.load(Ordering::Relaxed) {
            view.interrupt()?;
            return Ok(Exit::Interrupted);
        }
        let now = follower.server_time();
        if let Some((index, update)) = update
            && let Some(job) = jobs.get_mut(index)
        {
            job.on_update(&update);
            match &update {
                Update::Document(_) => view.show_document(index, job, now)?,
                Update::Log(new) => view.show_log(job, new)?,
                Update::Problem(problem) => view.show_problem(job, problem)?,
                _ => {}
            }
        }
        wakes_at = view.refresh(&jobs, now)?;
    }
    view.finish(&jobs, follower.server_time())?;
    Ok(jobs.iter().filter_map(|job| job.exit).find(|exit| *exit != Exit::Success).unwrap_or(Exit::Success))
}
