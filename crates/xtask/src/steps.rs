//! What is being done, told as it happens: a line a step, with its time.

use crate::files::tail;
use crate::process::Group;
use anyhow::{Context, Result, bail};
use std::fs::File;
use std::io::{self, IsTerminal};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// Where nobody watches a terminal, a long step says this often that it is alive.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);

/// Steps that end sooner are told in one line.
const SHORT: Duration = Duration::from_secs(1);

/// How much of a failed step's log is shown.
const TAIL_BYTES: u64 = 12_000;

/// Says a finished thing.
pub(crate) fn done(name: &str, started: Instant) {
    eprintln!("  ✓ {name} ({})", time(started.elapsed()));
}

/// Says something that is neither begun nor done.
pub(crate) fn note(text: &str) {
    eprintln!("    {text}");
}

/// Runs a closure as a step.
pub(crate) fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let started = Instant::now();
    let value = work().with_context(|| format!("{name} failed"))?;
    done(name, started);
    Ok(value)
}

/// Runs a command whose output goes to a log; the step tells how it fares, and the log's end if it fails.
pub(crate) fn logged(name: &str, log: &Path, command: &mut Command) -> Result<()> {
    let file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    command.stdout(file.try_clone()?).stderr(file);
    let started = Instant::now();
    let mut progress = Progress::new(name, log, started);
    let status = Group::start(command)?.wait(|| progress.tick());
    progress.clear();
    if !status?.success() {
        eprintln!("{}", tail(log, TAIL_BYTES));
        bail!("{name} failed after {}; all it said is in {}", time(started.elapsed()), log.display());
    }
    done(name, started);
    Ok(())
}

/// Runs a command whose output is worth reading as it comes.
pub(crate) fn shown(name: &str, command: &mut Command) -> Result<()> {
    eprintln!("  … {name}");
    let started = Instant::now();
    let status = Group::start(command)?.wait(|| ())?;
    if !status.success() {
        bail!("{name} failed after {}", time(started.elapsed()));
    }
    done(name, started);
    Ok(())
}

/// Runs a command for what it prints.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("cannot run {name}"))?;
    if !output.status.success() {
        bail!("{name} failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// A duration as people say it.
pub(crate) fn time(duration: Duration) -> String {
    match duration.as_secs() {
        0..10 => format!("{:.1} s", duration.as_secs_f64()),
        seconds @ 10..60 => format!("{seconds} s"),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

/// The line of a running step.
struct Progress<'a> {
    name: &'a str,
    log: &'a Path,
    started: Instant,
    told: Option<Instant>,
    terminal: bool,
}

impl<'a> Progress<'a> {
    fn new(name: &'a str, log: &'a Path, started: Instant) -> Self {
        Self { name, log, started, told: None, terminal: io::stderr().is_terminal() }
    }

    fn tick(&mut self) {
        let pause = if self.terminal { Duration::from_millis(200) } else { SIGN_OF_LIFE };
        let due = self.told.map_or(self.started + SHORT, |told| told + pause);
        if Instant::now() < due {
            return;
        }
        let last = tail(self.log, 400);
        let last = last.lines().last().unwrap_or_default().trim();
        let last: String = last.chars().filter(|c| !c.is_control()).take(60).collect();
        let line = format!("  … {} ({}) {last}", self.name, time(self.started.elapsed()));
        if self.terminal {
            eprint!("\r\x1b[2K{line}");
        } else {
            eprintln!("{}", line.trim_end());
        }
        self.told = Some(Instant::now());
    }

    fn clear(&self) {
        if self.terminal && self.told.is_some() {
            eprint!("\r\x1b[2K");
        }
    }
}
