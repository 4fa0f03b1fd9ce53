//! A worker of a test's own, with settings that the shared one must not have.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{
    http::Request,
    target::{authority, fresh_name},
};

/// What a deployment can be told. What is not said stays unsaid, though the shared worker was told.
const SETTINGS: [&str; 13] = [
    "API_KEYS",
    "API_KEYS_2",
    "API_KEYS_3",
    "API_KEYS_4",
    "API_KEYS_5",
    "API_KEYS_6",
    "API_KEYS_7",
    "API_KEYS_8",
    "API_KEYS_9",
    "TOKEN_SECRET",
    "TOKEN_SECRET_PREVIOUS",
    "ALLOWED_ORIGINS",
    "JOB_PROGRESS_DEV",
];

/// How long a killed worker may take to end.
const STOP_TIMEOUT: Duration = Duration::from_secs(20);

/// How long between two checks of a condition.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// What runs a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runtime {
    /// `wrangler dev` on the shipped configuration: static files and the shipped rate limits.
    Shipped,
    /// The same, with rate limits that nobody meets.
    Raised,
    /// `workerd` alone: no static files, no rate limits, nothing in its log but what the worker says.
    Bare,
}

/// A running worker; dropped, it is gone, and its data with it.
#[derive(Debug)]
pub struct Deployment {
    /// `http://127.0.0.1:port`.
    pub base_url: String,
    launcher: Child,
    dir: PathBuf,
}

impl Deployment {
    /// Starts a worker on fresh data, through the `serve` of the launcher that `XTASK` names.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub fn start(runtime: Runtime, settings: &[(&str, &str)]) -> Deployment {
        let Some(xtask) = std::env::var_os("XTASK") else {
            panic!("XTASK is not set: the launcher, as `cargo xtask test` names it")
        };
        let dir = std::env::temp_dir().join(format!("job-progress-{}", fresh_name()));
        let port = free_port();
        let mut command = Command::new(xtask);
        command.args(["serve", "--port", &port.to_string(), "--data"]).arg(dir.join("data"));
        command.arg("--log").arg(dir.join("log")).args(match runtime {
            Runtime::Shipped => None,
            Runtime::Raised => Some("--raise-limits"),
            Runtime::Bare => Some("--workerd"),
        });
        for name in SETTINGS {
            command.env_remove(name);
        }
        command.envs(settings.iter().copied()).stdin(Stdio::null()).stdout(Stdio::piped());
        let launched = fs::create_dir_all(dir.join("data")).and_then(|()| command.spawn());
        let mut launcher = match launched {
            Ok(launcher) => launcher,
            Err(error) => panic!("the launcher cannot be run: {error}"),
        };
        let mut said = launcher.stdout.take().map(BufReader::new).into_iter().flat_map(|said| said.lines());
        let ready = said.any(|line| line.is_ok_and(|line| line.starts_with("ready: ")));
        let deployment = Deployment { base_url: format!("http://127.0.0.1:{port}"), launcher, dir };
        assert!(ready, "the worker did not start:\n{}", deployment.log());
        deployment
    }

    /// A `GET` without a credential.
    pub fn get(&self, path: impl Into<String>) -> Request {
        self.ask("GET", path)
    }

    /// A request without a credential.
    pub fn ask(&self, method: &str, path: impl Into<String>) -> Request {
        Request { method: method.to_owned(), path: path.into(), ..Request::default() }.to(&self.base_url)
    }

    /// Everything the worker and its runtime have printed.
    pub fn log(&self) -> String {
        fs::read(self.dir.join("log")).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// Where its data are.
    pub fn data(&self) -> PathBuf {
        self.dir.join("data")
    }

    /// Ends the worker at once, as a power cut does; its data stay until it is dropped.
    ///
    /// # Panics
    ///
    /// When it goes on answering.
    pub fn kill(&mut self) {
        // Whatever ended the launcher, its guard ends the worker.
        let _ = self.launcher.kill();
        let _ = self.launcher.wait();
        let deadline = Instant::now() + STOP_TIMEOUT;
        while TcpStream::connect(authority(&self.base_url)).is_ok() {
            assert!(Instant::now() < deadline, "the worker goes on after its launcher was killed");
            thread::sleep(POLL_INTERVAL);
        }
    }
}

impl Drop for Deployment {
    fn drop(&mut self) {
        let _ = self.launcher.kill();
        let _ = self.launcher.wait();
        // The worker may be writing still; what it leaves is in the folder for temporary files.
        let deadline = Instant::now() + STOP_TIMEOUT;
        while fs::remove_dir_all(&self.dir).is_err() && self.dir.exists() && Instant::now() < deadline {
            thread::sleep(POLL_INTERVAL);
        }
    }
}

/// The files below a folder.
///
/// # Panics
///
/// When it cannot be read.
pub fn files_below(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        let entries = match fs::read_dir(&dir) {
            Ok(entries) => entries,
            Err(error) => panic!("{}: {error}", dir.display()),
        };
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            if path.is_dir() { open.push(path) } else { files.push(path) }
        }
    }
    files
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    match listener {
        Ok(address) => address.port(),
        Err(error) => panic!("there is no free port: {error}"),
    }
}
