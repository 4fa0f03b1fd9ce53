//! A server: where its jobs are asked for.

use protocol::{cursor::Cursor, include::Include};

use crate::job::Job;

/// Seconds a long poll is left open; under the 30 s after which many proxies give up.
pub const WAIT_SECONDS: u64 = 25;

/// The address of a server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Server {
    base: String,
}

impl Server {
    /// The server at `src`, an absolute URL with or without a path.
    ///
    /// ```
    /// use client::server::Server;
    /// let server = Server::at("https://status.example.com/");
    /// assert_eq!(server.streams(), "https://status.example.com/v2/jobs/status/stream");
    /// ```
    pub fn at(src: &str) -> Server {
        Server { base: [src.trim_end_matches('/'), "/v2/jobs/"].concat() }
    }

    /// Where streams are asked for.
    pub fn streams(&self) -> String {
        [&self.base, "status/stream"].concat()
    }

    /// The document, at once, or not at all if it is the one at `cursor`.
    pub fn status(&self, job: &Job, cursor: Option<&Cursor>) -> String {
        self.wait(job, 0, cursor)
    }

    /// The first document other than the one at `cursor`, in [`WAIT_SECONDS`] or not at all.
    pub fn next(&self, job: &Job, cursor: &Cursor) -> String {
        self.wait(job, WAIT_SECONDS, Some(cursor))
    }

    fn wait(&self, job: &Job, seconds: u64, cursor: Option<&Cursor>) -> String {
        // No character of a legal id has a meaning of its own in a path.
        let mut url = [&self.base, job.id.as_str(), "/status"].concat();
        let mut separator = '?';
        if job.include != Include::NONE {
            url.push_str("?include=");
            url.push_str(&job.included().collect::<Vec<_>>().join(","));
            separator = '&';
        }
        if let Some(cursor) = cursor {
            url.push(separator);
            url.push_str(&["wait=", &seconds.to_string(), "&cursor=", &cursor.to_string()].concat());
        }
        url
    }
}

#[cfg(test)]
mod tests {
    use protocol::id::JobId;

    use super::*;

    fn job(id: &str, include: u8) -> Job {
        Job::new(JobId::parse(id).unwrap(), None, Include::from_bits(include))
    }

    #[test]
    fn polls_name_the_job_and_the_place_of_the_reader() {
        let server = Server::at("http://h");
        let cursor = Cursor::new("k3v9a0", 7);
        let plain = job("app:req-1", 0);
        assert_eq!(server.status(&plain, None), "http://h/v2/jobs/app:req-1/status");
        assert_eq!(server.status(&plain, Some(&cursor)), "http://h/v2/jobs/app:req-1/status?wait=0&cursor=k3v9a0.7");
        assert_eq!(server.status(&job("j", 3), None), "http://h/v2/jobs/j/status?include=logs,metrics");
        assert_eq!(
            server.next(&job("j", 4), &cursor),
            "http://h/v2/jobs/j/status?include=resources&wait=25&cursor=k3v9a0.7"
        );
    }
}
