//! A copy of a data folder that a server may use meanwhile.
//!
//! The folder holds a SQLite database for each job. A database that is open cannot be copied as a file: what was committed last is
//! in its write-ahead log, and the server moves it into the database at any time. SQLite itself reads a consistent state.
//! A database that is not open is copied as a file: to open it would lock it, and the server might need it at that moment.
//!
//! The index is copied first. A job that changes after that knows that the index has its change, and the copy of the index does
//! not; so the copy of the job notifies it again (`job`).

mod alarms;
mod job;

use std::{
    fmt,
    fs::{self, File, Metadata},
    io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    time::SystemTime,
};

use anyhow::{Context, Result, bail};
use nix::unistd::syncfs;
use rusqlite::{Connection, OpenFlags, backup, config::DbConfig};

use self::alarms::Alarms;
use crate::data_folder::{self, CLUSTER_FILE, FORMAT_FILE, INDEX_DATABASES};

/// The extension of the databases.
const EXTENSION: &str = "sqlite";

/// What is behind the name of a database in that of its write-ahead log.
const LOG: &str = "-wal";

/// The database of the scheduler of alarms, which is beside those of the jobs.
const SCHEDULER: &str = "metadata.sqlite";

/// What is behind the name of a backup that is not complete.
const PARTIAL: &str = ".partial";

/// What a backup contains; its text is for operators.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// The number of databases of jobs.
    pub jobs: u64,
    /// The bytes of all files.
    pub bytes: u64,
}

/// Copies the data folder `data` to the new folder `to`, which is for this user alone. Everything that was acknowledged before the
/// call is in the copy.
///
/// # Errors
///
/// `to` exists, `data` is not the data folder of a server, or that of a newer release or of an instance of a cluster, or a file
/// cannot be read or written. Nothing is left of a copy that fails.
pub fn copy(data: &Path, to: &Path) -> Result<Summary> {
    let data = fs::canonicalize(data).with_context(|| format!("cannot find the data folder {}", data.display()))?;
    if !data_folder::check_format(&data)? {
        bail!("{} is not the data folder of a server: it has no file `{FORMAT_FILE}`", data.display());
    }
    if data.join(CLUSTER_FILE).exists() {
        bail!(
            "{} is that of an instance of a cluster, which holds copies of some jobs: back up the bucket",
            data.display()
        );
    }
    let mut name = to.file_name().with_context(|| format!("{} is not a new folder", to.display()))?.to_owned();
    name.push(PARTIAL);
    let partial = to.with_file_name(name);
    for path in [to, &partial] {
        if path.exists() {
            bail!("{} exists: name a new folder", path.display());
        }
    }
    data_folder::private_folder().create(&partial).with_context(|| format!("cannot create {}", partial.display()))?;
    if fs::canonicalize(&partial)?.starts_with(&data) {
        fs::remove_dir(&partial)?;
        bail!("{} is in the data folder: name a folder outside", to.display());
    }
    let copied = copy_all(&data, &partial).and_then(|summary| {
        fs::rename(&partial, to).with_context(|| format!("cannot rename {}", partial.display()))?;
        Ok(summary)
    });
    if copied.is_err() {
        // Where the copy failed, this can fail too; the first error says why.
        let _ = fs::remove_dir_all(&partial);
    }
    copied
}

/// Copies the databases and the number of the format into an empty folder, and returns once they are on disk.
fn copy_all(data: &Path, to: &Path) -> Result<Summary> {
    let began = SystemTime::now();
    let mut summary = Summary::default();
    let (index, jobs) = folders(data)?.into_iter().partition::<Vec<_>, _>(|folder| folder.ends_with(INDEX_DATABASES));
    for folder in index {
        summary.bytes += copy_folder(&folder, to, |_| Ok(()))?;
    }
    for folder in jobs {
        summary.bytes += copy_folder(&folder, to, |job| {
            summary.jobs += 1;
            job::renotify(job, began)
        })?;
    }
    summary.bytes += fs::copy(data.join(FORMAT_FILE), to.join(FORMAT_FILE))?;
    syncfs(File::open(to)?)?;
    Ok(summary)
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Summary { jobs, bytes } = self;
        write!(f, "{jobs} {}, {bytes} bytes", if *jobs == 1 { "job" } else { "jobs" })
    }
}

/// The folders below the data folder that hold databases.
fn folders(data: &Path) -> Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(data).with_context(|| format!("cannot read {}", data.display()))? {
        let path = entry?.path();
        if path.join(SCHEDULER).is_file() {
            folders.push(path);
        }
    }
    Ok(folders)
}

/// Copies the databases of the objects, then that of the scheduler, so that it has an alarm for each of them; returns their bytes.
/// `correct` gets the copy of each object.
fn copy_folder(from: &Path, to: &Path, mut correct: impl FnMut(&Path) -> Result<()>) -> Result<u64> {
    let target = to.join(from.file_name().context("a folder has no name")?);
    fs::create_dir(&target)?;
    let (mut alarms, mut bytes) = (Alarms::default(), 0);
    for entry in fs::read_dir(from)? {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name()))?;
        if path.extension().is_none_or(|extension| extension != EXTENSION) || name == SCHEDULER {
            continue;
        }
        let copied = target.join(&name);
        // Databases of jobs that have expired are removed.
        if let Some(size) = copy_database(&path, &copied).with_context(|| format!("cannot copy {}", path.display()))? {
            correct(&copied)?;
            alarms.add(&copied)?;
            bytes += size;
        }
    }
    let scheduler = target.join(SCHEDULER);
    copy_database(&from.join(SCHEDULER), &scheduler)?.context("the scheduler of alarms has no database")?;
    alarms.write(&scheduler)?;
    Ok(bytes + fs::metadata(scheduler)?.len())
}

/// Copies a database; returns its size, or `None` if there is none.
fn copy_database(from: &Path, to: &Path) -> Result<Option<u64>> {
    match copy_closed(from, to) {
        Ok(Some(bytes)) => Ok(Some(bytes)),
        Ok(None) => match copy_open(from, to) {
            Err(_) if !from.exists() => {
                fs::remove_file(to).ok();
                Ok(None)
            }
            copied => copied.map(Some),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Copies the file of a database that nobody has open; `None` if somebody has, or had meanwhile.
///
/// A database that is open has a write-ahead log. The server keeps a job open for ten seconds at least, so that it cannot
/// open, change and close a database between the two looks without a change of the time of the file.
fn copy_closed(from: &Path, to: &Path) -> io::Result<Option<u64>> {
    let mut log = from.as_os_str().to_owned();
    log.push(LOG);
    let closed = || Ok::<_, io::Error>(if Path::new(&log).exists() { None } else { Some(state(&fs::metadata(from)?)) });
    let before = closed()?;
    if before.is_none() {
        return Ok(None);
    }
    let bytes = fs::copy(from, to)?;
    Ok((closed()? == before).then_some(bytes))
}

/// What changes when a file is written or replaced.
fn state(file: &Metadata) -> (u64, u64, i64, i64) {
    (file.ino(), file.size(), file.mtime(), file.mtime_nsec())
}

/// Copies a database that the server may use.
fn copy_open(from: &Path, to: &Path) -> Result<u64> {
    let source =
        Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    // The last one that closes a database locks it and empties the log. That is left to the server, which might have opened it
    // again.
    source.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    // A part of a copy as a file may be there.
    File::create(to)?;
    let mut target = Connection::open(to)?;
    // Everything is written to disk at the end.
    target.pragma_update(None, "synchronous", "off")?;
    // In one step, all pages are of one state, also if the server writes meanwhile.
    match backup::Backup::new(&source, &mut target)?.step(-1)? {
        backup::StepResult::Done => {}
        other => bail!("the database is locked ({other:?})"),
    }
    drop(target);
    Ok(fs::metadata(to)?.len())
}

/// Opens a copied database, which nobody changes, for reading.
fn open_copy(database: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    // Without `immutable`, files for locks would be made beside it.
    Connection::open_with_flags(uri(database), flags)
}

/// The URI by which SQLite opens a file that does not change.
fn uri(database: &Path) -> String {
    let path = database.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    format!("file:{path}?immutable=1")
}

#[cfg(test)]
mod tests {
    use std::{env, os::unix::fs::PermissionsExt as _};

    use rusqlite::params;

    use super::*;

    /// A data folder with the database of a scheduler, which has these alarms, and a folder for a backup.
    struct Folders {
        dir: PathBuf,
        data: PathBuf,
        to: PathBuf,
    }

    impl Folders {
        fn new(name: &str, scheduled: &[(&str, i64)]) -> Folders {
            let dir = env::temp_dir().join(format!("job-progress-{name}-{}", std::process::id()));
            let (data, to) = (dir.join("data"), dir.join("backup"));
            fs::create_dir_all(data.join("jobs")).unwrap();
            fs::write(data.join(FORMAT_FILE), "1\n").unwrap();
            let folders = Folders { dir, data, to };
            let scheduler = folders.open(SCHEDULER);
            scheduler
                .execute_batch(
                    "CREATE TABLE _cf_ALARM (actor_id TEXT PRIMARY KEY, scheduled_time INTEGER, actor_name TEXT)",
                )
                .unwrap();
            for (job, time) in scheduled {
                let row = "INSERT INTO _cf_ALARM VALUES (?, ?, ?)";
                scheduler.execute(row, params![job, time, job]).unwrap();
            }
            folders
        }

        /// Opens a database as workerd does.
        fn open(&self, file: &str) -> Connection {
            let connection = Connection::open(self.data.join("jobs").join(file)).unwrap();
            connection.pragma_update(None, "journal_mode", "wal").unwrap();
            connection
        }

        /// Opens the database of a job with this value, and an alarm if it has one.
        fn job(&self, name: &str, value: i64, alarm: Option<i64>) -> Connection {
            let job = self.open(&format!("{name}.sqlite"));
            job.execute_batch(
                "CREATE TABLE job (document, record); CREATE TABLE _cf_METADATA (key INTEGER PRIMARY KEY, value)",
            )
            .unwrap();
            let document = format!(r#"{{"current":{value},"updatedAt":"2026-01-31T10:00:00.000Z"}}"#);
            job.execute("INSERT INTO job VALUES (?, ?)", [document.as_str(), NOTIFIED]).unwrap();
            job.execute("INSERT INTO _cf_METADATA VALUES (1, ?)", [alarm]).unwrap();
            job
        }

        /// The result of a query for one number in the backup.
        fn copied(&self, file: &str, query: &str) -> i64 {
            let copy = Connection::open(self.to.join("jobs").join(file)).unwrap();
            copy.query_row(query, [], |row| row.get(0)).unwrap()
        }
    }

    impl Drop for Folders {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.dir).unwrap();
        }
    }

    const VALUE: &str = "SELECT json_extract(document, '$.current') FROM job";
    const SET: &str = "UPDATE job SET document = json_set(document, '$.current', ?)";
    /// The record of a job that has notified the index.
    const NOTIFIED: &str = r#"{"notices":{"index":{"digest":7,"seq":1,"isAcknowledged":true,"place":"1/0"}}}"#;

    #[test]
    fn what_is_committed_is_copied_from_an_open_database_and_from_a_closed_one() {
        let folders = Folders::new("backup", &[]);
        drop(folders.job("closed", 1, None));
        let open = folders.job("open", 2, None);
        // It is in the write-ahead log only.
        assert!(
            folders.data.join("jobs/open.sqlite-wal").exists() && !folders.data.join("jobs/closed.sqlite-wal").exists()
        );
        open.execute(SET, [3]).unwrap();
        let uncommitted = open.unchecked_transaction().unwrap();
        uncommitted.execute(SET, [4]).unwrap();
        let summary = copy(&folders.data, &folders.to).unwrap();
        assert_eq!((summary.jobs, summary.bytes > 0), (2, true));
        assert_eq!((folders.copied("closed.sqlite", VALUE), folders.copied("open.sqlite", VALUE)), (1, 3));
        assert!(!folders.data.join("jobs/closed.sqlite-wal").exists(), "the closed database was opened");
        assert!(!folders.to.with_file_name("backup.partial").exists());
    }

    #[test]
    fn a_backup_is_closed_to_other_users() {
        let folders = Folders::new("backup-mode", &[]);
        copy(&folders.data, &folders.to).unwrap();
        assert_eq!(fs::metadata(&folders.to).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_summary_counts_in_words() {
        let text = |jobs| Summary { jobs, bytes: 9 }.to_string();
        assert_eq!([0, 1, 2].map(text), ["0 jobs, 9 bytes", "1 job, 9 bytes", "2 jobs, 9 bytes"]);
    }

    #[test]
    fn the_scheduler_has_the_alarms_of_the_jobs_in_place_of_its_own() {
        let folders = Folders::new("backup-alarms", &[("late", 900), ("none", 5), ("gone", 6)]);
        let jobs = [("late", Some(100)), ("missing", Some(200)), ("none", None)];
        let _open = jobs.map(|(name, alarm)| folders.job(name, 1, alarm));
        copy(&folders.data, &folders.to).unwrap();
        for (job, time) in [("late", 100), ("missing", 200)] {
            let query = format!("SELECT scheduled_time FROM _cf_ALARM WHERE actor_id = '{job}'");
            assert_eq!(folders.copied(SCHEDULER, &query), time, "{job}");
        }
        assert_eq!(folders.copied(SCHEDULER, "SELECT count(*) FROM _cf_ALARM"), 2);
    }

    #[test]
    fn a_job_that_changes_during_the_backup_notifies_the_index_again() {
        let folders = Folders::new("backup-index", &[]);
        let changed = folders.job("changed", 1, Some(i64::MAX));
        changed
            .execute("UPDATE job SET document = json_set(document, '$.updatedAt', '2126-01-31T10:00:00.000Z')", [])
            .unwrap();
        drop(folders.job("before", 1, Some(i64::MAX)));
        copy(&folders.data, &folders.to).unwrap();
        for (job, is_notified_again) in [("changed", true), ("before", false)] {
            let file = format!("{job}.sqlite");
            let acknowledged = "SELECT json_extract(record, '$.notices.index.isAcknowledged') IS 1 FROM job";
            assert_eq!(folders.copied(&file, acknowledged) == 0, is_notified_again, "{job}");
            let alarm = folders.copied(&file, "SELECT value FROM _cf_METADATA WHERE key = 1");
            assert_eq!(alarm < i64::MAX, is_notified_again, "{job}");
            let scheduled = format!("SELECT scheduled_time FROM _cf_ALARM WHERE actor_id = '{job}'");
            assert_eq!(folders.copied(SCHEDULER, &scheduled), alarm);
            assert!(!folders.to.join("jobs").join(format!("{file}-wal")).exists());
        }
    }

    #[test]
    fn nothing_is_left_of_a_copy_that_fails() {
        let folders = Folders::new("backup-fails", &[]);
        let broken = folders.data.join("jobs/broken.sqlite");
        fs::write(&broken, "this is not a database, and is longer than the header of one: ".repeat(9)).unwrap();
        assert!(format!("{:#}", copy(&folders.data, &folders.to).unwrap_err()).contains("not a database"));
        assert_eq!(fs::read_dir(&folders.dir).unwrap().count(), 1);
        fs::remove_file(broken).unwrap();
        copy(&folders.data, &folders.to).unwrap();
    }

    #[test]
    fn a_backup_overwrites_nothing_and_reads_only_what_this_release_can() {
        let folders = Folders::new("backup-refusals", &[]);
        let refusal = |to: &Path| format!("{:#}", copy(&folders.data, to).unwrap_err());
        fs::create_dir(&folders.to).unwrap();
        assert!(refusal(&folders.to).contains("exists"));
        let inside = folders.data.join("backup");
        assert!(refusal(&inside).contains("outside") && !inside.exists());
        fs::write(folders.data.join(CLUSTER_FILE), "s3://jobs/a\n").unwrap();
        assert!(refusal(&folders.dir.join("other")).contains("back up the bucket"));
        fs::remove_file(folders.data.join(CLUSTER_FILE)).unwrap();
        fs::write(folders.data.join(FORMAT_FILE), "2\n").unwrap();
        assert!(refusal(&folders.dir.join("other")).contains("a newer release"));
        fs::remove_file(folders.data.join(FORMAT_FILE)).unwrap();
        assert!(refusal(&folders.dir.join("other")).contains("is not the data folder of a server"));
    }
}
