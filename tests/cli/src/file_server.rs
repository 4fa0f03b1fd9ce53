//! A server of one file, at a limited speed.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    thread,
    time::Duration,
};

/// How often a part is sent.
const TICK: Duration = Duration::from_millis(50);

/// Starts a server of `bytes` bytes that sends `bytes_per_tick` every 50 ms, and returns its URL.
///
/// # Panics
///
/// When there is no free port.
pub fn start(bytes: usize, bytes_per_tick: usize) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap_or_else(|error| panic!("no free port: {error}"));
    let address = listener.local_addr().unwrap_or_else(|error| panic!("no address: {error}"));
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            thread::spawn(move || serve(&connection, bytes, bytes_per_tick));
        }
    });
    format!("http://{address}/file")
}

fn serve(mut connection: &TcpStream, bytes: usize, bytes_per_tick: usize) -> Option<()> {
    let mut lines = BufReader::new(connection).lines();
    while !lines.next()?.ok()?.is_empty() {}
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {bytes}\r\nConnection: close\r\n\r\n");
    connection.write_all(head.as_bytes()).ok()?;
    for part in vec![b'x'; bytes].chunks(bytes_per_tick) {
        connection.write_all(part).ok()?;
        thread::sleep(TICK);
    }
    Some(())
}
