//! The data folder of a server: the databases of the jobs, locked for one server, in a format that it can read.

use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use crate::data_lock::DataLock;

/// The format in which this release writes. A release that writes in another way, so that this one could not read it, has a
/// greater number.
const FORMAT: u32 = 1;

/// The file with the number of the format.
pub(crate) const FORMAT_FILE: &str = "format";

/// The file with the bucket of the cluster, if the folder is that of an instance of one.
pub(crate) const CLUSTER_FILE: &str = "cluster";

/// The folder of the databases, which the runtime gives the name that its configuration has for the class of the objects.
pub const DATABASES: &str = "job-progress-JobObject";

/// The folder of the databases of the index.
pub const INDEX_DATABASES: &str = "job-progress-JobIndex";

/// A data folder that this process alone uses until the value is dropped.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    lock: DataLock,
}

impl DataFolder {
    /// Opens the folder for a server that listens at `address`; creates it for this user alone if it is missing. `bucket` is that
    /// of the cluster of which the server is an instance.
    ///
    /// # Errors
    ///
    /// Another server uses the folder (the message names its process and address), a newer release has written to it, it
    /// belongs to a server without a cluster or to an instance of another one, or it is not writable.
    pub fn open(path: &Path, address: &str, bucket: Option<&str>) -> Result<DataFolder> {
        create(path).with_context(|| format!("cannot create the data folder {}", path.display()))?;
        let path = fs::canonicalize(path)?;
        let lock = DataLock::acquire(&path, address)?;
        if !check_format(&path)? {
            fs::write(path.join(FORMAT_FILE), format!("{FORMAT}\n"))
                .with_context(|| format!("cannot write into the data folder {}", path.display()))?;
        }
        check_cluster(&path, bucket)?;
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

/// Creates the folder unless it exists, and the folders above it as any program would.
fn create(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)?;
    private_folder().recursive(true).create(path)
}

/// Makes folders that only their user can open: a job can contain secrets, such as the URL of a webhook.
pub(crate) fn private_folder() -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.mode(0o700);
    builder
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

/// Checks that the jobs in the folder are those that the server is to serve.
///
/// The folder of an instance of a cluster holds copies, and only of the jobs that it has served: the bucket has the jobs.
fn check_cluster(path: &Path, bucket: Option<&str>) -> Result<()> {
    let file = path.join(CLUSTER_FILE);
    let found = match fs::read_to_string(&file) {
        Ok(text) => Some(text.trim_end().to_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
    };
    let has_jobs = path.join(DATABASES).exists();
    let path = path.display();
    match (found, bucket) {
        (found, bucket) if found.as_deref() == bucket => Ok(()),
        // An instance that could not join its cluster has left no more than this file.
        (_, Some(bucket)) if !has_jobs => {
            fs::write(&file, format!("{bucket}\n")).with_context(|| format!("cannot write into the data folder {path}"))
        }
        (_, None) if !has_jobs => {
            fs::remove_file(&file).with_context(|| format!("cannot write into the data folder {path}"))
        }
        (Some(found), _) => bail!(
            "the data folder {path} is that of an instance of the cluster {found}, whose bucket has the jobs: set \
             CLUSTER_BUCKET to {found}, or choose another folder"
        ),
        (None, _) => bail!(
            "the data folder {path} holds the jobs of a server without a cluster, which a cluster cannot take over: choose \
             another folder"
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn folder(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("job-progress-{name}-{}", std::process::id()))
    }

    #[test]
    fn a_second_server_on_the_same_folder_is_refused_and_names_the_first() {
        let folder = folder("lock");
        let first = DataFolder::open(&folder, "127.0.0.1:8787", None).unwrap();
        let refusal = DataFolder::open(&folder, "127.0.0.1:8788", None).unwrap_err().to_string();
        assert!(refusal.contains(&format!("process {}, 127.0.0.1:8787", std::process::id())), "{refusal}");
        drop(first);
        DataFolder::open(&folder, "127.0.0.1:8788", None).unwrap();
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_new_folder_is_closed_to_other_users_and_an_existing_one_keeps_its_mode() {
        let above = folder("mode");
        let data = above.join("data");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let open = || DataFolder::open(&data, "127.0.0.1:8787", None).map(drop).unwrap();
        open();
        assert_eq!(mode(&data), 0o700);
        assert_ne!(mode(&above), 0o700);
        fs::set_permissions(&data, fs::Permissions::from_mode(0o750)).unwrap();
        open();
        assert_eq!(mode(&data), 0o750);
        fs::remove_dir_all(&above).unwrap();
    }

    #[test]
    fn a_folder_that_a_newer_release_has_written_is_refused_and_stays_as_it_is() {
        let folder = folder("format");
        drop(DataFolder::open(&folder, "127.0.0.1:8787", None).unwrap());
        assert_eq!(fs::read_to_string(folder.join(FORMAT_FILE)).unwrap(), "1\n");
        fs::write(folder.join(FORMAT_FILE), "2\n").unwrap();
        let refusal = DataFolder::open(&folder, "127.0.0.1:8787", None).unwrap_err().to_string();
        assert!(refusal.contains("a newer release") && refusal.contains("format 2"), "{refusal}");
        assert_eq!(fs::read_to_string(folder.join(FORMAT_FILE)).unwrap(), "2\n");
        fs::write(folder.join(FORMAT_FILE), "two").unwrap();
        assert!(DataFolder::open(&folder, "127.0.0.1:8787", None).is_err());
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_folder_of_a_cluster_serves_this_cluster_alone() {
        let folder = folder("cluster");
        let open = |bucket| DataFolder::open(&folder, "127.0.0.1:8787", bucket).map(drop);
        // As long as it holds nothing, it may serve another.
        for bucket in [Some("s3://jobs/typo"), None, Some("s3://jobs/a")] {
            open(bucket).unwrap();
        }
        fs::create_dir(folder.join(DATABASES)).unwrap();
        open(Some("s3://jobs/a")).unwrap();
        for bucket in [None, Some("s3://jobs/b")] {
            let refusal = open(bucket).unwrap_err().to_string();
            assert!(refusal.contains("an instance of the cluster s3://jobs/a"), "{refusal}");
        }
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_folder_with_jobs_of_a_server_without_a_cluster_joins_none() {
        let folder = folder("single");
        let open = |bucket| DataFolder::open(&folder, "127.0.0.1:8787", bucket).map(drop);
        open(None).unwrap();
        fs::create_dir(folder.join(DATABASES)).unwrap();
        let refusal = open(Some("s3://jobs/a")).unwrap_err().to_string();
        assert!(refusal.contains("the jobs of a server without a cluster"), "{refusal}");
        open(None).unwrap();
        fs::remove_dir_all(&folder).unwrap();
    }
}
