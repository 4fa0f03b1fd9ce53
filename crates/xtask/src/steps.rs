//! Progress on stderr: one line for each step, with its time.

use std::{
    cell::RefCell,
    fs::{self, File},
    io::{self, IsTerminal},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use crate::{files::tail, process::Group};

/// How often a long step prints a line where stderr is not a terminal.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(15);

/// A step that ends sooner prints only one line.
const SHORT: Duration = Duration::from_secs(1);

/// How many bytes of a failed step's log are printed.
const TAIL_BYTES: u64 = 12_000;

thread_local! {
    /// The file to which this thread writes the output of commands that are shown.
    static COLLECTED: RefCell<Option<PathBuf>> = const { RefCell::new(None) };
}

/// Does work beside other work: the output of the commands that it shows is written to a file and printed when it ends, so
/// that it does not mix with that of the others.
pub(crate) fn beside<T>(output: &Path, work: impl FnOnce() -> Result<T>) -> Result<T> {
    File::create(output).with_context(|| format!("cannot write {}", output.display()))?;
    COLLECTED.set(Some(output.to_owned()));
    let result = work();
    COLLECTED.set(None);
    print!("{}", String::from_utf8_lossy(&fs::read(output)?));
    result
}

/// Prints that a step is done.
pub(crate) fn done(name: &str, started: Instant) {
    eprintln!("  ✓ {name} ({})", time(started.elapsed()));
}

/// Prints a note.
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

/// Runs a command whose output is written to a log. Prints its progress, and the end of the log if it fails.
pub(crate) fn logged(name: &str, log: &Path, command: &mut Command) -> Result<()> {
    let file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    command.stdout(file.try_clone()?).stderr(file);
    let started = Instant::now();
    let mut progress = Progress::new(name, log, started);
    let status = Group::start(command)?.wait(|| progress.tick());
    progress.clear();
    if !status?.success() {
        eprintln!("{}", tail(log, TAIL_BYTES));
        bail!("{name} failed after {}; its log is {}", time(started.elapsed()), log.display());
    }
    done(name, started);
    Ok(())
}

/// Runs a command whose output is printed as it comes, or when the work ends that is done [`beside`] other work.
pub(crate) fn shown(name: &str, command: &mut Command) -> Result<()> {
    eprintln!("  … {name}");
    if let Some(output) = COLLECTED.with_borrow(Clone::clone) {
        let file = File::options().append(true).open(output)?;
        command.stdout(Stdio::from(file.try_clone()?)).stderr(file);
    }
    let started = Instant::now();
    let status = Group::start(command)?.wait(|| ())?;
    if !status.success() {
        bail!("{name} failed after {}", time(started.elapsed()));
    }
    done(name, started);
    Ok(())
}

/// Runs a command and returns what it prints on stdout, trimmed.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("cannot run {name}"))?;
    if !output.status.success() {
        bail!("{name} failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// A duration for people to read.
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
    printed: Option<Instant>,
    terminal: bool,
}

impl<'a> Progress<'a> {
    fn new(name: &'a str, log: &'a Path, started: Instant) -> Self {
        Self { name, log, started, printed: None, terminal: io::stderr().is_terminal() }
    }

    fn tick(&mut self) {
        let pause = if self.terminal { Duration::from_millis(200) } else { PROGRESS_INTERVAL };
        // Two lines of progress would take turns.
        if COLLECTED.with_borrow(Option::is_some) {
            return;
        }
        let due = self.printed.map_or(self.started + SHORT, |printed| printed + pause);
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
        self.printed = Some(Instant::now());
    }

    fn clear(&self) {
        if self.terminal && self.printed.is_some() {
            eprint!("\r\x1b[2K");
        }
    }
}
