//! The project's own commands, under the names CI uses: `cargo xtask <command>`.
//!
//! This crate imports none of ours: it builds, starts and measures them from outside.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    reason = "a developer's tool: it measures wall time, and no stranger's input reaches it"
)]

mod bench;
mod build;
mod check;
mod dev;
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

use anyhow::{Result, bail};
use std::env;
use std::process::ExitCode;

const HELP: &str = "\
cargo xtask <command>

  setup  [--browser] [--python]     install what is missing: wasm target, cargo tools, npm packages;
                                    and what only the tests need
  build                             the worker (build/) and the static assets (dist/assets/);
                                    WORKER_PANIC=unwind or abort says how its panics must end
  dev    [--port P] [--no-demo] [--data DIR]
                                    run it all here, with a demo job; Ctrl-C ends it
  serve  --port P --data DIR [--workerd [--bundle DIR]] [--raise-limits] [--log FILE]
                                    run what is built, for tests and benches; keys come from the environment
  test   [STEP…]                    every test, or some: native, size, contract, schemathesis,
                                    live, browser, package, dev, deploy
  check                             format, clippy with warnings denied (native and wasm), tidy
  bench NAME                        measure it beside a baseline; `bench help` names them
  size                              raw and gzip bytes of what is served; fails over budget
  key new --project P --permissions A,B [--id ID]
                                    draw an API key: the key itself, and its line for API_KEYS
  key secret --project P            the project's signing secret, from the TOKEN_SECRET of the environment
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
        "dev" => dev::command(args),
        "serve" => serve::command(args),
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
        other => bail!("there is no command `{other}`\n\n{HELP}"),
    }
}
