//! The address of a job: where a reader asks.

use protocol::{cursor::Cursor, include::Include};

/// Seconds a long poll is left open; under the 30 s after which many proxies give up.
pub const WAIT_SECONDS: u64 = 25;

/// A job on a server, and what a reader wants of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    base: String,
    include: Include,
}

impl Address {
    /// The job `job` on the server at `src`, an absolute URL with or without a path.
    ///
    /// ```
    /// use client::address::Address;
    /// use protocol::include::Include;
    /// let address = Address::new("https://status.example.com/", "a/b", Include::from_bits(3));
    /// assert_eq!(address.stream(), "https://status.example.com/v2/jobs/a%2Fb/status/stream?include=logs,metrics");
    /// ```
    pub fn new(src: &str, job: &str, include: Include) -> Address {
        let mut base = src.trim_end_matches('/').to_owned();
        base.push_str("/v2/jobs/");
        push_escaped(&mut base, job);
        base.push_str("/status");
        Address { base, include }
    }

    /// The stream. Its place is named by a header, so that a browser asks once for the permission to send it.
    pub fn stream(&self) -> String {
        self.url("/stream", "")
    }

    /// The document, at once, or not at all if it is the one at `cursor`.
    pub fn status(&self, cursor: Option<&Cursor>) -> String {
        self.wait(0, cursor)
    }

    /// The first document other than the one at `cursor`, in [`WAIT_SECONDS`] or not at all.
    pub fn next(&self, cursor: &Cursor) -> String {
        self.wait(WAIT_SECONDS, Some(cursor))
    }

    fn wait(&self, seconds: u64, cursor: Option<&Cursor>) -> String {
        match cursor {
            Some(cursor) => self.url("", &["wait=", &seconds.to_string(), "&cursor=", &cursor.to_string()].concat()),
            None => self.url("", ""),
        }
    }

    fn url(&self, path: &str, query: &str) -> String {
        let mut url = [&self.base, path].concat();
        let mut separator = '?';
        if self.include != Include::NONE {
            url.push_str("?include=");
            let wanted = [self.include.logs(), self.include.metrics(), self.include.resources()];
            let names = Include::NAMES.into_iter().zip(wanted).filter_map(|(name, wanted)| wanted.then_some(name));
            url.push_str(&names.collect::<Vec<_>>().join(","));
            separator = '&';
        }
        if !query.is_empty() {
            url.push(separator);
            url.push_str(query);
        }
        url
    }
}

/// Appends a path segment; all but RFC 3986's unreserved characters and the `:` of paired ids is escaped.
fn push_escaped(url: &mut String, segment: &str) {
    for byte in segment.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte) {
            url.push(char::from(byte));
        } else {
            let digit =
                |value: u8| char::from_digit(u32::from(value), 16).map_or('0', |digit| digit.to_ascii_uppercase());
            url.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_job_id_leaves_its_place_in_the_path() {
        let address = |job| Address::new("http://h", job, Include::NONE).stream();
        assert_eq!(address("app:req-1"), "http://h/v2/jobs/app:req-1/status/stream");
        assert_eq!(address("a/../?b#c%"), "http://h/v2/jobs/a%2F..%2F%3Fb%23c%25/status/stream");
        assert_eq!(address("é"), "http://h/v2/jobs/%C3%A9/status/stream");
    }

    #[test]
    fn polls_name_the_place_of_the_reader() {
        let cursor = Cursor::new("k3v9a0", 7);
        let plain = Address::new("http://h", "j", Include::NONE);
        assert_eq!(plain.status(None), "http://h/v2/jobs/j/status");
        assert_eq!(plain.status(Some(&cursor)), "http://h/v2/jobs/j/status?wait=0&cursor=k3v9a0.7");
        let rich = Address::new("http://h", "j", Include::from_bits(4));
        assert_eq!(rich.next(&cursor), "http://h/v2/jobs/j/status?include=resources&wait=25&cursor=k3v9a0.7");
    }
}
