//! The lock on a data folder: one server at a time writes to it.
//!
//! Two servers on one folder both answer with the same `seq` and overwrite each other's acknowledged reports.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{Seek, Write},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use nix::fcntl::{FcntlArg, FdFlag, fcntl};

/// The file that is locked. Its text names the process that holds the lock.
const NAME: &str = "server.lock";

/// How often the lock is tried.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// How long to wait for a lock: a server that was killed a moment ago releases it within this time.
const LOCK_TIMEOUT: Duration = Duration::from_secs(3);

/// An exclusive lock on a data folder.
#[derive(Debug)]
pub(crate) struct DataLock(File);

impl DataLock {
    /// Locks the folder `data` for a server that listens at `address`.
    ///
    /// # Errors
    ///
    /// Another server holds the lock (the message names its process and address), or the file cannot be written.
    pub(crate) fn acquire(data: &Path, address: &str) -> Result<Self> {
        let path = data.join(NAME);
        let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = open.with_context(|| format!("cannot open {}", path.display()))?;
        let deadline = Instant::now() + LOCK_TIMEOUT;
        while let Err(error) = file.try_lock() {
            if let TryLockError::Error(error) = error {
                return Err(error).with_context(|| format!("cannot lock {}", path.display()));
            }
            if Instant::now() > deadline {
                let holder = fs::read_to_string(&path).unwrap_or_default();
                bail!(
                    "another server uses the data folder {} ({}): stop that server, or choose another folder with --data",
                    data.display(),
                    holder.trim()
                );
            }
            thread::sleep(POLL_INTERVAL);
        }
        file.set_len(0)?;
        file.rewind()?;
        writeln!(file, "process {}, {address}", std::process::id())?;
        Ok(Self(file))
    }

    /// Starts a process that inherits the lock: a server that outlives its launcher keeps the folder locked.
    ///
    /// # Errors
    ///
    /// Those of `start`, and of `fcntl`.
    pub(crate) fn inherited_by<T>(&self, start: impl FnOnce() -> Result<T>) -> Result<T> {
        fcntl(&self.0, FcntlArg::F_SETFD(FdFlag::empty()))?;
        let started = start();
        fcntl(&self.0, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
        started
    }
}
