//! Runs all tests, or some: `cargo xtask test [STEP…]`.

mod test_data;

use std::{fs, process::Command, thread, time::Instant};

use anyhow::{Context, Result, bail};

use crate::{
    build, dist, files,
    keys::{self, Key},
    process,
    project::{self, Project},
    server::{
        self, Server,
        options::{Options, Runtime, WorkerdOptions},
    },
    setup, size, smoke, steps, wrangler,
};

/// A kind of tests. To add one, add a line to [`STEPS`].
struct Step {
    name: &'static str,
    /// Whether the tests need a running worker, which the variables of [`Site`] describe.
    site: bool,
    /// The step beside which it runs if both are chosen. Firefox keeps a processor busy for a third of its time.
    beside: Option<&'static str>,
    run: fn(&Project, Option<&Site>) -> Result<()>,
}

/// The steps, those closest to the code first.
const STEPS: &[Step] = &[
    Step { name: "native", site: false, beside: None, run: native },
    Step { name: "size", site: false, beside: None, run: |project, _| size::print(project) },
    Step { name: "contract", site: true, beside: None, run: contract },
    Step { name: "schemathesis", site: true, beside: None, run: schemathesis },
    Step { name: "live", site: false, beside: None, run: live },
    Step { name: "cluster", site: false, beside: None, run: cluster },
    Step { name: "browser", site: true, beside: None, run: browser },
    Step { name: "firefox", site: true, beside: None, run: firefox },
    Step { name: "clients", site: true, beside: Some("firefox"), run: clients },
    Step { name: "python", site: true, beside: Some("firefox"), run: python },
    Step { name: "cli", site: true, beside: Some("firefox"), run: cli },
    Step { name: "server", site: true, beside: Some("firefox"), run: server },
    Step { name: "package", site: true, beside: None, run: package },
    Step { name: "dev", site: false, beside: None, run: |project, _| smoke::dev(project) },
    Step { name: "deploy", site: false, beside: None, run: deploy },
];

/// A running worker, and the environment variables that describe it to the tests. Its data is deleted after it has ended.
struct Site {
    server: Server,
    _data: test_data::TestData,
    variables: Vec<(String, String)>,
}

/// `cargo xtask test [STEP…]`
pub(crate) fn command(mut args: lexopt::Parser) -> Result<()> {
    let mut chosen = Vec::new();
    while let Some(arg) = args.next()? {
        match arg {
            lexopt::Arg::Value(name) => chosen.push(name.to_string_lossy().into_owned()),
            other => return Err(other.unexpected().into()),
        }
    }
    if let Some(unknown) = chosen.iter().find(|name| STEPS.iter().all(|step| step.name != **name)) {
        let names: Vec<_> = STEPS.iter().map(|step| step.name).collect();
        bail!("unknown tests `{unknown}`; allowed: {}", names.join(", "));
    }
    let chosen: Vec<_> =
        STEPS.iter().filter(|step| chosen.is_empty() || chosen.iter().any(|name| name == step.name)).collect();
    let project = Project::load()?;
    let started = Instant::now();
    if chosen.iter().any(|step| step.name != "native") {
        let tools = setup::tools(&project)?;
        build::all(&project, &tools)?;
    }
    let mut site = None;
    let beside = |step: &Step| step.beside.filter(|other| chosen.iter().any(|step| step.name == *other));
    for step in chosen.iter().filter(|step| beside(step).is_none()) {
        if step.site && site.is_none() {
            site = Some(steps::step("start a worker for the tests", || Site::open(&project))?);
        } else if !step.site {
            site = None;
        }
        let others: Vec<_> = chosen.iter().filter(|other| beside(other) == Some(step.name)).copied().collect();
        step.run_with(&others, &project, site.as_ref())?;
        if let Some(site) = &mut site {
            site.server.check()?;
        }
    }
    steps::done("all tests passed", started);
    Ok(())
}

impl Step {
    fn run(&self, project: &Project, site: Option<&Site>) -> Result<()> {
        (self.run)(project, site).with_context(|| format!("the tests `{}`", self.name))
    }

    /// Runs, and the others beside it, one after another: with two of them a small machine is so busy that deadlines pass.
    fn run_with(&self, others: &[&Self], project: &Project, site: Option<&Site>) -> Result<()> {
        thread::scope(|scope| {
            let others = scope.spawn(|| others.iter().try_for_each(|other| other.beside(project, site)));
            let result = self.run(project, site);
            others.join().unwrap_or_else(|_| bail!("a step panicked")).and(result)
        })
    }

    /// Runs while another step does, and prints its output at its end.
    fn beside(&self, project: &Project, site: Option<&Site>) -> Result<()> {
        let output = project.scratch()?.join(format!("test-{}.log", self.name));
        steps::beside(&output, || self.run(project, site))
    }
}

impl Site {
    /// Starts a worker on fresh data, without rate limits, and with keys of two projects.
    fn open(project: &Project) -> Result<Self> {
        let everything = keys::PERMISSIONS.join(",");
        let keys = [
            ("API_KEY", Key::draw("all", "test", &everything)?),
            ("API_KEY_READ", Key::draw("read", "test", "jobs:read")?),
            ("API_KEY_WRITE", Key::draw("write", "test", "jobs:write")?),
            ("API_KEY_OTHER", Key::draw("other", "other", &everything)?),
        ];
        let lines = keys.each_ref().map(|(_, key)| key.line.as_str()).join("\n");
        let settings = [
            ("API_KEYS", lines),
            ("TOKEN_SECRET", keys::random_text(43)?),
            // Response headers then describe the object, for tests and for looking into a failure.
            ("JOB_PROGRESS_DEV", "1".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec();

        let data = test_data::TestData::new(project)?;
        let port = server::free_port()?;
        let log = project.scratch()?.join("test-worker.log");
        let runtime = Runtime::Workerd(WorkerdOptions { bundle: project.bundle(), gc: false });
        let folder = data.folder().to_owned();
        let options = Options { runtime, port, data: folder, variables: settings.clone(), raised: true, log };
        let server = Server::start(project, &options)?;

        let mut variables = settings;
        variables.push(("BASE_URL".to_owned(), format!("http://127.0.0.1:{port}")));
        variables.push(("PROJECT".to_owned(), "test".to_owned()));
        variables.push(("XTASK".to_owned(), process::current_exe()?.to_string_lossy().into_owned()));
        variables.extend(keys.map(|(name, key)| (name.to_owned(), key.text)));
        Ok(Self { server, _data: data, variables })
    }
}

fn native(project: &Project, _: Option<&Site>) -> Result<()> {
    let mut cargo = Command::new(project::cargo());
    // With these features the engine has the OpenAPI document, and the server its executable.
    cargo.args(["test", "--features", "engine/schema,server/executable"]).current_dir(&project.root);
    steps::shown("native tests", &mut cargo)?;
    // The widget is tested natively, but takes minutes to build, so it is not part of plain `cargo test`.
    let mut cargo = Command::new(project::cargo());
    cargo.args(["test", "--package", "widget"]).current_dir(&project.root);
    steps::shown("native tests of the widget", &mut cargo)
}

fn contract(project: &Project, site: Option<&Site>) -> Result<()> {
    let mut cargo = Command::new(project::cargo());
    // These tests wait more than they compute: for heartbeats, for tokens to expire.
    cargo.args(["test", "--package", "contract", "--no-fail-fast"]).current_dir(&project.root);
    // `CASE` selects cases, and no other test.
    cargo.args(std::env::var_os("CASE").map(|_| ["--test", "cases"]).iter().flatten());
    cargo.args(["--", "--test-threads", "8"]);
    // The interpreters of the programs that mint tokens and receive webhooks with libraries of their languages.
    cargo.env("NODE", project.npm_program("node")).env("PYTHON", setup::python_venv(project)?.join("python"));
    steps::shown("contract tests", with_site(&mut cargo, site))
}

fn schemathesis(project: &Project, site: Option<&Site>) -> Result<()> {
    let mut python = Command::new(setup::python_venv(project)?.join("python"));
    python.arg("tests/schemathesis/run.py").current_dir(&project.root);
    steps::shown("schemathesis", with_site(&mut python, site))
}

/// The live path on workerd without wrangler; these tests start their own workers.
fn live(project: &Project, _: Option<&Site>) -> Result<()> {
    let mut cargo = Command::new(project::cargo());
    cargo.args(["test", "--package", "bench", "--lib", "--bins", "--test", "live"]).current_dir(&project.root);
    cargo.env("XTASK", process::current_exe()?);
    let workers = build::fault_injection(project, &setup::tools(project)?)?;
    if workers.iter().all(|worker| worker.panics != "unwind") {
        steps::note(
            "warning: no worker was built whose panics unwind, so no test shows that a panic ends only its own request;",
        );
        steps::note("`rustup toolchain install nightly` makes that build possible, WORKER_PANIC=unwind demands it");
    }
    for worker in workers {
        cargo.env(format!("FAULT_INJECTION_{}", worker.panics.to_uppercase()), worker.bundle);
    }
    cargo.env("SERVER", dist::build(project)?);
    steps::shown("live tests", &mut cargo)
}

/// Instances of the executable that are a cluster. Nothing runs beside these tests: a busy machine loses its leases.
fn cluster(project: &Project, _: Option<&Site>) -> Result<()> {
    let mut cargo = Command::new(project::cargo());
    cargo.args(["test", "--package", "bench", "--test", "cluster"]).current_dir(&project.root);
    // Each runs three instances and the S3 server; most of them wait for leases.
    cargo.args(["--", "--test-threads", "2"]);
    cargo.env("SERVER", dist::build(project)?).env("MOTO", setup::s3_server(project)?);
    steps::shown("tests of a cluster", &mut cargo)
}

fn browser(project: &Project, site: Option<&Site>) -> Result<()> {
    let mut node = project.npm_command("node")?;
    node.arg("tests/browser/run.mjs").env("CHROMIUM", setup::CHROMIUM.path(project)?);
    steps::shown("browser tests", with_site(&mut node, site))
}

/// The browser tests in Firefox, but for those that need Chromium's protocol.
fn firefox(project: &Project, site: Option<&Site>) -> Result<()> {
    let mut node = project.npm_command("node")?;
    node.arg("tests/browser/run.mjs").env("FIREFOX", setup::FIREFOX.path(project)?);
    steps::shown("browser tests in Firefox", with_site(&mut node, site))
}

/// Our own JavaScript client, and the SSE libraries that readers use, each in a program of its own.
fn clients(project: &Project, site: Option<&Site>) -> Result<()> {
    for (name, folder) in
        [("tests of the JavaScript client", "tests/clients/javascript"), ("tests of the SSE clients", "tests/clients")]
    {
        let mut node = project.npm_command("node")?;
        node.args(["tests/browser/run.mjs", folder]).env("CHROMIUM", setup::CHROMIUM.path(project)?);
        node.env("PYTHON", setup::python_venv(project)?.join("python"));
        steps::shown(name, with_site(&mut node, site))?;
    }
    Ok(())
}

/// Our own Python package. Most of its tests wait, so several files run at a time.
fn python(project: &Project, site: Option<&Site>) -> Result<()> {
    let venv = setup::python_client_venv(project)?;
    let mut pytest = Command::new(venv.join("python"));
    pytest
        .args(["-m", "pytest", "--quiet", "--numprocesses", "4", "--dist", "loadfile"])
        .current_dir(project.root.join(build::python::SOURCES));
    pytest.env("REDIS", setup::REDIS.path(project)?);
    steps::shown("tests of the Python package", with_site(&mut pytest, site))
}

/// The command `jp`, which is built first, so that no test waits for it.
fn cli(project: &Project, site: Option<&Site>) -> Result<()> {
    let mut build = Command::new(project::cargo());
    build.args(["build", "--package", "job-progress-cli"]).current_dir(&project.root);
    steps::logged("build jp", &project.scratch()?.join("jp.log"), &mut build)?;
    let mut cargo = Command::new(project::cargo());
    cargo.args(["test", "--package", "cli-tests"]).current_dir(&project.root);
    cargo.env("JP", project.target.join("debug/jp"));
    steps::shown("tests of the command jp", with_site(&mut cargo, site))
}

/// The executable as its users run it: behind proxies, in a container, under limits, with a backup. `live` tests it alone.
fn server(project: &Project, site: Option<&Site>) -> Result<()> {
    let mut node = project.npm_command("node")?;
    node.args(["tests/browser/run.mjs", "tests/server"]).env("CHROMIUM", setup::CHROMIUM.path(project)?);
    node.env("NGINX", setup::NGINX.path(project)?).env("CADDY", setup::CADDY.path(project)?);
    node.env("SERVER", dist::build(project)?);
    if cfg!(target_os = "linux") {
        node.env("BARE_ROOT", setup::bare_root(project)?);
        node.env("SYSTEMD_ANALYZE", setup::SYSTEMD_ANALYZE.path(project)?);
    }
    steps::shown("tests of the server", with_site(&mut node, site))
}

/// The npm package as its users get it: packed, installed into an empty project, and imported from there.
fn package(project: &Project, site: Option<&Site>) -> Result<()> {
    setup::bundlers(project)?;
    let scratch = project.scratch()?;
    let dir = scratch.join("package");
    let user = dir.join("user");
    files::remove(&dir)?;
    fs::create_dir_all(&user)?;
    fs::write(user.join("package.json"), r#"{ "private": true, "type": "module" }"#)?;
    let tarball = dir.join(format!("job-progress-{}.tgz", env!("CARGO_PKG_VERSION")));
    let npm = project::on_path("npm").context("npm is missing: install Node.js 20 or newer")?;
    let mut pack = Command::new(&npm);
    pack.arg("pack").arg(build::package::out_dir(project)).arg("--pack-destination").arg(&dir).current_dir(&dir);
    steps::logged("npm pack", &scratch.join("npm-pack.log"), &mut pack)?;
    let mut install = Command::new(&npm);
    install.args(["install", "--offline", "--no-audit", "--no-fund"]).arg(&tarball).current_dir(&user);
    steps::logged("npm install of the packed package", &scratch.join("npm-install.log"), &mut install)?;
    let mut node = project.npm_command("node")?;
    node.args(["tests/browser/run.mjs", "tests/package"]).env("CHROMIUM", setup::CHROMIUM.path(project)?);
    node.env("TARBALL", tarball).env("USER_DIR", user);
    steps::shown("tests of the npm package", with_site(&mut node, site))
}

/// Deploys as an operator does, with the real wrangler.toml, up to the point that needs an account.
fn deploy(project: &Project, _: Option<&Site>) -> Result<()> {
    let npx = project::on_path("npx").context("npx is missing: install Node.js 20 or newer")?;
    let mut deploy = Command::new(npx);
    deploy.args(["wrangler", "deploy", "--dry-run"]).current_dir(&project.root);
    wrangler::quiet(&mut deploy);
    steps::logged("npx wrangler deploy --dry-run", &project.scratch()?.join("deploy.log"), &mut deploy)
}

fn with_site<'a>(command: &'a mut Command, site: Option<&Site>) -> &'a mut Command {
    let variables = site.into_iter().flat_map(|site| &site.variables);
    command.envs(variables.map(|(name, value)| (name, value)))
}
