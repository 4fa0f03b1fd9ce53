//! Errors of the storage, which has only messages for them.

use protocol::{Problem, problem::Code};

/// What a message says if the storage is full, or if it cannot be written: disks that fail are often made read-only. The
/// platform undoes the whole commit then.
const CAUSES: [(&str, &str); 3] = [
    ("SQLITE_FULL", "The server's storage is full; nothing was changed. Try again later"),
    ("SQLITE_READONLY", "The server's storage is read-only; nothing was changed. Try again later"),
    ("SQLITE_IOERR_WRITE", "The server's storage cannot be written; nothing was changed. Try again later"),
];

/// The problem behind an error with this message, if the storage is full or cannot be written.
///
/// ```
/// use engine::storage_error;
/// let problem = storage_error::problem("database or disk is full: SQLITE_FULL").unwrap();
/// assert_eq!(problem.code().http_status(), 507);
/// let problem = storage_error::problem("attempt to write a readonly database: SQLITE_READONLY").unwrap();
/// assert!(problem.message().contains("read-only"));
/// let problem = storage_error::problem("disk I/O error: SQLITE_IOERR_WRITE").unwrap();
/// assert!(problem.message().contains("cannot be written"));
/// assert_eq!(storage_error::problem("no such table: job: SQLITE_ERROR"), None);
/// ```
pub fn problem(message: &str) -> Option<Problem> {
    let (_, text) = CAUSES.iter().find(|(name, _)| message.contains(name))?;
    Some(Problem::new(Code::InsufficientStorage, *text))
}
