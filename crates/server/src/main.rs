//! The executable `job-progress`: the server in one file.
#![forbid(unsafe_code)]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    reason = "a program of the operator: it reads the clock, and no request reaches it"
)]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a panic is how a test fails"))]

mod cluster;
mod options;
mod runtime;
mod settings;

use std::{
    os::unix::process::ExitStatusExt as _,
    process::{ExitCode, ExitStatus},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use server::{
    backup,
    contents::{Contents, Unpacked},
    data_folder::DataFolder,
    open_files::OpenFiles,
};
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGKILL, SIGTERM},
    flag,
};

use self::{
    cluster::Cluster,
    options::{Command, Options},
    runtime::Runtime,
};

/// How often the conditions are checked that the program waits for.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// How long the worker may take to answer after its start.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a server that is to end still answers everything while `/healthz` is a 503, so that a load balancer notices.
const NOTICE: Duration = Duration::from_secs(3);

/// How long ending takes at most. `docker stop` kills after ten seconds.
const STOP_TIMEOUT: Duration = Duration::from_secs(9);

const HELP: &str = "\
job-progress --data DIR [--listen ADDRESS:PORT]
job-progress backup --data DIR --to DIR

  --data DIR             the folder for the databases of the jobs; only this folder is written to
  --listen ADDRESS:PORT  where to listen for HTTP; default: 127.0.0.1:8787
  backup --to DIR        copy the data folder to the new folder DIR, while a server may use it; start a server on a copy of that
                         folder to restore it
  --version              print the version and end
  --help                 print this and end

Settings are environment variables:

  API_KEYS               required: one line per key, as `cargo xtask key new` prints it; continued in API_KEYS_2 … API_KEYS_9
  TOKEN_SECRET           required: any random text of 32 characters or more
  TOKEN_SECRET_PREVIOUS  the former TOKEN_SECRET, while it is replaced
  TRUSTED_PROXIES        addresses and networks (10.0.0.0/8) of the proxies whose X-Forwarded-For is believed
  ALLOWED_ORIGINS        the origins whose pages may call; all if unset
  WEBHOOKS               lines `project url [events]`: webhooks of all jobs of a project
  WEBHOOK_ALLOW          hosts of webhooks that may be in a private network or without TLS
  INDEX                  off: keep no list of the jobs
  INDEX_SHARDS           the objects of that list in each project, 1 to 64; default: 1

A server is an instance of a cluster if it has (experimental):

  CLUSTER_BUCKET         the bucket of the cluster: s3://BUCKET/PREFIX, or gs://BUCKET/PREFIX
  CLUSTER_KEY            a secret of 32 characters or more, the same at all instances
  CLUSTER_ADDRESS        the private address and port at which the other instances reach this one
  AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION, AWS_ENDPOINT_URL
                         for an s3:// bucket; or AWS_CREDENTIALS_FILE, a file with the first three

SIGTERM ends the server within ten seconds. For three seconds it answers everything, and GET /healthz is a 503; then it ends
its streams, whose readers reconnect, and completes the other requests. SIGINT, or a second SIGTERM, skips the three seconds.
";

/// The signals to end that have arrived.
struct Signals {
    end: Arc<AtomicBool>,
    /// Whether one of them is SIGINT.
    at_once: Arc<AtomicBool>,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let options = match options::parse(lexopt::Parser::from_env())? {
        Command::Help => {
            print!("{HELP}");
            return Ok(());
        }
        Command::Version => {
            println!("job-progress {}", env!("CARGO_PKG_VERSION"));
            return Ok(());
        }
        Command::Backup { data, to } => {
            println!("{}: {}", to.display(), backup::copy(&data, &to)?);
            return Ok(());
        }
        Command::Serve(options) => options,
    };
    let cluster = settings::check()?;
    let signals = Signals::listen()?;
    let contents = Contents::find()?;
    let bucket = cluster.as_ref().map(|cluster| &*cluster.bucket);
    let data = DataFolder::open(&options.data, &options.listen.to_string(), bucket)?;
    let unpacked = contents.unpack(data.path())?;
    let served = serve(&options, &signals, &data, &unpacked, cluster.as_ref());
    let removed = unpacked.remove();
    served.and(removed)
}

/// Serves until a signal arrives or the runtime ends by itself.
fn serve(
    options: &Options,
    signals: &Signals,
    data: &DataFolder,
    unpacked: &Unpacked,
    cluster: Option<&Cluster>,
) -> Result<()> {
    let files = OpenFiles::raise();
    for warning in [files.and_then(OpenFiles::warning), cluster.and_then(Cluster::warning)].into_iter().flatten() {
        eprintln!("warning: {warning}");
    }
    let mut runtime = data.inherited_by(|| Runtime::start(unpacked, options.listen, data.path(), files, cluster))?;
    await_answer(&mut runtime, signals, cluster)?;
    unpacked.remove_runtime()?;
    if !signals.arrived() {
        println!("job-progress {} listens at http://{}", env!("CARGO_PKG_VERSION"), options.listen);
    }
    while !signals.arrived() {
        if let Some(status) = runtime.ended()? {
            bail!("the runtime ended by itself ({status}){}", reason(status));
        }
        thread::sleep(POLL_INTERVAL);
    }
    stop(&mut runtime, signals)
}

fn await_answer(runtime: &mut Runtime, signals: &Signals, cluster: Option<&Cluster>) -> Result<()> {
    let deadline = Instant::now() + START_TIMEOUT;
    while !runtime.is_healthy() {
        if let Some(status) = runtime.ended()? {
            let hint = cluster.map_or("", |_| cluster::START_HINT);
            bail!("the runtime did not start ({status}){}{hint}", reason(status));
        }
        if signals.arrived() {
            return Ok(());
        }
        if Instant::now() > deadline {
            bail!("the server did not answer within {} seconds", START_TIMEOUT.as_secs());
        }
        thread::sleep(POLL_INTERVAL);
    }
    Ok(())
}

/// The probable reason why the runtime ended; this program does not kill it while it serves.
fn reason(status: ExitStatus) -> &'static str {
    match status.signal() {
        Some(SIGKILL) => ": the system kills it if it needs more memory than the machine has or its limits allow",
        _ => "",
    }
}

/// Ends the runtime within [`STOP_TIMEOUT`].
fn stop(runtime: &mut Runtime, signals: &Signals) -> Result<()> {
    let began = Instant::now();
    signals.forget();
    runtime.announce_end();
    while began.elapsed() < NOTICE && !signals.at_once() && runtime.ended()?.is_none() {
        thread::sleep(POLL_INTERVAL);
    }
    runtime.end_streams();
    runtime.terminate();
    while began.elapsed() < STOP_TIMEOUT {
        if runtime.ended()?.is_some() {
            return Ok(());
        }
        thread::sleep(POLL_INTERVAL);
    }
    eprintln!("warning: requests were still open after {} seconds and are cut off", STOP_TIMEOUT.as_secs());
    runtime.kill()
}

impl Signals {
    /// Receives the signals from now on, so that they do not end this program at once.
    fn listen() -> Result<Signals> {
        let signals = Signals { end: Arc::default(), at_once: Arc::default() };
        for signal in [SIGTERM, SIGHUP, SIGINT] {
            flag::register(signal, Arc::clone(&signals.end))?;
        }
        flag::register(SIGINT, Arc::clone(&signals.at_once))?;
        Ok(signals)
    }

    /// Whether one has arrived.
    fn arrived(&self) -> bool {
        self.end.load(Ordering::Relaxed)
    }

    /// Forgets the one that has arrived; if it is not the last one, the end is to come at once.
    fn forget(&self) {
        self.end.store(false, Ordering::Relaxed);
    }

    fn at_once(&self) -> bool {
        self.at_once.load(Ordering::Relaxed) || self.arrived()
    }
}
