//! The number of files that a server may have open.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Files that a job holds open while it is in memory: its SQLite database with journal and lock.
const FILES_PER_JOB: u64 = 3;

/// A limit below this is worth a warning: it allows some 1,300 jobs that change within the same ten seconds.
const ENOUGH: u64 = 4_096;

/// Raises the soft limit of open files to the hard one, which the server inherits. Linux's usual soft limit of 1,024 ends
/// workerd (`accept(): Too many open files`) with the 333rd job in memory.
///
/// Returns a warning where the limit stays low.
pub(crate) fn raise_limit() -> Option<String> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    let limit = match setrlimit(Resource::RLIMIT_NOFILE, hard, hard) {
        Ok(()) => hard,
        Err(_) => soft,
    };
    warning(limit)
}

fn warning(limit: u64) -> Option<String> {
    let jobs = limit / FILES_PER_JOB;
    (limit < ENOUGH).then(|| {
        format!(
            "at most {limit} files may be open, so at most {jobs} jobs can be in memory at a time; raise the hard limit (`ulimit -Hn`)"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_raised_and_a_low_one_is_reported() {
        raise_limit();
        let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        assert!(soft == hard || soft >= ENOUGH, "{soft} of {hard}");
        assert_eq!(warning(ENOUGH), None);
        assert!(warning(1_024).unwrap().contains("341 jobs"));
    }
}
