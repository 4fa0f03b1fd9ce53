//! The project's own commands, under the names CI uses: `cargo xtask <command>`.
//!
//! Of the other crates of the workspace this one imports only the library of `server`; it builds, starts and measures them from
//! outside.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    reason = "a developer's tool: it measures wall time, and no untrusted input reaches it"
)]

mod bench;
mod build;
mod check;
mod dev;
mod dist;
mod files;
mod fingerprint;
mod keys;
mod process;
mod project;
mod serve;
mod server;
mod setup;
mod size;
mod smoke;
mod steps;
mod test;
mod workerd;
mod wrangler;

use std::{env, process::ExitCode};

use anyhow::{Result, bail};

const HELP: &str = "\
cargo xtask <command>

  setup  [--browser] [--python] [--server]
                                    install missing tools: wasm target, cargo tools, npm packages; --browser,
                                    --python and --server also install the tools that only tests need
  build                             build the worker (build/) and the static assets (dist/assets/);
                                    WORKER_PANIC=unwind or =abort sets what a panic does in the worker
  dev    [--port P] [--no-demo] [--data DIR]
                                    run everything on this machine, with a demo job; Ctrl-C stops it
  dist                              build the server as one executable for this platform, dist/server/job-progress
  serve  --port P --data DIR [--wrangler | [--bundle DIR] [--expose-gc]] [--raise-limits] [--log FILE]
                                    run the built worker, for tests and benchmarks; the environment has its
                                    variables (API_KEYS, TOKEN_SECRET, ...); --wrangler runs it under wrangler
                                    dev, --expose-gc gives it gc(), --raise-limits turns the rate limits off
  wheel                             build the Python package into dist/python/
  test   [STEP...]                  run all tests, or some: native, size, contract, schemathesis,
                                    live, cluster, browser, firefox, clients, python, cli, server,
                                    package, dev, deploy; CASE=name chooses cases, TEST=name test files
  check                             check format, clippy (native and wasm, warnings are errors),
                                    JavaScript, and the tidy tests
  bench NAME [OPTION...]            run a benchmark beside its baseline; `bench help` lists them
  size                              print raw and gzip bytes of all served files; fails over budget
  key new --project P --permissions A,B [--id ID]
                                    draw an API key: print the key itself, and its line for API_KEYS
  key secret --project P            print the project's signing secret, derived from TOKEN_SECRET
  key webhook --project P           print the secret with which its webhooks are verified, derived from TOKEN_SECRET
";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) if process::interrupted() => {
            eprintln!("interrupted");
            ExitCode::from(130)
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    if env::args_os().nth(1).is_some_and(|first| first == build::link::CALLED_WITH) {
        return build::link::command();
    }
    process::install_signal_handlers()?;
    let mut args = lexopt::Parser::from_env();
    let command = match args.next()? {
        Some(lexopt::Arg::Value(name)) => name.to_string_lossy().into_owned(),
        Some(lexopt::Arg::Long("help") | lexopt::Arg::Short('h')) | None => "help".to_owned(),
        Some(other) => return Err(other.unexpected().into()),
    };
    match command.as_str() {
        "setup" => setup::command(args),
        "build" => build::command(args),
        "dist" => dist::command(args),
        "dev" => dev::command(args),
        "serve" => serve::command(args),
        "wheel" => build::python::command(args),
        "test" => test::command(args),
        "check" => check::command(args),
        "bench" => bench::command(args),
        "size" => size::command(args),
        "key" => keys::command(args),
        process::GUARD => process::guard(args),
        "help" => {
            print!("{HELP}");
            Ok(())
        }
        other => bail!("unknown command `{other}`\n\n{HELP}"),
    }
}
