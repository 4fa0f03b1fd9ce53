//! nginx with the module nchan: a relay of reports over HTTP and server-sent events.

use std::{
    env,
    ffi::OsString,
    fs,
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};

use crate::{
    process::{self, Processes},
    server::{START_TIMEOUT, answers},
};

/// The path that it answers as soon as it is ready: a stream, since it serves nothing else to a GET.
pub const STREAM: &str = "/v2/jobs/start/status/stream";

/// A running relay; it is killed on drop.
#[derive(Debug)]
pub struct Relay {
    port: u16,
    /// The first process of nginx, which leads a process group of its own.
    child: Child,
}

impl Relay {
    /// Starts it with its files in `folder` and waits until it answers.
    pub fn start(folder: &Path, port: u16) -> Result<Relay> {
        let (nginx, module) = (program("NGINX_PATH", "nginx")?, program("NCHAN_PATH", "libnginx-mod-nchan")?);
        let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("nchan/nginx.conf.in");
        let config = fs::read_to_string(template)?
            .replace("@MODULE@", &module.to_string_lossy())
            .replace("@FOLDER@", &folder.to_string_lossy())
            .replace("@PORT@", &port.to_string());
        let (file, log) = (folder.join("nginx.conf"), folder.join("log"));
        fs::write(&file, config)?;
        let mut command = Command::new(nginx);
        command.arg("-c").arg(file).arg("-e").arg(&log).process_group(0).stdin(Stdio::null());
        let output = fs::OpenOptions::new().create(true).append(true).open(&log)?;
        let child = command.stdout(output.try_clone()?).stderr(output).spawn().context("cannot run nginx")?;
        let mut relay = Relay { port, child };
        let deadline = Instant::now() + START_TIMEOUT;
        while !answers(port, STREAM) {
            if Instant::now() > deadline || relay.child.try_wait()?.is_some() {
                bail!("nginx did not start:\n{}", fs::read_to_string(log)?);
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(relay)
    }

    /// The processes of nginx.
    pub fn processes(&self) -> Result<Processes> {
        let pids = process::tree(i32::try_from(self.child.id())?)?;
        Ok(Processes { ports: vec![self.port], pids, relay: true })
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        if let Ok(group) = i32::try_from(self.child.id()) {
            let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
        }
        let _ = self.child.wait();
    }
}

/// The program that a variable names.
fn program(variable: &str, package: &str) -> Result<OsString> {
    env::var_os(variable)
        .with_context(|| format!("{variable} is not set: the path of what Debian's package {package} contains"))
}
