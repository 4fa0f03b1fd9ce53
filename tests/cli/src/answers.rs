//! A server that gives the answers of a list.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    thread,
};

use serde_json::Value;

/// Starts a server that answers each request with the next status and body, and returns its URL.
///
/// # Panics
///
/// When there is no free port.
pub fn start(answers: Vec<(u16, Value)>) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap_or_else(|error| panic!("no free port: {error}"));
    let address = listener.local_addr().unwrap_or_else(|error| panic!("no address: {error}"));
    thread::spawn(move || {
        for ((status, body), connection) in answers.into_iter().zip(listener.incoming().flatten()) {
            serve(&connection, status, &body.to_string());
        }
    });
    format!("http://{address}")
}

fn serve(mut connection: &TcpStream, status: u16, body: &str) -> Option<()> {
    let (mut reader, mut length) = (BufReader::new(connection), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let line = line.trim_end().to_ascii_lowercase();
        match line.strip_prefix("content-length:") {
            Some(bytes) => length = bytes.trim().parse().ok()?,
            None if line.is_empty() => break,
            None => {}
        }
    }
    reader.take(length).read_to_end(&mut Vec::new()).ok()?;
    let head = format!("HTTP/1.1 {status} Answer\r\nContent-Type: application/json\r\nConnection: close\r\n");
    connection.write_all(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes()).ok()
}
