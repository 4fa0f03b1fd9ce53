//! The URLs of a server that readers request.

use protocol::{cursor::Cursor, include::Include};

use crate::subscription::Subscription;

/// Seconds that the server holds a long poll open: less than the 30 s after which many proxies give up.
pub const WAIT_SECONDS: u64 = 25;

/// Whether `src` can be the URL of a server: of http or https, or relative to the page, without a query and a fragment. `isSrc`
/// in `js/polling.js` is the same function; the tests of both read `cases/src.json`.
///
/// ```
/// use client::endpoints::is_src;
/// assert!(is_src("https://status.example.com/jobs") && is_src("/jobs"));
/// assert!(!is_src("localhost:8787") && !is_src("http://h/?x=1"));
/// ```
pub fn is_src(src: &str) -> bool {
    let begin = src.split('/').next().unwrap_or_default();
    let is_known = |scheme: &str| ["http", "https"].iter().any(|known| known.eq_ignore_ascii_case(scheme));
    !src.contains(['?', '#']) && begin.split_once(':').is_none_or(|(scheme, rest)| rest.is_empty() && is_known(scheme))
}

/// The URLs of one server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Endpoints {
    base: String,
}

impl Endpoints {
    /// The endpoints of the server at `src`, an absolute URL with or without a path.
    ///
    /// ```
    /// use client::endpoints::Endpoints;
    /// let endpoints = Endpoints::new("https://status.example.com/");
    /// assert_eq!(endpoints.stream(), "https://status.example.com/v2/jobs/status/stream");
    /// ```
    pub fn new(src: &str) -> Endpoints {
        Endpoints { base: [src.trim_end_matches('/'), "/v2/jobs/"].concat() }
    }

    /// The URL that answers a POST with a stream of many jobs.
    pub fn stream(&self) -> String {
        [&self.base, "status/stream"].concat()
    }

    /// The URL that answers at once: with the document, or with 304 if the newest document is the one at `cursor`.
    pub fn status(&self, subscription: &Subscription, cursor: Option<&Cursor>) -> String {
        self.wait(subscription, 0, cursor)
    }

    /// The URL that answers with the first document that differs from the one at `cursor`, or with 304 if there is none
    /// within [`WAIT_SECONDS`].
    pub fn next(&self, subscription: &Subscription, cursor: &Cursor) -> String {
        self.wait(subscription, WAIT_SECONDS, Some(cursor))
    }

    fn wait(&self, subscription: &Subscription, seconds: u64, cursor: Option<&Cursor>) -> String {
        let mut url = [&self.base, subscription.id.to_url_part().as_str(), "/status"].concat();
        let mut separator = '?';
        if subscription.include != Include::NONE {
            url.push_str("?include=");
            url.push_str(&subscription.included().collect::<Vec<_>>().join(","));
            separator = '&';
        }
        if let Some(cursor) = cursor {
            url.push(separator);
            url.push_str(&["wait=", &seconds.to_string(), "&cursor=", &cursor.text()].concat());
        }
        url
    }
}

#[cfg(test)]
mod tests {
    use protocol::id::JobId;
    use serde_json::Value;

    use super::*;

    fn subscription(id: &str, include: u8) -> Subscription {
        Subscription::new(JobId::parse(id).unwrap(), None, Include::from_bits(include))
    }

    #[test]
    fn a_src_is_an_absolute_url_of_http_or_a_path_without_query_and_fragment() {
        let cases: Vec<Value> = serde_json::from_str(include_str!("../cases/src.json")).unwrap();
        assert!(!cases.is_empty());
        for case in cases {
            assert_eq!(Some(is_src(case["src"].as_str().unwrap())), case["expect"].as_bool(), "{case}");
        }
    }

    #[test]
    fn the_url_of_a_poll_names_the_job_its_include_and_the_cursor() {
        let endpoints = Endpoints::new("http://h");
        let cursor = Cursor::new("k3v9a0", 7);
        let plain = subscription("app:req-1", 0);
        assert_eq!(endpoints.status(&plain, None), "http://h/v2/jobs/app%3Areq-1/status");
        assert_eq!(
            endpoints.status(&plain, Some(&cursor)),
            "http://h/v2/jobs/app%3Areq-1/status?wait=0&cursor=k3v9a0.7"
        );
        assert_eq!(endpoints.status(&subscription("j", 3), None), "http://h/v2/jobs/j/status?include=logs,metrics");
        assert_eq!(
            endpoints.next(&subscription("j", 4), &cursor),
            "http://h/v2/jobs/j/status?include=resources&wait=25&cursor=k3v9a0.7"
        );
    }
}
