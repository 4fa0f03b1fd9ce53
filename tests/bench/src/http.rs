//! HTTP over one connection: a head, and a body that may be a stream. No more than the benches need, and nothing hidden.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::body::{Body, Length};

/// What is asked of a server.
#[derive(Clone, Debug)]
pub struct Request {
    bytes: Vec<u8>,
}

impl Request {
    /// A request with the credential.
    pub fn new(method: &str, path: &str, key: &str, headers: &[(&str, &str)], body: &[u8]) -> Request {
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {key}\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
        Request { bytes: [head.as_bytes(), body].concat() }
    }

    /// The request as it goes over the wire.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// The head of an answer.
#[derive(Clone, Debug)]
pub struct Head {
    /// The HTTP status.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
}

impl Head {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Status and headers.
    pub head: Head,
    /// The body as text.
    pub text: String,
}

impl Answer {
    /// The body as JSON, null where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// The answer, if it is a success.
    pub fn success(self) -> Result<Answer> {
        if self.head.status >= 300 {
            bail!("{} {}", self.head.status, self.text);
        }
        Ok(self)
    }
}

/// A connection that is used for one request after the other.
#[derive(Debug)]
pub struct Connection {
    socket: TcpStream,
}

impl Connection {
    /// Connects.
    pub async fn open(port: u16) -> Result<Connection> {
        let socket = TcpStream::connect(("127.0.0.1", port)).await.context("nobody listens")?;
        socket.set_nodelay(true)?;
        Ok(Connection { socket })
    }

    /// Speaks over a socket of the caller's making.
    pub fn over(socket: TcpStream) -> Connection {
        Connection { socket }
    }

    /// Sends a request and reads the whole answer.
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
                0 => bail!("the answer was cut"),
                count => body.feed(&buffer[..count]),
            }
        }
        Ok(Answer { head, text: String::from_utf8(text)? })
    }

    /// Sends a request and reads the head of the answer.
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
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).context("no HTTP")?;
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

    /// The socket itself.
    pub fn socket(&mut self) -> &mut TcpStream {
        &mut self.socket
    }
}

/// Reports to a job over a connection of its own each time there is none.
#[derive(Debug)]
pub struct Producer {
    port: u16,
    key: String,
    path: String,
    /// An open connection, and when it was last used.
    connection: Option<(Connection, Instant)>,
}

/// How long a connection may rest; the runtime closes one after five seconds.
const REST: Duration = Duration::from_secs(2);

impl Producer {
    /// A producer of that job.
    pub fn new(port: u16, key: &str, job: &str) -> Producer {
        let path = format!("/v2/jobs/{job}/reports?create=true");
        Producer { port, key: key.to_owned(), path, connection: None }
    }

    /// Reports and reads the answer, whatever its status; an error means that nobody knows whether it was heard.
    pub async fn report(&mut self, report: &Value) -> Result<Answer> {
        let request = Request::new("POST", &self.path, &self.key, &[], report.to_string().as_bytes());
        let mut connection = match self.connection.take() {
            Some((connection, used)) if used.elapsed() < REST => connection,
            _ => Connection::open(self.port).await?,
        };
        let answer = connection.ask(&request).await?;
        self.connection = Some((connection, Instant::now()));
        Ok(answer)
    }
}

/// Asks for one thing over a connection of its own.
pub async fn get(port: u16, key: &str, path: &str) -> Result<Answer> {
    Connection::open(port).await?.ask(&Request::new("GET", path, key, &[], b"")).await
}
