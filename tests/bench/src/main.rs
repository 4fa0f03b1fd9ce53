//! The benchmarks as commands; `cargo xtask bench NAME` builds the worker and runs them.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    reason = "a measuring tool: it reads clocks, and no untrusted input reaches it"
)]

mod chart;
mod clusters;
mod fanout;
mod index;
mod ingest;
mod page;
mod servers;
mod webhooks;

use std::process::ExitCode;

use anyhow::{Result, bail};
use bench::{
    bucket::Bucket,
    server::Folder,
    takeover::{self, End},
};
use lexopt::ValueExt as _;

const HELP: &str = "\
cargo xtask bench NAME

  fan-out [--pairs N] [--viewers A,B,…] [--rates A,B,…] [--seconds N] [--dev]
            reports to viewers: the age of what they show, and the cost
  ingest  [--pairs N] [--seconds N] [--dev]
            acknowledged reports a second: one job, fifty jobs, arrays of 500
  webhooks [--pairs N] [--seconds N]
            reports a second of a job with subscriptions to a receiver that never answers
  index   [--pairs N]
            pages of a list of 100,000 jobs in one shard and in 16, and creations with and without an index
  crash   [--kills N]
            kill the runtime while a job reports and viewers watch
  cluster [--pairs N] [--seconds N]
            reports a second, fan-out and requests to the bucket: one server, a cluster of one, a cluster of three
  servers [--pairs N] [--seconds N] [--viewers N]
            the executable, bare workerd, wrangler dev and nginx with nchan: start, memory, ingest, fan-out
  takeover [--kills N]
            kill the instance of a cluster that owns a job, then stop it, while the job reports and viewers watch
  element [--elements N] [--jobs N] [--rate N] [--seconds N] [--pairs N]
            a page with many elements beside one written by hand: main thread, long tasks, memory

Each pair runs the baseline and ours in turn; the figures are the medians of the pairs (default: 5). --dev runs
the server of `cargo xtask dev` too. --page writes the figures into tests/bench/README.md and the curves beside it.
";

/// The options of the command line.
struct Options {
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
    let mut options = Options {
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
            lexopt::Arg::Long("pairs") => options.pairs = args.value()?.parse()?,
            lexopt::Arg::Long("seconds") => options.seconds = args.value()?.parse()?,
            lexopt::Arg::Long("viewers") => options.viewers = list(&args.value()?.string()?)?,
            lexopt::Arg::Long("rates") => options.rates = list(&args.value()?.string()?)?,
            lexopt::Arg::Long("kills") => options.kills = args.value()?.parse()?,
            lexopt::Arg::Long("dev") => options.dev = true,
            lexopt::Arg::Long("page") => options.page = true,
            other => return Err(other.unexpected().into()),
        }
    }
    match name.as_str() {
        "fan-out" => fanout::run(&options),
        "ingest" => ingest::run(&options),
        "webhooks" => webhooks::run(&options),
        "index" => index::run(&options),
        "crash" => crash(options.kills),
        "cluster" => clusters::run(&options),
        "servers" => servers::run(&options),
        "takeover" => takeover(options.kills),
        "" | "help" => {
            print!("{HELP}");
            Ok(())
        }
        other => bail!("unknown benchmark `{other}`\n\n{HELP}"),
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
    bench::crash::expect_no_violations(&outcome)
}

fn takeover(kills: usize) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    for end in [End::Crash, End::Stop] {
        let folder = Folder::new("takeover")?;
        let outcome = runtime.block_on(async {
            let bucket = Bucket::start(folder.path()).await?;
            takeover::run(&bucket, folder.path(), end, kills, 1).await
        })?;
        println!("{end:?}: {}", takeover::summary(&outcome));
        takeover::expect_no_violations(&outcome)?;
    }
    Ok(())
}
