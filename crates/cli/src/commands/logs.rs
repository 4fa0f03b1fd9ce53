//! `jp logs`: prints the log of a job.

use std::time::{Duration, Instant};

use clap::Args;
use client::native::Update;
use protocol::{id::JobId, include::Include};
use serde_json::Value;

use crate::{
    api::Api,
    exit::Exit,
    failure::{Failure, Refusal},
    follower::Follower,
    log_line::log_line,
    output::Output,
    settings::Settings,
};

/// Lines that one page has at most.
const PAGE_LINES: usize = 1_000;
/// How long one wait for an update lasts; another one follows.
const WAIT: Duration = Duration::from_secs(3_600);

/// The arguments of `jp logs`.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The id of the job
    #[arg(value_name = "ID")]
    job: JobId,

    /// Wait for new lines until the job ends
    #[arg(long, short)]
    follow: bool,
}

/// Prints the lines that the server keeps, and those that follow if wanted.
pub(crate) fn run(arguments: &Arguments, settings: &Settings, output: Output) -> Result<Exit, Failure> {
    let server = settings.server()?;
    let mut log = PrintedLog { api: Api::new(server.clone()), job: arguments.job.clone(), output, last: 0 };
    if !arguments.follow {
        log.print_pages(u64::MAX)?;
        return Ok(Exit::Success);
    }
    let include = Include::parse(["logs"]).unwrap_or_default();
    let mut follower = Follower::new(&server, std::slice::from_ref(&arguments.job), include);
    loop {
        let now = Instant::now();
        match follower.next(now.checked_add(WAIT).unwrap_or(now))? {
            Some((_, Update::Log(new))) => log.print_new(&new.lines)?,
            Some((_, Update::Recreated)) => log.last = 0,
            Some((_, Update::Problem(problem))) => {
                let details = Value::Null;
                let refusal = Refusal { code: problem.code, message: problem.message, details };
                if problem.fatal {
                    return Err(Failure::Refused(refusal));
                }
                output.notice(format_args!("jp: {refusal}; it is tried again"));
            }
            Some((_, Update::End)) => return Ok(Exit::Success),
            _ => {}
        }
    }
}

/// A log, as far as it is printed.
struct PrintedLog {
    api: Api,
    job: JobId,
    output: Output,
    /// The number of the last line that was printed.
    last: u64,
}

impl PrintedLog {
    /// Prints lines of a stream, and before them those that the stream has skipped.
    fn print_new(&mut self, lines: &[Value]) -> Result<(), Failure> {
        let Some(first) = lines.first().and_then(number) else { return Ok(()) };
        if first > self.last.saturating_add(1) {
            self.print_pages(first)?;
        }
        lines.iter().try_for_each(|line| self.print(line))
    }

    /// Requests and prints the lines after the last printed one and before line `end`.
    fn print_pages(&mut self, end: u64) -> Result<(), Failure> {
        loop {
            let after = self.last;
            let part = self.job.to_url_part();
            let page = self.api.get(&format!("/v2/jobs/{part}/logs?after={after}&limit={PAGE_LINES}"))?;
            if let Some(removed) = page.get("skippedTo").and_then(Value::as_u64) {
                let first = after.saturating_add(1);
                self.output
                    .notice(format_args!("jp: the server does not keep the lines {first} to {removed} any more"));
                self.last = removed;
            }
            for line in page.get("lines").and_then(Value::as_array).into_iter().flatten() {
                if number(line).is_some_and(|number| number < end) {
                    self.print(line)?;
                }
            }
            if self.last == after || self.last.saturating_add(1) >= end {
                return Ok(());
            }
        }
    }

    /// Prints a line that was not printed before.
    fn print(&mut self, line: &Value) -> Result<(), Failure> {
        let Some(number) = number(line).filter(|number| *number > self.last) else { return Ok(()) };
        self.last = number;
        if self.output.is_json() { self.output.json(line) } else { self.output.line(log_line(line)) }
    }
}

fn number(line: &Value) -> Option<u64> {
    line.get("number")?.as_u64()
}
