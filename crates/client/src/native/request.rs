//! A request: a thread that sends it, and passes the parts of the response on as events.

use std::{
    io::{self, Read as _},
    sync::mpsc::SyncSender,
    thread,
    time::{Duration, UNIX_EPOCH},
};

use ureq::{Agent, http};

use crate::connection::{Request, RequestId, ResponseHead};

/// How long the resolution of a name, a connection and the sending of a request may take. All other limits are those of
/// the state machine, which aborts the request.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes that are read at a time.
const CHUNK_BYTES: usize = 16 * 1024;

/// What has happened to a request.
#[derive(Debug)]
pub(super) enum Event {
    /// The head of the response has arrived.
    Head(ResponseHead),
    /// Bytes of the body have arrived.
    Bytes(Vec<u8>),
    /// The response is complete.
    Closed,
    /// The request failed, or the response was cut; with the reason, which contains no credential.
    Failed(String),
}

/// The events of all requests of a reader. It is bounded: while the program does not read them, the threads wait, the
/// connections fill, and the server sends only the newest documents.
pub(super) type Events = SyncSender<(RequestId, Event)>;

/// A request that is open.
#[derive(Debug)]
pub(super) struct OpenRequest(Agent);

impl OpenRequest {
    /// Sends a request in a thread of its own. `credential` is used if the request has no token.
    ///
    /// # Errors
    ///
    /// When no thread can be started.
    pub(super) fn send(request: Request, credential: Option<String>, events: Events) -> io::Result<OpenRequest> {
        // An agent for each request, because only an agent as a whole can be shut down.
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_resolve(Some(CONNECT_TIMEOUT))
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_send_request(Some(CONNECT_TIMEOUT))
            .timeout_send_body(Some(CONNECT_TIMEOUT))
            .user_agent(concat!("job-progress-client/", env!("CARGO_PKG_VERSION")))
            .build();
        let agent = Agent::from(config);
        let open = OpenRequest(agent.clone());
        let run = move || {
            let id = request.id;
            // The reader may have been dropped; nothing waits for the event then.
            let _ = match run(&agent, request, credential, &events) {
                Ok(()) => events.send((id, Event::Closed)),
                Err(error) => events.send((id, Event::Failed(error.to_string()))),
            };
        };
        thread::Builder::new().name("job-progress".to_owned()).spawn(run)?;
        Ok(open)
    }

    /// Closes the connection. The thread ends soon; what it still passes on is of no use.
    pub(super) fn abort(self) {
        self.0.shutdown();
    }
}

fn run(agent: &Agent, request: Request, credential: Option<String>, events: &Events) -> Result<(), ureq::Error> {
    let mut builder = http::Request::builder().uri(&request.url);
    if let Some(credential) = request.token.or(credential) {
        builder = builder.header("Authorization", format!("Bearer {credential}"));
    }
    let response = match request.body {
        Some(body) => {
            let builder = builder.method("POST").header("Content-Type", "application/json");
            agent.run(builder.header("Accept", "text/event-stream").body(body)?)?
        }
        None => agent.run(builder.header("Accept", "application/json").body(())?)?,
    };
    if events.send((request.id, Event::Head(head(&response)))).is_err() {
        return Ok(());
    }
    let mut body = response.into_body().into_reader();
    let mut buffer = vec![0; CHUNK_BYTES];
    loop {
        let count = body.read(&mut buffer)?;
        let Some(bytes) = buffer.get(..count).filter(|bytes| !bytes.is_empty()) else { return Ok(()) };
        if events.send((request.id, Event::Bytes(bytes.to_vec()))).is_err() {
            return Ok(());
        }
    }
}

fn head<B>(response: &http::Response<B>) -> ResponseHead {
    let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    let date = header("Date").and_then(|date| httpdate::parse_http_date(date).ok()?.duration_since(UNIX_EPOCH).ok());
    ResponseHead {
        status: response.status().as_u16(),
        is_stream: header("Content-Type").is_some_and(|media_type| media_type.starts_with("text/event-stream")),
        retry_after: header("Retry-After").and_then(|seconds| seconds.trim().parse().ok()),
        date: date.and_then(|date| u64::try_from(date.as_millis()).ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head_of(headers: &[(&str, &str)]) -> ResponseHead {
        let mut response = http::Response::builder().status(200);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        head(&response.body(()).unwrap())
    }

    #[test]
    fn the_head_has_what_the_state_machine_needs() {
        let headers = [
            ("Content-Type", "text/event-stream; charset=utf-8"),
            ("Date", "Thu, 15 Jan 2026 14:30:00 GMT"),
            ("Retry-After", "7"),
        ];
        let wanted = ResponseHead { status: 200, is_stream: true, retry_after: Some(7), date: Some(1_768_487_400_000) };
        assert_eq!(head_of(&headers), wanted);
    }

    #[test]
    fn headers_that_cannot_be_read_are_as_good_as_absent() {
        let headers = [("Content-Type", "text/html"), ("Date", "yesterday"), ("Retry-After", "soon")];
        assert_eq!(head_of(&headers), ResponseHead { status: 200, ..ResponseHead::default() });
    }
}
