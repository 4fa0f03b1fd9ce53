//! The number of files that a server may have open.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// A job holds three files open while it is in memory: its SQLite database with journal and lock. A fourth for each job is
/// left to connections.
const FILES_PER_JOB: u64 = 4;

/// A limit below this is worth a warning: it allows some 1,000 jobs that change within the same ten seconds.
const ENOUGH: u64 = 4_096;

/// The variable of the worker with the number of jobs that may be in memory.
const VARIABLE: &str = "JOB_PROGRESS_MAX_OBJECTS";

/// The limit of open files that a server inherits.
#[derive(Clone, Copy, Debug)]
pub struct OpenFiles(u64);

impl OpenFiles {
    /// Raises the soft limit to the hard one. Linux's usual soft limit of 1,024 would end workerd (`accept(): Too many open
    /// files`) with the 333rd job in memory. `None` if the system does not say a limit.
    pub fn raise() -> Option<OpenFiles> {
        let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
        Some(OpenFiles(match setrlimit(Resource::RLIMIT_NOFILE, hard, hard) {
            Ok(()) => hard,
            Err(_) => soft,
        }))
    }

    /// The number of jobs that may be in memory at a time.
    fn jobs(self) -> u64 {
        self.0 / FILES_PER_JOB
    }

    /// The variable by which the worker refuses one job more.
    pub fn variable(self) -> (String, String) {
        (VARIABLE.to_owned(), self.jobs().to_string())
    }

    /// A warning if the limit is low.
    pub fn warning(self) -> Option<String> {
        let (limit, jobs) = (self.0, self.jobs());
        (limit < ENOUGH).then(|| {
            format!(
                "at most {limit} files may be open, so at most {jobs} jobs can be in memory at a time, and requests to others \
                 are refused with 503; raise the hard limit (`ulimit -Hn`)"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_raised_and_a_low_one_is_reported() {
        OpenFiles::raise().unwrap();
        let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        assert!(soft == hard || soft >= ENOUGH, "{soft} of {hard}");
        assert_eq!(OpenFiles(ENOUGH).warning(), None);
        assert!(OpenFiles(1_024).warning().unwrap().contains("256 jobs"));
    }
}
