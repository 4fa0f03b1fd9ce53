//! A smoke test of `cargo xtask dev`: it starts, prints what the README says, and ends on SIGINT and on SIGKILL.

use std::{
    fs::{self, File},
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use nix::{
    sys::signal::{Signal, kill, killpg},
    unistd::Pid,
};

use crate::{
    files,
    process::{self, Group, POLL_INTERVAL},
    project::Project,
    server, steps,
};

/// How long `dev` may take to start with everything built, and how long to end.
const WAIT_TIMEOUT: Duration = Duration::from_secs(60);

/// Runs `dev` twice on the same data: it must print its four lines, end on SIGINT, and leave no process after SIGKILL.
pub(crate) fn dev(project: &Project) -> Result<()> {
    let data = project.scratch()?.join("smoke-data");
    files::remove(&data)?;
    for signal in [Signal::SIGINT, Signal::SIGKILL] {
        steps::step(&format!("dev, ended by {signal}"), || start_and_end(project, &data, signal))?;
    }
    Ok(())
}

fn start_and_end(project: &Project, data: &Path, signal: Signal) -> Result<()> {
    let port = server::free_port()?;
    let log = project.scratch()?.join("smoke.log");
    let file = File::create(&log)?;
    let mut command = Command::new(process::current_exe()?);
    command.args(["dev", "--port", &port.to_string(), "--data"]).arg(data);
    command.stdout(file.try_clone()?).stderr(file);
    let mut dev = Group::start(&mut command)?;
    let output = || fs::read_to_string(&log).unwrap_or_default();
    let line = |name: &str| output().lines().find_map(|line| line.strip_prefix(name).map(str::to_owned));

    until("dev prints `page:`", || {
        if let Some(status) = dev.ended()? {
            bail!("dev ended by itself ({status}):\n{}", output());
        }
        Ok(line("page: ").is_some())
    })?;
    refuses_a_second(data)?;
    let key = line("key: ").context("dev prints no `key:`")?;
    let url = line("url: ").context("dev prints no `url:`")?;
    let secret = line("webhook secret: ").context("dev prints no `webhook secret:`")?;
    if !secret.starts_with("whsec_") {
        bail!("dev does not print a webhook secret: {secret}");
    }
    // The token of the demo's jobs follows the key.
    if !key.starts_with("jp_insecure") || !url.starts_with(&format!("http://localhost:{port}/#{key}&eyJ")) {
        bail!("dev does not print the address that the README shows: {url}");
    }

    let groups: Vec<i32> = output().split("process group ").skip(1).filter_map(leading_number).collect();
    let [_worker, _demo_job] = groups[..] else {
        bail!("dev does not name exactly the process groups of the worker and the demo job: {groups:?}");
    };
    kill(Pid::from_raw(dev.id()), signal)?;
    until("dev ends", || Ok(dev.ended()?.is_some()))?;
    until("no process of dev is left", || Ok(groups.iter().all(|group| is_gone(*group))))
}

/// A second server on the same folder would answer with the same `seq` and overwrite acknowledged reports.
fn refuses_a_second(data: &Path) -> Result<()> {
    let mut second = Command::new(process::current_exe()?);
    second.args(["dev", "--no-demo", "--port", &server::free_port()?.to_string(), "--data"]).arg(data);
    let output = second.output()?;
    let message = String::from_utf8_lossy(&output.stderr);
    if output.status.success() || !message.contains("another server uses the data folder") {
        bail!("a second dev on the same data folder is not refused:\n{message}");
    }
    Ok(())
}

fn leading_number(text: &str) -> Option<i32> {
    text.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}

/// Whether the group has no running process. This program adopts orphans, so it must wait for the dead ones first.
fn is_gone(group: i32) -> bool {
    process::reap_dead(Pid::from_raw(group));
    killpg(Pid::from_raw(group), None).is_err()
}

fn until(what: &str, mut holds: impl FnMut() -> Result<bool>) -> Result<()> {
    let deadline = Instant::now() + WAIT_TIMEOUT;
    while !holds()? {
        if process::interrupted() {
            bail!("interrupted");
        }
        if Instant::now() > deadline {
            bail!("not within {}: {what}", steps::time(WAIT_TIMEOUT));
        }
        thread::sleep(POLL_INTERVAL);
    }
    Ok(())
}
