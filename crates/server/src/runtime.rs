//! The running worker: workerd, and the requests by which this program controls it.

use std::{
    io::{Read as _, Write as _},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream},
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use anyhow::{Context, Result};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use server::{certificates, contents::Unpacked, open_files::OpenFiles};

use crate::cluster::Cluster;

/// How long an answer to this program may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);

/// The setting with the secret that proves that a request is of this program. It is drawn at each start.
const CONTROL_SECRET: &str = "JOB_PROGRESS_CONTROL_SECRET";

/// The length of the secret in bytes; its text has two characters for each.
const SECRET_BYTES: usize = 32;

/// A running worker. It is killed on drop.
pub(crate) struct Runtime {
    child: Child,
    address: SocketAddr,
    secret: String,
}

impl Runtime {
    /// Starts it.
    ///
    /// # Errors
    ///
    /// The address is not free, the configuration cannot be written, or the runtime cannot be run, for example because
    /// programs in the data folder may not be.
    pub(crate) fn start(
        unpacked: &Unpacked,
        listen: SocketAddr,
        data: &Path,
        files: Option<OpenFiles>,
        cluster: Option<&Cluster>,
    ) -> Result<Runtime> {
        // An error of the runtime itself would say less.
        drop(TcpListener::bind(listen).with_context(|| format!("cannot listen at {listen}"))?);
        let secret = random_text()?;
        let mut command = Command::new(&unpacked.runtime);
        command.args(["serve", "--experimental"]);
        match cluster {
            None => command.arg(unpacked.config.join("config.capnp")),
            Some(cluster) => {
                cluster.write_instance(&unpacked.config)?;
                command.arg(unpacked.config.join("cluster.capnp"));
                command.arg(format!("--external-addr=cluster={}", cluster.address))
            }
        };
        command.arg(format!("--socket-addr=http={listen}"));
        command.arg("--directory-path").arg(format!("data={}", data.display()));
        command.current_dir(&unpacked.folder).env_remove("PWD").env("TMPDIR", &unpacked.folder).stdin(Stdio::null());
        command.envs(files.map(OpenFiles::variable)).env(CONTROL_SECRET, &secret).env_remove("JOB_PROGRESS_DEV");
        command.envs(certificates::variable(&unpacked.folder)?);
        // Ctrl-C in a terminal is for this program alone, which ends the runtime.
        command.process_group(0);
        let child = command.spawn().with_context(|| {
            format!("cannot run {}; the data folder must not be mounted with `noexec`", unpacked.runtime.display())
        })?;
        Ok(Runtime { child, address: reachable(listen), secret })
    }

    /// How it ended; `None` while it runs.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Whether it answers.
    pub(crate) fn is_healthy(&self) -> bool {
        self.status("GET /healthz") == Some(200)
    }

    /// Makes `/healthz` a 503.
    pub(crate) fn announce_end(&self) {
        self.control("drain");
    }

    /// Ends all streams and waits, whose readers then reconnect.
    pub(crate) fn end_streams(&self) {
        self.control("end-streams");
    }

    /// Makes it accept no more connections, and end after the last request.
    pub(crate) fn terminate(&self) {
        if let Ok(id) = i32::try_from(self.child.id()) {
            // It fails if the process has ended, which the caller finds out.
            let _ = kill(Pid::from_raw(id), Signal::SIGTERM);
        }
    }

    /// Ends it at once.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub(crate) fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Takes a step towards the end. Without an answer in time, the end comes without it.
    fn control(&self, step: &str) {
        if self.status(&format!("POST /server/{step}")) != Some(204) {
            eprintln!("warning: the runtime did not answer the request `{step}`");
        }
    }

    /// The status of the answer to a request without a body; `None` if there is no answer in time. The secret lets the worker
    /// take steps, and leave the request out of its log.
    fn status(&self, request: &str) -> Option<u16> {
        let mut stream = TcpStream::connect_timeout(&self.address, ANSWER_TIMEOUT).ok()?;
        stream.set_read_timeout(Some(ANSWER_TIMEOUT)).ok()?;
        let Runtime { address, secret, .. } = self;
        write!(
            stream,
            "{request} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {secret}\r\nContent-Length: 0\r\n\
             Connection: close\r\n\r\n"
        )
        .ok()?;
        let mut head = [0; 12];
        stream.read_exact(&mut head).ok()?;
        std::str::from_utf8(&head).ok()?.strip_prefix("HTTP/1.1 ")?.parse().ok()
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        // It fails if the process has ended.
        let _ = self.kill();
    }
}

/// The address at which this program reaches a server that listens at `listen`.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

fn random_text() -> Result<String> {
    let mut bytes = [0; SECRET_BYTES];
    getrandom::fill(&mut bytes).ok().context("the system gives no random bytes")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
