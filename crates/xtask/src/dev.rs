//! Runs everything on this machine: `cargo xtask dev`.

use std::{
    fs::{self, File},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::Command,
    thread,
};

use anyhow::{Context, Result};
use lexopt::ValueExt;

use crate::{
    build, files,
    keys::{self, Key},
    process::{self, Group, POLL_INTERVAL},
    project::Project,
    server::{
        self, Server,
        options::{Options, Runtime, WorkerdOptions},
    },
    steps,
};

/// The default port, which wrangler's own examples use too.
const PORT: u16 = 8787;

/// The id of the demo's key, which has every permission in the demo's project. All other deployments refuse keys of this id.
const KEY_ID: &str = "insecure";
const PROJECT: &str = "demo";

/// The jobs of the demo page: one in each state, then the demo job, which reports on real work with curl alone, again and again.
/// Both scripts read BASE_URL and KEY from their environment.
const DEMO: &str = "sh www/demo-states.sh && exec sh www/demo-job.sh";

/// `cargo xtask dev [--port P] [--no-demo] [--data DIR]`
pub(crate) fn command(mut args: lexopt::Parser) -> Result<()> {
    let (mut port, mut data, mut demo) = (PORT, None, true);
    while let Some(arg) = args.next()? {
        match arg {
            lexopt::Arg::Long("port") => port = args.value()?.parse()?,
            lexopt::Arg::Long("data") => data = Some(PathBuf::from(args.value()?)),
            lexopt::Arg::Long("no-demo") => demo = false,
            other => return Err(other.unexpected().into()),
        }
    }
    // An error about the port should come before the build.
    server::await_port(port)?;
    let project = Project::load()?;
    build::quickly(&project)?;

    let data = data.unwrap_or_else(|| project.target.join("dev-data"));
    fs::create_dir_all(&data).with_context(|| format!("cannot create {}", data.display()))?;
    let key = Key::draw(KEY_ID, PROJECT, &keys::PERMISSIONS.join(","))?;
    let token_secret = token_secret(&data)?;
    let webhook_secret = keys::webhook_secret(&token_secret, PROJECT)?;
    let variables =
        [("API_KEYS", key.line.clone()), ("TOKEN_SECRET", token_secret), ("JOB_PROGRESS_DEV", "1".to_owned())];
    let options = Options {
        runtime: Runtime::Workerd(WorkerdOptions { bundle: project.bundle(), gc: false }),
        port,
        data,
        variables: variables.map(|(name, value)| (name.to_owned(), value)).into(),
        raised: false,
        log: project.scratch()?.join(format!("dev-{port}.log")),
    };
    let mut server = steps::step("start the worker", || Server::start(&project, &options))?;
    steps::note(&format!("process group {}, log {}", server.group(), options.log.display()));
    let url = format!("http://localhost:{port}");
    println!("key: {}", key.text);
    println!("dashboard: {url}/jobs#{}", key.text);
    println!("webhook secret: {webhook_secret}");

    let mut demo = if demo { Some(Demo::start(&project, port, &url, &key.text)?) } else { None };
    if demo.is_none() {
        println!("url: {url}/#{}", key.text);
    }
    steps::note("Ctrl-C stops everything");
    while !process::interrupted() {
        server.check()?;
        if let Some(running) = demo.as_mut()
            && !running.check()?
        {
            demo = None;
        }
        thread::sleep(POLL_INTERVAL);
    }
    steps::step("stop everything", || {
        drop(demo);
        drop(server);
        Ok(())
    })
}

/// The secret of a data folder. It is drawn once, so that links to the jobs of the folder stay valid after a restart.
fn token_secret(data: &Path) -> Result<String> {
    let path = data.join("token-secret");
    if let Ok(secret) = fs::read_to_string(&path) {
        return Ok(secret);
    }
    let secret = keys::random_text(43)?;
    let file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
    file.and_then(|mut file| file.write_all(secret.as_bytes()))
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(secret)
}

/// The running demo job.
struct Demo {
    group: Group,
    log: PathBuf,
    /// The address of the demo page without its token, until it is printed.
    unprinted: Option<String>,
}

impl Demo {
    fn start(project: &Project, port: u16, url: &str, key: &str) -> Result<Self> {
        let log = project.scratch()?.join(format!("demo-job-{port}.log"));
        let file = File::create(&log)?;
        let mut command = Command::new("sh");
        command.args(["-c", DEMO]).current_dir(&project.root);
        command.env("BASE_URL", url).env("KEY", key).stdout(file.try_clone()?).stderr(file);
        let group = Group::start_guarded(&mut command, None)?;
        steps::note(&format!("the demo job: process group {}, log {}", group.id(), log.display()));
        Ok(Self { group, log, unprinted: Some(format!("{url}/#{key}")) })
    }

    /// Prints the addresses of the demo page and of the job's page once the job exists. Returns false, and prints why, once the
    /// demo job has ended.
    fn check(&mut self) -> Result<bool> {
        if let Some(url) = &self.unprinted {
            let output = fs::read_to_string(&self.log)?;
            let line = |name| output.lines().find_map(|line| line.strip_prefix(name));
            if let (Some(token), Some(page)) = (line("token: "), line("page: ")) {
                println!("url: {url}&{token}");
                println!("page: {page}");
                self.unprinted = None;
            }
        }
        if let Some(status) = self.group.ended()? {
            if let Some(url) = &self.unprinted {
                println!("url: {url}");
            }
            eprintln!("{}", files::tail(&self.log, 2000));
            eprintln!("warning: the demo job ended ({status}); the worker continues");
            return Ok(false);
        }
        Ok(true)
    }
}
