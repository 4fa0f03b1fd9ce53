//! The servers under test: ours as it was built, and the baseline, each alone under workerd with storage on disk.

use std::{
    env,
    ffi::OsStr,
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use nix::{
    sys::signal::{Signal, kill, killpg},
    unistd::Pid,
};

use crate::{
    key::Key,
    process::{self, Processes},
};

/// How long a server may take to start. It is long because a small machine may be busy.
pub(crate) const START_TIMEOUT: Duration = Duration::from_secs(120);

/// The path that a server answers as soon as it is ready.
pub const HEALTH: &str = "/healthz";

/// The kind of server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The worker that this project ships.
    Ours,
    /// Ours in development mode, whose response headers describe its objects.
    OursWithDevHeaders,
    /// The worker that this project ships, with the rate limits that it ships.
    OursWithRateLimits,
    /// The server that `cargo xtask dev` runs: ours in development mode.
    Dev,
    /// Ours under `wrangler dev`, which imitates Cloudflare.
    Wrangler,
    /// The baseline, which sends every report to every viewer at once.
    Baseline,
    /// The baseline, paced like ours.
    PacedBaseline,
}

impl Kind {
    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Ours | Kind::OursWithDevHeaders | Kind::OursWithRateLimits => "ours",
            Kind::Dev => "ours, dev",
            Kind::Wrangler => "wrangler dev",
            Kind::Baseline => "baseline",
            Kind::PacedBaseline => "paced baseline",
        }
    }
}

/// A running server, which is killed on drop.
#[derive(Debug)]
pub struct Server {
    /// The port on which it listens.
    pub port: u16,
    /// The process id of workerd, or of wrangler.
    pub pid: i32,
    child: Child,
}

/// A temporary folder, which is removed on drop.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// Creates an empty folder.
    pub fn new(name: &str) -> Result<Folder> {
        Folder::below(&env::temp_dir(), name)
    }

    /// Creates an empty folder in memory if the system has a place for it, so that no disk delays what is measured.
    pub fn in_memory(name: &str) -> Result<Folder> {
        let memory = Path::new("/dev/shm");
        if memory.is_dir() { Folder::below(memory, name) } else { Folder::new(name) }
    }

    fn below(parent: &Path, name: &str) -> Result<Folder> {
        let dir = parent.join(format!("job-progress-{name}-{}-{}", std::process::id(), free_port()?));
        fs::create_dir_all(&dir)?;
        Ok(Folder(dir))
    }

    /// The path of the folder.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Server {
    /// Starts a server with its storage in `folder` and waits until it answers.
    pub fn start(kind: Kind, folder: &Folder, key: &Key) -> Result<Server> {
        Server::start_at(free_port()?, kind, folder, key)
    }

    /// The same, at this port.
    pub fn start_at(port: u16, kind: Kind, folder: &Folder, key: &Key) -> Result<Server> {
        match kind {
            Kind::Baseline | Kind::PacedBaseline => Server::baseline(kind, port, folder, key),
            _ => Server::ours(kind, port, folder, key, None, Command::new(xtask())),
        }
    }

    /// Starts ours from another bundle than the one that is shipped.
    pub fn from_bundle(kind: Kind, bundle: &Path, folder: &Folder, key: &Key) -> Result<Server> {
        Server::ours(kind, free_port()?, folder, key, Some(bundle), Command::new(xtask()))
    }

    /// Starts ours from another bundle, with these environment variables.
    pub fn from_bundle_with(
        kind: Kind,
        bundle: &Path,
        variables: &[(&str, &str)],
        folder: &Folder,
        key: &Key,
    ) -> Result<Server> {
        let mut command = Command::new(xtask());
        command.envs(variables.iter().copied());
        Server::ours(kind, free_port()?, folder, key, Some(bundle), command)
    }

    /// Starts ours where at most `files` files may be open.
    pub fn with_open_files(files: u64, folder: &Folder, key: &Key) -> Result<Server> {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("ulimit -n {files} && exec \"$0\" \"$@\"")]).arg(xtask());
        Server::ours(Kind::Ours, free_port()?, folder, key, None, shell)
    }

    /// Starts ours with these environment variables.
    pub fn with_environment<V: AsRef<OsStr>>(
        kind: Kind,
        variables: &[(&str, V)],
        folder: &Folder,
        key: &Key,
    ) -> Result<Server> {
        let mut command = Command::new(xtask());
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        Server::ours(kind, free_port()?, folder, key, None, command)
    }

    /// The processor seconds that it has used.
    pub fn cpu_seconds(&self) -> Result<f64> {
        process::cpu_seconds(self.pid)
    }

    /// Its process, alone.
    pub fn processes(&self) -> Processes {
        Processes { ports: vec![self.port], pids: vec![self.pid], relay: false }
    }

    /// Its resident memory in megabytes.
    pub fn memory_mb(&self) -> Result<f64> {
        process::memory_mb(self.pid)
    }

    /// Starts ours with `command`, to which the arguments of xtask are added.
    fn ours(
        kind: Kind,
        port: u16,
        folder: &Folder,
        key: &Key,
        bundle: Option<&Path>,
        mut command: Command,
    ) -> Result<Server> {
        let root = root();
        command.args(["serve", "--port", &port.to_string(), "--data"]);
        command.arg(folder.path().join("data")).arg("--log").arg(folder.path().join("log")).current_dir(&root);
        command
            .env("API_KEYS", key.line())
            .env("TOKEN_SECRET", "a secret of at least thirty-two characters, for tests")
            // Tests are several callers by what they report as a proxy.
            .env("TRUSTED_PROXIES", "127.0.0.1");
        if kind != Kind::OursWithRateLimits {
            command.arg("--raise-limits");
        }
        if kind == Kind::Wrangler {
            command.arg("--wrangler");
        }
        if matches!(kind, Kind::OursWithDevHeaders | Kind::Dev) {
            command.env("JOB_PROGRESS_DEV", "1");
        }
        if let Some(bundle) = bundle {
            command.arg("--bundle").arg(bundle);
        }
        if bundle.is_some() && kind == Kind::OursWithDevHeaders {
            // Its figures must not count garbage, so it collects that before it counts.
            command.arg("--expose-gc");
        }
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        let child = child.with_context(|| format!("{} cannot be run", xtask().display()))?;
        let mut server = Server { port, pid: 0, child };
        let lines = BufReader::new(server.child.stdout.take().context("xtask has no stdout")?).lines();
        for line in lines {
            let line = line?;
            if let Some(group) = line.strip_prefix("group: ") {
                server.pid = group.parse()?;
            }
            if line.starts_with("ready: ") {
                return Ok(server);
            }
        }
        bail!("the worker did not start; if it is not built, run `cargo xtask build`")
    }

    fn baseline(kind: Kind, port: u16, folder: &Folder, key: &Key) -> Result<Server> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("baseline");
        let data = folder.path().join("data");
        fs::create_dir_all(&data)?;
        fs::copy(here.join("worker.js"), folder.path().join("worker.js"))?;
        let config = fs::read_to_string(here.join("config.capnp.in"))?
            .replace("@DATA@", &data.to_string_lossy())
            .replace("@PORT@", &port.to_string())
            .replace("@KEY_SHA256@", &key.sha256())
            .replace("@PACED@", if kind == Kind::PacedBaseline { "yes" } else { "no" });
        let file = folder.path().join("config.capnp");
        fs::write(&file, config)?;
        let workerd = root().join("node_modules/.bin/workerd");
        let log = fs::File::create(folder.path().join("log"))?;
        let mut command = Command::new(workerd);
        command.args(["serve", "--experimental"]).arg(file).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let child = command.spawn().context("cannot run workerd; `cargo xtask setup` installs it")?;
        let mut server = Server { port, pid: i32::try_from(child.id())?, child };
        let deadline = Instant::now() + START_TIMEOUT;
        while !answers(port, HEALTH) {
            if Instant::now() > deadline || server.child.try_wait()?.is_some() {
                bail!("the baseline did not start:\n{}", fs::read_to_string(folder.path().join("log"))?);
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(server)
    }

    /// Kills the runtime as a power cut would, and returns when the process has ended.
    pub fn crash(self) -> Result<()> {
        let pid = Pid::from_raw(self.pid);
        drop(self);
        while kill(pid, None).is_ok() && !process::is_dead(pid.as_raw()) {
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // SIGTERM would make the runtime wait for its open streams. xtask, which supervises it, is killed first, so that
        // it does not report the death of the runtime.
        let _ = self.child.kill();
        if self.pid != 0 {
            // What xtask starts leads a group, whose other processes are those of wrangler.
            let _ = killpg(Pid::from_raw(self.pid), Signal::SIGKILL);
            let _ = kill(Pid::from_raw(self.pid), Signal::SIGKILL);
        }
        let _ = self.child.wait();
    }
}

/// The program that starts ours.
fn xtask() -> PathBuf {
    env::var_os("XTASK").map_or_else(|| root().join("target/debug/xtask"), PathBuf::from)
}

/// The folder of the workspace manifest.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new(".")).to_owned()
}

/// The files below a folder.
pub fn files_below(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() { files.extend(files_below(&path)?) } else { files.push(path) }
    }
    Ok(files)
}

/// A free port.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Whether a GET of the path is answered with 200.
pub fn answers(port: u16, path: &str) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        // A relay accepts only readers of streams.
        let headers = "Host: bench\r\nAccept: */*, text/event-stream\r\nConnection: close\r\n";
        write!(stream, "GET {path} HTTP/1.1\r\n{headers}\r\n")?;
        let mut head = [0; 12];
        stream.read_exact(&mut head)?;
        Ok(&head == b"HTTP/1.1 200")
    };
    ask().unwrap_or(false)
}
