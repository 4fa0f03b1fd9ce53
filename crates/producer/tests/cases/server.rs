//! A scripted HTTP server: it holds each request until the case answers it.

use std::{
    collections::HashMap,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    sync::mpsc::{Receiver, Sender, channel},
    thread,
    time::{Duration, Instant},
};

/// The longest time to the next request of a case.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// A server on the loopback interface.
pub(crate) struct Server {
    pub(crate) base_url: String,
    requests: Receiver<Held>,
    /// Requests that have arrived while the case waited for another one.
    others: Vec<Held>,
}

/// A request that is not answered yet.
pub(crate) struct Held {
    pub(crate) method: String,
    pub(crate) path: String,
    /// Names in lower case.
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: String,
    pub(crate) arrived: Instant,
    reply: Sender<Reply>,
}

/// What happens to a request.
pub(crate) enum Reply {
    Answer { status: u16, headers: Vec<(String, String)>, body: String },
    Cut,
}

impl Server {
    pub(crate) fn start() -> Server {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let (sender, requests) = channel();
        thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                let sender = sender.clone();
                thread::spawn(move || serve(connection, &sender));
            }
        });
        Server { base_url, requests, others: Vec::new() }
    }

    /// The next request of this method.
    pub(crate) fn next(&mut self, method: &str) -> Result<Held, String> {
        if let Some(index) = self.others.iter().position(|held| held.method == method) {
            return Ok(self.others.remove(index));
        }
        let deadline = Instant::now() + DEADLINE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let held = self.requests.recv_timeout(left).map_err(|_| format!("no {method} within {DEADLINE:?}"))?;
            if held.method == method {
                return Ok(held);
            }
            self.others.push(held);
        }
    }
}

impl Held {
    pub(crate) fn reply(self, reply: Reply) {
        // The producer may have closed the connection.
        let _ = self.reply.send(reply);
    }
}

/// Answers the requests of one connection.
fn serve(connection: TcpStream, requests: &Sender<Held>) {
    let mut reader = BufReader::new(connection.try_clone().unwrap());
    while let Some((mut held, replies)) = read(&mut reader) {
        held.arrived = Instant::now();
        if requests.send(held).is_err() {
            return;
        }
        match replies.recv() {
            Ok(Reply::Answer { status, headers, body }) => {
                let mut head = format!("HTTP/1.1 {status} Scripted\r\ncontent-length: {}\r\n", body.len());
                for (name, value) in headers {
                    head.push_str(&format!("{name}: {value}\r\n"));
                }
                if (&connection).write_all(format!("{head}\r\n{body}").as_bytes()).is_err() {
                    return;
                }
            }
            Ok(Reply::Cut) | Err(_) => {
                let _ = connection.shutdown(Shutdown::Both);
                return;
            }
        }
    }
}

/// Reads a request; `None` at the end of the connection.
fn read(reader: &mut BufReader<TcpStream>) -> Option<(Held, Receiver<Reply>)> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|bytes| *bytes > 0)?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let (reply, replies) = channel();
    let body = String::from_utf8(body).ok()?;
    Some((Held { method, path, headers, body, arrived: Instant::now(), reply }, replies))
}
