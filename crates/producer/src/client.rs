//! The client: the server and the credential.

use std::fmt;

use crate::{builder::JobBuilder, http::Server};

/// The environment variable with the URL of the server.
const URL: &str = "JOB_PROGRESS_URL";
/// The environment variable with the key.
const KEY: &str = "JOB_PROGRESS_KEY";

/// A job-progress server and the key for it. It is cheap to clone; all clones share their connections.
///
/// ```no_run
/// # fn main() -> Result<(), job_progress::SettingsError> {
/// let client = job_progress::Client::new("https://status.example.com", "jp_…")?;
/// let job = client.job("import-42").total(100).start();
/// job.update(1, 100);
/// job.complete();
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    server: Server,
}

impl Client {
    /// A client of the server at `base_url`, with a key or a token that has the permission `jobs:write`.
    ///
    /// # Errors
    ///
    /// If `base_url` does not begin with `http://` or `https://` or has a user, `?` or `#`, or if `key` is not one word.
    ///
    /// ```
    /// use job_progress::Client;
    ///
    /// assert!(Client::new("https://status.example.com/jobs/", "jp_key").is_ok());
    /// assert!(Client::new("status.example.com", "jp_key").is_err());
    /// ```
    pub fn new(base_url: &str, key: &str) -> Result<Client, SettingsError> {
        let rest = ["http://", "https://"].into_iter().find_map(|scheme| base_url.strip_prefix(scheme));
        let authority = rest.and_then(|rest| rest.split('/').next()).unwrap_or_default();
        let is_url = !authority.is_empty() && !authority.contains('@') && !base_url.contains(['?', '#', ' ']);
        if !is_url {
            return Err(SettingsError::Url);
        }
        if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(SettingsError::Key);
        }
        Ok(Client { server: Server::new(base_url.trim_end_matches('/'), key) })
    }

    /// A client with the URL in the environment variable `JOB_PROGRESS_URL` and the key in `JOB_PROGRESS_KEY`.
    ///
    /// # Errors
    ///
    /// If one of the two is not set, or as [`Client::new`].
    pub fn from_env() -> Result<Client, SettingsError> {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let base_url = variable(URL).ok_or(SettingsError::Missing(URL))?;
        let key = variable(KEY).ok_or(SettingsError::Missing(KEY))?;
        Client::new(base_url.trim(), key.trim())
    }

    /// A run of the job with this id. The job is created when the run starts; a job of this id that has ended is replaced.
    pub fn job(&self, id: impl Into<String>) -> JobBuilder {
        JobBuilder::run_of(self.server.clone(), id.into())
    }

    /// A producer of a job that another program has created and ends, such as one worker of several.
    ///
    /// ```no_run
    /// # let client = job_progress::Client::from_env().unwrap();
    /// let worker = client.producer("import-42").start();
    /// worker.increment(1);
    /// ```
    pub fn producer(&self, id: impl Into<String>) -> JobBuilder {
        JobBuilder::producer_of(self.server.clone(), id.into())
    }
}

/// Why a client cannot be made. `Debug` is the same sentence as `Display`, because a `main` that returns the error shows it so.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SettingsError {
    /// This environment variable is not set.
    Missing(&'static str),
    /// The URL is not that of a server.
    Url,
    /// The key is not one word.
    Key,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SettingsError::Missing(name) => write!(f, "the environment variable {name} is not set"),
            SettingsError::Url => f.write_str(
                "the URL of the server must begin with http:// or https:// and have no user, space, `?` and `#`",
            ),
            SettingsError::Key => f.write_str("the key must be one word of printable ASCII characters"),
        }
    }
}

impl fmt::Debug for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for SettingsError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_main_that_returns_the_error_shows_a_sentence() {
        let error: Box<dyn std::error::Error> = SettingsError::Missing(KEY).into();
        assert_eq!(format!("Error: {error:?}"), "Error: the environment variable JOB_PROGRESS_KEY is not set");
    }
}
