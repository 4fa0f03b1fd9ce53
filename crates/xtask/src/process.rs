//! Child processes: each leads a process group of its own, and no group outlives this program.

use std::{
    env,
    io::{self, Read},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use nix::{
    errno::Errno,
    sys::{
        signal::{Signal, killpg},
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::Pid,
};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::files;

/// The command with which this program starts itself as the guard of a group.
pub(crate) const GUARD: &str = "guard";

/// How often a loop checks the condition that it waits for.
pub(crate) const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// How long the leader of a group may take to end after SIGTERM; then the group is killed.
const STOP_TIMEOUT: Duration = Duration::from_secs(2);

static INTERRUPTED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

static CURRENT_EXE: OnceLock<PathBuf> = OnceLock::new();

/// Makes SIGINT, SIGTERM and SIGHUP set the flag that [`interrupted`] returns, so that they do not end this program in the
/// middle of a step. Must be called first.
pub(crate) fn install_signal_handlers() -> Result<()> {
    let flag = INTERRUPTED.get_or_init(Arc::default);
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(flag))?;
    }
    // Once cargo has replaced the file of the running program, Linux no longer knows its path.
    let path = env::current_exe().context("cannot find the path of this program")?;
    CURRENT_EXE.get_or_init(|| path);
    adopt_orphans()
}

/// The path of this program, to start it again.
pub(crate) fn current_exe() -> Result<&'static Path> {
    CURRENT_EXE.get().map(PathBuf::as_path).context("install_signal_handlers was not called")
}

/// Whether a signal asked this program to end.
pub(crate) fn interrupted() -> bool {
    INTERRUPTED.get().is_some_and(|flag| flag.load(Ordering::Relaxed))
}

/// A child process and all processes that it starts. Ends on drop.
pub(crate) struct Group {
    child: Child,
    id: Pid,
    guard: Option<Child>,
}

impl Group {
    /// Starts the command as the leader of a new process group, with an empty stdin.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        let child = command.stdin(Stdio::null()).process_group(0).spawn();
        let child = child.with_context(|| format!("cannot run {name}"))?;
        let id = Pid::from_raw(i32::try_from(child.id())?);
        Ok(Self { child, id, guard: None })
    }

    /// The same, with a guard process that ends the group and removes `dir` even if this program is killed.
    pub(crate) fn start_guarded(command: &mut Command, dir: Option<&Path>) -> Result<Self> {
        let mut group = Self::start(command)?;
        let mut guard = Command::new(current_exe()?);
        guard.arg(GUARD).arg(group.id.to_string()).args(dir).process_group(0);
        guard.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        group.guard = Some(guard.spawn().context("cannot start the guard")?);
        Ok(group)
    }

    /// The group's id, for `kill -- -ID`.
    pub(crate) fn id(&self) -> i32 {
        self.id.as_raw()
    }

    /// How the leader ended; `None` while it runs.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Waits for the leader and calls `tick` meanwhile. An interruption is an error.
    pub(crate) fn wait(&mut self, mut tick: impl FnMut()) -> Result<ExitStatus> {
        loop {
            if let Some(status) = self.ended()? {
                return Ok(status);
            }
            if interrupted() {
                bail!("interrupted");
            }
            tick();
            thread::sleep(POLL_INTERVAL);
        }
    }

    /// Ends the group: SIGTERM, then SIGKILL as soon as the leader has ended or [`STOP_TIMEOUT`] is over.
    pub(crate) fn end(&mut self) {
        let deadline = Instant::now() + STOP_TIMEOUT;
        let mut signalled = killpg(self.id, Signal::SIGTERM);
        while signalled.is_ok() && self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            if Instant::now() > deadline {
                break;
            }
            thread::sleep(POLL_INTERVAL);
        }
        signalled = killpg(self.id, Signal::SIGKILL);
        if signalled.is_ok() {
            let _ = self.child.wait();
        }
        reap(self.id);
        if let Some(mut guard) = self.guard.take() {
            drop(guard.stdin.take());
            let _ = guard.wait();
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.end();
    }
}

/// Makes this program the parent of the orphans of its children, so that it can wait for them.
#[cfg(target_os = "linux")]
fn adopt_orphans() -> Result<()> {
    Ok(nix::sys::prctl::set_child_subreaper(true)?)
}

/// On other systems the init process waits for orphans.
#[cfg(not(target_os = "linux"))]
fn adopt_orphans() -> Result<()> {
    Ok(())
}

/// Waits for every process of a killed group that is a child of this program.
fn reap(group: Pid) {
    while waitpid(Pid::from_raw(-group.as_raw()), None).is_ok() {}
}

/// The same without waiting for processes that still run.
pub(crate) fn reap_dead(group: Pid) {
    let dead = |status| !matches!(status, Ok(WaitStatus::StillAlive) | Err(_));
    while dead(waitpid(Pid::from_raw(-group.as_raw()), Some(WaitPidFlag::WNOHANG))) {}
}

/// Waits until the process that started this one has ended, then kills the group of the first argument and removes the
/// folder of the second.
pub(crate) fn guard(mut args: lexopt::Parser) -> Result<()> {
    let id: i32 = args.value()?.to_string_lossy().parse()?;
    // The parent is the only writer of the pipe, so the pipe ends with it.
    let _ = io::stdin().read_to_end(&mut Vec::new());
    match killpg(Pid::from_raw(id), Signal::SIGKILL) {
        Ok(()) | Err(Errno::ESRCH) => {}
        Err(error) => return Err(error.into()),
    }
    match args.value() {
        Ok(dir) => files::remove(Path::new(&dir)),
        Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use nix::{errno::Errno, sys::signal::killpg, unistd::Pid};

    use super::{Group, adopt_orphans};

    #[test]
    fn a_dropped_group_ends_with_all_processes_that_it_started() {
        adopt_orphans().unwrap();
        let group = Group::start(Command::new("sh").args(["-c", "sleep 1000 & sleep 1000"])).unwrap();
        let id = Pid::from_raw(group.id());
        assert_eq!(killpg(id, None), Ok(()));
        drop(group);
        assert_eq!(killpg(id, None), Err(Errno::ESRCH));
    }

    #[test]
    fn waiting_returns_how_the_leader_ended() {
        let mut group = Group::start(Command::new("sh").args(["-c", "exit 3"])).unwrap();
        assert_eq!(group.wait(|| ()).unwrap().code(), Some(3));
    }
}
