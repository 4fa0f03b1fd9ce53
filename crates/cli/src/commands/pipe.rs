//! `jp pipe`: copies standard input to standard output and reports the bytes as a job.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, Write as _},
    os::fd::{AsFd as _, BorrowedFd},
    process,
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
    time::Duration,
};

use clap::Args;
use humantime::parse_duration;
use job_progress::{Client, ControlRequest, Job, Report, Status};
use protocol::id::JobId;
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGPIPE, SIGTERM},
    iterator::Signals,
};

use crate::{delivery, exit::Exit, failure::Failure, job_name, output::Output, page, settings::Settings, warnings};

/// Bytes that are copied at a time. A pipe gives at most 64 KiB; a file gives more.
const BUFFER_BYTES: usize = 256 * 1024;

/// The arguments of `jp pipe`.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct Arguments {
    /// The id of the job; a job of this id that has ended is replaced [default: `pipe` and random characters]
    #[arg(long, value_name = "ID")]
    job: Option<JobId>,

    /// The title of the job, its tag `title`
    #[arg(long)]
    title: Option<String>,

    /// The kind of job
    #[arg(long)]
    kind: Option<String>,

    /// How many bytes come, such as 1500, 20k, 4M or 1.5G (of 1,024) [default: the size of standard input, if it is a file]
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    size: Option<u64>,

    /// How long nothing may be received from this machine before the server ends the job as `timeout`
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "60s")]
    heartbeat: Duration,
}

const HELP: &str = "\
The data is not changed. A request to pause on the page suspends the copy. A request to cancel, SIGINT,
SIGTERM and SIGHUP end it, and the job is cancelled, as it is if nothing reads the output any more.

Example:
  pg_dump shop | jp pipe --title 'Backup of shop' | gzip > shop.sql.gz";

/// Copies everything.
pub(crate) fn run(arguments: &Arguments, settings: &Settings, output: Output) -> Result<Exit, Failure> {
    let server = settings.server()?;
    warnings::show(output);
    let client =
        Client::new(&server.url, server.credential.expose()).map_err(|error| Failure::Usage(error.to_string()))?;
    // Directly, because the buffers of the standard library would copy the data once more.
    let (mut input, mut target) = (file(io::stdin().as_fd())?, file(io::stdout().as_fd())?);
    let total = arguments.size.or_else(|| size_left(&mut input));

    let id = arguments.job.as_ref().map_or_else(|| job_name::generate("pipe"), |id| id.as_str().to_owned());
    let controls = [ControlRequest::Cancel, ControlRequest::Pause];
    let mut job = client.job(id).unit("bytes").controls(controls).heartbeat_timeout(arguments.heartbeat);
    if let Some(title) = &arguments.title {
        job = job.tag("title", title.as_str());
    }
    if let Some(kind) = &arguments.kind {
        job = job.kind(kind);
    }
    let job = Arc::new(job.start());
    page::show(&job, output);
    let gate = Arc::new(Gate::default());
    cancel_on_signals(&job, output)?;
    follow_requests(&job, &gate, output);

    let copied = copy(&mut input, &mut target, |done| {
        gate.wait();
        match total {
            Some(total) => job.update(done, total),
            None => job.report(Report::new().current(done)),
        }
    });
    let exit = match copied {
        Ok(()) => {
            job.complete();
            Exit::Success
        }
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            let message = "Nothing reads the output any more";
            job.report(Report::new().status(Status::Cancelled).error("OUTPUT_CLOSED", message));
            Exit::OfCommand(code_of(SIGPIPE))
        }
        Err(error) => {
            job.fail(&error);
            output.notice(format_args!("jp: {error}"));
            Exit::Failed
        }
    };
    delivery::finish(&job, output);
    Ok(exit)
}

/// Copies `input` to `target` and calls `on_progress` with the bytes so far before each read.
fn copy(input: &mut File, target: &mut File, on_progress: impl Fn(u64)) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut done = 0_u64;
    loop {
        on_progress(done);
        let count = match input.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        target.write_all(buffer.get(..count).unwrap_or_default())?;
        done = done.saturating_add(u64::try_from(count).unwrap_or(0));
    }
}

fn file(descriptor: BorrowedFd<'_>) -> io::Result<File> {
    descriptor.try_clone_to_owned().map(File::from)
}

/// The bytes from the position of a regular file to its end.
fn size_left(file: &mut File) -> Option<u64> {
    let metadata = file.metadata().ok().filter(std::fs::Metadata::is_file)?;
    metadata.len().checked_sub(file.stream_position().ok()?)
}

/// Reads a number of bytes with an optional prefix of 1,024.
fn bytes(text: &str) -> Result<u64, String> {
    let number = text.trim_end_matches(|character: char| character.is_ascii_alphabetic());
    let unit = text.strip_prefix(number).unwrap_or_default().trim_end_matches('B').trim_end_matches('i');
    let power = ["", "k", "m", "g", "t", "p"].iter().position(|prefix| *prefix == unit.to_ascii_lowercase());
    let power = power.and_then(|power| i32::try_from(power).ok());
    let count = number.parse::<f64>().ok().filter(|number| *number >= 0.0).zip(power);
    count
        .map(|(number, power)| (number * 1024_f64.powi(power)) as u64)
        .ok_or_else(|| "it must be bytes, such as 20k".to_owned())
}

/// Holds back the copy while the job is paused.
#[derive(Debug, Default)]
struct Gate {
    is_closed: Mutex<bool>,
    changed: Condvar,
}

impl Gate {
    fn set(&self, is_closed: bool) {
        *self.is_closed.lock().unwrap_or_else(PoisonError::into_inner) = is_closed;
        self.changed.notify_all();
    }

    fn wait(&self) {
        let is_closed = self.is_closed.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.changed.wait_while(is_closed, |is_closed| *is_closed));
    }
}

fn follow_requests(job: &Arc<Job>, gate: &Arc<Gate>, output: Output) {
    let (of_callback, gate) = (Arc::clone(job), Arc::clone(gate));
    job.on_control(move |control| match control.request {
        ControlRequest::Cancel => {
            // Delivering waits for the thread that calls this.
            let job = Arc::clone(&of_callback);
            thread::spawn(move || cancel(&job, SIGTERM, output));
        }
        ControlRequest::Pause => {
            gate.set(true);
            of_callback.paused();
        }
        ControlRequest::Resume => {
            of_callback.resumed();
            gate.set(false);
        }
        ControlRequest::Retry => {}
    });
}

fn cancel_on_signals(job: &Arc<Job>, output: Output) -> io::Result<()> {
    let job = Arc::clone(job);
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            cancel(&job, signal, output);
        }
    });
    Ok(())
}

/// Ends the job as `cancelled` and the program with the exit code of this signal. The copy can be waiting for its input, so it
/// cannot end by itself.
fn cancel(job: &Job, signal: i32, output: Output) -> ! {
    job.cancelled();
    delivery::finish(job, output);
    process::exit(i32::from(code_of(signal)))
}

/// The exit code of a program that a signal has ended.
fn code_of(signal: i32) -> u8 {
    u8::try_from(signal.saturating_add(128)).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_prefixes() {
        for (text, expected) in
            [("1500", 1500), ("20k", 20_480), ("4M", 4_194_304), ("1.5GiB", 1_610_612_736), ("7B", 7)]
        {
            assert_eq!(bytes(text), Ok(expected), "{text}");
        }
        for text in ["", "k", "-1", "1x", "1 k"] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }
}
