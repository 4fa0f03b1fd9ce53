//! A local worker: starts it, waits until it answers, and ends it with all processes that it started.

pub(crate) mod options;

use std::{
    fs::File,
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use ::server::{data_folder::DataFolder, open_files::OpenFiles};
use anyhow::{Context, Result, bail};

use self::options::{Options, Runtime, WorkerdOptions};
use crate::{
    files,
    process::{self, Group, POLL_INTERVAL},
    project::Project,
    steps,
    workerd::{self, ConfigOptions},
    wrangler,
};

/// How long to wait for a port: a server that was killed a moment ago releases it within this time.
const PORT_TIMEOUT: Duration = Duration::from_secs(3);

/// How long a worker may take to answer after its start.
const START_TIMEOUT: Duration = Duration::from_secs(90);

/// How long one answer to `GET /healthz` may take.
const HEALTH_CHECK_TIMEOUT: Duration = Duration::from_secs(5);

/// How often the health of a running worker is checked, and how many failures in a row mean that it is lost.
const HEALTH_CHECK_INTERVAL: Duration = Duration::from_secs(5);
const MOST_FAILURES: u32 = 3;

/// A running worker. It ends on drop.
pub(crate) struct Server {
    group: Group,
    _data: DataFolder,
    port: u16,
    log: PathBuf,
    checked: Instant,
    failures: u32,
}

impl Server {
    /// Starts a worker and waits until it answers.
    pub(crate) fn start(project: &Project, options: &Options) -> Result<Self> {
        await_port(options.port)?;
        let data = DataFolder::open(&options.data, &format!("127.0.0.1:{}", options.port), None)?;
        let files = OpenFiles::raise();
        if let Some(warning) = files.and_then(OpenFiles::warning) {
            steps::note(&format!("warning: {warning}"));
        }
        let variables = options.variables.iter().cloned().chain(files.map(OpenFiles::variable)).collect();
        let options = &Options { variables, ..options.clone() };
        // Configuration and temporary files of this run. They contain secrets and are removed with it.
        let dir = project.scratch()?.join(format!("run-{}-{}", std::process::id(), options.port));
        let mut command = match &options.runtime {
            Runtime::Wrangler => under_wrangler(project, options, &dir, data.path())?,
            Runtime::Workerd(workerd) => under_workerd(project, options, workerd, &dir, data.path())?,
        };
        let log = File::create(&options.log).with_context(|| format!("cannot write {}", options.log.display()))?;
        command.stdout(log.try_clone()?).stderr(log).env("TMPDIR", &dir);
        let group = data.inherited_by(|| Group::start_guarded(&mut command, Some(&dir)))?;
        let checked = Instant::now();
        let mut server =
            Self { group, _data: data, port: options.port, log: options.log.clone(), checked, failures: 0 };
        server.await_answer()?;
        Ok(server)
    }

    /// The process group of the runtime.
    pub(crate) fn group(&self) -> i32 {
        self.group.id()
    }

    /// Checks whether the worker still runs, and now and then whether it answers.
    ///
    /// # Errors
    ///
    /// When it has ended or no longer answers.
    pub(crate) fn check(&mut self) -> Result<()> {
        if let Some(status) = self.group.ended()? {
            return self.lost(&format!("the worker ended by itself ({status})"));
        }
        if self.checked.elapsed() < HEALTH_CHECK_INTERVAL {
            return Ok(());
        }
        self.failures = if healthy(self.port) { 0 } else { self.failures + 1 };
        self.checked = Instant::now();
        if self.failures >= MOST_FAILURES {
            return self.lost("the worker no longer answers");
        }
        Ok(())
    }

    fn await_answer(&mut self) -> Result<()> {
        let deadline = Instant::now() + START_TIMEOUT;
        while !healthy(self.port) {
            if let Some(status) = self.group.ended()? {
                return self.lost(&format!("the worker did not start ({status})"));
            }
            if process::interrupted() {
                bail!("interrupted");
            }
            if Instant::now() > deadline {
                return self.lost(&format!("the worker did not answer within {}", steps::time(START_TIMEOUT)));
            }
            thread::sleep(POLL_INTERVAL);
        }
        Ok(())
    }

    fn lost(&self, what: &str) -> Result<()> {
        eprintln!("{}", files::tail(&self.log, 6000));
        bail!("{what}; its log is {}", self.log.display());
    }
}

/// A free port.
pub(crate) fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port is free")?;
    Ok(listener.local_addr()?.port())
}

/// Waits up to [`PORT_TIMEOUT`] for a port to be free.
pub(crate) fn await_port(port: u16) -> Result<()> {
    let deadline = Instant::now() + PORT_TIMEOUT;
    while let Err(error) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        if Instant::now() > deadline || process::interrupted() {
            bail!(
                "port {port} is in use ({error}): stop the program that listens there, or choose another port with --port"
            );
        }
        thread::sleep(POLL_INTERVAL);
    }
    Ok(())
}

fn under_wrangler(project: &Project, options: &Options, dir: &Path, data: &Path) -> Result<Command> {
    wrangler::configure(project, dir, &options.variables, options.raised)?;
    let mut command = wrangler::command(project)?;
    command.args(["dev", "--local", "--ip", "127.0.0.1", "--show-interactive-dev-session=false"]);
    command.arg("--port").arg(options.port.to_string());
    // Two runs at once would both use wrangler's default port for the debugger.
    command.arg("--inspector-port").arg(free_port()?.to_string());
    command.arg("--config").arg(dir.join("wrangler.toml"));
    command.arg("--persist-to").arg(data);
    command.env("WRANGLER_REGISTRY_PATH", dir.join("registry")).env("WRANGLER_LOG_PATH", dir.join("logs"));
    Ok(command)
}

fn under_workerd(
    project: &Project,
    options: &Options,
    workerd: &WorkerdOptions,
    dir: &Path,
    data: &Path,
) -> Result<Command> {
    let assets = project.root.join("dist/assets");
    let assets = assets.to_str().context("the path of the project is not UTF-8")?;
    let config = ConfigOptions { assets, raised: options.raised, gc: workerd.gc, clustered: false };
    let config = workerd::configure(project, &workerd.bundle, dir, &config)?;
    let mut command = project.npm_command("workerd")?;
    command.args(["serve", "--experimental"]).arg(config);
    command.arg(format!("--socket-addr={}=127.0.0.1:{}", workerd::SOCKET, options.port));
    command.arg("--directory-path").arg(format!("{}={}", workerd::DATA, data.display()));
    for name in workerd::variables() {
        command.env_remove(name);
    }
    command.envs(options.variables.iter().map(|(name, value)| (name, value)));
    Ok(command)
}

/// Whether `GET /healthz` is answered with 200.
fn healthy(port: u16) -> bool {
    let ask = || -> Result<bool> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut stream = TcpStream::connect_timeout(&address, HEALTH_CHECK_TIMEOUT)?;
        stream.set_read_timeout(Some(HEALTH_CHECK_TIMEOUT))?;
        write!(stream, "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n")?;
        let mut head = [0; 12];
        stream.read_exact(&mut head)?;
        Ok(&head == b"HTTP/1.1 200")
    };
    ask().unwrap_or(false)
}
