//! HTTP/1.1 over one connection: a head, and a body that may be a stream. It does no more than the benchmarks need, and
//! hides neither the socket nor its buffers from them.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::body::{Body, Length};

/// A request, ready to be sent.
#[derive(Clone, Debug)]
pub struct Request {
    bytes: Vec<u8>,
}

impl Request {
    /// A request with the key or token as its credential.
    pub fn new(method: &str, path: &str, key: &str, headers: &[(&str, &str)], body: &[u8]) -> Request {
        let authorization = format!("Bearer {key}");
        Request::anonymous(method, path, &[&[("Authorization", &*authorization)], headers].concat(), body)
    }

    /// A request without a credential.
    pub fn anonymous(method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Request {
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: bench\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
        Request { bytes: [head.as_bytes(), body].concat() }
    }

    /// The bytes that are sent.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// The head of a response.
#[derive(Clone, Debug)]
pub struct Head {
    /// The HTTP status.
    pub status: u16,
    /// The names, in lower case, and the values.
    pub headers: Vec<(String, String)>,
}

impl Head {
    /// The value of a header, whose name is given in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// A response, read to its end.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Status and headers.
    pub head: Head,
    /// The body as text.
    pub text: String,
}

impl Answer {
    /// The body as JSON; null if it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// The response if its status is below 300, else an error.
    pub fn success(self) -> Result<Answer> {
        if self.head.status >= 300 {
            bail!("{} {}", self.head.status, self.text);
        }
        Ok(self)
    }
}

/// A connection that sends one request after the other.
#[derive(Debug)]
pub struct Connection {
    socket: TcpStream,
}

impl Connection {
    /// Connects to a port of this machine.
    pub async fn open(port: u16) -> Result<Connection> {
        let socket = TcpStream::connect(("127.0.0.1", port)).await.context("cannot connect")?;
        socket.set_nodelay(true)?;
        Ok(Connection { socket })
    }

    /// Uses an existing socket.
    pub fn over(socket: TcpStream) -> Connection {
        Connection { socket }
    }

    /// Sends a request and reads the whole response.
    pub async fn ask(&mut self, request: &Request) -> Result<Answer> {
        let (head, mut body) = self.begin(request).await?;
        let mut text = Vec::new();
        let mut buffer = [0; 16 * 1024];
        loop {
            body.drain(|bytes| text.extend_from_slice(bytes))?;
            if body.is_over() {
                break;
            }
            match self.socket.read(&mut buffer).await? {
                0 => bail!("the connection was closed in the middle of a response"),
                count => body.feed(&buffer[..count]),
            }
        }
        Ok(Answer { head, text: String::from_utf8(text)? })
    }

    /// Sends a request and reads the head of the response.
    pub async fn begin(&mut self, request: &Request) -> Result<(Head, Body)> {
        self.socket.write_all(&request.bytes).await?;
        let mut raw = Vec::new();
        let mut buffer = [0; 4 * 1024];
        let end = loop {
            if let Some(end) = raw.windows(4).position(|window| window == b"\r\n\r\n") {
                break end;
            }
            match self.socket.read(&mut buffer).await? {
                0 => bail!("the server closed the connection"),
                count => raw.extend_from_slice(&buffer[..count]),
            }
        };
        let text = std::str::from_utf8(&raw[..end])?;
        let mut lines = text.split("\r\n");
        let status =
            lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).context("the response is not HTTP")?;
        let headers = lines.filter_map(|line| line.split_once(':'));
        let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
        let head = Head { status, headers };
        let length = match (head.header("transfer-encoding"), head.header("content-length")) {
            _ if status == 204 || status == 304 => Length::Known(0),
            (Some("chunked"), _) => Length::Chunked,
            (_, Some(length)) => Length::Known(length.parse()?),
            (_, None) => Length::Open,
        };
        Ok((head, Body::new(length, raw.split_off(end + 4))))
    }

    /// The socket below.
    pub fn socket(&mut self) -> &mut TcpStream {
        &mut self.socket
    }
}

/// Reports to a job over one connection, and opens a new one when that has been idle for long or has failed.
#[derive(Debug)]
pub struct Producer {
    port: u16,
    key: String,
    path: String,
    /// An open connection, and when it was last used.
    connection: Option<(Connection, Instant)>,
}

/// How long a connection may be idle and still be used; the runtime closes it after five seconds.
const MOST_IDLE: Duration = Duration::from_secs(2);

impl Producer {
    /// A producer of a job, which its first report creates.
    pub fn new(port: u16, key: &str, job: &str) -> Producer {
        let path = format!("/v2/jobs/{job}/reports?create=true");
        Producer { port, key: key.to_owned(), path, connection: None }
    }

    /// Reports and reads the response of any status; after an error it is unknown whether the report was committed.
    pub async fn report(&mut self, report: &Value) -> Result<Answer> {
        let request = Request::new("POST", &self.path, &self.key, &[], report.to_string().as_bytes());
        let mut connection = match self.connection.take() {
            Some((connection, used)) if used.elapsed() < MOST_IDLE => connection,
            _ => Connection::open(self.port).await?,
        };
        let answer = connection.ask(&request).await?;
        self.connection = Some((connection, Instant::now()));
        Ok(answer)
    }
}

/// Sends one GET request over a connection of its own.
pub async fn get(port: u16, key: &str, path: &str) -> Result<Answer> {
    Connection::open(port).await?.ask(&Request::new("GET", path, key, &[], b"")).await
}
