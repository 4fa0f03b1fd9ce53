//! Everything at once on this machine: `cargo xtask dev`.

use crate::keys::{self, Key};
use crate::process::{self, Group, POLL_INTERVAL};
use crate::project::Project;
use crate::server::options::{Options, Runtime};
use crate::server::{self, Server};
use crate::{build, files, setup, steps};
use anyhow::{Context, Result};
use lexopt::ValueExt;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

/// Where wrangler's own examples listen too.
const PORT: u16 = 8787;

/// The demo's key may do everything in the demo's project. Its id tells every other deployment to refuse it.
const KEY_ID: &str = "insecure";
const PROJECT: &str = "demo";

/// Reports on real work with curl alone, again and again. It finds BASE_URL and KEY in its environment.
const DEMO_JOB: &str = "www/demo-job.sh";

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
    // Better said before the build than after it.
    server::await_port(port)?;
    let project = Project::load()?;
    let tools = setup::tools(&project)?;
    build::all(&project, &tools)?;

    let data = data.unwrap_or_else(|| project.target.join("dev-data"));
    fs::create_dir_all(&data).with_context(|| format!("cannot make {}", data.display()))?;
    let key = Key::draw(KEY_ID, PROJECT, &keys::PERMISSIONS.join(","))?;
    let variables =
        [("API_KEYS", key.line.clone()), ("TOKEN_SECRET", token_secret(&data)?), ("JOB_PROGRESS_DEV", "1".to_owned())];
    let options = Options {
        runtime: Runtime::Wrangler,
        port,
        data,
        variables: variables.map(|(name, value)| (name.to_owned(), value)).into(),
        raised: false,
        log: project.scratch()?.join(format!("dev-{port}.log")),
    };
    let mut server = steps::step("start the worker", || Server::start(&project, &options))?;
    steps::note(&format!("process group {}, log {}", server.group(), options.log.display()));
    let url = format!("http://localhost:{port}");
    println!("url: {url}/#{}", key.text);
    println!("key: {}", key.text);

    let mut demo = if demo { Some(Demo::start(&project, port, &url, &key.text)?) } else { None };
    steps::note("Ctrl-C ends it all");
    while !process::interrupted() {
        server.check()?;
        if let Some(running) = demo.as_mut()
            && !running.look()?
        {
            demo = None;
        }
        thread::sleep(POLL_INTERVAL);
    }
    steps::step("end everything", || {
        drop(demo);
        drop(server);
        Ok(())
    })
}

/// Drawn once for a data folder, so that links to its jobs outlive a restart.
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
    page_told: bool,
}

impl Demo {
    fn start(project: &Project, port: u16, url: &str, key: &str) -> Result<Self> {
        let log = project.scratch()?.join(format!("demo-job-{port}.log"));
        let file = File::create(&log)?;
        let mut command = Command::new("sh");
        command.arg(project.root.join(DEMO_JOB)).current_dir(&project.root);
        command.env("BASE_URL", url).env("KEY", key).stdout(file.try_clone()?).stderr(file);
        let group = Group::start_guarded(&mut command, None)?;
        steps::note(&format!("the demo job: process group {}, log {}", group.id(), log.display()));
        Ok(Self { group, log, page_told: false })
    }

    /// Tells the page of its first job once it is known. False once the demo job is over, which is told too.
    fn look(&mut self) -> Result<bool> {
        if !self.page_told
            && let Some(page) = fs::read_to_string(&self.log)?.lines().find(|line| line.starts_with("page: "))
        {
            println!("{page}");
            self.page_told = true;
        }
        if let Some(status) = self.group.ended()? {
            eprintln!("{}", files::tail(&self.log, 2000));
            eprintln!("warning: the demo job ended ({status}); the worker goes on");
            return Ok(false);
        }
        Ok(true)
    }
}
