//! A stream of server-sent events, as far as a load needs to look into it.

use anyhow::Result;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

use crate::{
    body::Body,
    http::{Connection, Head, Request},
};

/// What came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A document, with its `seq` and its data.
    Document(u64, String),
    /// The frame that ends a stream.
    End,
    /// A frame of another name, with its data.
    Other(String, String),
    /// How many milliseconds to wait before coming back.
    Retry(u64),
    /// A sign of life.
    Comment,
}

/// An open stream.
#[derive(Debug)]
pub struct Stream {
    /// The head of the answer.
    pub head: Head,
    connection: Connection,
    body: Body,
    text: Vec<u8>,
    buffer: Vec<u8>,
}

impl Stream {
    /// Asks for the stream of a job.
    pub async fn open(port: u16, key: &str, job: &str, cursor: Option<&str>) -> Result<Stream> {
        Stream::over(Connection::open(port).await?, key, job, cursor).await
    }

    /// The same over a connection of the caller's making.
    pub async fn over(connection: Connection, key: &str, job: &str, cursor: Option<&str>) -> Result<Stream> {
        Stream::at(connection, key, &format!("/v2/jobs/{job}/status/stream"), cursor).await
    }

    /// The stream of any path.
    pub async fn at(mut connection: Connection, key: &str, path: &str, cursor: Option<&str>) -> Result<Stream> {
        let headers: Vec<_> = cursor.map(|cursor| ("Last-Event-ID", cursor)).into_iter().collect();
        let (head, body) = connection.begin(&Request::new("GET", path, key, &headers, b"")).await?;
        Ok(Stream { head, connection, body, text: Vec::new(), buffer: vec![0; 8 * 1024] })
    }

    /// Hands over what is whole, waiting for bytes as long as nothing is; `false` when the stream is over.
    pub async fn hear(&mut self, mut heard: impl FnMut(Heard)) -> Result<bool> {
        // What came together with the head waits here already, and nothing may follow it for long.
        let mut nothing = true;
        self.parse(&mut |block| {
            nothing = false;
            heard(block);
        })?;
        if self.body.is_over() || !nothing {
            return Ok(!self.body.is_over());
        }
        let count = self.connection.socket().read(&mut self.buffer).await?;
        self.body.feed(&self.buffer[..count]);
        self.parse(&mut heard)?;
        Ok(count > 0 && !self.body.is_over())
    }

    /// The socket itself.
    pub fn socket(&mut self) -> &mut TcpStream {
        self.connection.socket()
    }

    /// Adds bytes that the caller read from the socket.
    pub fn feed(&mut self, bytes: &[u8], mut heard: impl FnMut(Heard)) -> Result<bool> {
        self.body.feed(bytes);
        self.parse(&mut heard)?;
        Ok(!self.body.is_over())
    }

    fn parse(&mut self, heard: &mut impl FnMut(Heard)) -> Result<()> {
        let text = &mut self.text;
        self.body.drain(|bytes| text.extend_from_slice(bytes))?;
        let mut at = 0;
        while let Some(end) = text[at..].windows(2).position(|pair| pair == b"\n\n") {
            block(&String::from_utf8_lossy(&text[at..at + end]), heard);
            at += end + 2;
        }
        text.drain(..at);
        Ok(())
    }
}

fn block(block: &str, heard: &mut impl FnMut(Heard)) {
    let (mut name, mut seq, mut data) = ("", None, None);
    for line in block.split('\n') {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "" => heard(Heard::Comment),
            "event" => name = value,
            "id" => seq = value.split_once('.').and_then(|(_, seq)| seq.parse().ok()),
            "retry" => value.parse().into_iter().for_each(|millis| heard(Heard::Retry(millis))),
            "data" => data = Some(value),
            _ => {}
        }
    }
    match (name, seq, data) {
        ("", Some(seq), Some(data)) => heard(Heard::Document(seq, data.to_owned())),
        ("end", _, Some(_)) => heard(Heard::End),
        (name, _, Some(data)) => heard(Heard::Other(name.to_owned(), data.to_owned())),
        (_, _, None) => {}
    }
}
