//! A stream of server-sent events, read from a socket: head, chunks and frames, each with a deadline.

use std::{
    collections::VecDeque,
    io::{ErrorKind, Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{http::Request, target::authority};

/// The longest time until a frame arrives, or until a stream opens. It is long because a small machine may be busy: a write that
/// the worker has to wait for has taken eleven seconds beside a compiler.
pub const FRAME_TIMEOUT: Duration = Duration::from_secs(60);

/// An item of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A comment, without its colon.
    Comment(String),
    /// The reconnection time in milliseconds.
    Retry(u64),
    /// A block with data.
    Frame(Frame),
}

/// A block of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The name of its event; `None` for a document.
    pub event: Option<String>,
    /// Its id, if it has one.
    pub id: Option<String>,
    /// Its data, lines joined by line feeds.
    pub data: String,
}

impl Frame {
    /// The data as JSON, null when it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap_or(Value::Null)
    }
}

/// An open stream, or an answer that is not a stream.
#[derive(Debug)]
pub struct Stream {
    /// The HTTP status.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    socket: TcpStream,
    chunked: bool,
    raw: Vec<u8>,
    text: Vec<u8>,
    block: Block,
    items: VecDeque<Item>,
    closed: bool,
}

#[derive(Debug, Default)]
struct Block {
    event: Option<String>,
    id: Option<String>,
    data: Option<String>,
}

impl Stream {
    /// Opens a stream and reads the head of the answer.
    ///
    /// # Errors
    ///
    /// When the server cannot be reached or does not answer in HTTP.
    pub fn open(request: &Request) -> Result<Stream, String> {
        let authority = authority(request.base_url());
        let io = |error: std::io::Error| format!("{request}: {error}");
        let mut socket = TcpStream::connect(authority).map_err(io)?;
        socket.set_nodelay(true).map_err(io)?;
        let mut head = format!("{} {} HTTP/1.1\r\nhost: {authority}\r\n", request.method, request.path);
        for (name, value) in &request.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let body = request.body.as_deref().unwrap_or_default();
        head.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
        socket.write_all(head.as_bytes()).and_then(|()| socket.write_all(body)).map_err(io)?;
        let mut stream = Stream {
            status: 0,
            headers: Vec::new(),
            socket,
            chunked: false,
            raw: Vec::new(),
            text: Vec::new(),
            block: Block::default(),
            items: VecDeque::new(),
            closed: false,
        };
        stream.read_head().map_err(|error| format!("{request}: {error}"))?;
        Ok(stream)
    }

    /// Opens a stream and checks that its status is 200.
    ///
    /// # Panics
    ///
    /// When it is not.
    pub fn expect(request: &Request) -> Stream {
        match Stream::open(request) {
            Ok(stream) if stream.status == 200 => stream,
            Ok(mut other) => {
                let rest = other.rest();
                panic!("{request}: {} {rest}", other.status)
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The next item, or `None` when the server has closed the stream.
    ///
    /// # Errors
    ///
    /// When nothing arrives before `deadline`.
    pub fn next(&mut self, deadline: Instant) -> Result<Option<Item>, String> {
        loop {
            if let Some(item) = self.items.pop_front() {
                return Ok(Some(item));
            }
            if self.closed {
                return Ok(None);
            }
            self.fill(deadline)?;
            self.parse();
        }
    }

    /// The next frame; comments before it are skipped.
    ///
    /// # Errors
    ///
    /// As [`Stream::next`].
    pub fn frame(&mut self, deadline: Instant) -> Result<Option<Frame>, String> {
        loop {
            match self.next(deadline)? {
                Some(Item::Frame(frame)) => return Ok(Some(frame)),
                Some(_) => {}
                None => return Ok(None),
            }
        }
    }

    /// The first document for which `wanted` holds; every frame before it must be a document too.
    ///
    /// # Panics
    ///
    /// When none arrives in time.
    pub fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + FRAME_TIMEOUT;
        let mut last = Value::Null;
        loop {
            match self.frame(deadline) {
                Ok(Some(Frame { event: None, data, .. })) => {
                    last = serde_json::from_str(&data).unwrap_or(Value::Null);
                    if wanted(&last) {
                        return last;
                    }
                }
                other => panic!("{other:?} arrived before the expected document; the last document was {last}"),
            }
        }
    }

    /// The rest of an answer that is not a stream.
    pub fn rest(&mut self) -> String {
        let deadline = Instant::now() + FRAME_TIMEOUT;
        let length = self.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(usize::MAX);
        while !self.closed && self.text.len() < length && self.fill(deadline).is_ok() {}
        String::from_utf8_lossy(&self.text).into_owned()
    }

    fn read_head(&mut self) -> Result<(), String> {
        let deadline = Instant::now() + FRAME_TIMEOUT;
        let end = loop {
            if let Some(end) = self.raw.windows(4).position(|window| window == b"\r\n\r\n") {
                break end;
            }
            self.read(deadline)?;
            if self.closed {
                return Err("the server closed the connection".to_owned());
            }
        };
        let head: Vec<u8> = self.raw.drain(..end + 4).collect();
        let head = String::from_utf8_lossy(&head).into_owned();
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|status| status.parse().ok());
        self.status = status.ok_or_else(|| format!("not an HTTP answer: {head}"))?;
        let headers = lines.filter_map(|line| line.split_once(':'));
        self.headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
        self.chunked = self.header("transfer-encoding") == Some("chunked");
        self.closed = self.status == 204 || self.header("content-length") == Some("0");
        Ok(())
    }

    fn read(&mut self, deadline: Instant) -> Result<(), String> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err("nothing arrived in time".to_owned());
        }
        let mut buffer = [0; 16 * 1024];
        let read = self.socket.set_read_timeout(Some(left)).and_then(|()| self.socket.read(&mut buffer));
        match read {
            Ok(0) => self.closed = true,
            Ok(count) => self.raw.extend(buffer.iter().take(count)),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return Err("nothing arrived in time".to_owned());
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // A server that is killed resets the connection; for a reader that is an end of the stream too.
            Err(_) => self.closed = true,
        }
        Ok(())
    }

    /// Moves at least one byte from the socket to the text, or finds the end.
    fn fill(&mut self, deadline: Instant) -> Result<(), String> {
        let before = self.text.len();
        loop {
            if self.chunked {
                self.unchunk()?;
            } else {
                self.text.append(&mut self.raw);
            }
            if self.text.len() > before || self.closed {
                return Ok(());
            }
            self.read(deadline)?;
        }
    }

    fn unchunk(&mut self) -> Result<(), String> {
        while let Some(line) = self.raw.windows(2).position(|window| window == b"\r\n") {
            let size = String::from_utf8_lossy(self.raw.get(..line).unwrap_or_default()).into_owned();
            let size = size.split(';').next().unwrap_or_default().trim();
            let size = usize::from_str_radix(size, 16).map_err(|_| format!("not a chunk size: {size}"))?;
            let Some(chunk) = self.raw.get(line + 2..line + 2 + size) else { return Ok(()) };
            if self.raw.len() < line + 4 + size {
                return Ok(());
            }
            self.text.extend_from_slice(chunk);
            self.raw.drain(..line + 4 + size);
            self.closed |= size == 0;
        }
        Ok(())
    }

    /// Turns complete lines into items.
    fn parse(&mut self) {
        while let Some(end) = self.text.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.text.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line).into_owned();
            self.line(line.trim_end_matches(['\r', '\n']));
        }
    }

    fn line(&mut self, line: &str) {
        if line.is_empty() {
            let block = std::mem::take(&mut self.block);
            if let Some(data) = block.data {
                self.items.push_back(Item::Frame(Frame { event: block.event, id: block.id, data }));
            }
            return;
        }
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "" => self.items.push_back(Item::Comment(value.to_owned())),
            "event" => self.block.event = Some(value.to_owned()),
            "id" => self.block.id = Some(value.to_owned()),
            "retry" => self.items.extend(value.parse().ok().map(Item::Retry)),
            "data" => match &mut self.block.data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                none => *none = Some(value.to_owned()),
            },
            _ => {}
        }
    }
}
