//! Follows jobs until they end, on one connection.

use std::time::{Duration, Instant};

use client::{
    JobKey, Subscription,
    native::{Reader, Update},
};
use protocol::{Timestamp, id::JobId, include::Include};

use crate::{failure::Failure, settings::Server};

/// How long a server that has never given a response is tried: long enough for one that restarts, and not for ever, because
/// the URL may be wrong.
const FIRST_RESPONSE_TIMEOUT: Duration = Duration::from_secs(30);

/// The updates of some jobs of a server.
#[derive(Debug)]
pub(crate) struct Follower {
    reader: Reader,
    keys: Vec<JobKey>,
    /// Why there is no response.
    problem: String,
    gives_up_at: Instant,
}

impl Follower {
    /// Begins to follow `jobs`, which are distinct and not more than a connection can follow.
    pub(crate) fn new(server: &Server, jobs: &[JobId], include: Include) -> Follower {
        let mut reader = Reader::new(&server.url, Some(server.credential.expose().to_owned()));
        let join = |id: &JobId| reader.join(Subscription::new(id.clone(), None, include));
        let keys = jobs.iter().filter_map(join).collect();
        let now = Instant::now();
        Follower {
            reader,
            keys,
            problem: format!("{} gives no response", server.url),
            gives_up_at: now.checked_add(FIRST_RESPONSE_TIMEOUT).unwrap_or(now),
        }
    }

    /// Waits for the next update until `deadline`; with the index of the job.
    ///
    /// # Errors
    ///
    /// The server has never given a response.
    pub(crate) fn next(&mut self, deadline: Instant) -> Result<Option<(usize, Update)>, Failure> {
        let never_responded = !self.reader.has_response();
        let deadline = if never_responded { deadline.min(self.gives_up_at) } else { deadline };
        let update = self.reader.next(deadline);
        if let Some((_, Update::Problem(problem))) = &update {
            self.problem.clone_from(&problem.message);
        }
        if !self.reader.has_response() && Instant::now() >= self.gives_up_at {
            return Err(Failure::NoResponse(self.problem.clone()));
        }
        Ok(update.and_then(|(key, update)| Some((self.keys.iter().position(|known| *known == key)?, update))))
    }

    /// The time by the server's clock.
    pub(crate) fn server_time(&self) -> Timestamp {
        self.reader.server_time()
    }
}
