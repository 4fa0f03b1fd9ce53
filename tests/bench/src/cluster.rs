//! Instances of the executable `job-progress` that are a cluster on one machine, and a load balancer before them.

use std::{
    env, fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::task::spawn_blocking;

use crate::{
    balancer::Balancer,
    bucket::Bucket,
    http::get,
    key::Key,
    process::{self, Processes},
    server::{free_port, root},
};

/// The key of every cluster of tests.
pub const KEY: &str = "a key that all instances of the cluster share";

/// How long an instance may take to end after SIGTERM.
pub const STOP_LIMIT: Duration = Duration::from_secs(10);

/// A running server, alone or as an instance of a cluster; it is killed on drop.
#[derive(Debug)]
pub struct Instance {
    /// The port on which it listens.
    pub port: u16,
    /// The process id of workerd.
    pub runtime: i32,
    child: Child,
}

impl Instance {
    /// Starts it with its data in `folder` and waits until it is ready.
    pub fn start(folder: &Path, port: u16, key: &Key, settings: &[(&str, String)]) -> Result<Instance> {
        fs::create_dir_all(folder)?;
        let mut command = Command::new(executable());
        command.env_clear().arg("--data").arg(folder.join("data")).args(["--listen", &format!("127.0.0.1:{port}")]);
        command
            .env("API_KEYS", key.line())
            .env("TOKEN_SECRET", "a secret of at least thirty-two characters, for tests");
        // Tests are several callers by what they report as a proxy.
        command.env("TRUSTED_PROXIES", "127.0.0.1");
        command.envs(settings.iter().map(|(name, value)| (name, value)));
        let log = fs::OpenOptions::new().create(true).append(true).open(folder.join("log"))?;
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log.try_clone()?);
        let child = command.spawn().with_context(|| format!("cannot run {}", executable().display()))?;
        let mut instance = Instance { port, runtime: 0, child };
        let mut output = BufReader::new(instance.child.stdout.take().context("the server has no stdout")?);
        let mut line = String::new();
        while !line.contains(" listens at ") {
            line.clear();
            if output.read_line(&mut line)? == 0 {
                bail!("the server did not start:\n{}", fs::read_to_string(folder.join("log"))?);
            }
        }
        thread::spawn(move || std::io::copy(&mut output, &mut &log));
        instance.runtime = process::only_child(i32::try_from(instance.child.id())?)?;
        Ok(instance)
    }

    /// The processes of launcher and runtime.
    pub fn processes(&self) -> Result<Processes> {
        let pids = process::tree(i32::try_from(self.child.id())?)?;
        Ok(Processes { ports: vec![self.port], pids, relay: false })
    }

    /// Kills launcher and runtime as a power cut would, and returns when both have ended.
    pub fn crash(&mut self) -> Result<()> {
        self.child.kill()?;
        let runtime = Pid::from_raw(self.runtime);
        let _ = kill(runtime, Signal::SIGKILL);
        self.child.wait()?;
        while kill(runtime, None).is_ok() && !process::is_dead(self.runtime) {
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// Sends SIGTERM; [`Instance::has_ended`] says when it has ended.
    pub fn terminate(&self) -> Result<()> {
        Ok(kill(Pid::from_raw(i32::try_from(self.child.id())?), Signal::SIGTERM)?)
    }

    /// Stops the processes without ending them, as a machine that hangs; a dropped one is killed all the same.
    pub fn freeze(&self) -> Result<()> {
        self.signal_both(Signal::SIGSTOP)
    }

    /// Lets the processes continue.
    pub fn thaw(&self) -> Result<()> {
        self.signal_both(Signal::SIGCONT)
    }

    fn signal_both(&self, signal: Signal) -> Result<()> {
        kill(Pid::from_raw(i32::try_from(self.child.id())?), signal)?;
        Ok(kill(Pid::from_raw(self.runtime), signal)?)
    }

    /// How it ended; `None` while it runs.
    pub fn has_ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// The number of reports that objects on this instance have accepted since it was started.
    pub async fn reports(&self, key: &Key) -> Result<u64> {
        let text = get(self.port, &key.text, "/metrics").await?.success()?.text;
        let line = text.lines().find_map(|line| line.strip_prefix("job_progress_reports_total "));
        Ok(line.map_or(Ok(0), str::parse)?)
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        let _ = self.crash();
    }
}

/// A cluster on this machine.
#[derive(Debug)]
pub struct Cluster {
    /// Its instances.
    pub instances: Vec<Instance>,
    /// Sends each connection to an instance that is healthy.
    pub balancer: Balancer,
    key: Key,
    folder: PathBuf,
    settings: Vec<Vec<(&'static str, String)>>,
}

impl Cluster {
    /// Starts `count` instances, one after the other. The times of the runtime are divided by `divisor`: the lease of
    /// 20 seconds, above all.
    pub async fn start(bucket: &Bucket, folder: &Path, key: &Key, count: usize, divisor: u32) -> Result<Cluster> {
        let prefix = folder.file_name().context("the folder has no name")?.to_string_lossy().into_owned();
        let mut cluster = Cluster {
            instances: Vec::new(),
            balancer: Balancer::start().await?,
            key: key.clone(),
            folder: folder.to_owned(),
            settings: Vec::new(),
        };
        for index in 0..count {
            let mut settings = bucket.settings(&prefix).to_vec();
            settings.push(("CLUSTER_KEY", KEY.to_owned()));
            settings.push(("CLUSTER_ADDRESS", format!("127.0.0.1:{}", free_port()?)));
            if divisor != 1 {
                settings.push(("CLUSTER_UNSAFE_TIME_DIVISOR", divisor.to_string()));
            }
            cluster.settings.push(settings);
            let instance = cluster.run(index, free_port()?).await?;
            cluster.balancer.add(instance.port);
            cluster.instances.push(instance);
        }
        Ok(cluster)
    }

    async fn run(&self, index: usize, port: u16) -> Result<Instance> {
        let (folder, key, settings) =
            (self.folder.join(index.to_string()), self.key.clone(), self.settings[index].clone());
        spawn_blocking(move || Instance::start(&folder, port, &key, &settings)).await?
    }

    /// Starts an instance again that has ended, on its data folder, its port and its address.
    pub async fn restart(&mut self, index: usize) -> Result<()> {
        self.instances[index] = self.run(index, self.instances[index].port).await?;
        Ok(())
    }

    /// The instance on which the object runs that accepted the reports since the counts `before`.
    pub async fn owner(&self, before: &[u64]) -> Result<usize> {
        let after = self.reports().await?;
        let accepted = |index: &usize| after[*index].saturating_sub(before[*index]);
        let owner = (0..after.len()).filter(|index| accepted(index) > 0).max_by_key(accepted);
        owner.context("no instance has accepted a report")
    }

    /// The numbers of reports that objects on each instance have accepted.
    pub async fn reports(&self) -> Result<Vec<u64>> {
        let mut counts = Vec::new();
        for instance in &self.instances {
            counts.push(instance.reports(&self.key).await?);
        }
        Ok(counts)
    }

    /// Waits for an instance to end, at most [`STOP_LIMIT`].
    pub async fn await_end(&mut self, index: usize) -> Result<Duration> {
        let began = Instant::now();
        loop {
            if let Some(status) = self.instances[index].has_ended()? {
                if !status.success() {
                    bail!("instance {index} ended with {status}");
                }
                return Ok(began.elapsed());
            }
            if began.elapsed() > STOP_LIMIT {
                bail!("instance {index} still runs after {STOP_LIMIT:?}");
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// The executable that `cargo xtask dist` made.
pub fn executable() -> PathBuf {
    env::var_os("SERVER").map_or_else(|| root().join("dist/server/job-progress"), PathBuf::from)
}
