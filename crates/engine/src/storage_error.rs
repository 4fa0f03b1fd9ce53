//! Errors of the storage, which has only messages for them.

use protocol::{Problem, problem::Code};

/// The problem behind an error with this message, if the storage is full. The platform undoes the whole commit then.
///
/// ```
/// use engine::storage_error;
/// let problem = storage_error::problem("database or disk is full: SQLITE_FULL").unwrap();
/// assert_eq!(problem.code().http_status(), 507);
/// assert_eq!(storage_error::problem("no such table: job: SQLITE_ERROR"), None);
/// ```
pub fn problem(message: &str) -> Option<Problem> {
    let text = "The server's storage is full; nothing was changed. Try again later";
    message.contains("SQLITE_FULL").then(|| Problem::new(Code::InsufficientStorage, text))
}
