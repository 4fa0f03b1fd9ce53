//! A stream of server-sent events, parsed as far as a load test needs it.

use anyhow::Result;
use tokio::{io::AsyncReadExt as _, net::TcpStream};

use crate::{
    body::Body,
    http::{Connection, Head, Request},
};

/// An item of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A document, with its `seq` and its data.
    Document(u64, String),
    /// The frame that ends a stream.
    End,
    /// A frame of another name, with its data.
    Other(String, String),
    /// How many milliseconds to wait before reconnecting.
    Retry(u64),
    /// A comment, which is sent as a heartbeat.
    Comment,
}

/// An open stream.
#[derive(Debug)]
pub struct Stream {
    /// The head of the response.
    pub head: Head,
    connection: Connection,
    body: Body,
    text: Vec<u8>,
    buffer: Vec<u8>,
}

impl Stream {
    /// Opens the stream of a job.
    pub async fn open(port: u16, key: &str, job: &str, cursor: Option<&str>) -> Result<Stream> {
        Stream::over(Connection::open(port).await?, key, job, cursor).await
    }

    /// Opens the stream of a job over an existing connection.
    pub async fn over(connection: Connection, key: &str, job: &str, cursor: Option<&str>) -> Result<Stream> {
        Stream::at(connection, key, &format!("/v2/jobs/{job}/status/stream"), cursor).await
    }

    /// Opens the stream of any path.
    pub async fn at(mut connection: Connection, key: &str, path: &str, cursor: Option<&str>) -> Result<Stream> {
        let mut headers = vec![("Accept", "text/event-stream")];
        headers.extend(cursor.map(|cursor| ("Last-Event-ID", cursor)));
        let (head, body) = connection.begin(&Request::new("GET", path, key, &headers, b"")).await?;
        Ok(Stream::begun(connection, head, body))
    }

    /// The stream of a response whose head has been read.
    pub fn begun(connection: Connection, head: Head, body: Body) -> Stream {
        Stream { head, connection, body, text: Vec::new(), buffer: vec![0; 8 * 1024] }
    }

    /// Passes on the complete items, and waits for bytes if there is none; returns `false` once the stream is over.
    pub async fn read(&mut self, mut on_item: impl FnMut(Item)) -> Result<bool> {
        // Items that arrived together with the head are already here, and nothing may follow them for long.
        let mut is_empty = true;
        self.parse(&mut |block| {
            is_empty = false;
            on_item(block);
        })?;
        if self.body.is_over() || !is_empty {
            return Ok(!self.body.is_over());
        }
        let count = self.connection.socket().read(&mut self.buffer).await?;
        self.body.feed(&self.buffer[..count]);
        self.parse(&mut on_item)?;
        Ok(count > 0 && !self.body.is_over())
    }

    /// The socket below.
    pub fn socket(&mut self) -> &mut TcpStream {
        self.connection.socket()
    }

    /// Adds bytes that the caller has read from the socket; returns `false` once the stream is over.
    pub fn feed(&mut self, bytes: &[u8], mut on_item: impl FnMut(Item)) -> Result<bool> {
        self.body.feed(bytes);
        self.parse(&mut on_item)?;
        Ok(!self.body.is_over())
    }

    fn parse(&mut self, on_item: &mut impl FnMut(Item)) -> Result<()> {
        let text = &mut self.text;
        self.body.drain(|bytes| text.extend_from_slice(bytes))?;
        let mut at = 0;
        loop {
            let rest = &text[at..];
            // A comment is a line of its own between frames, without an empty line after it.
            if rest.starts_with(b":") {
                let Some(end) = rest.iter().position(|byte| *byte == b'\n') else { break };
                on_item(Item::Comment);
                at += end + 1;
            } else {
                let Some(end) = rest.windows(2).position(|pair| pair == b"\n\n") else { break };
                block(&String::from_utf8_lossy(&rest[..end]), on_item);
                at += end + 2;
            }
        }
        text.drain(..at);
        Ok(())
    }
}

fn block(block: &str, on_item: &mut impl FnMut(Item)) {
    let (mut name, mut seq, mut data) = ("", None, None);
    for line in block.split('\n') {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "" => on_item(Item::Comment),
            "event" => name = value,
            "id" => seq = value.split_once('.').and_then(|(_, seq)| seq.parse().ok()),
            "retry" => value.parse().into_iter().for_each(|millis| on_item(Item::Retry(millis))),
            "data" => data = Some(value),
            _ => {}
        }
    }
    match (name, seq, data) {
        ("", Some(seq), Some(data)) => on_item(Item::Document(seq, data.to_owned())),
        ("end", _, Some(_)) => on_item(Item::End),
        (name, _, Some(data)) => on_item(Item::Other(name.to_owned(), data.to_owned())),
        (_, _, None) => {}
    }
}
