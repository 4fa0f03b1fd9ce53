//! The benches as commands; `cargo xtask bench NAME` builds what they measure and runs them.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    reason = "a measuring tool: it reads clocks, and no stranger's input reaches it"
)]

mod chart;
mod fanout;
mod ingest;
mod page;

use std::process::ExitCode;

use anyhow::{Result, bail};
use lexopt::ValueExt as _;

const HELP: &str = "\
cargo xtask bench NAME

  fan-out [--pairs N] [--viewers A,B,…] [--rates A,B,…] [--seconds N] [--dev]
            reports to viewers: how old what they see is, and what it costs
  ingest  [--pairs N] [--seconds N] [--dev]
            reports acknowledged: one job, fifty jobs, arrays of 500
  crash   [--kills N]
            kill the runtime while a job reports and viewers watch
  element [--elements N] [--jobs N] [--rate N] [--seconds N] [--pairs N]
            a page full of elements beside one written by hand: the browser's main thread, long tasks, memory

Each pair runs the baseline and ours in turn; the figures are the median of the pairs, 5 unless told. With --dev ours runs
once more as `cargo xtask dev` runs it. With --page they are written into tests/bench/README.md, and the curves beside it.
";

/// What the command line asks for.
struct Wish {
    pairs: usize,
    seconds: f64,
    viewers: Vec<usize>,
    rates: Vec<f64>,
    kills: usize,
    dev: bool,
    page: bool,
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
    let mut args = lexopt::Parser::from_env();
    let mut name = String::new();
    let mut wish = Wish {
        pairs: 5,
        seconds: 10.0,
        viewers: vec![1, 100, 500, 2_000],
        rates: vec![1.0, 5.0, 20.0, 100.0],
        kills: 100,
        dev: false,
        page: false,
    };
    while let Some(arg) = args.next()? {
        match arg {
            lexopt::Arg::Value(value) if name.is_empty() => name = value.string()?,
            lexopt::Arg::Long("pairs") => wish.pairs = args.value()?.parse()?,
            lexopt::Arg::Long("seconds") => wish.seconds = args.value()?.parse()?,
            lexopt::Arg::Long("viewers") => wish.viewers = list(&args.value()?.string()?)?,
            lexopt::Arg::Long("rates") => wish.rates = list(&args.value()?.string()?)?,
            lexopt::Arg::Long("kills") => wish.kills = args.value()?.parse()?,
            lexopt::Arg::Long("dev") => wish.dev = true,
            lexopt::Arg::Long("page") => wish.page = true,
            other => return Err(other.unexpected().into()),
        }
    }
    match name.as_str() {
        "fan-out" => fanout::run(&wish),
        "ingest" => ingest::run(&wish),
        "crash" => crash(wish.kills),
        "" | "help" => {
            print!("{HELP}");
            Ok(())
        }
        other => bail!("there is no bench `{other}`\n\n{HELP}"),
    }
}

fn list<T: std::str::FromStr>(text: &str) -> Result<Vec<T>>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    Ok(text.split(',').map(str::parse).collect::<Result<_, _>>()?)
}

fn crash(kills: usize) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let outcome = runtime.block_on(bench::crash::run(kills))?;
    println!("{}", bench::crash::summary(&outcome));
    bench::crash::expect_nothing_wrong(&outcome)
}
