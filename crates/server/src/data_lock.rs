//! The lock on a data folder: one server at a time writes to it.
//!
//! Two servers on one folder both answer with the same `seq` and overwrite each other's acknowledged reports.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Seek, Write},
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
        let mut file = open.map_err(|error| {
            let refusal = cannot_open(&path, &error);
            anyhow::Error::new(error).context(refusal)
        })?;
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

/// The message for a lock file that cannot be opened. After a restored backup the usual reason is its owner.
fn cannot_open(path: &Path, error: &io::Error) -> String {
    let hint = match error.kind() {
        io::ErrorKind::PermissionDenied => {
            ": the data folder, with all that is in it, must belong to the user of the server"
        }
        _ => "",
    };
    format!("cannot open {}{hint}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_file_of_another_user_is_refused_with_what_to_do() {
        let message = |kind: io::ErrorKind| cannot_open(Path::new("/data/server.lock"), &kind.into());
        assert_eq!(
            message(io::ErrorKind::PermissionDenied),
            "cannot open /data/server.lock: the data folder, with all that is in it, must belong to the user of the server"
        );
        assert_eq!(message(io::ErrorKind::ReadOnlyFilesystem), "cannot open /data/server.lock");
    }
}
