//! A receiver of webhooks: it records what it gets, and a test decides how it answers.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use anyhow::{Context, Result};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// A request that the receiver got.
#[derive(Clone, Debug)]
pub struct Received {
    /// When its last byte arrived.
    pub at: Instant,
    /// The path and the query.
    pub path: String,
    /// The names, in lower case, and the values.
    pub headers: HashMap<String, String>,
    /// The body.
    pub body: String,
    /// The status of the response; 0 if there is none.
    pub status: u16,
}

impl Received {
    /// The `webhook-id`.
    pub fn id(&self) -> &str {
        self.headers.get("webhook-id").map_or("", String::as_str)
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

/// What the receiver does after a request.
#[derive(Clone, Debug)]
pub enum Response {
    /// Answers with this status and these headers.
    Status(u16, Vec<(&'static str, String)>),
    /// Answers with 200 and a body without an end.
    Endless,
    /// Closes the connection without an answer.
    Reset,
    /// Keeps the connection open without an answer.
    Silence,
}

/// Decides on the response to a request; `Received::status` is not set yet.
pub type Answering = Arc<dyn Fn(&Received) -> Response + Send + Sync>;

/// A running receiver, which ends on drop.
#[derive(Debug)]
pub struct Receiver {
    /// The port on which it listens.
    pub port: u16,
    received: Arc<Mutex<Vec<Received>>>,
    task: JoinHandle<()>,
}

impl Receiver {
    /// Starts a receiver on a free port.
    pub async fn start(answering: Answering) -> Result<Receiver> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let received = Arc::default();
        let task = tokio::spawn(serve(listener, Arc::clone(&received), answering));
        Ok(Receiver { port, received, task })
    }

    /// A URL of the receiver.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.port)
    }

    /// What it got so far, in order.
    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, received: Arc<Mutex<Vec<Received>>>, answering: Answering) {
    while let Ok((socket, _)) = listener.accept().await {
        let (received, answering) = (Arc::clone(&received), Arc::clone(&answering));
        // A sender that is killed closes its connection in the middle of a request.
        tokio::spawn(async move { handle(socket, &received, &answering).await });
    }
}

/// Handles one request; the response closes the connection.
async fn handle(mut socket: TcpStream, received: &Mutex<Vec<Received>>, answering: &Answering) -> Result<()> {
    let mut request = read(&mut socket).await?;
    let response = answering(&request);
    request.status = match &response {
        Response::Status(status, _) => *status,
        Response::Endless => 200,
        Response::Reset | Response::Silence => 0,
    };
    received.lock().unwrap_or_else(PoisonError::into_inner).push(request);
    match response {
        Response::Status(status, headers) => {
            let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            let head = format!("HTTP/1.1 {status} x\r\n{headers}Content-Length: 2\r\nConnection: close\r\n\r\nok");
            socket.write_all(head.as_bytes()).await?;
        }
        Response::Endless => {
            socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n").await?;
            loop {
                socket.write_all(&[b'x'; 64 * 1024]).await?;
            }
        }
        Response::Reset => socket.set_zero_linger()?,
        Response::Silence => while socket.read(&mut [0; 1024]).await? > 0 {},
    }
    Ok(())
}

async fn read(socket: &mut TcpStream) -> Result<Received> {
    let (mut raw, mut buffer) = (Vec::new(), [0; 16 * 1024]);
    let mut whole = None;
    loop {
        if whole.is_none() {
            whole = raw.windows(4).position(|window| window == b"\r\n\r\n").map(|head| head + 4);
        }
        if let Some(body) = whole {
            let head = String::from_utf8(raw[..body].to_vec())?;
            let mut lines = head.lines();
            let path = lines.next().and_then(|line| line.split(' ').nth(1)).context("the request is not HTTP")?;
            let headers: HashMap<_, _> = lines
                .filter_map(|line| line.split_once(':'))
                .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
                .collect();
            let length: usize = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
            if raw.len() >= body + length {
                let (path, body) = (path.to_owned(), String::from_utf8(raw[body..body + length].to_vec())?);
                return Ok(Received { at: Instant::now(), path, headers, body, status: 0 });
            }
        }
        match socket.read(&mut buffer).await? {
            0 => anyhow::bail!("the sender closed the connection"),
            count => raw.extend_from_slice(&buffer[..count]),
        }
    }
}
