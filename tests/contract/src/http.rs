//! Requests and their answers; an error status is an answer too.

use std::{fmt, sync::OnceLock, time::Duration};

use serde_json::Value;
use ureq::{Agent, http};

use crate::target::Target;

/// The longest time to an answer; a `wait` of the API takes up to a minute.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(75);

/// A request to the server under test.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The method, in capitals.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Names and values; `authorization` among them when there is a credential.
    pub headers: Vec<(String, String)>,
    /// The bytes of the body, if there is one.
    pub body: Option<Vec<u8>>,
    /// The server, if not the target of all tests: `http://host:port`.
    pub base_url: Option<String>,
}

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body; bytes that are not UTF-8 are replaced.
    pub text: String,
}

impl Request {
    /// A request with the key that has every permission.
    pub fn new(method: &str, path: impl Into<String>) -> Request {
        Request { method: method.to_owned(), path: path.into(), ..Request::default() }.bearer(&Target::get().key)
    }

    /// A `GET` with the key that has every permission.
    pub fn get(path: impl Into<String>) -> Request {
        Request::new("GET", path)
    }

    /// A `POST` of JSON with the key that has every permission.
    pub fn post(path: impl Into<String>, body: &Value) -> Request {
        Request::new("POST", path).json(body)
    }

    /// The same request with this header; it replaces an earlier one of that name.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Request {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The same request with this credential.
    #[must_use]
    pub fn bearer(self, credential: &str) -> Request {
        self.header("authorization", format!("Bearer {credential}"))
    }

    /// The same request without a credential.
    #[must_use]
    pub fn anonymous(mut self) -> Request {
        self.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("authorization"));
        self
    }

    /// The same request with a JSON body.
    #[must_use]
    pub fn json(mut self, body: &Value) -> Request {
        self.body = Some(body.to_string().into_bytes());
        self.header("content-type", "application/json")
    }

    /// The same request to another server.
    #[must_use]
    pub fn to(mut self, base_url: &str) -> Request {
        self.base_url = Some(base_url.to_owned());
        self
    }

    /// The server that the request is sent to.
    pub fn base_url(&self) -> &str {
        self.base_url.as_deref().unwrap_or_else(|| &Target::get().base_url)
    }

    /// Sends it and reads the answer.
    ///
    /// # Panics
    ///
    /// When there is no answer.
    pub fn send(&self) -> Answer {
        match self.try_send() {
            Ok(answer) => answer,
            Err(error) => panic!("{self}: {error}"),
        }
    }

    fn try_send(&self) -> Result<Answer, ureq::Error> {
        static AGENT: OnceLock<Agent> = OnceLock::new();
        let agent = AGENT.get_or_init(|| {
            // No connection is used twice: one that the server has closed in the meantime would fail a test by chance.
            let config = Agent::config_builder()
                .http_status_as_error(false)
                .allow_non_standard_methods(true)
                .max_redirects(0)
                .max_idle_connections(0)
                .timeout_global(Some(RESPONSE_TIMEOUT))
                .build();
            config.into()
        });
        let uri = format!("{}{}", self.base_url(), self.path);
        let mut request = http::Request::builder().method(self.method.as_str()).uri(uri);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let mut response = match &self.body {
            Some(body) => agent.run(request.body(body.as_slice())?)?,
            None => agent.run(request.body(())?)?,
        };
        let headers = response.headers().iter();
        let headers = headers
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
        let headers = headers.collect();
        let body = response.body_mut().read_to_vec()?;
        Ok(Answer { status: response.status().as_u16(), headers, text: String::from_utf8_lossy(&body).into_owned() })
    }
}

impl Answer {
    /// The value of a header, several of one name joined by commas.
    pub fn header(&self, name: &str) -> Option<String> {
        let values: Vec<_> =
            self.headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    /// The body as JSON, null when it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// The body as JSON, after a check of the status.
    ///
    /// # Panics
    ///
    /// When the answer has another status.
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self}");
        self.json()
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)?;
        match self.body.as_deref().map(String::from_utf8_lossy) {
            Some(body) => write!(f, " {}", body.chars().take(400).collect::<String>()),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.text.chars().take(2_000).collect::<String>())
    }
}
