//! The data folder of a server: the databases of the jobs, locked for one server, in a format that it can read.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use crate::data_lock::DataLock;

/// The format in which this release writes. A release that writes in another way, so that this one could not read it, has a
/// greater number.
const FORMAT: u32 = 1;

/// The file with the number of the format.
pub(crate) const FORMAT_FILE: &str = "format";

/// A data folder that this process alone uses until the value is dropped.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    lock: DataLock,
}

impl DataFolder {
    /// Opens the folder for a server that listens at `address`; creates it if it is missing.
    ///
    /// # Errors
    ///
    /// Another server uses the folder (the message names its process and address), a newer release has written to it, or it
    /// is not writable.
    pub fn open(path: &Path, address: &str) -> Result<DataFolder> {
        fs::create_dir_all(path).with_context(|| format!("cannot create the data folder {}", path.display()))?;
        let path = fs::canonicalize(path)?;
        let lock = DataLock::acquire(&path, address)?;
        if !check_format(&path)? {
            fs::write(path.join(FORMAT_FILE), format!("{FORMAT}\n"))
                .with_context(|| format!("cannot write into the data folder {}", path.display()))?;
        }
        Ok(DataFolder { path, lock })
    }

    /// Its absolute path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Starts a process that inherits the lock: a server that outlives its launcher keeps the folder locked.
    ///
    /// # Errors
    ///
    /// Those of `start`, and of the system.
    pub fn inherited_by<T>(&self, start: impl FnOnce() -> Result<T>) -> Result<T> {
        self.lock.inherited_by(start)
    }
}

/// Checks that this release can read the folder; returns whether a release has written to it at all.
pub(crate) fn check_format(path: &Path) -> Result<bool> {
    let file = path.join(FORMAT_FILE);
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
    };
    let found = text.trim().parse::<u32>();
    let found = found.with_context(|| format!("{} is not a number", file.display()))?;
    if found > FORMAT {
        bail!(
            "a newer release has written to the data folder {} (format {found}; this release reads up to {FORMAT}): install \
             that release again, or restore a backup of this one",
            path.display()
        );
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("job-progress-{name}-{}", std::process::id()))
    }

    #[test]
    fn a_second_server_on_the_same_folder_is_refused_and_names_the_first() {
        let folder = folder("lock");
        let first = DataFolder::open(&folder, "127.0.0.1:8787").unwrap();
        let refusal = DataFolder::open(&folder, "127.0.0.1:8788").unwrap_err().to_string();
        assert!(refusal.contains(&format!("process {}, 127.0.0.1:8787", std::process::id())), "{refusal}");
        drop(first);
        DataFolder::open(&folder, "127.0.0.1:8788").unwrap();
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_folder_that_a_newer_release_has_written_is_refused_and_stays_as_it_is() {
        let folder = folder("format");
        drop(DataFolder::open(&folder, "127.0.0.1:8787").unwrap());
        assert_eq!(fs::read_to_string(folder.join(FORMAT_FILE)).unwrap(), "1\n");
        fs::write(folder.join(FORMAT_FILE), "2\n").unwrap();
        let refusal = DataFolder::open(&folder, "127.0.0.1:8787").unwrap_err().to_string();
        assert!(refusal.contains("a newer release") && refusal.contains("format 2"), "{refusal}");
        assert_eq!(fs::read_to_string(folder.join(FORMAT_FILE)).unwrap(), "2\n");
        fs::write(folder.join(FORMAT_FILE), "two").unwrap();
        assert!(DataFolder::open(&folder, "127.0.0.1:8787").is_err());
        fs::remove_dir_all(&folder).unwrap();
    }
}
