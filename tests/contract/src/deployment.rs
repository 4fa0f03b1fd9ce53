//! A worker for one test, with settings that the shared worker must not have.

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

/// The settings of a deployment. Those that a test does not set stay unset, even if the shared worker has them.
const SETTINGS: [&str; 19] = [
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
    "WEBHOOKS",
    "WEBHOOK_ALLOW",
    "INDEX",
    "INDEX_SHARDS",
    "TRUSTED_PROXIES",
    "JOB_PROGRESS_RETRY_SCALE",
    "JOB_PROGRESS_DEV",
];

/// How long a killed worker may take to end.
const STOP_TIMEOUT: Duration = Duration::from_secs(20);

/// How long between two checks of a condition.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// What runs a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runtime {
    /// workerd with the shipped rate limits.
    Shipped,
    /// workerd with rate limits that no test reaches.
    Raised,
    /// `wrangler dev` with the shipped rate limits.
    Wrangler,
}

/// A running worker; dropping it ends it and deletes its data.
#[derive(Debug)]
pub struct Deployment {
    /// `http://127.0.0.1:port`.
    pub base_url: String,
    launcher: Child,
    dir: PathBuf,
    command: Command,
}

impl Deployment {
    /// Starts a worker on fresh data, through the `serve` of the launcher that `XTASK` names.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub fn start(runtime: Runtime, settings: &[(&str, &str)]) -> Deployment {
        let Some(xtask) = std::env::var_os("XTASK") else {
            panic!("XTASK is not set: the path of the launcher, which `cargo xtask test` sets")
        };
        let dir = std::env::temp_dir().join(format!("job-progress-{}", fresh_name()));
        let port = free_port();
        let mut command = Command::new(xtask);
        command.args(["serve", "--port", &port.to_string(), "--data"]).arg(dir.join("data"));
        command.arg("--log").arg(dir.join("log")).args(match runtime {
            Runtime::Shipped => &[][..],
            Runtime::Raised => &["--raise-limits"],
            Runtime::Wrangler => &["--wrangler"],
        });
        for name in SETTINGS {
            command.env_remove(name);
        }
        command.envs(settings.iter().copied()).stdin(Stdio::null()).stdout(Stdio::piped());
        if let Err(error) = fs::create_dir_all(dir.join("data")) {
            panic!("{}: {error}", dir.display());
        }
        let launcher = launch(&mut command, &dir);
        Deployment { base_url: format!("http://127.0.0.1:{port}"), launcher, dir, command }
    }

    /// Starts the worker again after [`kill`](Deployment::kill), with its data, its settings and its port.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub fn restart(&mut self) {
        self.launcher = launch(&mut self.command, &self.dir);
    }

    /// A `GET` without a credential.
    pub fn get(&self, path: impl Into<String>) -> Request {
        self.request("GET", path)
    }

    /// A request without a credential.
    pub fn request(&self, method: &str, path: impl Into<String>) -> Request {
        Request { method: method.to_owned(), path: path.into(), ..Request::default() }.to(&self.base_url)
    }

    /// Everything the worker and its runtime have printed.
    pub fn log(&self) -> String {
        log(&self.dir)
    }

    /// The folder of its data.
    pub fn data(&self) -> PathBuf {
        self.dir.join("data")
    }

    /// Ends the worker at once, as a power cut does; its data stay until this value is dropped.
    ///
    /// # Panics
    ///
    /// When the worker still accepts connections 20 seconds later.
    pub fn kill(&mut self) {
        // The guard process ends the worker, whatever ends the launcher.
        let _ = self.launcher.kill();
        let _ = self.launcher.wait();
        let deadline = Instant::now() + STOP_TIMEOUT;
        while TcpStream::connect(authority(&self.base_url)).is_ok() {
            assert!(Instant::now() < deadline, "the worker still runs after its launcher was killed");
            thread::sleep(POLL_INTERVAL);
        }
    }
}

impl Drop for Deployment {
    fn drop(&mut self) {
        let _ = self.launcher.kill();
        let _ = self.launcher.wait();
        // The worker may still be writing; files that are left are in the folder for temporary files.
        let deadline = Instant::now() + STOP_TIMEOUT;
        while fs::remove_dir_all(&self.dir).is_err() && self.dir.exists() && Instant::now() < deadline {
            thread::sleep(POLL_INTERVAL);
        }
    }
}

/// Runs the launcher, and waits until the worker is ready.
fn launch(command: &mut Command, dir: &Path) -> Child {
    let mut launcher = match command.spawn() {
        Ok(launcher) => launcher,
        Err(error) => panic!("the launcher cannot be run: {error}"),
    };
    let mut lines = launcher.stdout.take().map(BufReader::new).into_iter().flat_map(|output| output.lines());
    let is_ready = lines.any(|line| line.is_ok_and(|line| line.starts_with("ready: ")));
    assert!(is_ready, "the worker did not start:\n{}", log(dir));
    launcher
}

fn log(dir: &Path) -> String {
    fs::read(dir.join("log")).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
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

/// A free port of 127.0.0.1.
///
/// # Panics
///
/// When there is none.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    match listener {
        Ok(address) => address.port(),
        Err(error) => panic!("no free port: {error}"),
    }
}
