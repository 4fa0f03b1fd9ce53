//! A TCP proxy in front of a server, which cuts, silences and refuses connections.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use contract::target::authority;

/// What the proxy does with connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It passes everything on.
    Pass,
    /// It closes each new connection at once.
    Refuse,
    /// It keeps connections open and drops what the server sends, as after the loss of a network.
    Silence,
    /// It answers each request for a stream with an empty one, as a proxy does that ends responses early.
    EndStreams,
}

/// A proxy; its connections end with it.
#[derive(Debug)]
pub struct Proxy {
    /// `http://127.0.0.1:port`.
    pub base_url: String,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    target: String,
    mode: Mutex<Mode>,
    /// The sockets of all connections.
    sockets: Mutex<Vec<TcpStream>>,
    /// Connections that the client has not closed.
    open: AtomicUsize,
}

impl Proxy {
    /// Starts a proxy in front of the server at `base_url`.
    ///
    /// # Panics
    ///
    /// When there is no free port.
    pub fn start(base_url: &str) -> Proxy {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap_or_else(|error| panic!("no free port: {error}"));
        let address = listener.local_addr().unwrap_or_else(|error| panic!("no address: {error}"));
        let state = Arc::new(State {
            target: authority(base_url).to_owned(),
            mode: Mutex::new(Mode::Pass),
            sockets: Mutex::default(),
            open: AtomicUsize::new(0),
        });
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                thread::spawn(move || state.serve(client));
            }
        });
        Proxy { base_url: format!("http://{address}"), state }
    }

    /// Changes what it does with new connections and with what still arrives on open ones.
    pub fn set(&self, mode: Mode) {
        *lock(&self.state.mode) = mode;
    }

    /// Cuts all connections.
    pub fn cut(&self) {
        for socket in lock(&self.state.sockets).drain(..) {
            // It may be closed already.
            let _ = socket.shutdown(Shutdown::Both);
        }
    }

    /// How many connections the client keeps open.
    pub fn open(&self) -> usize {
        self.state.open.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.set(Mode::Refuse);
        self.cut();
    }
}

impl State {
    fn mode(&self) -> Mode {
        *lock(&self.mode)
    }

    fn serve(self: &Arc<State>, mut client: TcpStream) {
        if self.mode() == Mode::Refuse {
            return;
        }
        let Ok(mut server) = TcpStream::connect(&self.target) else { return };
        let clones = [client.try_clone(), server.try_clone(), client.try_clone(), server.try_clone()];
        let [Ok(mut to_client), Ok(mut from_server), Ok(kept_client), Ok(kept_server)] = clones else { return };
        lock(&self.sockets).extend([kept_client, kept_server]);
        self.open.fetch_add(1, Ordering::SeqCst);
        let state = Arc::clone(self);
        let responses = thread::spawn(move || {
            let mut buffer = [0; 16 * 1024];
            while let Ok(count @ 1..) = from_server.read(&mut buffer) {
                let bytes = buffer.get(..count).unwrap_or_default();
                if state.mode() != Mode::Silence && to_client.write_all(bytes).is_err() {
                    break;
                }
            }
            if state.mode() != Mode::Silence {
                let _ = to_client.shutdown(Shutdown::Both);
            }
        });
        let mut buffer = [0; 16 * 1024];
        while let Ok(count @ 1..) = client.read(&mut buffer) {
            let bytes = buffer.get(..count).unwrap_or_default();
            if self.mode() == Mode::EndStreams && bytes.starts_with(b"POST /v2/jobs/status/stream") {
                let _ = client
                    .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 0\r\n\r\n");
                break;
            }
            if server.write_all(bytes).is_err() {
                break;
            }
        }
        self.open.fetch_sub(1, Ordering::SeqCst);
        let _ = server.shutdown(Shutdown::Both);
        let _ = responses.join();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
